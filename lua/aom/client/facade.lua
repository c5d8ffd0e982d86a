--- The public functions. The internal ones return nil and an error; one builder makes both
--- APIs from them: `aom`, which raises, and `aom.safe`, which returns nil, err.

local arguments = require "aom.client.arguments"
local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local host = require "aom.util.host"
local json = require "aom.util.json"
local lazy = require "aom.util.lazy"
local methods = require "aom.client.methods"
local protect = require "aom.util.pcall"
local states = require "aom.client.state"
local version = require "aom.util.version"
local walks = require "aom.client.walks"

local doctor = lazy "aom.client.doctor"
local log = lazy "aom.client.log"
local sign = lazy "aom.http.sign"
local similar = lazy "aom.util.similar"

local facade = {}

-- Clients are empty tables, and their states stand here: what a script prints or
-- serialises by accident holds no token.
local state_of = setmetatable({}, { __mode = "k" })

local default_state

--- The client of `aom.trigger` and the like. Made at the first use, from environment
--- and profile; a failure is not remembered.
local function get_default()
  if not default_state then
    local err
    default_state, err = states.open()
    if not default_state then return nil, err end
  end
  return default_state
end

--- Closes the client of `aom.trigger` and the like; the next call makes another.
local function close_default()
  if default_state then states.close(default_state) end
  default_state = nil
  return true
end

local function describe(object)
  local state = state_of[object]
  return ("aom.client (%s%s)"):format(state.settings.endpoint.base, state.closed and ", closed" or "")
end

--- Runs a core. Lua raises when memory is short, wherever it stands; what the user's own
--- functions raise goes on.
local function attempt(run, ...)
  local ok, value, err = protect(run, ...)
  if ok then return value, err end
  if errors.is_memory(value) then return nil, errors.memory() end
  error(value, 0)
end

local function method(run, finish, name)
  return function(object, ...)
    local state = state_of[object]
    if not state then
      return finish(nil, errors.argument("call it as client:%s(…), on a client", name))
    end
    return finish(attempt(run, state, ...))
  end
end

--- The iterator of a `for`. In `aom.safe` an error is one more iteration, with `false` and
--- the error, so that an incomplete loop never looks complete.
local function iterator(walk, finish)
  return function()
    if not walk then return nil end
    local element, err = attempt(walk.next, walk)
    if not err then return element end
    walk = nil
    local _, reported = finish(nil, err)
    return false, reported
  end
end

local function failing(err)
  return { next = function() return nil, err end }
end

local function begin_walk(begin, finish, state, ...)
  local walk, err = begin(state, ...)
  if not walk then return nil, err end
  return iterator(walk, finish)
end

local function walk_method(begin, finish, name)
  return function(object, ...)
    local state = state_of[object]
    local turn, err
    if state then
      turn, err = attempt(begin_walk, begin, finish, state, ...)
    else
      err = errors.argument("call it as client:%s(…), on a client", name)
    end
    if turn then return turn end
    finish(nil, err)
    return iterator(failing(err), finish)
  end
end

local function dotted(name) return errors.argument("call it as aom.%s(…), with a dot", name) end

local function on_default(run, finish, module, name)
  return function(...)
    if (...) == module then return finish(nil, dotted(name)) end
    local state, err = attempt(get_default)
    if not state then return finish(nil, err) end
    return finish(attempt(run, state, ...))
  end
end

--- A function of the module that needs no client, of so many arguments.
local function plain(run, finish, module, name, most)
  return function(...)
    local err = (...) == module and dotted(name)
      or select("#", ...) > most and arguments.excess(name, most, select(most + 1, ...))
    if err then return finish(nil, err) end
    return finish(attempt(run, ...))
  end
end

--- The options may be left out before the callback.
local function examine(options, callback)
  if callback == nil and type(options) == "function" then options, callback = nil, options end
  return doctor.examine(options, nil, callback)
end

-- Shorter names are near to too many others.
local MIN_NAME = 4

--- Answers a misspelt name with a function whose error names the one that is meant, instead
--- of a nil that cannot be called.
local function misspelt(names, finish, kind, prefix)
  return { __index = function(_, name)
    local nearest = type(name) == "string" and #name >= MIN_NAME and similar.nearest(name, names)
    if not nearest then return nil end
    return function()
      local err = errors.argument("unknown %s %s%s", kind, prefix, name)
      err.hint = ('did you mean "%s"?'):format(nearest)
      return finish(nil, err)
    end
  end }
end

-- Versions print themselves; for everything else they are a plain table.
local Versions = { __name = "aom.versions" }

function Versions.__tostring(info)
  return ("aom %s, %s, libcurl %s (built with %s), OpenSSL %s (built with %s), TLS by %s, HTTP/2: %s"):format(
    tostring(info.aom), tostring(info.luajit or info.lua), tostring(info.curl_running), tostring(info.curl_built),
    tostring(info.openssl_running), tostring(info.openssl_built), tostring(info.tls), info.http2 and "yes" or "no")
end

--- Marks a table as a list, which is sent as one also when it is empty.
local function list(value)
  if value == nil then value = {} end
  if type(value) ~= "table" then return nil, errors.argument("list: expected a table, got %s", errors.show(value)) end
  local ok, marked = pcall(json.list, value)
  if not ok then return nil, errors.argument "list: the table's metatable is protected" end
  return marked
end

local function versions()
  local info = core.versions()
  info.aom = version
  info.lua = _VERSION
  info.luajit = host.jit() and host.jit().version
  return setmetatable(info, Versions)
end

--- Builds a face. `finish` receives what a core returned: a value, or nil and an error.
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return table
function facade.build(finish)
  local class = { __name = "aom.client", __tostring = describe, __metatable = "aom.client" }
  function class.__close(object) states.close(state_of[object]) end
  class.__index = {}
  for name, run in each.pair(methods) do class.__index[name] = method(run, finish, name) end
  for name, begin in each.pair(walks.begin) do class.__index[name] = walk_method(begin, finish, name) end
  setmetatable(class.__index, misspelt(class.__index, finish, "method", "client:"))
  local function client_of(state, err)
    if not state then return nil, err end
    local object = setmetatable({}, class)
    state_of[object] = state
    return object
  end
  class.__index.with = method(function(...) return client_of(methods.with(...)) end, finish, "with")

  local module = { is_error = errors.is_error }
  for _, name in ipairs { "trigger", "enable", "disable", "request" } do
    module[name] = on_default(methods[name], finish, module, name)
  end
  module.client = plain(function(options) return client_of(states.open(options)) end, finish, module, "client", 1)
  module.doctor = plain(examine, finish, module, "doctor", 2)
  module.sign = plain(function(...) return sign.sign(...) end, finish, module, "sign", 2)
  module.log = plain(function(...) return log.new(...) end, finish, module, "log", 2)
  module.list = plain(list, finish, module, "list", 1)
  module.version = plain(versions, finish, module, "version", 0)
  module.close = plain(close_default, finish, module, "close", 0)
  return setmetatable(module, misspelt(module, finish, "function", "aom."))
end

return facade

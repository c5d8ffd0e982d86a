--- The public functions. The internal ones return nil and an error; one builder makes both
--- APIs from them: `aom`, which raises, and `aom.safe`, which returns nil, err.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local iterators = require "aom.client.iterators"
local lazy = require "aom.util.lazy"
local methods = require "aom.client.methods"
local objects = require "aom.client.objects"
local states = require "aom.client.state"

local arguments = lazy "aom.client.arguments"
local doctor = lazy "aom.client.doctor"
local json = lazy "aom.util.json"
local log = lazy "aom.client.log"
local members = lazy "aom.client.members"
local sign = lazy "aom.http.sign"
local versions = lazy "aom.client.versions"

local attempt = objects.attempt

local facade = {}

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

local function dotted(name) return errors.argument("call it as aom.%s(…), with a dot", name) end

local function on_default(run, finish, module, name)
  return function(...)
    if (...) == module then return finish(nil, dotted(name)) end
    local state, err = attempt(get_default)
    if not state then return finish(nil, err) end
    return finish(attempt(run, state, ...))
  end
end

-- The first argument of these is a table: of a text in its place nothing else is said.
local takes_table = { client = true, sign = true }

--- A function of the module that needs no client, of so many arguments.
local function plain(run, finish, module, name, most)
  return function(...)
    local is_text = takes_table[name] and type((...)) == "string"
    local err = (...) == module and dotted(name)
      or not is_text and select("#", ...) > most and arguments.excess(name, most, select(most + 1, ...))
    if err then return finish(nil, err) end
    return finish(attempt(run, ...))
  end
end

--- The options may be left out before the callback.
local function examine(options, callback)
  if callback == nil and type(options) == "function" then options, callback = nil, options end
  local err = type(callback) == "table" and arguments.no_callback("doctor", 1, callback, type(options) == "table")
  if err then return nil, err end
  return doctor.examine(options, nil, callback)
end

--- The class of a face's clients, and their methods that have been made.
local function class_of(finish, module)
  local index, client_of = {}, nil
  for name, run in each.raw(methods) do index[name] = objects.method(run, finish, name) end
  for _, name in ipairs(iterators.names) do index[name] = iterators.method(name, finish) end
  index.with = objects.method(function(...) return client_of(methods.with(...)) end, finish, "with")
  client_of = objects.class(index, function(name) return members.find(index, module, name, finish) end,
    function(name) return members.refuse_option(name) end, finish)
  return client_of, index
end

--- Builds a face. `finish` receives what a core returned: a value, or nil and an error.
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return table
function facade.build(finish)
  local module = { is_error = errors.is_error }
  local client_of, index = class_of(finish, module)
  for _, name in ipairs { "trigger", "enable", "disable", "request" } do
    module[name] = on_default(methods[name], finish, module, name)
  end
  module.client = plain(function(options) return client_of(states.open(options)) end, finish, module, "client", 1)
  module.doctor = plain(examine, finish, module, "doctor", 2)
  module.sign = plain(function(...) return sign.sign(...) end, finish, module, "sign", 2)
  module.log = plain(function(...) return log.new(...) end, finish, module, "log", 2)
  module.list = plain(function(value) return json.marked(value) end, finish, module, "list", 1)
  module.version = plain(function() return versions.read() end, finish, module, "version", 0)
  module.close = plain(close_default, finish, module, "close", 0)
  local function find(name) return members.of_module(index, module, name, finish) end
  return setmetatable(module, objects.late(find, finish))
end

return facade

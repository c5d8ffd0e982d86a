--- A client: configuration, credentials, connections, and the operations on them.
--- Its functions return nil and an error; the face that raises wraps them.

local bulk = require "aom.client.bulk"
local claim = require "aom.client.window.claim"
local clock = require "aom.util.clock"
local config = require "aom.config.resolve"
local failover = require "aom.http.failover"
local errors = require "aom.util.errors"
local waiter = require "aom.client.waiter"
local cache = require "aom.credentials.cache"
local dispatch = require "aom.client.dispatch"
local json = require "aom.util.json"
local selection = require "aom.client.selection"
local select_loop = require "aom.loop.select"
local operations = require "aom.api.operations"
local paginator = require "aom.client.paginator"
local pause = require "aom.client.window.pause"
local resume = require "aom.client.window.resume"
local platform = require "aom.util.platform"
local throttle = require "aom.http.throttle"
local project = require "aom.credentials.project"
local response = require "aom.api.response"
local version = require "aom.util.version"

local client = {}

---@class aom.ClientState
---@field settings table
---@field system aom.System
---@field loop aom.Loop
---@field clock aom.Clock
---@field credentials aom.CredentialCache
---@field targets aom.Failover
---@field throttle aom.Throttle
---@field closed boolean

--- An error that names variables which the host keeps from us says so.
local function explained(err, world)
  local variable = err.hint and err.hint:match "HUAWEICLOUD_[%u_]+"
  local why = variable and not world.getenv(variable) and world.hidden and world.hidden(variable)
  if why then err.hint = err.hint .. "; " .. why end
  return err
end

---@param given table|nil    client options
---@param world aom.System|nil  for specs; default: the real one
---@return aom.ClientState|nil
---@return aom.Error|nil
function client.open(given, world)
  world = world or platform
  local settings
  local err = json.missing()
  if err then return nil, err end
  settings, err = config.resolve(given, world)
  if not settings then return nil, explained(err, world) end
  settings.user_agent = "lua-aom/" .. version
  local state = {
    settings = settings, system = world, clock = clock.new(world), closed = false,
    read = response.read, prefix = project.prefix(settings.project_id),
    targets = failover.new(settings.endpoints),
  }
  state.credentials, err = cache.new(settings)
  settings.source:forget_profile()
  if not state.credentials then return nil, explained(err, world) end
  settings.provenance.credentials = state.credentials.provider.where
  state.loop, err = select_loop.loop(settings)
  if not state.loop then return nil, err end
  state.throttle = throttle.new(state.loop)
  if settings.insecure then
    world.warn("option insecure: the server is not verified, anybody on the way can read and change calls")
  end
  return state
end

---@type table<string, fun(state: aom.ClientState, ...): any, aom.Error|nil>
client.methods = {}

local methods = client.methods

--- The method of an operation: its arguments by position, a table of its fields, and
--- maybe a callback, before which the fields may be left out.
local function method_of(row)
  local count = #row.arguments + (row.fields and 1 or 0)
  return function(state, ...)
    local a, b, c, callback = ...
    if count == 1 then callback, b, c = b, nil, nil end
    if count == 2 then callback, c = c, nil end
    if row.fields and callback == nil then
      if count == 1 and type(a) == "function" then a, callback = nil, a end
      if count == 2 and type(b) == "function" then b, callback = nil, b end
    end
    return dispatch.operation(state, row, callback, a, b, c)
  end
end

for name, row in pairs(operations) do
  methods[name] = method_of(row)
  methods[row.official_name] = methods[name]
end

-- The busy path takes no detour.
function methods.trigger(state, id, action, callback)
  return dispatch.operation(state, operations.trigger, callback, id, action)
end

methods[operations.trigger.official_name] = methods.trigger

function methods.enable(state, id, callback)
  return dispatch.operation(state, operations.trigger, callback, id, "enable")
end

function methods.disable(state, id, callback)
  return dispatch.operation(state, operations.trigger, callback, id, "disable")
end

methods.execute = methods.execute_workflow

function methods.wait(state, execution, options, callback)
  if type(options) == "function" then options, callback = nil, options end
  return dispatch.task(state, callback, waiter.prepare_wait, execution, options)
end

function methods.find(state, name, callback)
  return dispatch.task(state, callback, selection.prepare_find, name)
end

function methods.trigger_all(state, ids, action, options, callback)
  if type(options) == "function" then options, callback = nil, options end
  return dispatch.task(state, callback, bulk.prepare, ids, action, options)
end

function methods.pause(state, options, callback)
  return dispatch.task(state, callback, pause.prepare, options)
end

function methods.resume(state, paused, options, callback)
  if type(options) == "function" then options, callback = nil, options end
  return dispatch.task(state, callback, resume.prepare, paused, options)
end

--- What begins a walk over a list. Not methods: the faces make iterators of them.
---@type table<string, fun(state: aom.ClientState, ...): aom.Walk|nil, aom.Error|nil>
client.walks = {}

for name, list in pairs(paginator.lists) do
  local count = #operations[list.operation].arguments + 1

  client.walks[name] = function(state, a, b)
    if state.closed then return nil, errors.argument("the client is closed") end
    return paginator.walk(state, list, a, b)
  end

  methods["all_" .. name] = function(state, a, b, callback)
    if count == 1 then callback, b = b, nil end
    if count == 1 and type(a) == "function" then a, callback = nil, a end
    if count == 2 and type(b) == "function" then b, callback = nil, b end
    return dispatch.task(state, callback, paginator.prepare_all, list, a, b)
  end
end

--- Wipes the keys and closes the connections. Closing twice does nothing.
function methods.close(state)
  if state.closed then return true end
  state.closed = true
  if state.loop.close then state.loop.close() end
  state.credentials:close()
  claim.release_all(state)
  return true
end

return client

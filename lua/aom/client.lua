--- A client: configuration, credentials, connections, and the operations on them.
--- Its functions return nil and an error; the face that raises wraps them.

local async = require "aom.async"
local call = require "aom.call"
local clock = require "aom.clock"
local config = require "aom.config"
local errors = require "aom.errors"
local identity = require "aom.identity"
local open = require "aom.loop.open"
local operations = require "aom.operations"
local request = require "aom.request"
local system = require "aom.system"
local version = require "aom.version"

local client = {}

---@class aom.ClientState
---@field settings table
---@field system aom.System
---@field loop aom.Loop
---@field clock aom.Clock
---@field identity aom.Identity
---@field prefix string  path up to and with the project id
---@field closed boolean

--- An error that names variables which the host keeps from us says so.
local function explained(err, world)
  local variable = err.hint and err.hint:match "HUAWEICLOUD_[%u_]+"
  local why = variable and world.hidden and world.hidden(variable)
  if why then err.hint = err.hint .. "; " .. why end
  return err
end

---@param given table|nil    client options
---@param world aom.System|nil  for specs; default: the real one
---@return aom.ClientState|nil
---@return aom.Error|nil
function client.open(given, world)
  world = world or system
  local settings, err = config.resolve(given, world)
  if not settings then return nil, explained(err, world) end
  settings.user_agent = "lua-aom/" .. version
  local state = {
    settings = settings, system = world, clock = clock.new(world), closed = false,
    prefix = settings.endpoint.path .. "/v1/" .. settings.project_id,
  }
  state.identity, err = identity.new(settings, {
    ["Content-Type"] = "application/json",
    ["X-Project-Id"] = settings.project_id,
  })
  if not state.identity then return nil, explained(err, world) end
  state.loop, err = open.loop(settings)
  if not state.loop then return nil, err end
  if settings.insecure then
    world.warn("option insecure: the server is not verified, anybody on the way can read and change calls")
  end
  return state
end

---@type table<string, fun(state: aom.ClientState, ...): any, aom.Error|nil>
client.methods = {}

local function perform(state, row, a, b, callback)
  if state.closed then return nil, errors.argument("the client is closed") end
  if callback ~= nil and type(callback) ~= "function" then
    return nil, errors.argument("callback: expected a function, got %s", errors.show(callback))
  end
  local built, err = request.build(row, state.prefix, a, b)
  if not built then return nil, err end
  if not callback then return call.run(state, built) end
  return async.start(state.loop, function(scope) return call.run(state, built, scope) end, callback)
end

function client.methods.trigger(state, id, action, callback)
  return perform(state, operations.trigger, id, action, callback)
end

function client.methods.enable(state, id, callback)
  return perform(state, operations.trigger, id, "enable", callback)
end

function client.methods.disable(state, id, callback)
  return perform(state, operations.trigger, id, "disable", callback)
end

--- Wipes the keys and closes the connections. Closing twice does nothing.
function client.methods.close(state)
  if state.closed then return true end
  state.closed = true
  if state.loop.close then state.loop.close() end
  state.identity:close()
  return true
end

return client

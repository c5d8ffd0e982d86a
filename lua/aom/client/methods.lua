--- The methods of a client, by name, as functions of its state. They return nil and an
--- error; the face that raises wraps them. Those that switch a workflow stand here, and what
--- makes and ends clients; all others are loaded when one of them is first wanted.

local dispatch = require "aom.client.dispatch"
local lazy = require "aom.util.lazy"
local states = require "aom.client.state"
local trigger = require "aom.api.trigger"

local arguments = lazy "aom.client.arguments"
local derived = lazy "aom.client.derived"

---@type table<string, fun(state: aom.ClientState, ...): any, aom.Error|nil>
local methods = setmetatable({}, { __index = lazy "aom.client.more_methods" })

-- The busy path makes no table of its arguments, and no other call.
function methods.trigger(state, id, action, callback, ...)
  if select("#", ...) > 0 then
    local err = arguments.excess("trigger", 3, ...)
    if err then return nil, err end
  end
  if callback ~= nil and type(callback) == "table" then return nil, arguments.no_callback("trigger", 2, callback) end
  return dispatch.operation(state, trigger, callback, id, action)
end

--- What is wrong with what follows the arguments of a method, or nil.
local function excess(name, most, ...)
  if select("#", ...) > 0 then return arguments.excess(name, most, ...) end
end

methods[trigger.official_name] = methods.trigger

for _, action in ipairs(trigger.parameters.action.choices) do
  methods[action] = function(state, id, callback, ...)
    local err = excess(action, 2, ...)
    if err then return nil, err end
    if callback ~= nil and type(callback) == "table" then return nil, arguments.no_callback(action, 1, callback) end
    return dispatch.operation(state, trigger, callback, id, action)
  end
end

function methods.request(state, given, callback, ...)
  -- Of request("GET", path, {}) it is the first argument that is wrong.
  local err = type(given) == "table" and (excess("request", 2, ...)
    or type(callback) == "table" and arguments.no_callback("request", 1, callback, true))
  if err then return nil, err end
  return dispatch.request(state, callback, given)
end

--- A client with other settings on the same state. The faces make an object of the state.
---@return aom.ClientState|nil
---@return aom.Error|nil
function methods.with(state, options, ...)
  local err = excess("with", 1, ...)
  if err then return nil, err end
  return derived.make(state, options)
end

--- Ends the calls and wipes the keys. Closing twice does nothing.
function methods.close(state, ...)
  local err = excess("close", 0, ...)
  if err then return nil, err end
  states.close(state)
  return true
end

return methods

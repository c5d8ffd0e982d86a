--- Makes one call of an operation: what everything that calls the service stands on.

local async = require "aom.loop.callback"
local call = require "aom.client.call"
local errors = require "aom.util.errors"
local open = require "aom.loop.select"
local operations = require "aom.api.operations"
local request = require "aom.api.input"

local invoke = {}

local function refusal(state, callback)
  if state.closed then return errors.argument("the client is closed") end
  if callback ~= nil and type(callback) ~= "function" then
    return errors.argument("callback: expected a function, got %s", errors.show(callback))
  end
end

--- A call, with the arguments that its row names; with a callback a handle.
---@param state aom.ClientState
---@param row aom.Operation
---@param callback? function
---@param a any
---@param b any
---@param c any
---@return table|nil
---@return aom.Error|nil
function invoke.operation(state, row, callback, a, b, c)
  -- The busy path: one test, and no more.
  if state.closed or callback ~= nil then
    local err = refusal(state, callback)
    if err then return nil, err end
  end
  local built, err = request.build(row, a, b, c)
  if not built then return nil, err end
  if not callback then return call.run(state, built) end
  return async.start(state.loop, function(scope) return call.run(state, built, scope) end, callback)
end

--- A call as a step of something longer.
---@param state aom.ClientState
---@param scope table|nil  what the steps share: { cancelled, deadline, pace }
---@param name string      of the operation
---@return table|nil
---@return aom.Error|nil
function invoke.step(state, scope, name, a, b, c)
  if state.closed then return nil, errors.new("cancelled", "the client was closed") end
  local built, err = request.build(operations[name], a, b, c)
  if not built then return nil, err end
  return call.run(state, built, scope)
end

--- Something longer than a call. `prepare` checks the arguments and returns the rest of
--- it, as a function of a scope: so arguments are refused at once in the callback form too.
---@param state aom.ClientState
---@param callback? function
---@param prepare fun(state: aom.ClientState, ...): (fun(scope: table): any, aom.Error|nil)|nil, aom.Error|nil
---@return any
---@return aom.Error|nil
function invoke.task(state, callback, prepare, ...)
  local err = refusal(state, callback)
  if err then return nil, err end
  local body
  body, err = prepare(state, ...)
  if not body then return nil, err end
  if callback then return async.start(state.loop, body, callback) end
  err = open.enter(state.loop, false)
  if err then return nil, err end
  return body({})
end

return invoke

--- Begins a call: checks what the user gave, then runs it here, or as a task of its own
--- when there is a callback.

local call = require "aom.client.call"
local errors = require "aom.util.errors"
local input = require "aom.api.input"
local lazy = require "aom.util.lazy"
local select_loop = require "aom.loop.select"
local run_in = require "aom.client.state".run

local any_request = lazy "aom.api.request"
local callbacks = lazy "aom.loop.callback"
local scopes = lazy "aom.loop.scope"

local dispatch = {}

--- What is wrong with a callback, or nil.
---@param callback any
---@return aom.Error|nil
function dispatch.check_callback(callback)
  if callback ~= nil and type(callback) ~= "function" then
    return errors.argument("callback: expected a function, got %s", errors.show(callback))
  end
end

--- Why a client begins nothing, or nil.
---@param state aom.ClientState
---@param callback any
---@return aom.Error|nil
function dispatch.refusal(state, callback)
  if state.closed then return errors.argument("the client is closed") end
  return dispatch.check_callback(callback)
end

--- Carries a request as a task of its own, the short way if it may.
local function carry_in_task(state, callback, request, a, b)
  return callbacks.start(state.loop, function(scope)
    return run_in(state, scope, function()
      local short_way, result, sent = state.ways[request.operation], nil, nil
      if short_way then result, sent = short_way(state, request.operation, a, b, scope) end
      if result then return result end
      return call.run(state, request, scope, sent)
    end)
  end, callback)
end

--- Carries a request.
---@param state aom.ClientState
---@param request aom.Request
---@param sent? aom.Sent  its first attempt
---@return table|nil
---@return aom.Error|nil
function dispatch.carry(state, request, sent)
  local err = select_loop.enter(state.loop, false)
  if err then return nil, err end
  -- The busy path needs no scope: nobody could cancel it.
  if not state.parent then return call.run(state, request, nil, sent) end
  return run_in(state, scopes.new(), function(scope) return call.run(state, request, scope) end)
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
function dispatch.operation(state, row, callback, a, b, c)
  -- The busy path: one test, and no more.
  if state.closed or callback ~= nil then
    local err = dispatch.refusal(state, callback)
    if err then return nil, err end
  end
  local sent
  local short_way = callback == nil and state.ways[row]
  if short_way then
    local result
    result, sent = short_way(state, row, a, b)
    if result then return result end
  end
  local request, err = input.build(row, a, b, c)
  if not request then return nil, err end
  if callback then return carry_in_task(state, callback, request, a, b) end
  return dispatch.carry(state, request, sent)
end

--- Any other request.
---@param state aom.ClientState
---@param callback? function
---@param given any
---@return table|nil
---@return aom.Error|nil
function dispatch.request(state, callback, given)
  -- The request first: of request("GET", path) the method is what is wrong.
  local request, err = any_request.build(given, state.settings)
  if not request then return nil, err end
  err = dispatch.refusal(state, callback)
  if err then return nil, err end
  if callback then return carry_in_task(state, callback, request) end
  return dispatch.carry(state, request)
end

return dispatch

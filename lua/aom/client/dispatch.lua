--- Begins a call: checks what the user gave, then runs it here, or as a task of its own
--- when there is a callback.

local call = require "aom.client.call"
local callbacks = require "aom.loop.callback"
local errors = require "aom.util.errors"
local input = require "aom.api.input"
local lazy = require "aom.util.lazy"
local operations = require "aom.api.operations"
local protect = require "aom.util.pcall"
local scopes = require "aom.loop.scope"
local select_loop = require "aom.loop.select"
local run_in = require "aom.client.state".run

local any_request = lazy "aom.api.request"

local dispatch = {}

--- What is wrong with a callback, or nil.
---@param callback any
---@return aom.Error|nil
function dispatch.check_callback(callback)
  if callback ~= nil and type(callback) ~= "function" then
    return errors.argument("callback: expected a function, got %s", errors.show(callback))
  end
end

local function refusal(state, callback)
  if state.closed then return errors.argument("the client is closed") end
  return dispatch.check_callback(callback)
end

--- Carries a request, as a task of its own when there is a callback.
local function carry(state, callback, request)
  if callback then
    return callbacks.start(state.loop, function(scope)
      return run_in(state, scope, function() return call.run(state, request, scope) end)
    end, callback)
  end
  local err = select_loop.enter(state.loop, false)
  if err then return nil, err end
  -- The busy path needs no scope: nobody could cancel it.
  if not state.parent then return call.run(state, request) end
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
    local err = refusal(state, callback)
    if err then return nil, err end
  end
  local request, err = input.build(row, a, b, c)
  if not request then return nil, err end
  return carry(state, callback, request)
end

--- Any other request.
---@param state aom.ClientState
---@param callback? function
---@param given any
---@return table|nil
---@return aom.Error|nil
function dispatch.request(state, callback, given)
  local err = refusal(state, callback)
  if err then return nil, err end
  local request
  request, err = any_request.build(given, state.settings)
  if not request then return nil, err end
  return carry(state, callback, request)
end

--- A request as a step of something longer.
---@param state aom.ClientState
---@param scope? aom.Scope  nil: a step of an iterator, which the user's code drives
---@param request aom.Request
---@return table|nil
---@return aom.Error|nil
function dispatch.next(state, scope, request)
  if state.closed then return nil, errors.new("cancelled", "the client was closed") end
  if scope then return call.run(state, request, scope) end
  return carry(state, nil, request)
end

--- A call as a step of something longer.
---@param state aom.ClientState
---@param scope? aom.Scope  nil: a step of an iterator, which the user's code drives
---@param name string      of the operation
---@return table|nil
---@return aom.Error|nil
function dispatch.step(state, scope, name, a, b, c)
  local request, err = input.build(operations[name], a, b, c)
  if not request then return nil, err end
  return dispatch.next(state, scope, request)
end

local function nothing() end

--- Runs something longer than a call to its end. An error that cuts it short, as Ctrl-C does
--- and a lack of memory, cancels its steps: they must not go on in the next call.
local function run_here(state, run)
  local err = select_loop.enter(state.loop, false)
  if err then return nil, err end
  local scope = scopes.new()
  local ok, result, failure = protect(run, scope)
  if ok then return result, failure end
  scope:cancel(state.loop)
  -- One turn, in which they end.
  pcall(state.loop.run, { nothing }, 1)
  error(result, 0)
end

--- Something longer than a call. `prepare` checks the arguments and returns the rest of
--- it, as a function of a scope: so arguments are refused at once in the callback form too.
---@param state aom.ClientState
---@param callback? function
---@param prepare fun(state: aom.ClientState, ...): (fun(scope: aom.Scope): any, aom.Error|nil)|nil, aom.Error|nil
---@return any
---@return aom.Error|nil
function dispatch.task(state, callback, prepare, ...)
  local err = refusal(state, callback)
  if err then return nil, err end
  local body
  body, err = prepare(state, ...)
  if not body then return nil, err end
  local function run(scope) return run_in(state, scope, body) end
  if callback then return callbacks.start(state.loop, run, callback) end
  return run_here(state, run)
end

return dispatch

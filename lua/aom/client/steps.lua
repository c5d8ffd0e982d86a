--- Runs what is longer than a call, and the calls that are its steps.

local call = require "aom.client.call"
local callbacks = require "aom.loop.callback"
local dispatch = require "aom.client.dispatch"
local errors = require "aom.util.errors"
local input = require "aom.api.input"
local operations = require "aom.api.operations"
local protect = require "aom.util.host".pcall
local scopes = require "aom.loop.scope"
local select_loop = require "aom.loop.select"
local run_in = require "aom.client.state".run

local steps = {}

--- A request as a step of something longer.
---@param state aom.ClientState
---@param scope? aom.Scope  nil: a step of an iterator, which the user's code drives
---@param request aom.Request
---@return table|nil
---@return aom.Error|nil
function steps.next(state, scope, request)
  if state.closed then return nil, errors.new("cancelled", scopes.reason(state, scope)) end
  if scope then return call.run(state, request, scope) end
  return dispatch.carry(state, request)
end

--- A call as a step of something longer.
---@param state aom.ClientState
---@param scope? aom.Scope  nil: a step of an iterator, which the user's code drives
---@param name string      of the operation
---@return table|nil
---@return aom.Error|nil
function steps.call(state, scope, name, a, b, c)
  local request, err = input.build(operations[name], a, b, c)
  if not request then return nil, err end
  return steps.next(state, scope, request)
end

local function nothing() end

--- Runs something longer than a call to its end. An error that cuts it short, as Ctrl-C does
--- and a lack of memory, cancels its steps, and so does the end of the coroutine that waits for
--- them: they must not go on.
local function run_here(state, run)
  local err = select_loop.enter(state.loop, false)
  if err then return nil, err end
  local scope = scopes.new(coroutine.running())
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
function steps.task(state, callback, prepare, ...)
  local err = dispatch.refusal(state, callback)
  if err then return nil, err end
  local body
  body, err = prepare(state, ...)
  if not body then return nil, err end
  local function run(scope) return run_in(state, scope, body) end
  if callback then return callbacks.start(state.loop, run, callback) end
  return run_here(state, run)
end

return steps

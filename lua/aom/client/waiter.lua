--- Waits for an execution of a workflow to end.

local errors = require "aom.util.errors"
local operations = require "aom.api.operations"
local options = require "aom.config.options"
local plain = require "aom.util.plain"
local input = require "aom.api.input"
local steps = require "aom.client.steps"
local text = require "aom.util.text"

local waiter = {}

local FIRST_INTERVAL, LONGEST_INTERVAL, GROWTH = 1, 15, 1.5
local TIMEOUT = 3600

--- The statuses that an execution keeps. The service documents no closed list: any other
--- one means that it goes on.
---@type table<string, true>
waiter.final = { success = true, fail = true, cancel = true, approvalFailed = true }

---@type table<string, aom.Row>
waiter.options = {
  timeout = options.rows.seconds, interval = options.rows.seconds, on_progress = options.rows.callable,
  final = { kind = "list" },
}

---@class aom.ExecutionWait
---@field state aom.ClientState
---@field scope aom.Scope
---@field workflow_id string
---@field execution_id string
---@field chosen table  checked options
local ExecutionWait = {}
ExecutionWait.__index = ExecutionWait

local function is_final(self, execution)
  if waiter.final[execution.status] then return true end
  for _, status in ipairs(self.chosen.final or {}) do
    if execution.status == status then return true end
  end
  return false
end

local function timed_out(self, execution, failure)
  local err = errors.new("timeout", ("the execution did not end within %s s"):format(text.of(self.chosen.timeout)))
  err.operation = "wait"
  if execution then
    err.hint = ('its last status was %s; if that status is final, list it in option final')
      :format(errors.show(execution.status))
  elseif failure then
    err.hint = "last error: " .. failure.message
  end
  return err
end

--- Polls until the status is final. Retryable errors are ignored until the timeout.
function ExecutionWait:run()
  local loop, scope, chosen = self.state.loop, self.scope, self.chosen
  local started, interval, last = loop.now(), chosen.interval, nil
  scope.deadline = started + chosen.timeout
  while true do
    local result, err = steps.call(self.state, scope, "execution", self.workflow_id, self.execution_id)
    if result then
      last = result.execution
      if chosen.on_progress then chosen.on_progress(loop.now() - started, chosen.timeout, last) end
      if is_final(self, last) then return last end
    elseif not err.retryable then
      return nil, err
    end
    local left = scope.deadline - loop.now()
    if left <= 0 then return nil, timed_out(self, last, err) end
    loop.sleep(math.min(interval, left))
    if loop.now() >= scope.deadline then return nil, timed_out(self, last, err) end
    interval = math.min(math.max(LONGEST_INTERVAL, chosen.interval), interval * GROWTH)
  end
end

-- What may name an execution; and what a workflow has, whose id is none of an execution's.
local named = { workflow_id = true, execution_id = true, id = true, name = true }

local function no_execution(got)
  return nil, errors.argument("wait: expected an execution, as client:execute returns it, got %s", got)
end

local function read_execution(execution)
  if type(execution) ~= "table" then return no_execution(errors.show(execution)) end
  local values, err = plain.values(execution, named)
  if not values then return nil, err end
  local execution_id = values.execution_id or values.id
  if values.execution_id == nil and values.name ~= nil then return no_execution "a workflow" end
  if execution_id == nil then return no_execution(errors.show(execution) .. " without execution_id") end
  local built
  built, err = input.build(operations.execution, values.workflow_id, execution_id)
  if not built then return nil, err end
  return values.workflow_id, execution_id
end

--- For steps.task: the execution as it is when it has ended.
---@param execution table  { workflow_id, execution_id }
---@param given? table     options
function waiter.prepare_wait(state, execution, given)
  local workflow_id, execution_id = read_execution(execution)
  if not workflow_id then return nil, execution_id end
  local chosen, err = options.read_table("wait", given == nil and {} or given, waiter.options)
  if not chosen then return nil, err end
  chosen.timeout, chosen.interval = chosen.timeout or TIMEOUT, chosen.interval or FIRST_INTERVAL
  return function(scope)
    return setmetatable({
      state = state, scope = scope, workflow_id = workflow_id, execution_id = execution_id, chosen = chosen,
    }, ExecutionWait):run()
  end
end

return waiter

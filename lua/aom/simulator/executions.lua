--- Executions of the simulated workflows. They progress with the clock: they wait for a
-- quarter of their time, then run, then end with the outcome in the settings.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"
local listing = require "aom.simulator.listing"
local workflows = require "aom.simulator.workflows"

local executions = {}
executions.__index = executions

---@param settings table shared with the simulator
---@param elapsed fun(): number real seconds
---@param now fun(): integer the simulated time
function executions.new(settings, elapsed, now)
  return setmetatable({ settings = settings, elapsed = elapsed, now = now, by_id = {}, list = {} }, executions)
end

local WAITING = 0.25 -- of the time that an execution takes

-- The current status. "pausing" stays until a request operates the execution.
local function status_of(self, execution)
  if execution.final then
    return execution.final
  end
  local passed = self.elapsed() - execution.started
  if passed >= execution.takes then
    return execution.outcome
  end
  return passed < execution.takes * WAITING and "waitExecute" or "executing"
end

local running = { waitExecute = true, executing = true, pausing = true }

local function view(self, execution)
  local status = status_of(self, execution)
  local ended = not running[status]
  return {
    workflow_id = execution.workflow_id,
    execution_id = execution.id,
    status = status,
    begin_time = execution.begin_time,
    end_time = ended and self.now() * 1000 or nil,
    last_update_time = ended and "2026-01-02T03:04:05Z" or self.now() * 1000,
    approve_user_name_list = json.array {},
    execution_result_list = json.array {
      { node_id = "node-1", begin_time = execution.begin_time, status = status, output = {} },
    },
  }
end

function executions:start(workflow, id)
  local settings = self.settings
  local execution = {
    id = id, workflow_id = workflow.id, started = self.elapsed(), begin_time = self.now() * 1000,
    takes = settings.execution_time, outcome = settings.execution_outcome,
  }
  self.by_id[id] = execution
  table.insert(self.list, execution)
  workflow.last_execution_id = id
  return execution
end

--- All executions, for display.
---@return table[]
function executions:describe()
  local shown = json.array {}
  for i, execution in ipairs(self.list) do
    shown[i] = { id = execution.id, workflow_id = execution.workflow_id, status = status_of(self, execution) }
  end
  return shown
end

local function missing()
  return answers.service(404, "AOM.31001404", "The execution does not exist")
end

local function find(context, request)
  local execution = context.executions.by_id[request.parameters.execution_id]
  if execution and execution.workflow_id == request.parameters.workflow_id then
    return execution
  end
end

local function execute(context, request)
  local workflow = context.workflows:get(request.parameters.workflow_id)
  if not workflow then
    return workflows.missing()
  end
  return answers.json(200, { execution_id = context.executions:start(workflow, request.id).id })
end

local function list(context, request)
  local found = json.array {}
  for _, execution in ipairs(context.executions.list) do
    if execution.workflow_id == request.parameters.workflow_id then
      found[#found + 1] = view(context.executions, execution)
    end
  end
  -- One edition of the reference shows a list inside a list.
  return answers.json(200, context.settings.nested_lists and json.array { found } or found)
end

local function detail(context, request)
  local execution = find(context, request)
  return execution and answers.json(200, view(context.executions, execution)) or missing()
end

local operations = { restart = true, skip = true, ["continue"] = true }

local function operate(context, request)
  local execution = find(context, request)
  if not execution then
    return missing()
  elseif not operations[request:query_value "action"] or not request:query_value "node_id" then
    return listing.invalid()
  end
  execution.final = nil
  execution.started, execution.outcome = context.executions.elapsed(), "success"
  return answers.json(200, { result = "success" })
end

local function stop(context, request)
  local execution = find(context, request)
  if not execution then
    return missing()
  elseif not running[status_of(context.executions, execution)] then
    return listing.invalid()
  end
  execution.final = "cancel"
  return answers.json(200, { result = "success" })
end

local PATH = "/v1/{project_id}/cms/workflow/{workflow_id}/executions"

---@type aom.simulator.Route[]
executions.routes = {
  { method = "POST", path = PATH, handler = execute },
  { method = "GET", path = PATH, handler = list },
  { method = "GET", path = PATH .. "/{execution_id}/status", handler = detail },
  { method = "POST", path = PATH .. "/{execution_id}/operation", handler = operate },
  { method = "POST", path = PATH .. "/{execution_id}/terminate", handler = stop },
}

return executions

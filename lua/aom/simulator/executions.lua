--- Executions of the simulated workflows. They progress with the clock: they wait for a
-- quarter of their time, then run, then end with the outcome in the settings. Those of an
-- account's history stay as they are.

local digest = require "openssl.digest"
local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"
local listing = require "aom.simulator.listing"
local shapes = require "aom.simulator.shapes"
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

local running = { waitExecute = true, waitApproval = true, executing = true, pausing = true, canceling = true }

local BY = "operator"

-- What an execution looks like now, by the service's names.
local function values(self, execution)
  local status = status_of(self, execution)
  local end_time = not running[status] and execution.end_time or nil
  local step = { node_id = "node-1", function_execution_id = execution.id .. "-1", status = status, output = {},
    begin_time = execution.begin_time, end_time = end_time }
  return {
    workflow_id = execution.workflow.id,
    execution_id = execution.id,
    status = status,
    begin_time = execution.begin_time,
    end_time = end_time,
    last_update_time = end_time or self.now() * 1000,
    created_by = BY,
    workflow_edit_time = execution.workflow.update_time,
    execution_result_list = json.array { step },
  }
end

local function view(self, execution, request, shape)
  return shapes.show(shape or shapes.execution, values(self, execution),
    { project_id = request.parameters.project_id })
end

local function add(self, execution)
  self.by_id[execution.id] = execution
  table.insert(self.list, execution)
  execution.workflow.last_execution = execution
  return execution
end

--- Starts an execution.
function executions:start(workflow, id)
  local settings, now = self.settings, self.now() * 1000
  return add(self, {
    id = id, workflow = workflow, started = self.elapsed(), begin_time = now,
    end_time = now + settings.execution_time * 1000, takes = settings.execution_time,
    outcome = settings.execution_outcome,
  })
end

--- Adds runs of the past to a workflow. Their ids are the same in every simulator.
---@param workflow table
---@param runs { status: string, ago: number, took: number }[] the oldest one first
function executions:remember(workflow, runs)
  local now = self.now()
  for place, run in ipairs(runs) do
    local hash = digest.new("sha256"):final(workflow.id .. " " .. place)
    local id = hash:gsub(".", function(char)
      return ("%02x"):format(char:byte())
    end):sub(1, 32)
    local begin_time = (now - run.ago) * 1000
    if not self.by_id[id] then
      add(self, {
        id = id, workflow = workflow, begin_time = begin_time, end_time = begin_time + run.took * 1000,
        takes = run.took, final = run.status,
      })
    end
  end
end

--- What a workflow shows of its last execution.
---@param workflow table
---@return table values by the service's names, none without an execution
function executions:summary(workflow)
  local last = workflow.last_execution
  if not last then
    return {}
  end
  local shown = values(self, last)
  return { last_execution_id = last.id, status = shown.status, last_execution_start_time = shown.begin_time,
    last_execution_end_time = shown.end_time, last_execute_by = BY }
end

--- All executions, for display.
---@return table[]
function executions:describe()
  local shown = json.array {}
  for i, execution in ipairs(self.list) do
    shown[i] = { id = execution.id, workflow_id = execution.workflow.id, status = status_of(self, execution) }
  end
  return shown
end

local function missing()
  return answers.service(404, "AOM.31001404", "The execution does not exist")
end

local function find(context, request)
  local execution = context.executions.by_id[request.parameters.execution_id]
  if execution and execution.workflow.id == request.parameters.workflow_id then
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
    if execution.workflow.id == request.parameters.workflow_id then
      found[#found + 1] = view(context.executions, execution, request, shapes.listed_execution)
    end
  end
  -- One edition of the reference shows a list inside a list.
  return answers.json(200, context.settings.nested_lists and json.array { found } or found)
end

local function detail(context, request)
  local execution = find(context, request)
  return execution and answers.json(200, view(context.executions, execution, request)) or missing()
end

-- When something ends that takes so many seconds from now.
local function end_of(context, seconds)
  return (context:now() + seconds) * 1000
end

local operations = { restart = true, skip = true, ["continue"] = true }

local function operate(context, request)
  local execution = find(context, request)
  if not execution then
    return missing()
  elseif not operations[request:query_value "action"] or not request:query_value "node_id" then
    return listing.invalid()
  end
  execution.final, execution.outcome = nil, "success"
  execution.started, execution.end_time = context.executions.elapsed(), end_of(context, execution.takes)
  return answers.json(200, { result = "success" })
end

local function stop(context, request)
  local execution = find(context, request)
  if not execution then
    return missing()
  elseif not running[status_of(context.executions, execution)] then
    return listing.invalid()
  end
  execution.final, execution.end_time = "cancel", end_of(context, 0)
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

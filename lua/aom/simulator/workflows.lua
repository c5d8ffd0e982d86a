--- The workflows of the simulated account and the routes that act on them.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"
local ring = require "aom.simulator.ring"

local HISTORY = 100 -- switches remembered for each workflow

local workflows = {}
workflows.__index = workflows

---@param settings table shared with the simulator
function workflows.new(settings)
  return setmetatable({ settings = settings, by_id = {} }, workflows)
end

--- Adds or replaces a workflow.
---@param id string
---@param fields table|nil name, type, trigger_status
---@return table workflow
function workflows:put(id, fields)
  fields = fields or {}
  local workflow = {
    id = id,
    name = fields.name or id,
    type = fields.type or "cron",
    trigger_status = fields.trigger_status or "disable",
    changes = 0, -- switches that changed something
    history = ring.new(HISTORY), -- all switches
  }
  self.by_id[id] = workflow
  return workflow
end

---@param id string
function workflows:remove(id)
  self.by_id[id] = nil
end

---@param id string
---@return table|nil workflow made on the spot when the settings say so
function workflows:get(id)
  local workflow = self.by_id[id]
  if not workflow and self.settings.auto_create then
    workflow = self:put(id)
  end
  return workflow
end

local function switch(workflow, action, request)
  if workflow.trigger_status ~= action then
    workflow.trigger_status = action
    workflow.changes = workflow.changes + 1
  end
  workflow.history:push { action = action, request = request.number, at = request.at }
end

--- All workflows by id, for showing.
---@return table<string, table>
function workflows:describe()
  local shown = {}
  for id, workflow in pairs(self.by_id) do
    shown[id] = {
      id = id,
      name = workflow.name,
      type = workflow.type,
      trigger_status = workflow.trigger_status,
      changes = workflow.changes,
      history = json.array(workflow.history:list()),
    }
  end
  return shown
end

local actions = { enable = true, disable = true }

-- The code of the 404 is a guess in the style of the documented ones: which one
-- the real service uses is published nowhere.
local function update_trigger_status(context, request)
  local action = request:query_value("action")
  if not actions[action] then
    return answers.service(400, "AOM.31001302", "Invalid param")
  end
  local workflow = context.workflows:get(request.parameters.workflow_id)
  if not workflow then
    return answers.service(404, "AOM.31001404", "The workflow does not exist")
  end
  switch(workflow, action, request)
  return { status = 200, body = context.settings.success_body }
end

---@type aom.simulator.Route[]
workflows.routes = {
  {
    method = "PUT",
    path = "/v1/{project_id}/cms/workflow/{workflow_id}/trigger/action",
    handler = update_trigger_status,
  },
}

return workflows

--- The workflows of the simulated account and the routes that act on them.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"
local listing = require "aom.simulator.listing"
local ring = require "aom.simulator.ring"
local shapes = require "aom.simulator.shapes"

local HISTORY = 100 -- switches kept for each workflow

local workflows = {}
workflows.__index = workflows

---@param settings table shared with the simulator
---@param now fun(): integer the simulated time
function workflows.new(settings, now)
  return setmetatable({ settings = settings, now = now or os.time, by_id = {}, count = 0 }, workflows)
end

-- The other fields of a workflow that a caller may set.
local plain_fields = { "description", "template_id", "template_name", "input", "task_type", "tags", "job_id",
  "job_name", "quote", "service_name", "service_scenario", "create_by", "update_by" }

--- Adds or replaces a workflow. A replaced one keeps its position and its creation time.
---@param id string
---@param fields table|nil name, type, trigger_status and others of the service. A manual workflow
--- has no schedule, and so no trigger status, unless it is given one.
---@return table workflow
function workflows:put(id, fields)
  fields = fields or {}
  local old, time = self.by_id[id], self.now() * 1000
  local kind = fields.type or "cron"
  local workflow = {
    id = id,
    name = fields.name or listing.name_of(id),
    type = kind,
    trigger_status = fields.trigger_status or kind ~= "manual" and "disable" or nil,
    create_time = old and old.create_time or fields.create_time or time,
    update_time = fields.update_time or time,
    last_execution = old and old.last_execution,
    order = old and old.order or self.count,
    changes = 0, -- switches that changed something
    history = ring.new(HISTORY), -- all switches
  }
  for _, name in ipairs(plain_fields) do
    workflow[name] = listing.given(fields[name])
  end
  self.count = self.count + (old and 0 or 1)
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

local function switch(self, workflow, action, request)
  if workflow.trigger_status ~= action then
    workflow.trigger_status = action
    workflow.update_time = self.now() * 1000
    workflow.changes = workflow.changes + 1
  end
  workflow.history:push { action = action, request = request.number, at = request.at }
end

--- All workflows by id, for display.
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

local BY = "operator"

-- A workflow as the service shows it.
local function view(context, workflow, request)
  local known = context.executions:summary(workflow)
  known.project_id, known.workflow_id = request.parameters.project_id, workflow.id
  known.create_by, known.update_by = workflow.create_by or BY, workflow.update_by or BY
  known.enterprise_project_id, known.edit_time = "0", workflow.update_time
  known.quote = json.array(workflow.quote or {})
  known.trigger_id = workflow.trigger_status and "trigger-" .. workflow.id or nil
  return shapes.show(shapes.workflow, workflow, known)
end

local actions = { enable = true, disable = true }

-- The real service's code for this 404 is not published: this one follows the documented
-- style.
function workflows.missing()
  return answers.service(404, "AOM.31001404", "The workflow does not exist")
end

local function update_trigger_status(context, request)
  local action = request:query_value("action")
  if not actions[action] then
    return listing.invalid()
  end
  local workflow = context.workflows:get(request.parameters.workflow_id)
  if not workflow then
    return workflows.missing()
  end
  if not workflow.trigger_status then
    return answers.service(400, "AOM.31001302", "Invalid param: the workflow has no schedule")
  end
  switch(context.workflows, workflow, action, request)
  return { status = 200, body = context.settings.success_body }
end

local required = { "name", "type", "template_id", "input", "task_type" }
local kinds = { cron = true, manual = true }
local types = { name = "string", description = "string", input = "table", tags = "table", quote = "table" }

local function is_acceptable(body)
  if type(body) ~= "table" or not kinds[body.type] or not listing.has_types(body, types) then
    return false
  end
  for _, name in ipairs(required) do
    if body[name] == nil or body[name] == json.null then
      return false
    end
  end
  return true
end

local function create(context, request)
  local body = json.decode(request.body)
  if not is_acceptable(body) then
    return listing.invalid()
  end
  for _, workflow in pairs(context.workflows.by_id) do
    if workflow.name == body.name then
      return answers.service(400, "AOM.31001302", "Invalid param: the name is taken")
    end
  end
  return answers.json(200, view(context, context.workflows:put(request.id, body), request))
end

local rules = {
  sort = "sort_field", direction = "sort_type", page = "page", size = "size",
  columns = { create_time = true, last_execution_start_time = true, update_time = true },
  types = { page = "integer", size = "integer", search = "string", tags = "table", search_time_start = "integer",
    search_time_end = "integer" },
}

-- Whether a workflow has all the tags that are asked for.
local function is_tagged(workflow, tags)
  for name, value in pairs(listing.given(tags) or {}) do
    if (workflow.tags or {})[name] ~= value then
      return false
    end
  end
  return true
end

-- Whether a workflow, as it is shown, is one of those that a list's body asks for.
local function is_asked_for(workflow, body)
  for _, name in ipairs { "type", "status", "create_by", "enterprise_project_id" } do
    if (listing.given(body[name]) or workflow[name]) ~= workflow[name] then
      return false
    end
  end
  local time = workflow.update_time
  return time >= (listing.given(body.search_time_start) or 0)
    and time <= (listing.given(body.search_time_end) or math.huge)
    and is_tagged(workflow, body.tags)
    and (listing.contains(workflow.name, body.search) or listing.contains(workflow.description, body.search))
end

local function list(context, request)
  local body = listing.parse(request, rules)
  if not body then
    return listing.invalid()
  end
  local found = {}
  for _, workflow in pairs(context.workflows.by_id) do
    local shown = view(context, workflow, request)
    if is_asked_for(shown, body) then
      found[#found + 1] = { order = workflow.order, create_time = shown.create_time, update_time = shown.update_time,
        last_execution_start_time = shown.last_execution_start_time, shown = shown }
    end
  end
  return listing.answer(found, body, rules, context.settings.page_cap, function(item)
    return item.shown
  end)
end

---@type aom.simulator.Route[]
workflows.routes = {
  {
    method = "PUT",
    path = "/v1/{project_id}/cms/workflow/{workflow_id}/trigger/action",
    handler = update_trigger_status,
  },
  { method = "POST", path = "/v1/{project_id}/cms/workflow", handler = create },
  { method = "POST", path = "/v1/{project_id}/cms/workflow-list", handler = list },
}

return workflows

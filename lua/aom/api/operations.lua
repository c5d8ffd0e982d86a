--- The operations of the service, one row each. Everything that is particular to
--- an operation stands here; the rest of the library reads rows.
---
--- A row's fields:
---   official    name in the provider's API reference
---   summary     what it does, for the reference (see spec/support/doc)
---   permission  what the provider's reference demands of the user
---   method      HTTP method
---   path        literal texts and parameter names in turn, after /v1/{project_id};
---               at most two names. The service's paths follow no rule.
---   query       parameters of the query, in order
---   parameters  what a caller gives by position: what a value must be
---   arguments   the parameters in the order in which a caller gives them
---   fields      what a caller gives in one table, by the service's own names, in the
---               order in which it is sent; see aom.api.fields for what a field can be
---   fields_in   whether the fields travel in the "query" or in the "body"
---   idempotent  whether sending it twice does what sending it once does: only such a
---               request is sent again after the service may have seen it
---   result      what a good answer's body is, see aom.api.bodies
---   object      what it holds, see aom.api.objects
---   official_name  the official name in snake case, under which it can be called too

-- What reads their answers is there before one can come.
require "aom.api.documents"

local each = require "aom.util.each"
local lower = require "aom.util.text".lower
local trigger = require "aom.api.trigger"

---@class aom.Operation
---@field name string
---@field official string
---@field summary string
---@field official_name string
---@field permission string
---@field method string
---@field path string[]
---@field query string[]
---@field parameters table<string, aom.Row>
---@field arguments string[]
---@field fields? aom.Field[]
---@field fields_in? "query"|"body"
---@field idempotent boolean
---@field result string
---@field object? string

local none = {}

local function id(meaning) return { kind = "id", min = 1, max = 64, meaning = meaning } end

local workflow_id = trigger.parameters.workflow_id
local execution_id = id "id of the execution"

local function text(name, min, max, meaning)
  return { name = name, kind = "text", min = min, max = max, meaning = meaning }
end

local function integer(name, min, max, meaning)
  return { name = name, kind = "integer", min = min, max = max, meaning = meaning }
end

local function time(name, meaning)
  local field = integer(name, 0, 9999999999999, meaning)
  field.unit = "milliseconds since 1970"
  return field
end

local function map(name, meaning) return { name = name, kind = "map", meaning = meaning } end

local function text_map(name, max, meaning)
  return { name = name, kind = "map", max = max, texts = true, meaning = meaning }
end

local function choice(name, choices, meaning)
  return { name = name, kind = "choice", choices = choices, meaning = meaning }
end

local function required(field)
  field.required = true
  return field
end

--- What is sent when the caller says nothing.
local function default(field, value)
  field.default = value
  return field
end

--- New elements come last, so that paging through a list that grows misses none.
local function order_by(name, choices)
  return default(choice(name, choices or { "name", "create_time", "update_time" }, "what the list is sorted by"),
    "create_time")
end

local function direction(name)
  return default(choice(name, { "ASC", "DESC" }, "ascending or descending"), "ASC")
end

local function page(name, last) return default(integer(name, 0, last, "number of the page, from 1"), 1) end

local function size(name, most) return integer(name, 1, most, "elements of a page; the service's default is 10") end

local function enterprise_project(min)
  return text("enterprise_project_id", min, 64, "only those of this enterprise project")
end

--- What listing scripts and listing a script's versions have in common.
local function script_fields(script_id, name, what)
  return {
    script_id,
    order_by "order_by_column",
    direction "sort_order",
    text("name", 0, 128, name),
    default(text("is_default", 0, 16, "what the service lists: \"default\" scripts, \"no_default\" versions"), what),
    text("create_by", 1, 64, "only those that this user made"),
    page("page_num", 100),
    size("page_size", 1000),
    text("project_id", 32, 32, "only those of this project"),
    enterprise_project(1),
  }
end

---@type table<string, aom.Operation>
local operations = {
  trigger = trigger,

  create_workflow = {
    official = "CreateWorkflow",
    summary = "Makes a workflow.",
    permission = "cms:workflow:create",
    method = "POST",
    path = { "/cms/workflow" },
    fields_in = "body",
    fields = {
      required { name = "name", kind = "label", min = 1, max = 64, meaning = "its name, unique in the project" },
      required(choice("type", { "cron", "manual" }, "whether it has a schedule, or runs on demand only")),
      required(text("template_id", 1, 64, "id of the template (execution plan) that it runs")),
      required(map("input", "parameters of the run, as the template wants them; write numbers and booleans as "
        .. "strings. A schedule may run it every 30 minutes at most")),
      required(choice("task_type", { "package", "script", "job", "cloud", "standard", "customize" }, "what it runs")),
      text("description", 1, 128, "a description"),
      text_map("tags", 20, "tags by name"),
      text("template_name", 1, 64, 'name of the template, such as "CMS::ECS::BulkyRunScript"'),
      { name = "quote", kind = "list", max = 128, item_min = 1, item_max = 128, meaning = "what it refers to" },
      text("job_name", 1, 64, "name of the job that the template belongs to"),
      text("job_id", 1, 64, "id of that job"),
      text("service_scenario", 1, 64, "the service's scenario that it belongs to"),
      text("service_name", 1, 128, "the cloud service that it acts on"),
    },
    idempotent = false,
    result = "workflow",
    object = "Workflow",
  },

  list_workflows = {
    official = "ListWorkflow",
    summary = "Lists workflows: one page of them.",
    permission = "cms:workflow:list",
    method = "POST",
    path = { "/cms/workflow-list" },
    fields_in = "body",
    fields = {
      order_by("sort_field", { "create_time", "last_execution_start_time", "update_time" }),
      direction "sort_type",
      text("search", 1, 64, "only those whose name or description contains it"),
      choice("type", { "cron", "event", "manual" }, "only those of this type"),
      text_map("tags", 10, "only those with these tags"),
      page("page", 9999999),
      size("size", 100),
      enterprise_project(1),
      text("create_by", 1, 64, "only those that this user made"),
      time("search_time_start", "only those updated then or later"),
      time("search_time_end", "only those updated then or earlier"),
      choice("status", { "success", "fail", "executing", "cancel", "waitExecute", "waitApproval", "approvalFailed",
        "pausing", "canceling" }, "only those whose last execution has this status"),
    },
    idempotent = true,
    result = "elements",
    object = "Workflow",
  },

  execute_workflow = {
    official = "ExecuteWorkflow",
    summary = "Runs a workflow now. It returns when the execution has begun: `client:wait` waits for its end.",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions" },
    parameters = { workflow_id = workflow_id },
    arguments = { "workflow_id" },
    idempotent = false,
    result = "execution_id",
  },

  list_workflow_executions = {
    official = "ListWorkflowExecutions",
    summary = "Lists the executions of a workflow.",
    permission = "cms:execution:get",
    method = "GET",
    path = { "/cms/workflow/", "workflow_id", "/executions" },
    parameters = { workflow_id = workflow_id },
    arguments = { "workflow_id" },
    fields_in = "query",
    -- A query parameter, although its name looks like a header's.
    fields = { text("x_enterprise_project_id", 1, 64, "the enterprise project; the service's default is \"0\"") },
    idempotent = true,
    result = "executions",
    object = "Execution",
  },

  execution = {
    official = "SearchWorkflowExecutionDetail",
    summary = "Shows an execution of a workflow.",
    permission = "cms:execution:get",
    method = "GET",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/status" },
    parameters = { workflow_id = workflow_id, execution_id = execution_id },
    arguments = { "workflow_id", "execution_id" },
    idempotent = true,
    result = "execution",
    object = "Execution",
  },

  operate_execution = {
    official = "StartPausingWorkflowExecutions",
    summary = "Continues an execution that is paused, or whose node has failed.",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/operation" },
    parameters = { workflow_id = workflow_id, execution_id = execution_id },
    arguments = { "workflow_id", "execution_id" },
    fields_in = "query",
    fields = {
      required(choice("action", { "restart", "skip", "continue" },
        "run the failed node again, skip it, or go past a paused node")),
      required(text("node_id", 1, 64, "id of that node, from the execution's results")),
    },
    idempotent = false,
    result = "outcome",
  },

  stop_execution = {
    official = "StopExecution",
    summary = "Stops an execution.",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/terminate" },
    parameters = { workflow_id = workflow_id, execution_id = execution_id },
    arguments = { "workflow_id", "execution_id" },
    -- A second one may be refused, since the execution has ended: a good stop would look bad.
    idempotent = false,
    result = "outcome",
  },

  list_scripts = {
    official = "ListAllScriptByName",
    summary = "Lists scripts: one page of them.",
    permission = "cms:script:list",
    method = "POST",
    path = { "/cms/script/list" },
    fields_in = "body",
    fields = script_fields(text("script_id", 1, 64, "only this script"), "only those whose name contains it",
      "default"),
    idempotent = true,
    result = "elements",
    object = "Script",
  },

  list_script_versions = {
    official = "ListAllVersionByVersionId",
    summary = "Lists the versions of a script: one page of them.",
    permission = "cms:script:list",
    method = "POST",
    path = { "/cms/script-version-list" },
    fields_in = "body",
    fields = script_fields(required(text("script_id", 1, 64, "id of the script")), "exact name of the script",
      "no_default"),
    idempotent = true,
    result = "elements",
    object = "ScriptVersion",
  },

  list_jobs = {
    official = "ListAllJobByName",
    summary = "Lists jobs: one page of them.",
    permission = "cms:job:list",
    method = "POST",
    path = { "/cms/job/list" },
    fields_in = "body",
    fields = {
      text("name", 1, 64, "only those whose name contains it"),
      page("page_num", 1000),
      size("page_size", 100),
      order_by "order_by_column",
      direction "sort_order",
      enterprise_project(0),
    },
    idempotent = true,
    result = "elements",
    object = "Job",
  },

  list_templates = {
    official = "ListTemplateByJobId",
    summary = "Lists the templates (execution plans) of a job: one page of them.",
    permission = "cms:template:list",
    method = "POST",
    path = { "/cms/template-list/", "job_id" },
    parameters = { job_id = id "id of the job" },
    arguments = { "job_id" },
    fields_in = "body",
    fields = {
      order_by "order_by_column",
      direction "sort_order",
      text("name", 1, 64, "only those whose name contains it"),
      page("page_num", 9999999),
      size("page_size", 100),
    },
    idempotent = true,
    result = "elements",
    object = "Template",
  },

  template = {
    official = "SearchTemplateById",
    summary = "Shows a template (execution plan).",
    permission = "cms:template:get",
    method = "GET",
    path = { "/cms/template/", "template_id" },
    parameters = { template_id = id "id of the template" },
    arguments = { "template_id" },
    fields_in = "query",
    fields = { default(choice("share_type", { "public", "private" }, "whose it is"), "private") },
    idempotent = true,
    result = "template",
    object = "Template",
  },
}

for name, row in each.pair(operations) do
  row.name = name
  row.official_name = lower((row.official:gsub("(%l)(%u)", "%1_%2")))
  row.query, row.parameters, row.arguments = row.query or none, row.parameters or none, row.arguments or none
end

return operations

--- The operations of the service, one row each. Everything that is particular to
--- an operation stands here; the rest of the library reads rows.
---
--- A row's fields:
---   official    name in the provider's API reference
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
---   official_name  the official name in snake case, under which it can be called too

local each = require "aom.util.each"

---@class aom.Operation
---@field name string
---@field official string
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

local id = { kind = "id" }
local none = {}

local function text(name, min, max) return { name = name, kind = "text", min = min, max = max } end

local function integer(name, min, max) return { name = name, kind = "integer", min = min, max = max } end

--- Milliseconds since 1970.
local function time(name) return integer(name, 0, 9999999999999) end

local function map(name) return { name = name, kind = "map" } end

local function text_map(name, max) return { name = name, kind = "map", max = max, texts = true } end

local function choice(name, choices) return { name = name, kind = "choice", choices = choices } end

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
local function order_by(name) return default(choice(name, { "name", "create_time", "update_time" }), "create_time") end

local function direction(name) return default(choice(name, { "ASC", "DESC" }), "ASC") end

--- What listing scripts and listing a script's versions have in common.
local function script_fields(script_id, what)
  return {
    script_id,
    order_by "order_by_column",
    direction "sort_order",
    text("name", 0, 128),
    default(text("is_default", 0, 16), what),
    text("create_by", 1, 64),
    default(integer("page_num", 0, 100), 1),
    integer("page_size", 1, 1000),
    text("project_id", 32, 32),
    text("enterprise_project_id", 1, 64),
  }
end

---@type table<string, aom.Operation>
local operations = {
  trigger = {
    official = "UpdateWorkflowTriggerStatus",
    permission = "cms:workflow:update",
    method = "PUT",
    path = { "/cms/workflow/", "workflow_id", "/trigger/action" },
    query = { "action" },
    parameters = { workflow_id = id, action = { kind = "choice", choices = { "enable", "disable" } } },
    arguments = { "workflow_id", "action" },
    idempotent = true,
    result = "acknowledgement",
  },

  create_workflow = {
    official = "CreateWorkflow",
    permission = "cms:workflow:create",
    method = "POST",
    path = { "/cms/workflow" },
    fields_in = "body",
    fields = {
      required { name = "name", kind = "label", min = 1, max = 64 },
      required(choice("type", { "cron", "manual" })),
      required(text("template_id", 1, 64)),
      required(map "input"),
      required(choice("task_type", { "package", "script", "job", "cloud", "standard", "customize" })),
      text("description", 1, 128),
      text_map("tags", 20),
      text("template_name", 1, 64),
      { name = "quote", kind = "list", max = 128, item_min = 1, item_max = 128 },
      text("job_name", 1, 64),
      text("job_id", 1, 64),
      text("service_scenario", 1, 64),
      text("service_name", 1, 128),
    },
    idempotent = false,
    result = "workflow",
  },

  list_workflows = {
    official = "ListWorkflow",
    permission = "cms:workflow:list",
    method = "POST",
    path = { "/cms/workflow-list" },
    fields_in = "body",
    fields = {
      default(choice("sort_field", { "create_time", "last_execution_start_time", "update_time" }), "create_time"),
      direction "sort_type",
      text("search", 1, 64),
      choice("type", { "cron", "event", "manual" }),
      text_map("tags", 10),
      default(integer("page", 0, 9999999), 1),
      integer("size", 1, 100),
      text("enterprise_project_id", 1, 64),
      text("create_by", 1, 64),
      time "search_time_start",
      time "search_time_end",
      choice("status", { "success", "fail", "executing", "cancel", "waitExecute", "waitApproval", "approvalFailed",
        "pausing", "canceling" }),
    },
    idempotent = true,
    result = "elements",
  },

  execute_workflow = {
    official = "ExecuteWorkflow",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions" },
    parameters = { workflow_id = id },
    arguments = { "workflow_id" },
    idempotent = false,
    result = "execution_id",
  },

  list_workflow_executions = {
    official = "ListWorkflowExecutions",
    permission = "cms:execution:get",
    method = "GET",
    path = { "/cms/workflow/", "workflow_id", "/executions" },
    parameters = { workflow_id = id },
    arguments = { "workflow_id" },
    fields_in = "query",
    -- A query parameter, although its name looks like a header's.
    fields = { text("x_enterprise_project_id", 1, 64) },
    idempotent = true,
    result = "executions",
  },

  execution = {
    official = "SearchWorkflowExecutionDetail",
    permission = "cms:execution:get",
    method = "GET",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/status" },
    parameters = { workflow_id = id, execution_id = id },
    arguments = { "workflow_id", "execution_id" },
    idempotent = true,
    result = "execution",
  },

  operate_execution = {
    official = "StartPausingWorkflowExecutions",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/operation" },
    parameters = { workflow_id = id, execution_id = id },
    arguments = { "workflow_id", "execution_id" },
    fields_in = "query",
    fields = {
      required(choice("action", { "restart", "skip", "continue" })),
      required(text("node_id", 1, 64)),
    },
    idempotent = false,
    result = "outcome",
  },

  stop_execution = {
    official = "StopExecution",
    permission = "cms:execution:create",
    method = "POST",
    path = { "/cms/workflow/", "workflow_id", "/executions/", "execution_id", "/terminate" },
    parameters = { workflow_id = id, execution_id = id },
    arguments = { "workflow_id", "execution_id" },
    -- A second one may be refused, since the execution has ended: a good stop would look bad.
    idempotent = false,
    result = "outcome",
  },

  list_scripts = {
    official = "ListAllScriptByName",
    permission = "cms:script:list",
    method = "POST",
    path = { "/cms/script/list" },
    fields_in = "body",
    fields = script_fields(text("script_id", 1, 64), "default"),
    idempotent = true,
    result = "elements",
  },

  list_script_versions = {
    official = "ListAllVersionByVersionId",
    permission = "cms:script:list",
    method = "POST",
    path = { "/cms/script-version-list" },
    fields_in = "body",
    fields = script_fields(required(text("script_id", 1, 64)), "no_default"),
    idempotent = true,
    result = "elements",
  },

  list_jobs = {
    official = "ListAllJobByName",
    permission = "cms:job:list",
    method = "POST",
    path = { "/cms/job/list" },
    fields_in = "body",
    fields = {
      text("name", 1, 64),
      default(integer("page_num", 0, 1000), 1),
      integer("page_size", 1, 100),
      order_by "order_by_column",
      direction "sort_order",
      text("enterprise_project_id", 0, 64),
    },
    idempotent = true,
    result = "elements",
  },

  list_templates = {
    official = "ListTemplateByJobId",
    permission = "cms:template:list",
    method = "POST",
    path = { "/cms/template-list/", "job_id" },
    parameters = { job_id = id },
    arguments = { "job_id" },
    fields_in = "body",
    fields = {
      order_by "order_by_column",
      direction "sort_order",
      text("name", 1, 64),
      default(integer("page_num", 0, 9999999), 1),
      integer("page_size", 1, 100),
    },
    idempotent = true,
    result = "elements",
  },

  template = {
    official = "SearchTemplateById",
    permission = "cms:template:get",
    method = "GET",
    path = { "/cms/template/", "template_id" },
    parameters = { template_id = id },
    arguments = { "template_id" },
    fields_in = "query",
    fields = { default(choice("share_type", { "public", "private" }), "private") },
    idempotent = true,
    result = "template",
  },
}

for name, row in each.pair(operations) do
  row.name = name
  row.official_name = row.official:gsub("(%l)(%u)", "%1_%2"):lower()
  row.query, row.parameters, row.arguments = row.query or none, row.parameters or none, row.arguments or none
end

return operations

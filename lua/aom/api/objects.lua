--- What the service's answers hold, as rows: the fields of each object. Nothing here is needed
--- to make a call; the types for editors and the reference are made from it (`make doc`).
--- All fields may be absent unless `given` says otherwise, and the service may add others.

---@class aom.ObjectField
---@field name string
---@field type string      as LuaCATS writes it
---@field unit? string
---@field given? boolean   it is always there
---@field meaning string

---@class aom.Object
---@field name string
---@field meaning string
---@field fields aom.ObjectField[]

local function field(type, name, meaning) return { name = name, type = type, meaning = meaning } end

local function text(name, meaning) return field("string", name, meaning) end
local function flag(name, meaning) return field("boolean", name, meaning) end

local function time(name, meaning)
  return { name = name, type = "integer", unit = "milliseconds since 1970", meaning = meaning }
end

local function given(row)
  row.given = true
  return row
end

--- Who made and changed it, and when: all that can be edited has these.
local function edited(fields)
  for _, row in ipairs {
    text("create_by", "who made it"), time("create_time", "when it was made"),
    text("update_by", "who changed it last"), time("update_time", "when it was changed last"),
    text("project_id", "the project that it belongs to"),
    text("enterprise_project_id", "the enterprise project that it belongs to"),
  } do fields[#fields + 1] = row end
  return fields
end

---@type aom.Object[]
return {
  { name = "Workflow", meaning = "A workflow. The provider's pages call it a task.", fields = edited {
    given(text("id", "its id, which every call takes; 1 to 64 characters")),
    given(text("name", "its name")),
    field('"cron"|"manual"|"event"', "type", "whether it has a schedule, runs on demand only, or runs on events"),
    text("trigger_status", "whether its schedule is on. The service documents no values; seen are \"enable\" and "
      .. "\"disable\""),
    text("trigger_id", "id of its schedule"),
    text("status", "how its last execution went: \"success\", \"fail\" or \"executing\"; or another word of the "
      .. "executions"),
    text("last_execution_id", "id of its last execution"),
    time("last_execution_start_time", "when that began"),
    time("last_execution_end_time", "when that ended"),
    text("last_execute_by", "who started it"),
    field("table<string, string>", "tags", "its tags by name"),
    field("table<string, any>", "input", "parameters of the run, as its template wants them; numbers and booleans are "
      .. "texts in it. A schedule's cron expression, in Spring's syntax, is among them; the service documents no "
      .. "name for it"),
    text("description", "a description"),
    field('"package"|"script"|"job"|"cloud"|"standard"|"customize"', "task_type", "what it runs"),
    text("task_status", "state of that task"),
    text("template_id", "id of the template (execution plan) that it runs"),
    text("template_name", "name of that template"),
    field("table", "template_i18n", "names of the template by language, \"en-us\" and \"zh-cn\""),
    text("job_id", "id of the job that the template belongs to"),
    text("job_name", "name of that job"),
    text("service_scenario", "the service's scenario that it belongs to"),
    text("service_name", "the cloud service that it acts on"),
    text("workflow_id", "its id at the service that runs its functions"),
    text("output", "its output"),
    text("approve_id", "id of an approval that it waits for"),
    time("edit_time", "when its definition was changed last"),
    flag("is_delete", "whether it was deleted"),
    field("aom.Node[]", "nodes", "its nodes"),
    field("aom.Step[]", "steps", "its steps"),
    field("aom.Parameter[]", "global_parameters", "parameters that all steps share"),
    field("string[]", "quote", "what it refers to"),
    field("string[]", "citation_urns", "resources that it refers to"),
    field("string[]", "execution_action_rules", "rules of what follows a run"),
    field("string[]", "execution_permission", "who may run it"),
  } },

  { name = "Execution", meaning = "One run of a workflow.", fields = {
    given(text("workflow_id", "id of the workflow")),
    given(text("execution_id", "its id")),
    given(text("status", "\"waitExecute\", \"waitApproval\", \"executing\", \"pausing\" or \"canceling\" while it goes "
      .. "on; \"success\", \"fail\", \"cancel\" or \"approvalFailed\" when it has ended. The service documents no "
      .. "closed list")),
    { name = "http_status", type = "integer", meaning = "HTTP's of the response, from `wait` and `execution`" },
    time("begin_time", "when it began"),
    time("end_time", "when it ended"),
    { name = "last_update_time", type = "integer|string", unit = "milliseconds since 1970",
      meaning = "when its status changed last; a date as text in some answers" },
    text("created_by", "who started it; not from `execution` and `wait`"),
    field("string[]", "approve_user_name_list", "who may approve it"),
    field("aom.NodeResult[]", "execution_result_list", "how each node went"),
    text("project_id", "the project that it belongs to"),
    time("workflow_edit_time", "when the definition that runs was changed"),
    text("last_record_id_with_snapshot", "id of the last record that has a snapshot"),
  } },

  { name = "NodeResult", meaning = "How a node of an execution went.", fields = {
    text("node_id", "id of the node, for `operate_execution`"),
    text("status", "as that of an execution"),
    time("begin_time", "when it began"),
    time("end_time", "when it ended"),
    field("any", "output", "its output"),
    text("function_execution_id", "id of the function's run"),
  } },

  { name = "Script", meaning = "A script.", fields = edited {
    given(text("id", "its id")),
    given(text("name", "its name")),
    field('"SHELL"|"BAT"|"PYTHON"|"POWER_SHELL"', "script_language", "its language"),
    text("description", "a description of up to 1,000 characters"),
    flag("online_exist_status", "whether one of its versions is online"),
    text("online_id", "id of that version"),
    field("aom.ApproveInfo", "approve_info", "who approves its runs"),
    field("aom.RateControl", "rate_control", "how many machines run it at once"),
  } },

  { name = "ScriptVersion", meaning = "A version of a script.", fields = edited {
    given(text("version_id", "its id")),
    text("version_number", "its number"),
    text("script_id", "id of the script"),
    text("name", "name of the script"),
    text("content", "the script itself"),
    field('"SHELL"|"BAT"|"PYTHON"|"POWER_SHELL"', "script_language", "its language"),
    field("0|1|2|3", "status_desc", "0: was never online, 1: is online, 2: is offline, 3: disabled"),
    field("integer", "job_reference_number", "number of jobs that use it"),
    field("{ job_id: string, job_name: string }[]", "job_reference_name", "these jobs"),
  } },

  { name = "Job", meaning = "A job: steps that templates (execution plans) give values to.", fields = edited {
    given(text("id", "its id")),
    given(text("name", "its name")),
    text("description", "a description of up to 1,000 characters"),
    field("aom.Step[]", "steps", "its steps"),
    field("aom.Parameter[]", "parameters", "what its templates give values to"),
    field("aom.ApproveInfo", "approve_info", "who approves its runs"),
    field("aom.RateControl", "rate_control", "how many machines run it at once"),
    flag("is_latest_version", "whether this is its latest version"),
    field("integer", "version_number", "number of the version"),
  } },

  { name = "Template", meaning = "A template (execution plan) of a job.", fields = edited {
    given(text("id", "its id")),
    given(text("name", "its name")),
    text("job_id", "id of the job"),
    field("integer", "job_version", "the job's version that it was made for"),
    field('"public"|"private"', "share_type", "whose it is"),
    text("version", "its own version"),
    flag("is_publish", "whether it is published"),
    flag("is_collect", "whether the user marked it as a favourite"),
    flag("need_synchronize", "whether the job has changed since"),
    field("aom.Node[]", "nodes", "its nodes"),
    field("aom.Step[]", "steps", "its steps"),
    field("aom.Parameter[]", "parameters", "its parameters"),
    field("string[]", "quote", "what it refers to"),
    field("aom.ApproveInfo", "approve_info", "who approves its runs"),
    field("aom.RateControl", "rate_control", "how many machines run it at once"),
  } },

  { name = "Node", meaning = "A node of a workflow.", fields = {
    text("id", "its id"), text("name", "its name"), text("category", "what it does"),
    text("description", "a description"), text("parent_node", "the node before it"), text("task_name", "its task"),
    flag("ignore_error", "whether the run goes on if it fails"),
    field("{ type: string, configuration: table<string, any> }", "metadata", "how it does it"),
  } },

  { name = "Step", meaning = "A step of a workflow, job or template.", fields = {
    text("id", "its id"), text("name", "its name"), text("type", "what it does"), text("description", "a description"),
    field("table<string, string>", "input", "its parameters by name"),
    flag("ignore_error", "whether the run goes on if it fails"),
  } },

  { name = "Parameter", meaning = "A parameter of a workflow, job or template.", fields = {
    given(text("param_name", "its name")), text("param_type", "its type"), text("param_group", "its group"),
    text("default_value", "its value if none is given"), text("id", "its id"), text("hint", "help for who fills it in"),
    text("description", "a description"), flag("encryption", "whether its value is encrypted"),
    flag("quote_param", "whether it refers to another parameter"), flag("required", "whether it needs a value"),
  } },

  { name = "ApproveInfo", meaning = "Who approves a run.", fields = {
    flag("need_approve", "whether a run needs approval"), text("topic_selected", "topic by which approvers are told"),
    text("smn_urn_list", "addresses of the topics"),
  } },

  { name = "RateControl", meaning = "How many machines a run reaches at once.", fields = {
    flag("have_rate_control", "whether there is a limit"), field("integer", "max", "machines at once"),
    field("integer", "time_delay", "wait between batches; its unit is not documented"),
  } },
}

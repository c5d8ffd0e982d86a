--- The public functions that no operation's row describes, and what else the reference says of
--- those that one does: a section each, in the order of the reference. A function is
---
---   name      "aom.NAME" or "client:NAME"
---   operation the row that gives its summary, arguments, result and permission
---   summary   what it does
---   args      { name, type, meaning, optional = true }; the callback is added where `waits`
---   returns   { type, meaning }; `walk = true`: an iterator over that
---   waits     it calls a service: it takes a callback, and has the errors of every call
---   errors    errors by kind that it has beside those
---   example   two lines of Lua

local id = { "id", "string", "id of the workflow", kind = "id" }
local client_options = { "options", "aom.ClientOptions", "region, credentials, time-outs and more", optional = true }
local bulk_options = { "options", "aom.BulkOptions", "pace and progress", optional = true }

local NOT_FOUND = { "argument", "no workflow has that name (the hint lists similar ones), or several have "
  .. "(`err.matches`)" }
local NOTHING_SELECTED = { "argument", "the selection matches nothing, and then nothing is changed" }
local PARTIAL = { "protocol", "the list is not complete (`allow_partial = true` accepts that)" }

local function filter_of(operation) return "aom." .. operation .. "Filter" end

--- An iterator over a list, and the list itself.
local function list(name, noun, object, operation, more)
  local args = { table.unpack(more or {}) }
  args[#args + 1] = { "filter", filter_of(operation), "the fields of `" .. name.operation .. "`, and `allow_partial`",
    optional = not name.required }
  return {
    name = "client:" .. name[1],
    summary = ("Iterates over all %s. Pages are requested as they are needed."):format(noun),
    args = args, returns = { object, "each of them" }, walk = true, errors = { PARTIAL },
    example = name.example,
  }, {
    name = "client:all_" .. name[1], summary = ("Lists all %s."):format(noun), args = args,
    returns = { object .. "[]", "all of them" }, waits = true, errors = { PARTIAL }, example = name.whole,
  }
end

local workflows, all_workflows = list({ "workflows", operation = "list_workflows",
  example = 'for workflow in client:workflows { type = "cron" } do\n  print(workflow.id, workflow.name)\nend',
  whole = 'local list = client:all_workflows { search = "nightly" }\nprint(#list)' },
  "workflows", "aom.Workflow", "Workflows")
local scripts, all_scripts = list({ "scripts", operation = "list_scripts",
  example = "for script in client:scripts() do print(script.id, script.name) end",
  whole = "local list = client:all_scripts()\nprint(#list)" }, "scripts", "aom.Script", "Scripts")
local versions, all_versions = list({ "script_versions", operation = "list_script_versions", required = true,
  example = 'for version in client:script_versions { script_id = "SCRIPT_ID" } do\n'
    .. "  print(version.version_number)\nend",
  whole = 'local list = client:all_script_versions { script_id = "SCRIPT_ID" }\nprint(#list)' },
  "versions of a script", "aom.ScriptVersion", "ScriptVersions")
local jobs, all_jobs = list({ "jobs", operation = "list_jobs",
  example = "for job in client:jobs() do print(job.id, job.name) end",
  whole = "local list = client:all_jobs()\nprint(#list)" }, "jobs", "aom.Job", "Jobs")
local templates, all_templates = list({ "templates", operation = "list_templates",
  example = 'for template in client:templates "JOB_ID" do print(template.id, template.name) end',
  whole = 'local list = client:all_templates "JOB_ID"\nprint(#list)' }, "templates of a job", "aom.Template",
  "Templates", { { "job_id", "string", "id of the job", kind = "id" } })

return {
  {
    title = "Switching schedules",
    { name = "client:trigger", operation = "trigger",
      example = 'local result = client:trigger("WORKFLOW_ID", "disable")\nprint(result.success, result.request_id)' },
    { name = "client:enable", like = "trigger", summary = "Switches the schedule of a workflow on.", args = { id },
      returns = { "aom.TriggerResult", "what was done" }, waits = true,
      example = 'local result = client:enable "WORKFLOW_ID"\nprint(result.attempts, result.elapsed)' },
    { name = "client:disable", like = "trigger", summary = "Switches the schedule of a workflow off.", args = { id },
      returns = { "aom.TriggerResult", "what was done" }, waits = true,
      example = 'client:disable("WORKFLOW_ID", function(err, result)\n  print(err or result)\nend)' },
    { name = "client:trigger_all", like = "trigger",
      summary = "Switches many workflows side by side. A failed call is an entry of the report, not an error.",
      args = {
        { "ids", "string[]|aom.Workflow[]|aom.Selection", "ids or workflows, or a selection" },
        { "action", '"enable"|"disable"', "switches the schedules on or off" }, bulk_options,
      },
      returns = { "aom.BulkReport", "one aom.BulkEntry for each id, in order, and counts" }, waits = true,
      errors = { NOTHING_SELECTED },
      example = 'local report = client:trigger_all({ match = "^nightly" }, "enable", { rate = 5 })\n'
        .. "print(report.succeeded, report.failed)" },
  },
  {
    title = "Maintenance windows",
    { name = "client:pause",
      summary = "Disables the selected scheduled workflows that are enabled, and records them in a file, from which "
        .. "they can be enabled again whatever happens to the process.",
      args = { { "options", "aom.PauseOptions", "what to pause, and how" } },
      returns = { "aom.Window", "what was paused" }, waits = true,
      errors = { NOTHING_SELECTED, { "argument", "the file holds a window that was not resumed" },
        { "config", "the file cannot be written" } },
      example = 'local window = client:pause { match = "^nightly", file = "paused.json" }\nprint(window.paused)' },
    { name = "client:resume", summary = "Enables the paused workflows again. It can be repeated.",
      args = { { "paused", "aom.Window|string", "what `pause` returned, or the file's path" },
        { "options", "aom.ResumeOptions", "how to resume", optional = true } },
      returns = { "aom.Window", "what was resumed" }, waits = true,
      errors = { { "argument", "there is no window in the file, or another process that lives has paused it" } },
      example = 'local paused = client:pause { match = "^nightly", file = "paused.json" }\n'
        .. 'print(client:resume(paused).resumed)           -- or client:resume "paused.json"' },
  },
  {
    title = "Workflows",
    { name = "client:find", like = "list_workflows", summary = "Finds the workflow of exactly that name.",
      args = { { "name", "string", "1 to 64 characters" } }, returns = { "aom.Workflow", "that workflow" },
      waits = true,
      errors = { NOT_FOUND },
      example = 'local workflow = client:find "nightly-backup"\nprint(workflow.id, workflow.trigger_status)' },
    workflows, all_workflows,
    { name = "client:list_workflows", operation = "list_workflows",
      example = "local page = client:list_workflows { size = 20 }\nprint(#page.elements, page.total)" },
    { name = "client:create_workflow", operation = "create_workflow",
      example = 'local made = client:create_workflow { name = "nightly", type = "cron", template_id = "TEMPLATE_ID",\n'
        .. '  task_type = "script", input = {} }' },
  },
  {
    title = "Executions",
    { name = "client:execute", operation = "execute_workflow",
      example = 'local execution = client:execute "WORKFLOW_ID"\nprint(client:wait(execution).status)' },
    { name = "client:wait", like = "execution",
      summary = "Waits until an execution has ended, with any status. An error that may pass does not end the wait.",
      args = { { "execution", "aom.ExecuteWorkflowResult|aom.Execution", "what `execute` returned, or any table with "
          .. "`workflow_id` and `execution_id`" },
        { "options", "aom.WaitOptions", "how long and how often", optional = true } },
      returns = { "aom.Execution", "the execution as it ended" }, waits = true,
      errors = { { "timeout", "it has not ended in time (its last status is in the hint)" } },
      example = 'local execution = client:wait(client:execute "WORKFLOW_ID", { timeout = 600 })\n'
        .. 'print(execution.status == "success")' },
    { name = "client:list_workflow_executions", operation = "list_workflow_executions",
      example = 'local result = client:list_workflow_executions "WORKFLOW_ID"\nprint(#result.executions)' },
    { name = "client:execution", operation = "execution",
      example = 'local started = client:execute "WORKFLOW_ID"\n'
        .. 'print(client:execution("WORKFLOW_ID", started.id).execution.status)' },
    { name = "client:operate_execution", operation = "operate_execution",
      example = 'local started = client:execute "WORKFLOW_ID"\n'
        .. 'client:operate_execution("WORKFLOW_ID", started.id, { action = "restart", node_id = "node-1" })' },
    { name = "client:stop_execution", operation = "stop_execution",
      example = 'local started = client:execute "WORKFLOW_ID"\n'
        .. 'client:stop_execution("WORKFLOW_ID", started.id, function(err, result) print(err or result) end)' },
  },
  {
    title = "Scripts, jobs and templates",
    scripts, all_scripts,
    { name = "client:list_scripts", operation = "list_scripts",
      example = 'local page = client:list_scripts { name = "clean" }\nprint(page.total)' },
    versions, all_versions,
    { name = "client:list_script_versions", operation = "list_script_versions",
      example = 'local page = client:list_script_versions { script_id = "SCRIPT_ID" }\nprint(page.total)' },
    jobs, all_jobs,
    { name = "client:list_jobs", operation = "list_jobs",
      example = "local page = client:list_jobs { page_size = 50 }\nprint(page.total)" },
    templates, all_templates,
    { name = "client:list_templates", operation = "list_templates",
      example = 'local page = client:list_templates("JOB_ID", { name = "weekly" })\nprint(page.total)' },
    { name = "client:template", operation = "template",
      example = 'local result = client:template("TEMPLATE_ID", { share_type = "public" })\n'
        .. "print(result.template.name)" },
  },
  {
    title = "Any other API",
    { name = "client:request", summary = "Sends any other request: signed, retried and limited as every call.",
      args = { { "fields", "aom.AnyRequest", "the request" } },
      returns = { "aom.Response", "the response" }, waits = true,
      example = 'local answer = client:request { method = "GET", path = "/v1/{project_id}/alarm-rules" }\n'
        .. "print(answer.status, #answer.body)" },
    { name = "client:request_all",
      summary = "Sends many requests side by side. A failed one is an entry of the report, not an error.",
      args = { { "requests", "aom.AnyRequest[]", "the requests" }, bulk_options },
      returns = { "aom.BulkReport", "one aom.BulkEntry for each request, in order, and counts" }, waits = true,
      example = 'local report = client:request_all { { method = "GET", path = "/v1/{project_id}/alarm-rules" } }\n'
        .. "print(report.succeeded)" },
    { name = "client:pages", summary = "Iterates over the responses to a request that has pages.",
      args = { { "fields", "aom.PagedRequest", "the first request, and what the next one is" } },
      returns = { "aom.Response", "each page" }, walk = true,
      errors = { { "protocol", "the next page is one that was read already" } },
      example = "local function following(answer) return answer.data.next and { from = answer.data.next } end\n"
        .. 'for page in client:pages { method = "GET", path = "/v1/things", next = following } do\n'
        .. "  print(#page.body)\nend" },
    { name = "client:all_pages", summary = "Lists the responses to a request that has pages.",
      args = { { "fields", "aom.PagedRequest", "the first request, and what the next one is" } },
      returns = { "aom.Response[]", "all pages" }, waits = true,
      errors = { { "protocol", "the next page is one that was read already" } },
      example = 'local function following(answer) return answer.data.next and { from = answer.data.next } end\n'
        .. 'print(#client:all_pages { method = "GET", path = "/v1/things", next = following })' },
  },
  {
    title = "Clients",
    { name = "aom.client", summary = "Makes a client. Nothing is sent.", args = { client_options },
      returns = { "aom.Client", "a client; on Lua 5.4 it can be a `<close>` variable" },
      errors = { { "argument", "an option is wrong or unknown" },
        { "config", "region, endpoint, project or a file is missing or wrong" },
        { "credentials", "none are found" } },
      example = 'local client = aom.client { region = "cn-north-4", timeout = 20 }\nclient:enable "WORKFLOW_ID"' },
    { name = "client:with",
      summary = "Makes a client with settings of its own, which shares all else with this one and is closed with it.",
      args = { { "options", "aom.OwnOptions", "what is its own" } },
      returns = { "aom.Client", "a client; closing it ends its own calls only" },
      errors = { { "argument", "an option is wrong or unknown, or the client is closed" } },
      example = 'client:with { timeout = 5 }:trigger("WORKFLOW_ID", "enable")' },
    { name = "client:close",
      summary = "Ends the running calls with `cancelled`, and wipes the keys. A second call does nothing.",
      args = {}, returns = { "true", "" }, example = "client:close()" },
    { name = "aom.close", summary = "Closes the client of `aom.trigger` and its like; their next call makes another.",
      args = {}, returns = { "true", "" }, example = "aom.close()" },
  },
  {
    title = "Functions of the module",
    { name = "aom.trigger", default = "client:trigger",
      example = 'local result = aom.trigger("WORKFLOW_ID", "enable")\nprint(result)' },
    { name = "aom.enable", default = "client:enable", example = 'aom.enable "WORKFLOW_ID"' },
    { name = "aom.disable", default = "client:disable", example = 'aom.disable "WORKFLOW_ID"' },
    { name = "aom.request", default = "client:request",
      example = 'print(aom.request { method = "GET", path = "/v1/{project_id}/alarm-rules" }.status)' },
    { name = "aom.doctor",
      summary = "Checks what a client with these options would use, and changes nothing. The report can be printed.",
      args = { client_options }, returns = { "aom.Check[]", "one entry for each finding" }, waits = true,
      example = "print(aom.doctor())" },
    { name = "aom.sign", summary = "Signs a request for another HTTP library. No I/O.",
      args = { { "request", "aom.SignRequest", "the request" },
        { "credentials", "aom.SignKey", "the key, and how to sign" } },
      returns = { "aom.Signed", "its headers" }, errors = { { "argument", "the request or the key cannot be signed" } },
      example = 'local signed = aom.sign({ method = "GET", host = "aom.example.com", path = "/v1" }, '
        .. '{ ak = "A", sk = "S" })\nprint(signed.headers.Authorization)' },
    { name = "aom.log", summary = "Makes a function for option `on_event` that prints one line an event.",
      args = { { "level", '"error"|"warn"|"info"|"debug"', 'default: "info"', optional = true },
        { "write", "fun(line: string)", "default: to standard error", optional = true } },
      returns = { "fun(event: aom.Event)", "a function for `on_event`" },
      errors = { { "argument", "the level is unknown" } },
      example = 'local client = aom.client { on_event = aom.log "debug" }' },
    { name = "aom.list", summary = "Marks a table as a list for the body of a request: an empty one is sent as `[]`.",
      args = { { "value", "any[]", "default: a new list", optional = true } },
      returns = { "any[]", "the same table" },
      errors = { { "argument", "it is no table, or has a protected metatable" } },
      example = 'client:request { method = "POST", path = "/v1/things", body = { names = aom.list() } }' },
    { name = "aom.is_error", summary = "Whether a value is an error of this library.",
      args = { { "value", "any", "such as what pcall caught" } }, returns = { "boolean", "" }, never = true,
      example = 'local ok, err = pcall(aom.trigger, "WORKFLOW_ID", "enable")\n'
        .. "if not ok and aom.is_error(err) then print(err.kind, err.hint) end" },
    { name = "aom.version", summary = "The versions of this library, and of the libraries it uses.",
      args = {}, returns = { "aom.Versions", "they can be printed" }, example = "print(aom.version())" },
  },
}

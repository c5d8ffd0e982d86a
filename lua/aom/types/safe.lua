--- Made by `make doc` from the rows and annotations of the library: do not edit. Nothing here
--- runs.
---@meta
---
--- `aom.safe`, which has the functions of `aom`, and whose clients have its methods: they return nil
--- and the error where those raise it.

---@class aom.Safe
local safe = {}

--- Makes a client. Nothing is sent.
---
--- Errors: `argument` (an option is wrong or unknown), `config` (region, endpoint, project or a file
--- is missing or wrong), `credentials` (none are found).
---@param options? aom.ClientOptions  region, credentials, time-outs and more
---@return aom.SafeClient? result  a client; on Lua 5.4 it can be a `<close>` variable
---@return aom.Error? err
function safe.client(options) end

--- Closes the client of `aom.trigger` and its like; their next call makes another.
---@return true result
function safe.close() end

--- Switches the schedule of a workflow on or off. With a client made from environment and profile.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param action "enable"|"disable"  switches the schedule on or off
---@return aom.TriggerResult? result
---@return aom.Error? err
---@overload fun(workflow_id: string, action: "enable"|"disable", callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function safe.trigger(workflow_id, action) end

--- Switches the schedule of a workflow on. With a client made from environment and profile.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.TriggerResult? result  what was done
---@return aom.Error? err
---@overload fun(id: string, callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function safe.enable(id) end

--- Switches the schedule of a workflow off. With a client made from environment and profile.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.TriggerResult? result  what was done
---@return aom.Error? err
---@overload fun(id: string, callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function safe.disable(id) end

--- Sends any other request: signed, retried and limited as every call. With a client made from
--- environment and profile.
---
--- Errors: those of every call.
---@param fields aom.AnyRequest  the request
---@return aom.Response? result  the response
---@return aom.Error? err
---@overload fun(fields: aom.AnyRequest, callback: fun(err: aom.Error?, result: aom.Response?)): aom.Handle?, aom.Error?
function safe.request(fields) end

--- Checks what a client with these options would use, and changes nothing. The report can be
--- printed.
---
--- Errors: those of every call.
---@param options? aom.ClientOptions  region, credentials, time-outs and more
---@return (aom.Check[])? result  one entry for each finding
---@return aom.Error? err
---@overload fun(options: aom.ClientOptions|nil, callback: fun(err: aom.Error?, result: (aom.Check[])?)): aom.Handle?, aom.Error?
---@overload fun(callback: fun(err: aom.Error?, result: (aom.Check[])?)): aom.Handle?, aom.Error?
function safe.doctor(options) end

--- Signs a request for another HTTP library. No I/O.
---
--- Errors: `argument` (the request or the key cannot be signed).
---@param request aom.SignRequest  the request
---@param credentials aom.SignKey  the key, and how to sign
---@return aom.Signed? result  its headers
---@return aom.Error? err
function safe.sign(request, credentials) end

--- Makes a function for option `on_event` that prints one line an event.
---
--- Errors: `argument` (the level is unknown).
---@param level? "error"|"warn"|"info"|"debug"  default: "info"
---@param write? fun(line: string)  default: to standard error
---@return (fun(event: aom.Event))? result  a function for `on_event`
---@return aom.Error? err
function safe.log(level, write) end

--- Marks a table as a list for the body of a request: an empty one is sent as `[]`.
---
--- Errors: `argument` (it is no table, or has a protected metatable).
---@param value? any[]  default: a new list
---@return (any[])? result  the same table
---@return aom.Error? err
function safe.list(value) end

--- Whether a value is an error of this library.
---@param value any  such as what pcall caught
---@return boolean result
function safe.is_error(value) end

--- The versions of this library, and of the libraries it uses.
---@return aom.Versions? result  they can be printed
---@return aom.Error? err
function safe.version() end

---@class aom.SafeClient
local client = {}

--- Switches the schedule of a workflow on or off.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param action "enable"|"disable"  switches the schedule on or off
---@return aom.TriggerResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, action: "enable"|"disable", callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function client:trigger(workflow_id, action) end

---The official name of `trigger`, or another.
client.update_workflow_trigger_status = client.trigger

--- Switches the schedule of a workflow on.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.TriggerResult? result  what was done
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, id: string, callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function client:enable(id) end

--- Switches the schedule of a workflow off.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call.
---@param id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.TriggerResult? result  what was done
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, id: string, callback: fun(err: aom.Error?, result: aom.TriggerResult?)): aom.Handle?, aom.Error?
function client:disable(id) end

--- Switches many workflows side by side. A failed call is an entry of the report, not an error.
---
--- UpdateWorkflowTriggerStatus, which needs the permission cms:workflow:update:
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html
---
--- Errors: those of every call; `argument` (the selection matches nothing, and then nothing is
--- changed).
---@param ids string[]|aom.Workflow[]|aom.Selection  ids or workflows, or a selection
---@param action "enable"|"disable"  switches the schedules on or off
---@param options? aom.BulkOptions  pace and progress
---@return aom.BulkReport? result  one aom.BulkEntry for each id, in order, and counts
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, ids: string[]|aom.Workflow[]|aom.Selection, action: "enable"|"disable", options: aom.BulkOptions|nil, callback: fun(err: aom.Error?, result: aom.BulkReport?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, ids: string[]|aom.Workflow[]|aom.Selection, action: "enable"|"disable", callback: fun(err: aom.Error?, result: aom.BulkReport?)): aom.Handle?, aom.Error?
function client:trigger_all(ids, action, options) end

--- Disables the selected scheduled workflows that are enabled, and records them in a file, from
--- which they can be enabled again whatever happens to the process.
---
--- Errors: those of every call; `argument` (the selection matches nothing, and then nothing is
--- changed), `argument` (the file holds a window that was not resumed), `config` (the file cannot be
--- written).
---@param options aom.PauseOptions  what to pause, and how
---@return aom.Window? result  what was paused
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, options: aom.PauseOptions, callback: fun(err: aom.Error?, result: aom.Window?)): aom.Handle?, aom.Error?
function client:pause(options) end

--- Enables the paused workflows again. It can be repeated.
---
--- Errors: those of every call; `argument` (there is no window in the file, or another process that
--- lives has paused it).
---@param paused aom.Window|string  what `pause` returned, or the file's path
---@param options? aom.ResumeOptions  how to resume
---@return aom.Window? result  what was resumed
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, paused: aom.Window|string, options: aom.ResumeOptions|nil, callback: fun(err: aom.Error?, result: aom.Window?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, paused: aom.Window|string, callback: fun(err: aom.Error?, result: aom.Window?)): aom.Handle?, aom.Error?
function client:resume(paused, options) end

--- Finds the workflow of exactly that name.
---
--- ListWorkflow, which needs the permission cms:workflow:list:
--- https://support.huaweicloud.com/api-aom/ListWorkflow.html
---
--- Errors: those of every call; `argument` (no workflow has that name (the hint lists similar ones),
--- or several have (`err.matches`)).
---@param name string  1 to 64 characters
---@return aom.Workflow? result  that workflow
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, name: string, callback: fun(err: aom.Error?, result: aom.Workflow?)): aom.Handle?, aom.Error?
function client:find(name) end

--- Iterates over all workflows. Pages are requested as they are needed.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.WorkflowsFilter  the fields of `list_workflows`, and `allow_partial`
---@return fun(): aom.Workflow|false|nil, aom.Error?  each of them; false and the error at an error
function client:workflows(filter) end

--- Lists all workflows.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.WorkflowsFilter  the fields of `list_workflows`, and `allow_partial`
---@return (aom.Workflow[])? result  all of them
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, filter: aom.WorkflowsFilter|nil, callback: fun(err: aom.Error?, result: (aom.Workflow[])?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: (aom.Workflow[])?)): aom.Handle?, aom.Error?
function client:all_workflows(filter) end

--- Lists workflows: one page of them.
---
--- ListWorkflow, which needs the permission cms:workflow:list:
--- https://support.huaweicloud.com/api-aom/ListWorkflow.html
---
--- Errors: those of every call.
---@param fields? aom.ListWorkflowsFields  the other fields
---@return aom.ListWorkflowsResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.ListWorkflowsFields|nil, callback: fun(err: aom.Error?, result: aom.ListWorkflowsResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: aom.ListWorkflowsResult?)): aom.Handle?, aom.Error?
function client:list_workflows(fields) end

---The official name of `list_workflows`, or another.
client.list_workflow = client.list_workflows

--- Makes a workflow.
---
--- CreateWorkflow, which needs the permission cms:workflow:create and is sent once:
--- https://support.huaweicloud.com/api-aom/CreateWorkflow.html
---
--- Errors: those of every call.
---@param fields aom.CreateWorkflowFields  the other fields
---@return aom.CreateWorkflowResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.CreateWorkflowFields, callback: fun(err: aom.Error?, result: aom.CreateWorkflowResult?)): aom.Handle?, aom.Error?
function client:create_workflow(fields) end

---The official name of `create_workflow`, or another.
client.create_workflow = client.create_workflow

--- Runs a workflow now. It returns when the execution has begun: `client:wait` waits for its end.
---
--- ExecuteWorkflow, which needs the permission cms:execution:create and is sent once:
--- https://support.huaweicloud.com/api-aom/ExecuteWorkflow.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.ExecuteWorkflowResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, callback: fun(err: aom.Error?, result: aom.ExecuteWorkflowResult?)): aom.Handle?, aom.Error?
function client:execute(workflow_id) end

---The official name of `execute`, or another.
client.execute_workflow = client.execute

---The official name of `execute`, or another.
client.execute_workflow = client.execute

--- Waits until an execution has ended, with any status. An error that may pass does not end the
--- wait.
---
--- SearchWorkflowExecutionDetail, which needs the permission cms:execution:get:
--- https://support.huaweicloud.com/api-aom/SearchWorkflowExecutionDetail.html
---
--- Errors: those of every call; `timeout` (it has not ended in time (its last status is in the
--- hint)).
---@param execution aom.ExecuteWorkflowResult|aom.Execution
---  what `execute` returned, or any table with `workflow_id` and `execution_id`
---@param options? aom.WaitOptions  how long and how often
---@return aom.Execution? result  the execution as it ended
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, execution: aom.ExecuteWorkflowResult|aom.Execution, options: aom.WaitOptions|nil, callback: fun(err: aom.Error?, result: aom.Execution?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, execution: aom.ExecuteWorkflowResult|aom.Execution, callback: fun(err: aom.Error?, result: aom.Execution?)): aom.Handle?, aom.Error?
function client:wait(execution, options) end

--- Lists the executions of a workflow.
---
--- ListWorkflowExecutions, which needs the permission cms:execution:get:
--- https://support.huaweicloud.com/api-aom/ListWorkflowExecutions.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param fields? aom.ListWorkflowExecutionsFields  the other fields
---@return aom.ListWorkflowExecutionsResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, fields: aom.ListWorkflowExecutionsFields|nil, callback: fun(err: aom.Error?, result: aom.ListWorkflowExecutionsResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, workflow_id: string, callback: fun(err: aom.Error?, result: aom.ListWorkflowExecutionsResult?)): aom.Handle?, aom.Error?
function client:list_workflow_executions(workflow_id, fields) end

---The official name of `list_workflow_executions`, or another.
client.list_workflow_executions = client.list_workflow_executions

--- Shows an execution of a workflow.
---
--- SearchWorkflowExecutionDetail, which needs the permission cms:execution:get:
--- https://support.huaweicloud.com/api-aom/SearchWorkflowExecutionDetail.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param execution_id string  id of the execution: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.ExecutionResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, execution_id: string, callback: fun(err: aom.Error?, result: aom.ExecutionResult?)): aom.Handle?, aom.Error?
function client:execution(workflow_id, execution_id) end

---The official name of `execution`, or another.
client.search_workflow_execution_detail = client.execution

--- Continues an execution that is paused, or whose node has failed.
---
--- StartPausingWorkflowExecutions, which needs the permission cms:execution:create and is sent once:
--- https://support.huaweicloud.com/api-aom/StartPausingWorkflowExecutions.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param execution_id string  id of the execution: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param fields aom.OperateExecutionFields  the other fields
---@return aom.OperateExecutionResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, execution_id: string, fields: aom.OperateExecutionFields, callback: fun(err: aom.Error?, result: aom.OperateExecutionResult?)): aom.Handle?, aom.Error?
function client:operate_execution(workflow_id, execution_id, fields) end

---The official name of `operate_execution`, or another.
client.start_pausing_workflow_executions = client.operate_execution

--- Stops an execution.
---
--- StopExecution, which needs the permission cms:execution:create and is sent once:
--- https://support.huaweicloud.com/api-aom/StopExecution.html
---
--- Errors: those of every call.
---@param workflow_id string  id of the workflow: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param execution_id string  id of the execution: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@return aom.StopExecutionResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, workflow_id: string, execution_id: string, callback: fun(err: aom.Error?, result: aom.StopExecutionResult?)): aom.Handle?, aom.Error?
function client:stop_execution(workflow_id, execution_id) end

---The official name of `stop_execution`, or another.
client.stop_execution = client.stop_execution

--- Iterates over all scripts. Pages are requested as they are needed.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.ScriptsFilter  the fields of `list_scripts`, and `allow_partial`
---@return fun(): aom.Script|false|nil, aom.Error?  each of them; false and the error at an error
function client:scripts(filter) end

--- Lists all scripts.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.ScriptsFilter  the fields of `list_scripts`, and `allow_partial`
---@return (aom.Script[])? result  all of them
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, filter: aom.ScriptsFilter|nil, callback: fun(err: aom.Error?, result: (aom.Script[])?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: (aom.Script[])?)): aom.Handle?, aom.Error?
function client:all_scripts(filter) end

--- Lists scripts: one page of them.
---
--- ListAllScriptByName, which needs the permission cms:script:list:
--- https://support.huaweicloud.com/api-aom/ListAllScriptByName.html
---
--- Errors: those of every call.
---@param fields? aom.ListScriptsFields  the other fields
---@return aom.ListScriptsResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.ListScriptsFields|nil, callback: fun(err: aom.Error?, result: aom.ListScriptsResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: aom.ListScriptsResult?)): aom.Handle?, aom.Error?
function client:list_scripts(fields) end

---The official name of `list_scripts`, or another.
client.list_all_script_by_name = client.list_scripts

--- Iterates over all versions of a script. Pages are requested as they are needed.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter aom.ScriptVersionsFilter  the fields of `list_script_versions`, and `allow_partial`
---@return fun(): aom.ScriptVersion|false|nil, aom.Error?  each of them; false and the error at an error
function client:script_versions(filter) end

--- Lists all versions of a script.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter aom.ScriptVersionsFilter  the fields of `list_script_versions`, and `allow_partial`
---@return (aom.ScriptVersion[])? result  all of them
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, filter: aom.ScriptVersionsFilter, callback: fun(err: aom.Error?, result: (aom.ScriptVersion[])?)): aom.Handle?, aom.Error?
function client:all_script_versions(filter) end

--- Lists the versions of a script: one page of them.
---
--- ListAllVersionByVersionId, which needs the permission cms:script:list:
--- https://support.huaweicloud.com/api-aom/ListAllVersionByVersionId.html
---
--- Errors: those of every call.
---@param fields aom.ListScriptVersionsFields  the other fields
---@return aom.ListScriptVersionsResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.ListScriptVersionsFields, callback: fun(err: aom.Error?, result: aom.ListScriptVersionsResult?)): aom.Handle?, aom.Error?
function client:list_script_versions(fields) end

---The official name of `list_script_versions`, or another.
client.list_all_version_by_version_id = client.list_script_versions

--- Iterates over all jobs. Pages are requested as they are needed.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.JobsFilter  the fields of `list_jobs`, and `allow_partial`
---@return fun(): aom.Job|false|nil, aom.Error?  each of them; false and the error at an error
function client:jobs(filter) end

--- Lists all jobs.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param filter? aom.JobsFilter  the fields of `list_jobs`, and `allow_partial`
---@return (aom.Job[])? result  all of them
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, filter: aom.JobsFilter|nil, callback: fun(err: aom.Error?, result: (aom.Job[])?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: (aom.Job[])?)): aom.Handle?, aom.Error?
function client:all_jobs(filter) end

--- Lists jobs: one page of them.
---
--- ListAllJobByName, which needs the permission cms:job:list:
--- https://support.huaweicloud.com/api-aom/ListAllJobByName.html
---
--- Errors: those of every call.
---@param fields? aom.ListJobsFields  the other fields
---@return aom.ListJobsResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.ListJobsFields|nil, callback: fun(err: aom.Error?, result: aom.ListJobsResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, callback: fun(err: aom.Error?, result: aom.ListJobsResult?)): aom.Handle?, aom.Error?
function client:list_jobs(fields) end

---The official name of `list_jobs`, or another.
client.list_all_job_by_name = client.list_jobs

--- Iterates over all templates of a job. Pages are requested as they are needed.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param job_id string  id of the job: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param filter? aom.TemplatesFilter  the fields of `list_templates`, and `allow_partial`
---@return fun(): aom.Template|false|nil, aom.Error?  each of them; false and the error at an error
function client:templates(job_id, filter) end

--- Lists all templates of a job.
---
--- Errors: those of every call; `protocol` (the list is not complete (`allow_partial = true` accepts
--- that)).
---@param job_id string  id of the job: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param filter? aom.TemplatesFilter  the fields of `list_templates`, and `allow_partial`
---@return (aom.Template[])? result  all of them
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, job_id: string, filter: aom.TemplatesFilter|nil, callback: fun(err: aom.Error?, result: (aom.Template[])?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, job_id: string, callback: fun(err: aom.Error?, result: (aom.Template[])?)): aom.Handle?, aom.Error?
function client:all_templates(job_id, filter) end

--- Lists the templates (execution plans) of a job: one page of them.
---
--- ListTemplateByJobId, which needs the permission cms:template:list:
--- https://support.huaweicloud.com/api-aom/ListTemplateByJobId.html
---
--- Errors: those of every call.
---@param job_id string  id of the job: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param fields? aom.ListTemplatesFields  the other fields
---@return aom.ListTemplatesResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, job_id: string, fields: aom.ListTemplatesFields|nil, callback: fun(err: aom.Error?, result: aom.ListTemplatesResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, job_id: string, callback: fun(err: aom.Error?, result: aom.ListTemplatesResult?)): aom.Handle?, aom.Error?
function client:list_templates(job_id, fields) end

---The official name of `list_templates`, or another.
client.list_template_by_job_id = client.list_templates

--- Shows a template (execution plan).
---
--- SearchTemplateById, which needs the permission cms:template:get:
--- https://support.huaweicloud.com/api-aom/SearchTemplateById.html
---
--- Errors: those of every call.
---@param template_id string  id of the template: 1 to 64 bytes, without / \ % ? #, blanks and control characters
---@param fields? aom.TemplateFields  the other fields
---@return aom.TemplateResult? result
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, template_id: string, fields: aom.TemplateFields|nil, callback: fun(err: aom.Error?, result: aom.TemplateResult?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, template_id: string, callback: fun(err: aom.Error?, result: aom.TemplateResult?)): aom.Handle?, aom.Error?
function client:template(template_id, fields) end

---The official name of `template`, or another.
client.search_template_by_id = client.template

--- Sends any other request: signed, retried and limited as every call.
---
--- Errors: those of every call.
---@param fields aom.AnyRequest  the request
---@return aom.Response? result  the response
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.AnyRequest, callback: fun(err: aom.Error?, result: aom.Response?)): aom.Handle?, aom.Error?
function client:request(fields) end

--- Sends many requests side by side. A failed one is an entry of the report, not an error.
---
--- Errors: those of every call.
---@param requests aom.AnyRequest[]  the requests
---@param options? aom.BulkOptions  pace and progress
---@return aom.BulkReport? result  one aom.BulkEntry for each request, in order, and counts
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, requests: aom.AnyRequest[], options: aom.BulkOptions|nil, callback: fun(err: aom.Error?, result: aom.BulkReport?)): aom.Handle?, aom.Error?
---@overload fun(self: aom.SafeClient, requests: aom.AnyRequest[], callback: fun(err: aom.Error?, result: aom.BulkReport?)): aom.Handle?, aom.Error?
function client:request_all(requests, options) end

--- Iterates over the responses to a request that has pages.
---
--- Errors: those of every call; `protocol` (the next page is one that was read already).
---@param fields aom.PagedRequest  the first request, and what the next one is
---@return fun(): aom.Response|false|nil, aom.Error?  each page; false and the error at an error
function client:pages(fields) end

--- Lists the responses to a request that has pages.
---
--- Errors: those of every call; `protocol` (the next page is one that was read already).
---@param fields aom.PagedRequest  the first request, and what the next one is
---@return (aom.Response[])? result  all pages
---@return aom.Error? err
---@overload fun(self: aom.SafeClient, fields: aom.PagedRequest, callback: fun(err: aom.Error?, result: (aom.Response[])?)): aom.Handle?, aom.Error?
function client:all_pages(fields) end

--- Makes a client with settings of its own, which shares all else with this one and is closed with
--- it.
---
--- Errors: `argument` (an option is wrong or unknown, or the client is closed).
---@param options aom.OwnOptions  what is its own
---@return aom.SafeClient? result  a client; closing it ends its own calls only
---@return aom.Error? err
function client:with(options) end

--- Ends the running calls with `cancelled`, and wipes the keys. A second call does nothing.
---@return true result
function client:close() end

return safe

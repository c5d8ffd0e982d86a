---@meta
--- The functions that users call, for editors and type checkers. Nothing here runs. Times
--- are in seconds; the service's fields that end in `_time` are milliseconds since 1970.
---
--- `aom` and `aom.safe` have the same functions: `aom` raises an `aom.Error`, `aom.safe`
--- returns nil and the error. Every method that calls the service takes a callback
--- `function(err, result)` as its last argument, and then returns an `aom.Handle`.
---
--- A method's description begins with the service's official name of the operation. In snake
--- case that is a method too, such as `client:update_workflow_trigger_status`. The service's
--- page for UpdateWorkflowTriggerStatus, and likewise for the others, is
--- https://support.huaweicloud.com/api-aom/UpdateWorkflowTriggerStatus.html

---@class aom
local aom = {}

--- UpdateWorkflowTriggerStatus, with a client made from environment and profile.
---@param id string  of the workflow
---@param action "enable"|"disable"
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.trigger(id, action, callback) end

--- UpdateWorkflowTriggerStatus with "enable".
---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.enable(id, callback) end

--- UpdateWorkflowTriggerStatus with "disable".
---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.disable(id, callback) end

--- A request to any other API, with a client made from environment and profile.
---@param fields aom.AnyRequest
---@param callback? fun(err: aom.Error?, answer: aom.Response?)
---@return aom.Response
function aom.request(fields, callback) end

--- A function for option `on_event` that prints one line an event.
---@param level? "error"|"warn"|"info"|"debug"  default: "info"
---@param write? fun(line: string)  default: to standard error
---@return fun(event: aom.Event)
function aom.log(level, write) end

--- Marks a table as a list for the body of a request: an empty one is sent as `[]`.
---@generic T
---@param value? T[]
---@return T[]
function aom.list(value) end

--- Makes a client. Raises `argument`, `config` or `credentials`; nothing is sent.
---@param options? aom.ClientOptions
---@return aom.Client
function aom.client(options) end

--- Checks what a client with these options would use, and changes nothing. It waits as
--- calls do. The list can be printed.
---@param options? aom.ClientOptions
---@param callback? fun(err: aom.Error?, report: aom.Check[]?)
---@return aom.Check[]
function aom.doctor(options, callback) end

--- Signs a request for another HTTP library. Raises `argument`.
---@param request aom.SignRequest
---@param credentials aom.SignKey
---@return aom.Signed
function aom.sign(request, credentials) end

--- Whether a caught value is an `aom.Error`.
---@param value any
---@return boolean
function aom.is_error(value) end

--- The versions of this library, and of the libraries it uses.
---@return aom.Versions
function aom.version() end

--- Closes the client of `aom.trigger`, `aom.enable` and `aom.disable`. The next call makes another one.
---@return true
function aom.close() end

---@class aom.Client
local client = {}

--- UpdateWorkflowTriggerStatus.
---@param id string
---@param action "enable"|"disable"
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function client:trigger(id, action, callback) end

--- UpdateWorkflowTriggerStatus with "enable".
---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function client:enable(id, callback) end

--- UpdateWorkflowTriggerStatus with "disable".
---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function client:disable(id, callback) end

--- CreateWorkflow. Sent once.
---@param fields aom.NewWorkflow
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ workflow: aom.Workflow }
function client:create_workflow(fields, callback) end

--- ListWorkflow: one page.
---@param fields? { type?: string, search?: string, page?: integer, size?: integer, [string]: any }
---@param callback? fun(err: aom.Error?, page: aom.Page?)
---@return aom.Page
function client:list_workflows(fields, callback) end

--- ExecuteWorkflow. Sent once.
---@param id string
---@param callback? fun(err: aom.Error?, execution: aom.StartedExecution?)
---@return aom.StartedExecution
function client:execute(id, callback) end

client.execute_workflow = client.execute

--- ListWorkflowExecutions.
---@param id string
---@param fields? { x_enterprise_project_id?: string }
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ executions: aom.Execution[] }
function client:list_workflow_executions(id, fields, callback) end

--- SearchWorkflowExecutionDetail.
---@param workflow_id string
---@param execution_id string
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ execution: aom.Execution }
function client:execution(workflow_id, execution_id, callback) end

--- StartPausingWorkflowExecutions. Sent once.
---@param workflow_id string
---@param execution_id string
---@param fields { action: "restart"|"skip"|"continue", node_id: string }
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ result: any }
function client:operate_execution(workflow_id, execution_id, fields, callback) end

--- StopExecution. Sent once.
---@param workflow_id string
---@param execution_id string
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ result: any }
function client:stop_execution(workflow_id, execution_id, callback) end

--- ListAllScriptByName: one page.
---@param fields? table
---@param callback? fun(err: aom.Error?, page: aom.Page?)
---@return aom.Page
function client:list_scripts(fields, callback) end

--- ListAllVersionByVersionId: one page.
---@param fields { script_id: string, [string]: any }
---@param callback? fun(err: aom.Error?, page: aom.Page?)
---@return aom.Page
function client:list_script_versions(fields, callback) end

--- ListAllJobByName: one page.
---@param fields? table
---@param callback? fun(err: aom.Error?, page: aom.Page?)
---@return aom.Page
function client:list_jobs(fields, callback) end

--- ListTemplateByJobId: one page.
---@param job_id string
---@param fields? table
---@param callback? fun(err: aom.Error?, page: aom.Page?)
---@return aom.Page
function client:list_templates(job_id, fields, callback) end

--- SearchTemplateById.
---@param id string
---@param fields? { share_type?: "public"|"private" }
---@param callback? fun(err: aom.Error?, result: aom.Result?)
---@return aom.Result|{ template: table }
function client:template(id, fields, callback) end

--- Iterates over all workflows: `for workflow in client:workflows { … } do`. An incomplete
--- list ends with a `protocol` error, unless `allow_partial = true` accepts it.
---@param filter? aom.WorkflowFilter
---@return fun(): aom.Workflow|false|nil, aom.Error?
function client:workflows(filter) end

--- Iterates over all scripts.
---@param filter? aom.ListFilter  the fields of list_scripts
---@return fun(): table|false|nil, aom.Error?
function client:scripts(filter) end

--- Iterates over all versions of a script.
---@param filter { script_id: string, allow_partial?: boolean, [string]: any }
---@return fun(): table|false|nil, aom.Error?
function client:script_versions(filter) end

--- Iterates over all jobs.
---@param filter? aom.ListFilter  the fields of list_jobs
---@return fun(): table|false|nil, aom.Error?
function client:jobs(filter) end

--- Iterates over all templates of a job.
---@param job_id string
---@param filter? aom.ListFilter  the fields of list_templates
---@return fun(): table|false|nil, aom.Error?
function client:templates(job_id, filter) end

--- All workflows as a list.
---@param filter? aom.WorkflowFilter
---@param callback? fun(err: aom.Error?, list: aom.Workflow[]?)
---@return aom.Workflow[]
function client:all_workflows(filter, callback) end

--- All scripts as a list.
---@param filter? aom.ListFilter
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_scripts(filter, callback) end

--- All versions of a script as a list.
---@param filter { script_id: string, allow_partial?: boolean, [string]: any }
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_script_versions(filter, callback) end

--- All jobs as a list.
---@param filter? aom.ListFilter
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_jobs(filter, callback) end

--- All templates of a job as a list.
---@param job_id string
---@param filter? aom.ListFilter
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_templates(job_id, filter, callback) end

--- The workflow of exactly that name. If there is none, the `argument` error lists similar
--- names; if there are several, they are in `err.matches`.
---@param name string
---@param callback? fun(err: aom.Error?, workflow: aom.Workflow?)
---@return aom.Workflow
function client:find(name, callback) end

--- Waits until an execution has ended, with any status. A `timeout` error if it takes too long.
---@param execution aom.StartedExecution|aom.Execution
---@param options? aom.WaitOptions
---@param callback? fun(err: aom.Error?, execution: aom.Execution?)
---@return aom.Execution
function client:wait(execution, options, callback) end

--- Switches many workflows. A failed call is an entry of the report, not an error.
---@param ids string[]|aom.Workflow[]|aom.Selection
---@param action "enable"|"disable"
---@param options? aom.BulkOptions
---@param callback? fun(err: aom.Error?, report: aom.BulkReport?)
---@return aom.BulkReport|aom.BulkEntry[]
function client:trigger_all(ids, action, options, callback) end

--- A request to any other API, signed, retried and limited as every call.
---@param fields aom.AnyRequest
---@param callback? fun(err: aom.Error?, answer: aom.Response?)
---@return aom.Response
function client:request(fields, callback) end

--- Many requests. A failed one is an entry of the report, not an error.
---@param requests aom.AnyRequest[]
---@param options? aom.BulkOptions
---@param callback? fun(err: aom.Error?, report: aom.BulkReport?)
---@return aom.BulkReport|aom.BulkEntry[]
function client:request_all(requests, options, callback) end

--- Iterates over the answers to a request that has pages.
---@param fields aom.PagedRequest
---@return fun(): aom.Response|false|nil, aom.Error?
function client:pages(fields) end

--- The same as a list.
---@param fields aom.PagedRequest
---@param callback? fun(err: aom.Error?, answers: aom.Response[]?)
---@return aom.Response[]
function client:all_pages(fields, callback) end

--- A client with settings of its own, which shares all else with this one, and is closed
--- with it. Closing it ends its own calls only.
---@param options aom.OwnOptions
---@return aom.Client
function client:with(options) end

--- Disables the selected scheduled workflows that are enabled, and records them in a file.
--- An error after the first change has `err.paused`.
---@param options aom.PauseOptions
---@param callback? fun(err: aom.Error?, paused: aom.Window?)
---@return aom.Window
function client:pause(options, callback) end

--- Enables the paused workflows again. It can be repeated.
---@param paused aom.Window|string  what `pause` returned, or the file's path
---@param options? aom.ResumeOptions
---@param callback? fun(err: aom.Error?, resumed: aom.Window?)
---@return aom.Window
function client:resume(paused, options, callback) end

--- Ends the running calls with `cancelled`, and wipes the keys. Connections stay, for other clients.
--- A second call does nothing.
---@return true
function client:close() end

return aom

---@meta
--- What users of the library see, for editors and for `lua-language-server --check`.
--- Nothing here runs. Times are in seconds, unless a field of the service's says
--- otherwise: those that end in `_time` are milliseconds since 1970.
---
--- The two faces have the same functions: those of `aom` raise an `aom.Error`, those of
--- `aom.safe` return nil and it. Every method that calls the service takes a callback
--- `function(err, result)` as a last argument, and then returns an `aom.Handle`.
---
--- An error of kind `argument` comes before anything is sent; a call can fail with every
--- other kind of `aom.ErrorKind` too. The name in front of a method's description is the
--- official one; in snake case, as `client:update_workflow_trigger_status`, it works too.
--- With it the service's own page is found: that of UpdateWorkflowTriggerStatus is
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

--- A client. Raises `argument`, `config` or `credentials`; nothing is sent.
---@param options? aom.ClientOptions
---@return aom.Client
function aom.client(options) end

--- Examines what a client with these options would do, and changes nothing. Waits as
--- calls do; the list can be printed.
---@param options? aom.ClientOptions
---@return aom.Check[]
function aom.doctor(options) end

--- Signs a request for another transport. Raises `argument`.
---@param request aom.SignRequest
---@param credentials aom.SignKey
---@return aom.Signed
function aom.sign(request, credentials) end

--- Whether a value that was caught is an `aom.Error`.
---@param value any
---@return boolean
function aom.is_error(value) end

--- The versions of this library, and of what it runs on.
---@return aom.Versions
function aom.version() end

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

--- All workflows, page by page: `for workflow in client:workflows { … } do`. As all lists,
--- it is whole or ends with a `protocol` error; `allow_partial = true` takes what there is.
---@param filter? table
---@return fun(): aom.Workflow|false|nil, aom.Error?
function client:workflows(filter) end

--- All scripts, page by page.
---@param filter? table  the fields of list_scripts, without the page
---@return fun(): table|false|nil, aom.Error?
function client:scripts(filter) end

--- All versions of a script, page by page.
---@param filter { script_id: string, [string]: any }
---@return fun(): table|false|nil, aom.Error?
function client:script_versions(filter) end

--- All jobs, page by page.
---@param filter? table  the fields of list_jobs, without the page
---@return fun(): table|false|nil, aom.Error?
function client:jobs(filter) end

--- All templates of a job, page by page.
---@param job_id string
---@param filter? table
---@return fun(): table|false|nil, aom.Error?
function client:templates(job_id, filter) end

--- All workflows as a list.
---@param filter? table
---@param callback? fun(err: aom.Error?, list: aom.Workflow[]?)
---@return aom.Workflow[]
function client:all_workflows(filter, callback) end

--- All scripts as a list.
---@param filter? table
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_scripts(filter, callback) end

--- All versions of a script as a list.
---@param filter { script_id: string, [string]: any }
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_script_versions(filter, callback) end

--- All jobs as a list.
---@param filter? table
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_jobs(filter, callback) end

--- All templates of a job as a list.
---@param job_id string
---@param filter? table
---@param callback? fun(err: aom.Error?, list: table[]?)
---@return table[]
function client:all_templates(job_id, filter, callback) end

--- The one workflow of exactly that name. None, or several, is an `argument` error that
--- lists near names; the several are in `err.matches`.
---@param name string
---@param callback? fun(err: aom.Error?, workflow: aom.Workflow?)
---@return aom.Workflow
function client:find(name, callback) end

--- Waits for an execution's end, however it ends. Time that has run out is a `timeout` error.
---@param execution aom.StartedExecution|aom.Execution
---@param options? aom.WaitOptions
---@param callback? fun(err: aom.Error?, execution: aom.Execution?)
---@return aom.Execution
function client:wait(execution, options, callback) end

--- Switches many workflows. What fails is an entry of the report, and no error.
---@param ids string[]|aom.Workflow[]|aom.Selection
---@param action "enable"|"disable"
---@param options? aom.BulkOptions
---@param callback? fun(err: aom.Error?, report: aom.BulkReport?)
---@return aom.BulkReport|aom.BulkEntry[]
function client:trigger_all(ids, action, options, callback) end

--- Disables every scheduled workflow that is meant and enabled, and remembers it in a
--- file. An error after the first change has `err.paused`.
---@param options aom.PauseOptions
---@param callback? fun(err: aom.Error?, paused: aom.Window?)
---@return aom.Window
function client:pause(options, callback) end

--- Enables again what was paused. It can be repeated.
---@param paused aom.Window|string  or the file's path
---@param options? aom.ResumeOptions
---@param callback? fun(err: aom.Error?, resumed: aom.Window?)
---@return aom.Window
function client:resume(paused, options, callback) end

--- Ends the calls under way with `cancelled`, wipes the keys and closes the connections.
--- Closing twice does nothing.
---@return true
function client:close() end

return aom

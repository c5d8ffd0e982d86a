---@meta
--- What users of the library see, for editors and for `lua-language-server --check`.
--- Nothing here runs. Times are in seconds, unless a field of the service's says
--- otherwise: those that end in `_time` are milliseconds since 1970.
---
--- The two faces have the same functions: those of `aom` raise an `aom.Error`, those of
--- `aom.safe` return nil and it. Every method that calls the service takes a callback
--- `function(err, result)` as a last argument, and then returns an `aom.Handle`.

---@class aom
local aom = {}

--- UpdateWorkflowTriggerStatus, with a client made from environment and profile.
---@param id string  of the workflow
---@param action "enable"|"disable"
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.trigger(id, action, callback) end

---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.enable(id, callback) end

---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function aom.disable(id, callback) end

---@param options? table  see the README
---@return aom.Client
function aom.client(options) end

---@param value any
---@return boolean
function aom.is_error(value) end

---@return table<string, string|boolean>
function aom.version() end

--- What every good answer gives.
---@class aom.Result
---@field success true
---@field status integer     HTTP status
---@field request_id? string
---@field attempts integer
---@field elapsed number     seconds
---@field body string        as it came

---@class aom.TriggerResult: aom.Result
---@field workflow_id string
---@field action "enable"|"disable"

---@class aom.Workflow
---@field id string
---@field name string
---@field type "cron"|"manual"|"event"
---@field trigger_status? string
---@field status? string
---@field create_time? integer
---@field update_time? integer
---@field [string] any

---@class aom.Execution
---@field workflow_id string
---@field execution_id string
---@field status string
---@field begin_time? integer
---@field end_time? integer
---@field last_update_time? integer|string
---@field execution_result_list? table[]
---@field [string] any

---@class aom.Page: aom.Result
---@field elements table[]
---@field total? integer

---@class aom.StartedExecution: aom.Result
---@field id string
---@field execution_id string
---@field workflow_id string

---@class aom.NewWorkflow
---@field name string
---@field type "cron"|"manual"
---@field template_id string
---@field input table
---@field task_type "package"|"script"|"job"|"cloud"|"standard"|"customize"
---@field [string] any

---@class aom.Client
local client = {}

--- UpdateWorkflowTriggerStatus.
---@param id string
---@param action "enable"|"disable"
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function client:trigger(id, action, callback) end

---@param id string
---@param callback? fun(err: aom.Error?, result: aom.TriggerResult?)
---@return aom.TriggerResult
function client:enable(id, callback) end

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

--- All workflows, page by page: `for workflow in client:workflows { … } do`.
---@param filter? table
---@return fun(): aom.Workflow|false|nil, aom.Error?
function client:workflows(filter) end

---@param filter? table
---@return fun(): table|false|nil, aom.Error?
function client:scripts(filter) end

---@param filter { script_id: string, [string]: any }
---@return fun(): table|false|nil, aom.Error?
function client:script_versions(filter) end

---@param filter? table
---@return fun(): table|false|nil, aom.Error?
function client:jobs(filter) end

---@param job_id string
---@param filter? table
---@return fun(): table|false|nil, aom.Error?
function client:templates(job_id, filter) end

--- All workflows as a list. The same goes for all_scripts, all_script_versions, all_jobs
--- and all_templates.
---@param filter? table
---@param callback? fun(err: aom.Error?, list: aom.Workflow[]?)
---@return aom.Workflow[]
function client:all_workflows(filter, callback) end

--- The one workflow of exactly that name.
---@param name string
---@param callback? fun(err: aom.Error?, workflow: aom.Workflow?)
---@return aom.Workflow
function client:find(name, callback) end

---@class aom.WaitOptions
---@field timeout? number   default 3600
---@field interval? number  the first wait between two looks; it grows up to 15. Default 1
---@field final? string[]   more statuses that end an execution
---@field on_progress? fun(execution: aom.Execution, elapsed: number)

--- Waits for an execution's end, however it ends.
---@param execution aom.StartedExecution|aom.Execution
---@param options? aom.WaitOptions
---@param callback? fun(err: aom.Error?, execution: aom.Execution?)
---@return aom.Execution
function client:wait(execution, options, callback) end

---@class aom.BulkOptions
---@field concurrency? integer  default 16
---@field rate? number          calls a second
---@field stop_on_error? boolean
---@field on_result? fun(entry: aom.BulkEntry, done: integer, total: integer)

--- Switches many workflows.
---@param ids string[]|aom.Workflow[]|{ match: string|function, [string]: any }
---@param action "enable"|"disable"
---@param options? aom.BulkOptions
---@param callback? fun(err: aom.Error?, report: aom.BulkReport?)
---@return aom.BulkReport|aom.BulkEntry[]
function client:trigger_all(ids, action, options, callback) end

---@class aom.Window
---@field file? string
---@field stage "pausing"|"paused"|"resuming"|"resumed"
---@field dry_run? boolean
---@field workflows { id: string, name: string, state: string, note?: string }[]
---@field noticed { id: string, name: string, state: string, note: string }[]
---@field paused integer
---@field resumed integer
---@field skipped integer
---@field failed integer
---@field gone integer

---@class aom.PauseOptions
---@field match string|fun(workflow: aom.Workflow): boolean
---@field file? string       needed unless it is a dry run
---@field dry_run? boolean
---@field states? { on?: string[], off?: string[] }
---@field concurrency? integer  default 8
---@field rate? number
---@field on_result? fun(entry: table, done: integer, total: integer)
---@field [string] any       search, tags, create_by, enterprise_project_id

---@param options aom.PauseOptions
---@param callback? fun(err: aom.Error?, paused: aom.Window?)
---@return aom.Window
function client:pause(options, callback) end

---@param paused aom.Window|string  or the file's path
---@param options? table  dry_run, states, concurrency, rate, on_result
---@param callback? fun(err: aom.Error?, resumed: aom.Window?)
---@return aom.Window
function client:resume(paused, options, callback) end

function client:close() end

return aom

--- Made by `make doc` from the rows and annotations of the library: do not edit. Nothing here
--- runs.
---@meta

--- The fields of `create_workflow`.
---@class aom.CreateWorkflowFields
---@field name string  its name, unique in the project: 1 to 64 letters, digits, "-" and "_"
---@field type "cron"|"manual"  whether it has a schedule, or runs on demand only
---@field template_id string  id of the template (execution plan) that it runs: 1 to 64 characters
---@field input table<string, any>
---  parameters of the run, as the template wants them; write numbers and booleans as strings. A
---  schedule may run it every 30 minutes at most
---@field task_type "package"|"script"|"job"|"cloud"|"standard"|"customize"  what it runs
---@field description? string  a description: 1 to 128 characters
---@field tags? table<string, string>  tags by name: at most 20
---@field template_name? string  name of the template, such as "CMS::ECS::BulkyRunScript": 1 to 64 characters
---@field quote? string[]  what it refers to: at most 128 of 1 to 128 characters
---@field job_name? string  name of the job that the template belongs to: 1 to 64 characters
---@field job_id? string  id of that job: 1 to 64 characters
---@field service_scenario? string  the service's scenario that it belongs to: 1 to 64 characters
---@field service_name? string  the cloud service that it acts on: 1 to 128 characters
---@field [string] aom.NoSuchName

--- What `create_workflow` returns.
---@class aom.CreateWorkflowResult: aom.Result
---@field workflow aom.Workflow  the new workflow

--- What `execute_workflow` returns.
---@class aom.ExecuteWorkflowResult: aom.Result
---@field workflow_id string  id of the workflow
---@field id string  id of the execution
---@field execution_id string  the same

--- What `execution` returns.
---@class aom.ExecutionResult: aom.Result
---@field workflow_id string  id of the workflow
---@field execution_id string  id of the execution
---@field execution aom.Execution  the execution

--- The filter of a list: the fields of `list_jobs`, and more.
---@class aom.JobsFilter: aom.ListJobsFields
---@field allow_partial? boolean  accept an incomplete list. Default: false
---@field [string] aom.NoSuchName

--- The fields of `list_jobs`.
---@class aom.ListJobsFields
---@field name? string  only those whose name contains it: 1 to 64 characters
---@field page_num? integer  number of the page, from 1. Default: 1: 0 to 1000
---@field page_size? integer  elements of a page; the service's default is 10: 1 to 100
---@field order_by_column? "name"|"create_time"|"update_time"  what the list is sorted by. Default: "create_time"
---@field sort_order? "ASC"|"DESC"  ascending or descending. Default: "ASC"
---@field enterprise_project_id? string  only those of this enterprise project: 0 to 64 characters
---@field [string] aom.NoSuchName

--- What `list_jobs` returns.
---@class aom.ListJobsResult: aom.Result
---@field elements aom.Job[]  what is on the page
---@field total? integer  how many there are on all pages, if the service says so

--- The fields of `list_script_versions`.
---@class aom.ListScriptVersionsFields
---@field script_id string  id of the script: 1 to 64 characters
---@field order_by_column? "name"|"create_time"|"update_time"  what the list is sorted by. Default: "create_time"
---@field sort_order? "ASC"|"DESC"  ascending or descending. Default: "ASC"
---@field name? string  exact name of the script: 0 to 128 characters
---@field is_default? string
---  what the service lists: "default" scripts, "no_default" versions. Default: "no_default": 0 to 16
---  characters
---@field create_by? string  only those that this user made: 1 to 64 characters
---@field page_num? integer  number of the page, from 1. Default: 1: 0 to 100
---@field page_size? integer  elements of a page; the service's default is 10: 1 to 1000
---@field project_id? string  only those of this project: 32 characters
---@field enterprise_project_id? string  only those of this enterprise project: 1 to 64 characters
---@field [string] aom.NoSuchName

--- What `list_script_versions` returns.
---@class aom.ListScriptVersionsResult: aom.Result
---@field elements aom.ScriptVersion[]  what is on the page
---@field total? integer  how many there are on all pages, if the service says so

--- The fields of `list_scripts`.
---@class aom.ListScriptsFields
---@field script_id? string  only this script: 1 to 64 characters
---@field order_by_column? "name"|"create_time"|"update_time"  what the list is sorted by. Default: "create_time"
---@field sort_order? "ASC"|"DESC"  ascending or descending. Default: "ASC"
---@field name? string  only those whose name contains it: 0 to 128 characters
---@field is_default? string
---  what the service lists: "default" scripts, "no_default" versions. Default: "default": 0 to 16
---  characters
---@field create_by? string  only those that this user made: 1 to 64 characters
---@field page_num? integer  number of the page, from 1. Default: 1: 0 to 100
---@field page_size? integer  elements of a page; the service's default is 10: 1 to 1000
---@field project_id? string  only those of this project: 32 characters
---@field enterprise_project_id? string  only those of this enterprise project: 1 to 64 characters
---@field [string] aom.NoSuchName

--- What `list_scripts` returns.
---@class aom.ListScriptsResult: aom.Result
---@field elements aom.Script[]  what is on the page
---@field total? integer  how many there are on all pages, if the service says so

--- The fields of `list_templates`.
---@class aom.ListTemplatesFields
---@field order_by_column? "name"|"create_time"|"update_time"  what the list is sorted by. Default: "create_time"
---@field sort_order? "ASC"|"DESC"  ascending or descending. Default: "ASC"
---@field name? string  only those whose name contains it: 1 to 64 characters
---@field page_num? integer  number of the page, from 1. Default: 1: 0 to 9999999
---@field page_size? integer  elements of a page; the service's default is 10: 1 to 100
---@field [string] aom.NoSuchName

--- What `list_templates` returns.
---@class aom.ListTemplatesResult: aom.Result
---@field job_id string  id of the job
---@field elements aom.Template[]  what is on the page
---@field total? integer  how many there are on all pages, if the service says so

--- The fields of `list_workflow_executions`.
---@class aom.ListWorkflowExecutionsFields
---@field x_enterprise_project_id? string  the enterprise project; the service's default is "0": 1 to 64 characters
---@field [string] aom.NoSuchName

--- What `list_workflow_executions` returns.
---@class aom.ListWorkflowExecutionsResult: aom.Result
---@field workflow_id string  id of the workflow
---@field executions aom.Execution[]  the executions

--- The fields of `list_workflows`.
---@class aom.ListWorkflowsFields
---@field sort_field? "create_time"|"last_execution_start_time"|"update_time"
---  what the list is sorted by. Default: "create_time"
---@field sort_type? "ASC"|"DESC"  ascending or descending. Default: "ASC"
---@field search? string  only those whose name or description contains it: 1 to 64 characters
---@field type? "cron"|"event"|"manual"  only those of this type
---@field tags? table<string, string>  only those with these tags: at most 10
---@field page? integer  number of the page, from 1. Default: 1: 0 to 9999999
---@field size? integer  elements of a page; the service's default is 10: 1 to 100
---@field enterprise_project_id? string  only those of this enterprise project: 1 to 64 characters
---@field create_by? string  only those that this user made: 1 to 64 characters
---@field search_time_start? integer  only those updated then or later: milliseconds since 1970
---@field search_time_end? integer  only those updated then or earlier: milliseconds since 1970
---@field status? "success"|"fail"|"executing"|"cancel"|"waitExecute"|"waitApproval"|"approvalFailed"|"pausing"|"canceling"
---  only those whose last execution has this status
---@field [string] aom.NoSuchName

--- What `list_workflows` returns.
---@class aom.ListWorkflowsResult: aom.Result
---@field elements aom.Workflow[]  what is on the page
---@field total? integer  how many there are on all pages, if the service says so

--- The fields of `operate_execution`.
---@class aom.OperateExecutionFields
---@field action "restart"|"skip"|"continue"  run the failed node again, skip it, or go past a paused node
---@field node_id string  id of that node, from the execution's results: 1 to 64 characters
---@field [string] aom.NoSuchName

--- What `operate_execution` returns.
---@class aom.OperateExecutionResult: aom.Result
---@field workflow_id string  id of the workflow
---@field execution_id string  id of the execution
---@field result any  what the service says, such as "success"

--- The filter of a list: the fields of `list_script_versions`, and more.
---@class aom.ScriptVersionsFilter: aom.ListScriptVersionsFields
---@field allow_partial? boolean  accept an incomplete list. Default: false
---@field [string] aom.NoSuchName

--- The filter of a list: the fields of `list_scripts`, and more.
---@class aom.ScriptsFilter: aom.ListScriptsFields
---@field allow_partial? boolean  accept an incomplete list. Default: false
---@field [string] aom.NoSuchName

--- What `stop_execution` returns.
---@class aom.StopExecutionResult: aom.Result
---@field workflow_id string  id of the workflow
---@field execution_id string  id of the execution
---@field result any  what the service says, such as "success"

--- The fields of `template`.
---@class aom.TemplateFields
---@field share_type? "public"|"private"  whose it is. Default: "private"
---@field [string] aom.NoSuchName

--- What `template` returns.
---@class aom.TemplateResult: aom.Result
---@field template_id string  id of the template
---@field template aom.Template  the template

--- The filter of a list: the fields of `list_templates`, and more.
---@class aom.TemplatesFilter: aom.ListTemplatesFields
---@field allow_partial? boolean  accept an incomplete list. Default: false
---@field [string] aom.NoSuchName

--- What `trigger` returns.
---@class aom.TriggerResult: aom.Result
---@field workflow_id string  id of the workflow
---@field action "enable"|"disable"  switches the schedule on or off

--- The filter of a list: the fields of `list_workflows`, and more.
---@class aom.WorkflowsFilter: aom.ListWorkflowsFields
---@field allow_partial? boolean  accept an incomplete list. Default: false
---@field [string] aom.NoSuchName

--- The service's filters that a selection may have.
---@class aom.SelectionFilter
---@field search? string  only those whose name or description contains it: 1 to 64 characters
---@field type? "cron"|"event"|"manual"  only those of this type
---@field tags? table<string, string>  only those with these tags: at most 10
---@field enterprise_project_id? string  only those of this enterprise project: 1 to 64 characters
---@field create_by? string  only those that this user made: 1 to 64 characters
---@field [string] aom.NoSuchName

--- The service's filters that `pause` may have.
---@class aom.PauseFilter
---@field search? string  only those whose name or description contains it: 1 to 64 characters
---@field tags? table<string, string>  only those with these tags: at most 10
---@field enterprise_project_id? string  only those of this enterprise project: 1 to 64 characters
---@field create_by? string  only those that this user made: 1 to 64 characters
---@field [string] aom.NoSuchName

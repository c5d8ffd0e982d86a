---@meta
--- The tables that go into the functions of aom.types and come out of them. Nothing here
--- runs. Fields of the service's have its own names; the reference lists more of them.

---@class aom.ClientOptions
---@field region? string            such as "cn-north-4"
---@field endpoint? string|string[] base URLs, instead of a region's
---@field project_id? string        32 letters and digits
---@field ak? string
---@field sk? string
---@field security_token? string
---@field token? string
---@field credentials? (fun(context: { loop: aom.Loop, deadline: number }): aom.Credentials)|{ refresh: function }
---@field username? string
---@field password? string
---@field domain_name? string
---@field idp_id? string
---@field id_token_file? string
---@field metadata? boolean         credentials of this instance's agency. Default false
---@field metadata_endpoint? string
---@field iam_endpoint? string
---@field timeout? number           seconds for a call with its retries. Default 60
---@field attempt_timeout? number   seconds. Default 30
---@field connect_timeout? number   seconds. Default 5
---@field max_attempts? integer     default 4
---@field max_response_bytes? integer  default 1 MiB
---@field ca_file? string
---@field proxy? string             "": none
---@field insecure? boolean
---@field allow_http? boolean
---@field algorithm? "SDK-HMAC-SHA256"|"SDK-HMAC-SM3"|"SDK-ECDSA-P256-SHA256"|"SDK-SM2-SM3"|"V11-HMAC-SHA256"
---@field loop? "blocking"|"uv"|"nginx"|aom.Loop
---@field transport? "curl"|"resty"  inside nginx. Default "curl"
---@field on_event? fun(event: aom.Event)

--- What `on_event` gets. Secrets are masked.
---@class aom.Event
---@field event "request"|"response"|"retry"|"skew"|"failover"
---@field operation string
---@field attempt integer           from 1
---@field method? string            request
---@field url? string               request
---@field headers? table<string, string>  request, without those that signing adds; response
---@field status? integer           response
---@field delay? number             retry: seconds
---@field error? aom.Error          retry
---@field gap? integer              skew: seconds, positive when this machine is slow
---@field from? string              failover: base URL
---@field to? string                failover

---@class aom.SignRequest
---@field method string
---@field host string               with the port, where it is not the usual one
---@field path string               decoded
---@field scheme? "https"|"http"    for `url` alone. Default "https"
---@field query? table              { name, value } pairs, or values by name
---@field headers? table<string, string|number|boolean>
---@field body? string

---@class aom.SignKey
---@field ak string
---@field sk string
---@field security_token? string
---@field algorithm? string         default "SDK-HMAC-SHA256"
---@field region? string            needed for V11-HMAC-SHA256
---@field service? string           needed for V11-HMAC-SHA256
---@field date? string              YYYYMMDDTHHMMSSZ. Default: now
---@field signed_headers? string[]

---@class aom.Signed
---@field url string
---@field headers table<string, string>  to add to those given
---@field canonical_request string
---@field string_to_sign string
---@field signed_headers string     joined by ";"

---@class aom.Versions
---@field aom string
---@field lua string                such as "Lua 5.4"
---@field luajit? string
---@field curl_built string
---@field curl_running string
---@field openssl_built string
---@field openssl_running string
---@field tls string                libcurl's TLS backend
---@field http2 boolean

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

---@class aom.WaitOptions
---@field timeout? number   seconds. Default 3600
---@field interval? number  seconds: the first wait between two looks; it grows up to 15. Default 1
---@field final? string[]   more statuses that end an execution
---@field on_progress? fun(execution: aom.Execution, elapsed: number)  after each look; elapsed in seconds

---@class aom.BulkOptions
---@field concurrency? integer  default 16
---@field rate? number          calls a second
---@field stop_on_error? boolean  begin no further call after an error. Default false
---@field on_result? fun(entry: aom.BulkEntry, done: integer, total: integer)

---@class aom.Window
---@field file? string
---@field stage "pausing"|"paused"|"resuming"|"resumed"
---@field dry_run? boolean
---@field workflows { id: string, name: string, state: string, note?: string }[]
---@field noticed { id: string, name: string, state: string, note: string }[]
---@field paused integer
---@field resumed integer
---@field already? boolean  the window had been resumed before: nothing was done
---@field skipped integer
---@field failed integer
---@field gone integer

---@class aom.PauseOptions
---@field match string|fun(workflow: aom.Workflow): boolean
---@field file? string       needed unless it is a dry run
---@field dry_run? boolean
---@field states? { on?: string[], off?: string[] }
---@field concurrency? integer  default 8
---@field rate? number          calls a second
---@field on_result? fun(entry: table, done: integer, total: integer)
---@field [string] any       search, tags, create_by, enterprise_project_id

---@class aom.ResumeOptions
---@field dry_run? boolean
---@field states? { on?: string[], off?: string[] }
---@field settle_timeout? number  seconds to wait for late calls, at most; default: the attempt_timeout of who paused
---@field concurrency? integer  default 8
---@field rate? number          calls a second
---@field on_result? fun(entry: table, done: integer, total: integer)

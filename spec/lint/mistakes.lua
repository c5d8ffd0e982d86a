-- Right code and wrong code, for the check of the types (see spec/lint/types.lua). What is wrong
-- in a line stands behind it, as the language server calls it; all other lines are right.
-- Nothing here runs.

local aom = require "aom"
local safe = require "aom.safe"

-- Options, and where a name or a value is wrong.
local client = aom.client { region = "cn-north-4", timeout = 5, headers = { ["X-Trace"] = "7" } }
aom.client { regoin = "cn-north-4" } --> assign-type-mismatch
aom.client { headrs = { ["X-Trace"] = "7" } } --> assign-type-mismatch
aom.client { timeout = "5" } --> assign-type-mismatch
aom.client { transport = "cosocket" } --> assign-type-mismatch
aom.client { algorithm = "SDK-HMAC-SHA1" } --> assign-type-mismatch
aom.client { endpoint = { "https://a.example.com", "https://b.example.com" }, loop = "uv" }
aom.client { credentials = function(context) return { ak = "A", sk = "S", expires_at = context.deadline } end }
aom.client "cn-north-4" --> param-type-mismatch
client:with { timeout = 5 }:trigger("id", "enable")
client:with { region = "cn-north-4" } --> assign-type-mismatch
aom.cleint {} --> undefined-field

-- Switching, in every form.
local result = client:trigger("id", "enable")
print(result.success, result.workflow_id, result.status, result.request_id)
print(result.succes) --> undefined-field
client:trigger("id", "enabled") --> param-type-mismatch
client:trigger("id") --> missing-parameter
client:trigger(7, "enable") --> param-type-mismatch
client:triger("id", "enable") --> undefined-field
client:enable "id"
aom.disable("id")
local ok, caught = pcall(client.trigger, client, "id", "enable")
if not ok and aom.is_error(caught) then print(caught.kind, caught.hint) end

-- Callbacks, which give a handle.
local handle = client:trigger("id", "enable", function(err, switched)
  if err then print(err.kind, err.message, err.retryable) else print(switched and switched.request_id) end
  print(err and err.mesage) --> undefined-field
end)
handle:cancel()
handle:cancle() --> undefined-field
client:trigger("id", "enable", "callback") --> param-type-mismatch
client:trigger("id", "enable", function(switched) print(switched and switched.workflow_id) end) --> undefined-field
aom.trigger("id", "disable", function() end):cancel()
client:wait(client:execute "id", function(err, execution) print(err, execution and execution.status) end):cancel()
client:all_workflows(function(err, list) print(err, list and #list) end)
client:all_workflows({ type = "cron" }, function(err, list) print(err, list and #list) end)
aom.doctor(function(err, report) print(err, report and report[1].detail) end)

-- The safe face.
local careful, failure = safe.client { region = "cn-north-4" }
if not careful then error(tostring(failure)) end
safe.client { regoin = "cn-north-4" } --> assign-type-mismatch
local r, e = careful:trigger("id", "enable")
if not r then print(e and e.kind, e and e.hint) else print(r.request_id) end
local unchecked = careful:trigger("id", "enable")
print(unchecked.request_id) --> need-check-nil
local second = careful:trigger("id", "enable", function(err, switched) print(err, switched) end)
if second then second:cancel() end
careful:trigger("id", "stop") --> param-type-mismatch
for workflow, err in careful:workflows { type = "cron" } do
  if workflow then print(workflow.id) else print(err and err.kind) end
end
local signed = safe.sign({ method = "GET", host = "a.example.com", path = "/" }, { ak = "A", sk = "S" })
print(signed and signed.headers.Authorization)
local other = careful:with { timeout = 5 }
print(other and other:enable "id")

-- Many workflows.
local report = client:trigger_all({ match = "^nightly" }, "enable", { concurrency = 4, on_result = function(entry, done)
  print(entry.id, done)
end })
print(report.succeeded, report[1].name, report[1].error)
client:trigger_all({ "a", "b" }, "enable")
client:trigger_all({ "a" }, "enable", { concurency = 4 }) --> assign-type-mismatch
client:trigger_all({ "a" }, "enable", { rate = "5" }) --> assign-type-mismatch
local window = client:pause { match = "^nightly", file = "paused.json", detach = true }
print(window.paused, window.workflows[1].state)
client:pause { match = "^nightly", flie = "paused.json" } --> assign-type-mismatch
client:resume(window)
client:resume("paused.json", { force = true })
client:resume("paused.json", { forced = true }) --> assign-type-mismatch
client:pause { match = "^nightly", file = "paused.json", type = "manual" } --> assign-type-mismatch

-- Lists, and the fields of operations.
for workflow in client:workflows { type = "cron", allow_partial = true } do print(workflow.id, workflow.name) end
client:workflows { type = "corn" } --> assign-type-mismatch
client:list_workflows { type = "cron", size = 20 }
client:list_workflows { sise = 20 } --> assign-type-mismatch
client:list_workflows { sort_type = "up" } --> assign-type-mismatch
print(client:list_workflows().elements[1].name)
client:create_workflow { name = "n", type = "cron", template_id = "t", input = {}, task_type = "script" }
client:create_workflow { name = "n", type = "cron", template_id = "t", input = {} } --> missing-fields
client:operate_execution("id", "execution", { action = "restart", node_id = "n" })
client:operate_execution("id", "execution", { action = "repeat", node_id = "n" }) --> assign-type-mismatch
client:operate_execution("id", "execution") --> missing-parameter
print(client:update_workflow_trigger_status("id", "enable").action)

-- Executions.
local execution = client:wait(client:execute "id", {
  timeout = 60, on_progress = function(done, total, now) print(done / total, now.status) end,
})
print(execution.status, execution.http_status, execution.begin_time)
client:wait(execution, { intervall = 2 }) --> assign-type-mismatch

-- Any other request.
local answer = client:request { method = "GET", path = "/v1/{project_id}/alarm-rules", query = { limit = 10 } }
print(answer.status, answer.headers["content-type"], answer.data)
client:request { method = "FETCH", path = "/" } --> assign-type-mismatch
client:request { path = "/" } --> missing-fields
client:request { method = "GET", path = "/", qeury = {} } --> assign-type-mismatch
for page in client:pages { method = "GET", path = "/", next = function(last) return last.data.next end } do
  print(page.status)
end
client:close()

--- Proves that results, reports, windows and versions print themselves, readably, and are plain tables for
--- everything else.

local cjson = require "cjson"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local operations = require "aom.api.operations"
local containers = require "aom.util.containers"
local response = require "aom.api.response"
local safe = require "aom.safe"
local scripted = require "spec.support.scripted"
local two_workflows = require "spec.support.two_workflows"
local world_of = require "spec.support.world"

local function read(name, values, body, headers)
  local result, err = response.read({ status = 200, headers = headers or {}, body = body },
    function(text) return text end, { operation = operations[name], values = values })
  assert.is_nil(err)
  result.attempts, result.elapsed = 1, 0.25
  return result
end

local WORKFLOW, RUN = { workflow_id = "wf-1", action = "enable" }, { workflow_id = "wf-1", execution_id = "e-1" }

-- Operation, its arguments, body; what is printed.
local rows = {
  { "trigger", WORKFLOW, '{"success"}', "trigger wf-1 enable (HTTP 200, 1 attempt, 0.250 s)" },
  { "trigger", WORKFLOW, "", "trigger wf-1 enable (HTTP 200, request r-1, 1 attempt, 0.250 s)",
    { ["x-request-id"] = "r-1" } },
  { "trigger", WORKFLOW, "", "trigger wf-1 enable (HTTP 200, request a b, 1 attempt, 0.250 s)",
    { ["x-request-id"] = "a\nb" } },
  { "list_workflows", {}, '{"elements":[{"id":"1"},{"id":"2"}],"total_elements":7}',
    "list_workflows: 2 elements of 7 (HTTP 200, 1 attempt, 0.250 s)" },
  { "list_workflows", {}, '[{"id":"1"}]', "list_workflows: 1 element (HTTP 200, 1 attempt, 0.250 s)" },
  { "list_workflow_executions", { workflow_id = "wf-1" }, "[]",
    "list_workflow_executions wf-1: 0 executions (HTTP 200, 1 attempt, 0.250 s)" },
  { "execution", RUN, '{"execution_id":"e-1","workflow_id":"wf-1","status":"success"}',
    "execution wf-1 e-1: status success (HTTP 200, 1 attempt, 0.250 s)" },
  { "execute_workflow", { workflow_id = "wf-1" }, '{"execution_id":"e-1"}',
    "execute_workflow wf-1: e-1 (HTTP 200, 1 attempt, 0.250 s)" },
  { "stop_execution", RUN, '{"result":"success"}', "stop_execution wf-1 e-1: success (HTTP 200, 1 attempt, 0.250 s)" },
  { "create_workflow", {}, '{"id":"1","name":"night"}', "create_workflow: night (HTTP 200, 1 attempt, 0.250 s)" },
  { "template", { template_id = "t" }, '{"id":"t"}', "template t: t (HTTP 200, 1 attempt, 0.250 s)" },
}

--- That nothing but `tostring` sees a metatable.
local function assert_plain(value, keys)
  local seen = {}
  for key in pairs(value) do seen[key] = true end
  for _, key in ipairs(keys) do assert.is_true(seen[key], key) end
  assert.is_false(containers.is_veiled(value))
  assert.are.equal(getmetatable(value).__index, nil)
  assert.is_table(cjson.decode(cjson.encode(value)))
end

describe("a result", function()
  for _, row in ipairs(rows) do
    it("prints as " .. row[4], function()
      local result = read(row[1], row[2], row[3], row[5])
      assert.are.equal(row[4], tostring(result))
      assert_plain(result, { "success", "status", "http_status", "attempts", "elapsed", "body" })
      assert.are.equal(200, result.http_status)
    end)
  end

  it("prints whatever its user has made of it", function()
    local result = read("execution", RUN, '{"status":"success"}')
    for name in pairs(result) do result[name] = nil end
    assert.are.equal("execution nil nil (HTTP nil, 0 attempts, 0.000 s)", tostring(result))
    result = read("list_workflows", {}, "[]")
    result.attempts, result.elapsed, result.total = "x", {}, {}
    assert.matches("^list_workflows: 0 elements of table: ", tostring(result))
  end)
end)

describe("an execution", function()
  it("has its own status and HTTP's beside it, and prints itself", function()
    local execution = read("execution", RUN, '{"execution_id":"e-1","workflow_id":"wf-1","status":"fail"}').execution
    assert.are.equal("fail", execution.status)
    assert.are.equal(200, execution.http_status)
    assert.are.equal("execution e-1 of workflow wf-1: fail", tostring(execution))
    assert_plain(execution, { "status", "http_status" })
  end)
end)

describe("a report", function()
  local function report_of(answers, ids)
    local world = world_of.new()
    local state = assert(client.open(scripted.options(scripted.new(world, answers)), world))
    return assert(methods.trigger_all(state, ids, "enable"))
  end
  local OK, MISSING = { status = 200, body = '{"success"}' }, { status = 404, body = "", takes = 0.5 }

  it("prints its counts, and each failure", function()
    local report = report_of({ OK, MISSING }, { "a", { id = "b", name = "night" } })
    assert.are.equal("1 succeeded, 1 failed (0.500 s)\n  b (night): aom: service: not found (HTTP 404, trigger)",
      tostring(report))
    assert_plain(report[1].result, { "success" })
    assert.is_false(containers.is_veiled(report))
    assert.are.equal(2, #report)
  end)

  it("prints no more than twenty of them", function()
    local ids = {}
    for i = 1, 25 do ids[i] = "wf-" .. i end
    local text = tostring(report_of({ MISSING }, ids))
    assert.matches("^0 succeeded, 25 failed", text)
    assert.matches("\n  wf%-20: [^\n]*\n  and 5 more$", text)
  end)

  it("of nothing prints that", function()
    assert.are.equal("0 succeeded, 0 failed (0.000 s); nothing was given or selected",
      tostring(report_of({ OK }, {})))
  end)
end)

describe("a window", function()
  it("prints its counts, and what was noticed", function()
    local scene = two_workflows.new()
    local paused = assert(scene.pause())
    assert.are.equal(two_workflows.FILE .. ": paused, 2 paused", tostring(paused))
    assert_plain(paused, { "file", "stage", "workflows", "noticed", "paused", "gone" })
    paused.noticed[1] = { id = "1", name = "night\n", note = "was edited" }
    paused.failed, paused.dry_run, paused.file = 1, true, nil
    assert.are.equal("a window without a file: paused (dry run), 2 paused, 1 failed\n  night  (1): was edited",
      tostring(paused))
  end)

  it("can be resumed by what was shown", function()
    local scene = two_workflows.new()
    local paused = assert(scene.pause())
    assert.are.equal(2, assert(methods.resume((scene.open()), paused)).resumed)
  end)
end)

describe("the versions", function()
  it("print as one line", function()
    local versions = safe.version()
    local text = tostring(versions)
    for _, name in ipairs { "aom", "curl_running", "openssl_running" } do
      assert.is_truthy(text:find(versions[name], 1, true), text)
    end
    assert.is_nil(text:find("\n", 1, true))
    assert_plain(versions, { "aom", "lua", "curl_built" })
  end)
end)

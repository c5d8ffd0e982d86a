--- Proves that each operation sends the documented request, with its fields checked.

local cjson = require "cjson"
local errors = require "aom.util.errors"
local operations = require "aom.api.operations"
local request = require "aom.api.input"

local function build(name, ...) return request.build(operations[name], ...) end

local WORKFLOW = { name = "n", type = "cron", template_id = "t", input = {}, task_type = "job" }

local function with(base, changes)
  local copy = {}
  for name, value in pairs(base) do copy[name] = value end
  for name, value in pairs(changes) do
    copy[name] = value
    if value == cjson.null then copy[name] = nil end
  end
  return copy
end

-- Operation, arguments; method, path, query, body, whether it may be repeated.
local rows = {
  { "trigger", { "w", "enable" }, "PUT", "/cms/workflow/w/trigger/action", { { "action", "enable" } }, "", true },
  { "create_workflow", { WORKFLOW }, "POST", "/cms/workflow", {},
    '{"name":"n","type":"cron","template_id":"t","input":{},"task_type":"job"}', false },
  { "list_workflows", {}, "POST", "/cms/workflow-list", {},
    '{"sort_field":"create_time","sort_type":"ASC","page":1}', true },
  { "execute_workflow", { "w" }, "POST", "/cms/workflow/w/executions", {}, "", false },
  { "list_workflow_executions", { "w" }, "GET", "/cms/workflow/w/executions", {}, "", true },
  { "list_workflow_executions", { "w", { x_enterprise_project_id = "0" } }, "GET", "/cms/workflow/w/executions",
    { { "x_enterprise_project_id", "0" } }, "", true },
  { "execution", { "w", "e" }, "GET", "/cms/workflow/w/executions/e/status", {}, "", true },
  { "operate_execution", { "w", "e", { action = "skip", node_id = "n1" } }, "POST",
    "/cms/workflow/w/executions/e/operation", { { "action", "skip" }, { "node_id", "n1" } }, "", false },
  { "stop_execution", { "w", "e" }, "POST", "/cms/workflow/w/executions/e/terminate", {}, "", false },
  { "list_scripts", {}, "POST", "/cms/script/list", {},
    '{"order_by_column":"create_time","sort_order":"ASC","is_default":"default","page_num":1}', true },
  { "list_script_versions", { { script_id = "s" } }, "POST", "/cms/script-version-list", {},
    '{"script_id":"s","order_by_column":"create_time","sort_order":"ASC","is_default":"no_default","page_num":1}',
    true },
  { "list_jobs", {}, "POST", "/cms/job/list", {},
    '{"page_num":1,"order_by_column":"create_time","sort_order":"ASC"}', true },
  { "list_templates", { "j" }, "POST", "/cms/template-list/j", {},
    '{"order_by_column":"create_time","sort_order":"ASC","page_num":1}', true },
  { "template", { "t" }, "GET", "/cms/template/t", { { "share_type", "private" } }, "", true },
}

describe("the operation", function()
  for _, row in ipairs(rows) do
    it(row[1] .. " becomes " .. row[3] .. " " .. row[4], function()
      local arguments = row[2]
      local made, err = build(row[1], arguments[1], arguments[2], arguments[3])
      assert.is_nil(err)
      assert.are.equal(row[3], made.operation.method)
      assert.are.equal(row[4], made.path)
      assert.are.same(row[5], made.query)
      assert.are.equal(row[6], made.body)
      assert.are.equal(row[7], made.operation.idempotent)
    end)
  end

  it("has the official name in snake case too", function()
    local names = {}
    for _, row in pairs(operations) do names[#names + 1] = row.official_name end
    table.sort(names)
    assert.are.same({
      "create_workflow", "execute_workflow", "list_all_job_by_name", "list_all_script_by_name",
      "list_all_version_by_version_id", "list_template_by_job_id", "list_workflow", "list_workflow_executions",
      "search_template_by_id", "search_workflow_execution_detail", "start_pausing_workflow_executions",
      "stop_execution", "update_workflow_trigger_status",
    }, names)
  end)
end)

describe("the fields of an operation", function()
  local function label(value)
    if type(value) == "table" then return "a table" end
    return type(value) == "string" and #value > 20 and #value .. " bytes" or errors.show(value)
  end

  local long = ("é"):rep(64)
  local tags = {}
  for i = 1, 21 do tags["k" .. i] = "v" end

  -- Operation, base, field, value, what the error says; nil: it is accepted.
  local cases = {
    { "list_workflows", {}, "sort_type", "up", 'expected "ASC" or "DESC", got "up"' },
    { "list_workflows", {}, "sort_type", "DESC" },
    { "list_workflows", {}, "type", "event" },
    { "list_workflows", {}, "type", "Cron", 'expected "cron", "event" or "manual", got "Cron"' },
    { "list_workflows", {}, "search", "", "expected a string of 1 to 64 UTF-8 characters, got \"\"" },
    { "list_workflows", {}, "search", long },
    { "list_workflows", {}, "search", long .. "x", "expected a string of 1 to 64 UTF-8 characters" },
    { "list_workflows", {}, "search", 5, "expected a string of 1 to 64 UTF-8 characters, got 5" },
    { "list_workflows", {}, "page", 0 },
    { "list_workflows", {}, "page", -1, "expected a whole number from 0 to 9999999, got -1" },
    { "list_workflows", {}, "page", 9999999 },
    { "list_workflows", {}, "page", 10000000, "expected a whole number" },
    { "list_workflows", {}, "size", 1.5, "expected a whole number from 1 to 100, got 1.5" },
    { "list_workflows", {}, "size", "10", 'expected a whole number from 1 to 100, got "10"' },
    { "list_workflows", {}, "size", 0 / 0, "expected a whole number" },
    { "list_workflows", {}, "size", 1 / 0, "expected a whole number" },
    { "list_workflows", {}, "search_time_start", 9999999999999 },
    { "list_workflows", {}, "search_time_end", 10000000000000, "from 0 to 9999999999999" },
    { "list_workflows", {}, "tags", { [1] = "x" }, "a table of strings with string keys, at most 10 of them" },
    { "list_workflows", {}, "tags", { a = {} }, "a table of strings with string keys, at most 10 of them" },
    { "list_workflows", {}, "search", "\255\254", "a string of 1 to 64 UTF-8 characters" },
    { "create_workflow", WORKFLOW, "quote", { "\237\160\128" }, "expected a list" },
    { "create_workflow", WORKFLOW, "name", "Nightly_任务-1" },
    { "create_workflow", WORKFLOW, "name", "a b", 'letters, digits, "-" and "_", got "a b"' },
    { "create_workflow", WORKFLOW, "name", cjson.null, "got nil" },
    { "create_workflow", WORKFLOW, "input", cjson.null, "got nil" },
    { "create_workflow", WORKFLOW, "input", "x", "expected a table with string keys" },
    { "create_workflow", WORKFLOW, "tags", tags, "at most 20" },
    { "create_workflow", WORKFLOW, "quote", { "a", 5 }, "expected a list of at most 128 strings of 1 to 128" },
    { "create_workflow", WORKFLOW, "quote", { a = "b" }, "expected a list" },
    { "create_workflow", WORKFLOW, "quote", { "" }, "expected a list" },
    { "list_scripts", {}, "project_id", ("p"):rep(31), "expected a string of 32 UTF-8 characters" },
    { "list_scripts", {}, "page_num", 101, "from 0 to 100" },
    { "list_scripts", {}, "name", "" },
    { "list_script_versions", {}, "script_id", nil, "got nil" },
    { "list_jobs", {}, "page_size", 101, "from 1 to 100" },
  }
  for _, case in ipairs(cases) do
    it(("%s.%s may %sbe %s"):format(case[1], case[3], case[5] and "not " or "", label(case[4])), function()
      local made, err = build(case[1], with(case[2], { [case[3]] = case[4] }))
      if not case[5] then
        assert.is_nil(err)
        assert.is_table(made)
        return
      end
      assert.is_nil(made)
      assert.are.equal("argument", err.kind)
      assert.are.equal(case[1], err.operation)
      assert.is_truthy(err.message:find(case[1] .. ": " .. case[3] .. ": ", 1, true), err.message)
      assert.is_truthy(err.message:find(case[5], 1, true), err.message)
    end)
  end

  it("that are unknown are refused, with the most similar name", function()
    local _, err = build("list_workflows", { sort_typ = "ASC" })
    assert.are.equal('list_workflows: unknown field "sort_typ"', err.message)
    assert.are.equal('did you mean "sort_type"?', err.hint)
    for name, row in pairs { list_workflows = { "page_size", "size" }, list_jobs = { "size", "page_size" } } do
      err = select(2, build(name, { [row[1]] = 10 }))
      assert.are.equal(('did you mean "%s"?'):format(row[2]), err.hint)
    end
  end)

  it("must be a table", function()
    for _, given in ipairs { "x", 5, true, false } do
      local made, err = build("list_jobs", given)
      assert.is_nil(made)
      assert.matches("^list_jobs: expected a table of fields, got ", err.message)
    end
  end)

  it("are not changed, and not shared", function()
    local given = { search = "x" }
    local one = build("list_workflows", given)
    assert.are.same({ search = "x" }, given)
    assert.are_not.equal(one.body, build("list_workflows", {}).body)
  end)

  it("are sent as lists and maps even if they are empty", function()
    local body = build("create_workflow", with(WORKFLOW, { quote = {}, tags = {} })).body
    assert.is_truthy(body:find('"quote":[]', 1, true), body)
    assert.is_truthy(body:find('"tags":{}', 1, true), body)
    assert.is_truthy(body:find('"input":{}', 1, true), body)
  end)

  it("keep integers integers, and texts whole", function()
    local body = build("list_workflows", { search_time_start = 1767323045123, search = 'a"\\\n任' }).body
    assert.is_truthy(body:find('"search_time_start":1767323045123', 1, true), body)
    assert.are.equal('a"\\\n任', cjson.decode(body).search)
  end)

  it("may hold what JSON can", function()
    local input = { get_instances = { ecs_id_list = { "a", "b" } }, rate = "0" }
    assert.are.same(input, cjson.decode(build("create_workflow", with(WORKFLOW, { input = input })).body).input)
    local made, err = build("create_workflow", with(WORKFLOW, { input = { f = print } }))
    assert.is_nil(made)
    assert.matches("^create_workflow: input: cannot be written as JSON: f: ", err.message)
  end)
end)

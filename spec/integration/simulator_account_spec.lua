--- Proves that the simulated account is as one would meet it at the service: ids that are no names, lists of
--- several pages, all types and states, and answers of the shapes that the reference gives.

local aom = require "aom"
local cjson = require "cjson"
local process = require "spec.support.process"
local shapes = require "spec.support.shapes"

local PROJECT = ("0123456789abcdef"):rep(2)
local BACKUP, REPORT = "00484902-6bb0-5d19-a26d-dc36a627c5a1", "894d30f0-d944-5efd-babd-aa9ca25bdac7"

describe("the simulated account", function()
  local simulator, c

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, account = true }
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  teardown(function()
    c:close()
    simulator.stop()
  end)
  before_each(function() simulator.reset() end)

  --- How often each value of a field occurs.
  local function occurring(list, field)
    local counts = {}
    for _, each in ipairs(list) do
      local value = each[field] or "none"
      counts[value] = (counts[value] or 0) + 1
    end
    return counts
  end

  -- An operation, and a body of its with a value of a wrong type.
  for what, body in pairs {
    ["a page that is a text"] = { "workflow-list", { sort_field = "create_time", sort_type = "ASC", page = "2" } },
    ["a size with a fraction"] = { "script/list", { order_by_column = "name", sort_order = "ASC", page_size = 1.5 } },
    ["a search for a flag"] = { "workflow-list", { sort_field = "create_time", sort_type = "ASC", search = true } },
    ["tags that are a text"] = { "workflow-list", { sort_field = "create_time", sort_type = "ASC", tags = "a=b" } },
    ["a name that is a list"] = { "job/list", { order_by_column = "name", sort_order = "ASC", name = { "a" } } },
    ["a workflow with a text for a list"] = { "workflow",
      { name = "n", type = "cron", template_id = "t", input = { a = "b" }, task_type = "script", quote = "x" } },
  } do
    it("refuses " .. what .. ", and goes on", function()
      local ok, err = pcall(c.request, c,
        { method = "POST", path = "/v1/{project_id}/cms/" .. body[1], body = body[2], idempotent = false })
      assert.is_false(ok)
      assert.are.equal(400, err.status)
      assert.are.equal(20, #c:all_workflows())
    end)
  end

  it("takes null for nothing in a new workflow", function()
    local null = cjson.null
    c:request { method = "POST", path = "/v1/{project_id}/cms/workflow", body = { name = "n", type = "cron",
      template_id = "t", input = {}, task_type = "script", quote = null, tags = null, description = null } }
    assert.are.equal(21, #c:all_workflows())
    assert.are.equal(0, #c:all_workflows { search = "nowhere", tags = { a = "b" } })
  end)

  it("fills two pages of the default size", function()
    local sizes, seen = {}, {}
    for page = 1, 3 do
      local elements = cjson.decode(c:list_workflows({ page = page }).body).elements
      sizes[page] = #elements
      for _, workflow in ipairs(elements) do seen[#seen + 1] = workflow.name end
    end
    assert.are.same({ 10, 10, 0 }, sizes)
    local names = {}
    for _, name in ipairs(seen) do names[name] = true end
    assert.is_true(names["nightly-backup"] and names["每日清理磁盘"])
  end)

  it("has no id that is a name, and the same ids in each run", function()
    local other = process.simulator { ak = "A", sk = "S", project = PROJECT, account = true }
    local first, second = simulator.state(), other.state()
    other.stop()
    for _, what in ipairs { "workflows", "executions" } do
      local ids = {}
      for place, state in ipairs { first, second } do
        ids[place] = {}
        for _, each in pairs(state[what]) do ids[place][each.id] = each.name or each.workflow_id end
      end
      assert.are.same(ids[1], ids[2])
    end
    for id, workflow in pairs(first.workflows) do assert.are_not.equal(id, workflow.name) end
    assert.are.equal("nightly-backup", first.workflows[BACKUP].name)
    assert.are.equal("nightly-report", first.workflows[REPORT].name)
  end)

  it("is the same after a reset", function()
    c:disable(BACKUP)
    c:execute(BACKUP)
    local function count() return #simulator.state().executions end
    local before = count()
    simulator.reset()
    assert.are.equal("enable", simulator.state().workflows[BACKUP].trigger_status)
    assert.are.equal(before - 1, count())
  end)

  it("has workflows of all types and states", function()
    local list = c:all_workflows()
    assert.are.same({ cron = 14, manual = 4, event = 2 }, occurring(list, "type"))
    assert.are.same({ enable = 11, disable = 5, none = 4 }, occurring(list, "trigger_status"))
    local states = "success fail executing cancel waitExecute waitApproval approvalFailed pausing canceling"
    for status in states:gmatch "%a+" do
      local found = c:all_workflows { status = status }
      assert.are.equal(occurring(list, "status")[status], #found, status)
      assert.is_true(#found > 0, status)
    end
  end)

  local filters = {
    ["a tag"] = { { tags = { team = "database" } }, "db-maintenance, nightly-backup, restore-snapshot" },
    ["two tags"] = { { tags = { team = "web", stage = "test" } }, "stop-test-servers" },
    ["a tag of another value"] = { { tags = { stage = "none" } }, "" },
    ["a type"] = { { type = "event" }, "on-alarm-restart, on-disk-full" },
    ["a word of the description"] = { { search = "administrator" }, "rotate-access-keys" },
    ["a status and a type"] = { { status = "fail", type = "manual" }, "restore-snapshot" },
    ["who made it"] = { { create_by = "nobody" }, "" },
    ["times before all"] = { { search_time_end = 1 }, "" },
    ["another enterprise project"] = { { enterprise_project_id = "other" }, "" },
  }
  for what, row in pairs(filters) do
    it("lists what has " .. what, function()
      local names = {}
      for i, workflow in ipairs(c:all_workflows(row[1])) do names[i] = workflow.name end
      table.sort(names)
      assert.are.equal(row[2], table.concat(names, ", "))
    end)
  end

  it("shows how a workflow ran", function()
    local workflow = c:find "nightly-backup"
    local runs = c:list_workflow_executions(BACKUP).executions
    local statuses = {}
    for i, run in ipairs(runs) do
      statuses[i] = run.status
      assert.are.equal(7 * 60 * 1000, run.end_time - run.begin_time)
      assert.are.equal(run.end_time, run.last_update_time)
      if i > 1 then assert.are.equal(86400 * 1000, run.begin_time - runs[i - 1].begin_time) end
    end
    assert.are.same({ "success", "success", "fail", "success", "success" }, statuses)
    local last = runs[5]
    assert.are.same({ last.execution_id, "success", last.begin_time, last.end_time }, { workflow.last_execution_id,
      workflow.status, workflow.last_execution_start_time, workflow.last_execution_end_time })
  end)

  it("shows the last run that was started, and when it ended", function()
    simulator.set { execution_time = 60, execution_outcome = "fail" }
    local id = c:execute(BACKUP).execution_id
    local workflow = c:find "nightly-backup"
    assert.are.same({ id, "waitExecute" }, { workflow.last_execution_id, workflow.status })
    assert.is_nil(workflow.last_execution_end_time)
    c:stop_execution(BACKUP, id)
    workflow = c:find "nightly-backup"
    assert.are.equal("cancel", workflow.status)
    assert.is_true(workflow.last_execution_end_time >= workflow.last_execution_start_time)
    assert.is_true(workflow.last_execution_end_time < workflow.last_execution_start_time + 60000)
  end)

  it("lets runs go on that wait, and stops those that run", function()
    local paused, waiting = c:find "deploy-release", c:find "rotate-access-keys"
    c:operate_execution(paused.id, paused.last_execution_id, { action = "continue", node_id = "node-1" })
    simulator.set { execution_time = 0 }
    assert.are.equal("waitExecute", c:execution(paused.id, paused.last_execution_id).execution.status)
    c:stop_execution(waiting.id, waiting.last_execution_id)
    assert.are.equal("cancel", c:execution(waiting.id, waiting.last_execution_id).execution.status)
  end)

  it("has no schedule to switch in a manual workflow", function()
    local workflow = c:find "restart-web-tier"
    local ok, err = pcall(c.enable, c, workflow.id)
    assert.is_false(ok)
    assert.are.same({ 400, "AOM.31001302" }, { err.status, err.code })
  end)

  --- The decoded bodies of all operations that show something.
  local shown = {
    workflow = function()
      local list = cjson.decode(c:list_workflows({ size = 100 }).body).elements
      list[#list + 1] = cjson.decode(c:create_workflow {
        name = "new", type = "manual", template_id = "t", input = { a = { b = "1" } }, task_type = "script",
      }.body)
      return list
    end,
    listed_execution = function()
      local list = {}
      for _, workflow in ipairs(c:all_workflows()) do
        for _, run in ipairs(cjson.decode(c:list_workflow_executions(workflow.id).body)) do list[#list + 1] = run end
      end
      return list
    end,
    execution = function()
      simulator.set { execution_time = 60 }
      local list = { cjson.decode(c:execution(BACKUP, c:execute(BACKUP).execution_id).body) }
      for _, workflow in ipairs(c:all_workflows()) do
        local id = workflow.last_execution_id
        list[#list + 1] = id and cjson.decode(c:execution(workflow.id, id).body) or nil
      end
      return list
    end,
    script = function() return cjson.decode(c:list_scripts().body).elements end,
    script_version = function()
      return cjson.decode(c:list_script_versions({ script_id = c:list_scripts().elements[1].id }).body).elements
    end,
    job = function() return cjson.decode(c:list_jobs().body).elements end,
    template = function()
      local list = {}
      for _, job in ipairs(c:list_jobs().elements) do
        for _, each in ipairs(cjson.decode(c:list_templates(job.id).body).elements) do list[#list + 1] = each end
      end
      list[#list + 1] = cjson.decode(c:template(list[1].id).body)
      return list
    end,
  }
  it("knows the fields that the library's own reference lists", function()
    local function names_of(fields)
      local names = {}
      for key, field in pairs(fields) do names[#names + 1] = type(key) == "string" and key or field.name end
      table.sort(names)
      return table.concat(names, " ")
    end
    local own, objects = require "aom.simulator.shapes", require "aom.api.objects"
    local pairs_of_names = { Workflow = "workflow", Script = "script", ScriptVersion = "script_version", Job = "job",
      Template = "template", Execution = "listed_execution" }
    local checked = 0
    for _, object in ipairs(objects) do
      local name = pairs_of_names[object.name]
      if name then
        -- The library adds HTTP's status to an execution.
        local expected = (" " .. names_of(object.fields)):gsub(" http_status", ""):sub(2)
        assert.are.equal(expected, names_of(own[name]))
        checked = checked + 1
      end
    end
    assert.are.equal(6, checked)
  end)

  for name, ask in pairs(shown) do
    it("shows each " .. name .. " with the fields of the reference, and of their types", function()
      local list = ask()
      assert.is_true(#list > 0)
      for _, object in ipairs(list) do assert.is_nil(shapes.check(name, object)) end
    end)
  end
end)

describe("a simulator that is given workflows", function()
  local simulator

  local function start(options)
    simulator = process.simulator(options)
    local names = {}
    for id, workflow in pairs(simulator.state().workflows) do names[id] = workflow.name end
    return names
  end
  after_each(function() simulator.stop() end)

  it("gives them names that are no ids, unless it is told the name", function()
    assert.are.same({ one = "name-of-one", two = "nightly", ["=3"] = "a=b" },
      start { workflows = { "one", "two/nightly", "=3/a=b" } })
  end)

  it("shows them besides the account", function()
    local names = start { workflows = { "one/mine" }, account = true }
    assert.are.same({ "mine", "nightly-backup" }, { names.one, names[BACKUP] })
  end)

  it("refuses runs that are none, and changes nothing then", function()
    start {}
    for _, runs in ipairs { "x", { { status = "fail" } }, { { status = 1, ago = 1, took = 1 } },
      { { status = "fail", ago = -1, took = 1 } } } do
      assert.has_error(function() simulator.set { workflows = { w = { runs = runs } } } end)
    end
    assert.are.same({}, simulator.state().workflows)
  end)
end)

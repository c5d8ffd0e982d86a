--- Proves every operation over the wire, and the number of requests when something goes wrong.

local aom = require "aom"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("over the wire", function()
  local simulator, c

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "wf" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set {
      scripts = { s1 = { name = "one", versions = 2 }, s2 = true }, jobs = { j1 = true },
      templates = { t1 = { job_id = "j1" }, t2 = { job_id = "other" } }, execution_time = 60,
    }
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  after_each(function() c:close() end)

  local NEW = { name = "new", type = "cron", template_id = "t", input = {}, task_type = "job" }

  local function start() return c:execute_workflow("wf").execution_id end

  it("each operation works", function()
    assert.are.equal("new", c:create_workflow(NEW).workflow.name)
    assert.are.equal(2, #c:list_workflows().elements)
    assert.are.equal(2, c:list_workflows({ size = 1 }).total)
    local id = start()
    assert.are.equal(id, c:list_workflow_executions("wf").executions[1].execution_id)
    simulator.set { nested_lists = true }
    assert.are.equal(id, c:list_workflow_executions("wf").executions[1].execution_id)
    assert.are.equal("waitExecute", c:execution("wf", id).execution.status)
    assert.are.equal("success", c:operate_execution("wf", id, { action = "skip", node_id = "n" }).result)
    assert.are.equal("success", c:stop_execution("wf", id).result)
    assert.are.equal("cancel", c:execution("wf", id).execution.status)
    assert.are.equal("one", c:list_scripts({ name = "on" }).elements[1].name)
    assert.are.equal(2, c:list_script_versions({ script_id = "s1" }).total)
    assert.are.equal("j1", c:list_jobs().elements[1].id)
    assert.are.equal("t1", c:list_templates("j1").elements[1].id)
    assert.are.equal("t2", c:template("t2", { share_type = "public" }).template.id)
  end)

  it("results have the common fields", function()
    local result = c:list_jobs()
    assert.is_true(result.success)
    assert.are.equal(200, result.status)
    assert.are.equal(1, result.attempts)
    assert.is_string(result.request_id)
    assert.is_true(result.elapsed > 0)
    assert.matches('^{"elements":', result.body)
  end)

  it("official names call the same methods", function()
    assert.are.equal(1, #c:list_workflow().elements)
    assert.is_true(c:update_workflow_trigger_status("wf", "enable").success)
    assert.are.equal("t1", c:search_template_by_id("t1").template.id)
  end)

  it("callbacks may come where the fields would", function()
    local seen = {}
    c:list_jobs(function(err, result) seen[1] = { err, result } end)
    c:list_templates("j1", function(err, result) seen[2] = { err, result } end)
    c:stop_execution("wf", "nobody", function(err, result) seen[3] = { err, result } end)
    assert.are.equal(1, seen[1][2].total)
    assert.are.equal(1, seen[2][2].total)
    assert.are.equal(404, seen[3][1].status)
  end)

  local unsafe = {
    create_workflow = function() return c:create_workflow(NEW) end,
    execute_workflow = function() return c:execute_workflow "wf" end,
    operate_execution = function(id) return c:operate_execution("wf", id, { action = "restart", node_id = "n" }) end,
    stop_execution = function(id) return c:stop_execution("wf", id) end,
  }
  for name, run in pairs(unsafe) do
    for fault, entry in pairs { ["no answer"] = { drop = true }, ["half an answer"] = { close = "mid_body" },
      ["a 503"] = { status = 503 }, ["a 500"] = { status = 500 } } do
      it(name .. " is sent once, whatever happens: " .. fault, function()
        local id = start()
        local count = simulator.state().counts.total
        entry.times = 9
        simulator.script { entry }
        local ok, err = pcall(run, id)
        assert.is_false(ok)
        assert.are.equal(1, err.attempts)
        assert.are.equal(count + 1, simulator.state().counts.total)
      end)
    end

    it(name .. " is sent again after a 429, which did nothing", function()
      local id = start()
      local count = simulator.state().counts.total
      simulator.script { { status = 429 } }
      assert.are.equal(2, run(id).attempts)
      assert.are.equal(count + 2, simulator.state().counts.total)
    end)

    it(name .. " takes a connection that is new", function()
      local id = start()
      local opened = simulator.state().connections.opened
      run(id)
      assert.is_true(simulator.state().connections.opened > opened)
    end)

    it(name .. " leaves no connection behind that none may use", function()
      local id = start()
      c:list_workflows()
      local kept = simulator.state().connections.open
      run(id)
      assert.is_true(simulator.state().connections.open <= kept, simulator.state().connections.open)
    end)
  end

  it("reads are retried", function()
    for _, run in ipairs { function() return c:list_workflows() end, function() return c:template "t1" end } do
      simulator.script { { status = 503 } }
      assert.are.equal(2, run().attempts)
    end
  end)

  it("a proxy's page is not a list", function()
    simulator.script { { status = 200, body = "<html>Please log in</html>" } }
    local ok, err = pcall(c.list_workflows, c)
    assert.is_false(ok)
    assert.are.equal("protocol", err.kind)
  end)
end)

describe("a bulk over the wire", function()
  local client = require "aom.client.state"
  local methods = require "aom.client.methods"
  local simulator, state, ids

  setup(function()
    ids = {}
    for i = 1, 40 do ids[i] = ("wf-%02d"):format(i) end
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    state = assert(client.open { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" })
    methods.trigger(state, ids[1], "disable")
  end)
  after_each(function() client.close(state) end)

  it("overlaps its calls, over as many connections as it has calls at once", function()
    simulator.set { latency = 0.05 }
    local report = assert(methods.trigger_all(state, ids, "enable", { concurrency = 10 }))
    assert.are.equal(40, report.succeeded)
    for i, entry in ipairs(report) do assert.are.equal(ids[i], entry.result.workflow_id) end
    assert.is_true(report.elapsed < patience.of(1), report.elapsed)
    assert.is_true(simulator.state().connections.opened <= 11, simulator.state().connections.opened)
  end)

  it("with a wrong key causes two requests", function()
    local other = assert(client.open { endpoint = simulator.url, project_id = PROJECT, ak = "WRONGBULK", sk = "x",
      proxy = "" })
    simulator.set { keys = { WRONGBULK = { sk = "right" } } }
    local before = simulator.state().counts.total
    local report = assert(methods.trigger_all(other, ids, "enable", { concurrency = 20 }))
    assert.are.equal(40, report.failed)
    assert.are.equal(before + 2, simulator.state().counts.total)
    client.close(other)
  end)

  it("pauses all calls when one gets a 429", function()
    simulator.script { { match = "wf-05", status = 429, headers = { ["Retry-After"] = "1" } } }
    local report = assert(methods.trigger_all(state, ids, "enable", { concurrency = 4 }))
    assert.are.equal(40, report.succeeded)
    local told, after = nil, 0
    for _, request in ipairs(simulator.state().requests) do
      if request.status == 429 then told = request.at end
      -- Those in flight had been sent already.
      if told and request.at > told + 0.2 and request.at < told + 0.95 then after = after + 1 end
    end
    assert.is_number(told)
    assert.are.equal(0, after)
  end)

  it("calls back once, too, where on_result raises", function()
    local heard = {}
    local function fail() error("mine", 0) end
    local ok, err = pcall(methods.trigger_all, state, { ids[1] }, "enable", { on_result = fail },
      function(failure) heard[#heard + 1] = failure.kind .. ": " .. failure.message end)
    assert.is_false(ok)
    assert.are.equal("mine", err)
    assert.are.same({ "cancelled: a function given to the call raised an error: mine" }, heard)
  end)

  it("raises what on_result raises, when all calls have ended", function()
    local ok, err = pcall(methods.trigger_all, state, ids, "enable", {
      on_result = function(_, done) if done == 3 then error({ "mine" }, 0) end end,
    })
    assert.is_false(ok)
    assert.are.same({ "mine" }, err)
    assert.are.equal(41, simulator.state().counts.total)
  end)
end)

--- Each example, run as a user runs it, against the simulator.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

describe("the example", function()
  local simulator, file

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, lifetime = 120, workflows = { "w" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set { workflows = {
      w = false,
      a = { name = "nightly-a", trigger_status = "enable" }, b = { name = "nightly-b", trigger_status = "disable" },
      c = { name = "daily-c", trigger_status = "enable" },
    } }
    file = os.tmpname()
    os.remove(file)
  end)
  after_each(function() os.remove(file) end)

  local function run(name, ...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = quote((select(i, ...))) end
    return process.run(("env HOME=/nonexistent LUA_PATH=%s LUA_CPATH=%s HUAWEICLOUD_SDK_AK=A HUAWEICLOUD_SDK_SK=S "
      .. "HUAWEICLOUD_SDK_PROJECT_ID=%s HUAWEICLOUD_SDK_AOM_ENDPOINT=%s no_proxy='*' timeout 30 %s %s %s 2>&1"):format(
      quote(package.path), quote(package.cpath), PROJECT, quote(simulator.url), lua,
      quote(process.root .. "/examples/" .. name .. ".lua"), table.concat(words, " ")))
  end

  local function states()
    local workflows = simulator.state().workflows
    return ("%s %s %s"):format(workflows.a.trigger_status, workflows.b.trigger_status, workflows.c.trigger_status)
  end

  it("nightly_toggle switches what matches", function()
    local output, code = run("nightly_toggle", "disable", "^nightly")
    assert.are.equal(0, code, output)
    assert.matches("2 switched, 0 failed", output)
    assert.are.equal("disable disable enable", states())
    output, code = run("nightly_toggle", "enable", "^nightly")
    assert.are.equal(0, code, output)
    assert.are.equal("enable enable enable", states())
  end)

  it("nightly_toggle fails when one of them does", function()
    simulator.script { { match = "/b/trigger", status = 403 } }
    local output, code = run("nightly_toggle", "disable", "^nightly")
    assert.are.equal(1, code)
    assert.matches("1 switched, 1 failed", output)
    assert.matches("HTTP 403", output)
  end)

  it("maintenance_window puts back what it disabled", function()
    local output, code = run("maintenance_window", "^nightly", file, "echo", "at", "work")
    assert.are.equal(0, code, output)
    assert.matches("paused 1 workflows\nat work\nresumed 1 workflows", output)
    assert.are.equal("enable disable enable", states())
    local history = simulator.state().workflows.a.history
    assert.are.equal(2, #history)
  end)

  it("maintenance_window does so too when the command fails, and after it was killed", function()
    local output, code = run("maintenance_window", "^nightly", file, "false")
    assert.are.equal(1, code, output)
    assert.are.equal("enable disable enable", states())
    output = run("maintenance_window", "^nightly", file, "kill -9 $PPID")
    assert.are.equal("disable disable enable", states(), output)
    output, code = run("maintenance_window", "--resume", file)
    assert.are.equal(0, code, output)
    assert.are.equal("enable disable enable", states())
  end)

  it("run_and_wait waits for the end", function()
    simulator.set { execution_time = 0.5 }
    local output, code = run("run_and_wait", "nightly-a", "10")
    assert.are.equal(0, code, output)
    assert.matches("success", output)
  end)

  it("run_and_wait raises an alert at a failure", function()
    simulator.set { execution_outcome = "fail" }
    local output, code = run("run_and_wait", "nightly-a", "10", "echo CALLED")
    assert.are.equal(1, code)
    assert.matches("alert: nightly%-a ended with status fail", output)
    assert.matches("CALLED nightly%-a ended", output)
  end)

  it("run_and_wait raises an alert when it takes too long, and at an unknown name", function()
    simulator.set { execution_time = 60 }
    local output, code = run("run_and_wait", "nightly-a", "1")
    assert.are.equal(1, code)
    assert.matches("alert: .*had not ended", output)
    output, code = run("run_and_wait", "nobody", "1")
    assert.are.equal(1, code)
    assert.matches('no workflow is named "nobody"', output)
  end)

  for _, name in ipairs { "nightly_toggle", "maintenance_window", "run_and_wait" } do
    it(name .. " says how it is used", function()
      local output, code = run(name)
      assert.are.equal(2, code)
      assert.matches("^usage: ", output)
    end)
  end
end)

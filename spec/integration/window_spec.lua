--- Proves that exactly the paused workflows are resumed, whatever happens in between.

local aom = require "aom"
local process = require "spec.support.process"
local windows = require "spec.support.windows"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

local exists, SHORTLY = windows.exists, windows.SHORTLY

describe("a maintenance window", function()
  local simulator, c, file, before

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT }
  end)
  teardown(function() simulator.stop() end)

  local function prepare() before = windows.prepare(simulator) end

  before_each(function()
    prepare()
    file = os.tmpname()
    os.remove(file)
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)

  local function leftovers() windows.remove(file) end

  after_each(function()
    c:close()
    leftovers()
  end)

  local function states() return windows.states(simulator) end

  local function wrong() return windows.differences(simulator, before) end

  local function pause(options)
    local all = { match = "^nightly", file = file }
    for name, value in pairs(options or {}) do all[name] = value end
    return c:pause(all)
  end

  it("pauses the selected enabled workflows, and resumes exactly those", function()
    local seen = {}
    local paused = pause { on_result = function(entry, done, total) seen[#seen + 1] = { entry, done, total } end }
    assert.are.equal(8, paused.paused)
    assert.are.equal("paused", paused.stage)
    assert.are.equal(8, #seen)
    assert.are.equal("paused", seen[8][1].state)
    assert.are.equal(8, seen[8][2])
    local during = states()
    for i = 1, 13 do
      local on = i == 11 or i > 11
      assert.are.equal(on and "enable" or "disable", during[("wf-%02d"):format(i)], i)
    end
    local resumed = c:resume(paused)
    assert.are.equal(8, resumed.resumed)
    assert.are.equal("resumed", resumed.stage)
    assert.are.equal("", wrong())
    for id, workflow in pairs(simulator.state().workflows) do
      local switches = (id == "wf-03" or id == "wf-06" or id > "wf-10") and 0 or 2
      assert.are.equal(switches, #workflow.history, id)
    end
  end)

  it("is resumed from the file's path, once or several times", function()
    pause()
    local resumed = c:resume(file)
    assert.are.equal(8, resumed.resumed)
    assert.is_nil(resumed.already)
    local count = simulator.state().counts.total
    local again = c:resume(file)
    assert.are.equal(8, again.resumed)
    assert.is_true(again.already)
    assert.are.equal(count, simulator.state().counts.total)
    assert.are.equal("", wrong())
  end)

  it("writes its file for its owner only, and no secret into it", function()
    pause()
    assert.matches("^%-rw%-%-%-%-%-%-%- ", (process.run("ls -l " .. quote(file))))
    local text = assert(io.open(file)):read "*a"
    assert.is_nil(text:find('"S"', 1, true))
    assert.is_nil(text:find('"A"', 1, true))
  end)

  it("has a dry run that changes nothing and writes nothing", function()
    local paused = c:pause { match = "^nightly", dry_run = true, file = file }
    assert.are.equal(8, #paused.workflows)
    assert.is_true(paused.dry_run)
    assert.is_false(exists(file))
    assert.are.equal("", wrong())
    assert.has_error(function() c:resume(paused) end)
    pause()
    local resumed = c:resume(file, { dry_run = true })
    assert.are.equal("resuming", resumed.workflows[1].state)
    assert.are.equal("disable", states()["wf-01"])
    c:resume(file)
    assert.are.equal("", wrong())
  end)

  it("accepts a function instead of a pattern", function()
    local paused = pause { match = function(workflow) return workflow.id == "wf-02" or workflow.id == "wf-03" end }
    assert.are.equal(1, paused.paused)
    c:resume(paused)
    assert.are.equal("", wrong())
  end)

  it("does not overwrite a window that has not been resumed", function()
    pause()
    local ok, err = pcall(pause)
    assert.is_false(ok)
    assert.matches("has not been resumed", err.message)
    c:resume(file)
    assert.are.equal(8, pause().paused)
    c:resume(file)
  end)

  for name, text in pairs {
    ["of something else"] = '{"a":1}', ["that is no JSON"] = "hello", ["that is empty"] = "",
  } do
    it("touches no file " .. name, function()
      local out = assert(io.open(file, "w"))
      out:write(text)
      out:close()
      for _, run in ipairs { pause, function() c:resume(file) end } do
        local ok, err = pcall(run)
        assert.is_false(ok)
        assert.are.equal("argument", err.kind)
        assert.matches("is not the file of a maintenance window", err.message)
      end
      assert.are.equal(text, assert(io.open(file)):read "*a")
      assert.are.equal("", wrong())
    end)
  end

  it("belongs to one project at one endpoint", function()
    pause()
    local other = aom.client { endpoint = simulator.url, project_id = ("f"):rep(32), ak = "A", sk = "S", proxy = "" }
    local ok, err = pcall(other.resume, other, file)
    assert.is_false(ok)
    assert.matches("records a window of project", err.message)
    other:close()
    assert.is_true(exists(file))
    c:resume(file)
  end)

  it("changes nothing if a state is unknown", function()
    simulator.set { workflows = { odd = { name = "nightly-odd", trigger_status = "WEIRD" } } }
    local ok, err = pcall(pause)
    assert.is_false(ok)
    assert.are.equal("protocol", err.kind)
    assert.matches('"nightly%-odd" has "WEIRD"', err.message)
    assert.is_false(exists(file))
    assert.are.equal("", wrong())
    assert.are.equal(9, pause { states = { on = { "weird" } } }.paused)
    assert.are.equal(9, c:resume(file).resumed)
    simulator.set { workflows = { odd = false } }
  end)

  it("ignores the state of unselected workflows", function()
    simulator.set { workflows = { odd = { name = "other", trigger_status = "WEIRD" } } }
    assert.are.equal(8, pause().paused)
    assert.are.equal(8, c:resume(file).resumed)
    simulator.set { workflows = { odd = false } }
  end)

  it("leaves out what somebody else disables while it pauses", function()
    local last = pause({ dry_run = true }).workflows[8]
    local paused = pause { concurrency = 1, on_result = function(_, done)
      if done > 1 then return end
      simulator.set { workflows = { [last.id] = { name = last.name, trigger_status = "disable" } } }
    end }
    assert.are.equal(7, paused.paused)
    assert.are.equal(1, paused.skipped)
    assert.are.equal(last.id, paused.noticed[1].id)
    assert.matches("by somebody else", paused.noticed[1].note)
    c:resume(paused)
    assert.are.equal(last.id, wrong())
  end)

  it("lists what others did meanwhile", function()
    local paused = pause()
    simulator.set { workflows = {
      ["wf-01"] = { name = "nightly-1", trigger_status = "enable" },
      ["wf-02"] = false,
      ["wf-04"] = { name = "nightly-4-renamed", trigger_status = "disable" },
    } }
    local resumed = c:resume(paused)
    local notes = {}
    for _, entry in ipairs(resumed.noticed) do notes[entry.id] = entry.state .. ": " .. entry.note end
    assert.matches("^resumed: was enabled by somebody else", notes["wf-01"])
    assert.matches("^gone: ", notes["wf-02"])
    assert.matches("^resumed: was edited by somebody else", notes["wf-04"])
    assert.is_nil(notes["wf-05"])
    assert.are.equal("", wrong())
  end)

  it("says which it could not pause, and resumes the others", function()
    simulator.script { { match = "wf-05/trigger", status = 403 } }
    local ok, err = pcall(pause)
    assert.is_false(ok)
    assert.are.equal(403, err.status)
    assert.matches("^1 of 8 workflows could not be disabled", err.message)
    assert.are.equal(7, err.paused.paused)
    assert.are.equal(7, c:resume(err.paused).resumed)
    assert.are.equal("", wrong())
  end)

  it("resumes what may have been paused without an answer", function()
    simulator.script { { match = "wf-05/trigger/action?action=disable", drop = true, times = 20 } }
    local ok, err = pcall(pause)
    assert.is_false(ok)
    assert.are.equal("network", err.kind)
    assert.are.equal("disable", states()["wf-05"])
    assert.are.equal(8, c:resume(file, SHORTLY).resumed)
    assert.are.equal("", wrong())
  end)

  it("resumes the rest after an interruption", function()
    pause()
    simulator.script { { match = "wf-05/trigger", status = 403 } }
    local ok, err = pcall(c.resume, c, file)
    assert.is_false(ok)
    assert.matches("could not be enabled", err.message)
    assert.are.equal("wf-05", wrong())
    assert.are.equal(8, c:resume(file).resumed)
    assert.are.equal("", wrong())
  end)

  it("changes nothing when its file cannot be written", function()
    local ok, err = pcall(pause, { file = "/nonexistent/paused.json" })
    assert.is_false(ok)
    assert.are.equal("config", err.kind)
    assert.matches("/nonexistent/paused.json.lock cannot be created", err.message)
    assert.are.equal("", wrong())
  end)

  for name, case in pairs {
    ["without a file"] = { { match = "x" }, "file: expected the path of a file" },
    ["without a pattern"] = { { file = "x" }, "^selection: expected exactly one of name, names or match" },
    ["with an unknown option"] = { { match = "x", file = "y", fiel = "z" }, "unknown option" },
    ["with bad spellings"] = { { match = "x", file = "y", states = { onn = {} } }, "^states: " },
    ["without a table"] = { 5, "expected a table" },
  } do
    it("is refused " .. name, function()
      local count = simulator.state().counts.total
      local ok, err = pcall(c.pause, c, case[1])
      assert.is_false(ok)
      assert.are.equal("argument", err.kind)
      assert.matches(case[2], err.message)
      assert.are.equal(count, simulator.state().counts.total)
    end)
  end

  it("does not begin if the service lists a workflow with an invalid id", function()
    local odd = { name = "nightly-odd", type = "cron", trigger_status = "enable" }
    simulator.set { workflows = { ["nightly%2f"] = odd } }
    local fine, err = pcall(pause)
    assert.is_false(fine)
    assert.are.equal("protocol", err.kind)
    assert.is_false(exists(file))
    assert.are.equal("", wrong())
  end)
end)

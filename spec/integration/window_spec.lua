--- Proves that exactly the paused workflows are resumed, whatever happens in between.

local aom = require "aom"
local process = require "spec.support.process"
local windows = require "spec.support.windows"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

-- Long enough for calls in flight, since the simulator answers at once.
local SHORTLY = { settle_timeout = 0.05 }

local function exists(path)
  local opened = io.open(path)
  if opened then opened:close() end
  return opened ~= nil
end

describe("a maintenance window", function()
  local simulator, c, file, before

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT }
  end)
  teardown(function() simulator.stop() end)

  --- Thirteen workflows: eight selected and enabled; two disabled; one of another
  --- name; two without a schedule.
  local function prepare()
    simulator.reset()
    local workflows = { ["nightly-backup"] = false, ["night-shift"] = false }
    before = {}
    for i = 1, 13 do
      local id = ("wf-%02d"):format(i)
      workflows[id] = {
        name = i == 11 and "daily-report" or "nightly-" .. i, type = i > 11 and "manual" or "cron",
        trigger_status = (i == 3 or i == 6) and "disable" or "enable",
      }
      before[id] = workflows[id].trigger_status
    end
    simulator.set { workflows = workflows }
  end

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

  local function states()
    local found = {}
    for id, workflow in pairs(simulator.state().workflows) do found[id] = workflow.trigger_status end
    return found
  end

  local function wrong()
    local list = {}
    for id, status in pairs(states()) do
      if before[id] and status ~= before[id] then list[#list + 1] = id end
    end
    table.sort(list)
    return table.concat(list, " ")
  end

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
    assert.matches("belongs to project", err.message)
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
    ["without a pattern"] = { { file = "x" }, "^selection: expected one of name, names and match" },
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

  local function window_command(what, point, limit, words)
    return windows.command(what, simulator.url, file, point, limit, words)
  end

  --- Runs spec/support/killed_window.lua; true: it was not killed.
  local function killed(what, point, limit)
    local output = process.run(window_command(what, point, limit) .. " 2>&1")
    assert(not output:find("aom: ", 1, true), output)
    return output:find "done" ~= nil
  end

  local function triggers()
    local count = 0
    for _, request in ipairs(simulator.state().requests) do
      if request.action then count = count + 1 end
    end
    return count
  end

  --- Begins to pause, and kills that as soon as its first three calls have arrived.
  local function kill_with_calls_under_way(words)
    local pid = process.run(window_command("pause", 0, "timeout 20", words) .. " >/dev/null 2>&1 & echo $!")
    local tries = 0
    while triggers() < 3 do
      tries = tries + 1
      assert(tries < 200, "no call has arrived")
      process.run "sleep 0.02"
    end
    process.run("pkill -9 -P " .. pid)
  end

  it("survives a SIGKILL at every point of pausing", function()
    local point, through = 0, false
    while not through do
      point = point + 1
      prepare()
      leftovers()
      through = killed("pause", point)
      -- Before the file exists, nothing has been changed.
      if exists(file) then c:resume(file, SHORTLY) end
      assert.are.equal("", wrong(), "killed at point " .. point)
    end
    assert.is_true(point > 40, point)
  end)

  it("survives a SIGKILL at every point of resuming", function()
    local point, through = 0, false
    while not through do
      point = point + 1
      prepare()
      leftovers()
      pause { detach = true }
      through = killed("resume", point)
      c:resume(file, SHORTLY)
      assert.are.equal("", wrong(), "killed at point " .. point)
    end
    assert.is_true(point > 30, point)
  end)

  it("survives a SIGKILL at any time", function()
    simulator.set { latency = 0.002 }
    for attempt = 1, 20 do
      prepare()
      leftovers()
      killed("pause", 0, ("timeout -s KILL %.3f"):format(0.01 + attempt * 0.004))
      if exists(file) then c:resume(file, SHORTLY) end
      assert.are.equal("", wrong(), "attempt " .. attempt)
    end
  end)

  for name, case in pairs {
    ["enables what a call of a killed process disables late"] = { settle_timeout = 2.5, late = 3 },
    ["can be told not to wait for late calls, which then have the last word"] = { settle_timeout = 0, late = 0 },
  } do
    it(name, function()
      leftovers()
      simulator.set { latency = 1.5 }
      kill_with_calls_under_way()
      simulator.set { latency = 0 }
      assert.are.equal("", wrong())
      assert.are.equal(case.late, #c:resume(file, { settle_timeout = case.settle_timeout }).noticed)
      process.run "sleep 1.7"
      local _, left = wrong():gsub("wf", "")
      assert.are.equal(3 - case.late, left)
    end)
  end

  it("enables what is disabled late, with any clock of the pausing process, in ten rounds of ten", function()
    local late = 0
    for round = 1, 10 do
      prepare()
      leftovers()
      simulator.set { latency = 0.6 }
      kill_with_calls_under_way("patience=1 clock=" .. ({ -3600, -30, 0, 30, 3600 })[round % 5 + 1])
      simulator.set { latency = 0 }
      late = late + #c:resume(file).noticed
      assert.are.equal("", wrong(), "round " .. round)
    end
    assert.is_true(late >= 15, late)
  end)

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

--- Proves that exactly the paused workflows are resumed, wherever a process is killed.

local aom = require "aom"
local process = require "spec.support.process"
local windows = require "spec.support.windows"

local PROJECT = ("0123456789abcdef"):rep(2)

-- Two Luas run this: one takes the odd points, the other those between.
local FIRST, STEP = rawget(_G, "jit") and 1 or 2, 2

local exists, SHORTLY = windows.exists, windows.SHORTLY

describe("a maintenance window of a process that is killed", function()
  local simulator, c, file, before

  setup(function() simulator = process.simulator { ak = "A", sk = "S", project = PROJECT } end)
  teardown(function() simulator.stop() end)

  local function prepare() before = windows.prepare(simulator) end

  local function leftovers() windows.remove(file) end

  local function wrong() return windows.differences(simulator, before) end

  before_each(function()
    prepare()
    file = os.tmpname()
    os.remove(file)
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  after_each(function()
    c:close()
    leftovers()
  end)

  --- Runs spec/support/killed_window.lua; true: it was not killed.
  local function killed(what, point, limit)
    local output = process.run(windows.command(what, simulator.url, file, point, limit) .. " 2>&1")
    assert(not output:find("aom: ", 1, true), output)
    return output:find "done" ~= nil
  end

  it("survives it at every point of pausing", function()
    local point, through = FIRST, false
    while not through do
      prepare()
      leftovers()
      through = killed("pause", point)
      -- Before the file exists, nothing has been changed.
      if exists(file) then c:resume(file, SHORTLY) end
      assert.are.equal("", wrong(), "killed at point " .. point)
      point = point + STEP
    end
    assert.is_true(point > 40, point)
  end)

  it("survives it at every point of resuming", function()
    local point, through = FIRST, false
    while not through do
      prepare()
      leftovers()
      c:pause { match = "^nightly", file = file, detach = true }
      through = killed("resume", point)
      c:resume(file, SHORTLY)
      assert.are.equal("", wrong(), "killed at point " .. point)
      point = point + STEP
    end
    assert.is_true(point > 30, point)
  end)

  it("survives it at any time", function()
    simulator.set { latency = 0.002 }
    for attempt = 1, 20 do
      prepare()
      leftovers()
      killed("pause", 0, ("timeout -s KILL %.3f"):format(0.01 + attempt * 0.004))
      if exists(file) then c:resume(file, SHORTLY) end
      assert.are.equal("", wrong(), "attempt " .. attempt)
    end
  end)
end)

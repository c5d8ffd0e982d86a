--- Proves that what a killed process has asked for is undone also where the service does it late, whatever
--- that process said of the time.

local aom = require "aom"
local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local windows = require "spec.support.windows"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("a maintenance window whose process is killed with calls under way", function()
  local simulator, c, file, before

  setup(function() simulator = process.simulator { ak = "A", sk = "S", project = PROJECT } end)
  teardown(function() simulator.stop() end)

  before_each(function()
    before = windows.prepare(simulator)
    file = os.tmpname()
    os.remove(file)
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  after_each(function()
    c:close()
    windows.remove(file)
  end)

  local function wrong() return windows.differences(simulator, before) end

  local function triggers()
    local count = 0
    for _, request in ipairs(simulator.state().requests) do
      if request.action then count = count + 1 end
    end
    return count
  end

  --- Begins to pause at a service that takes `lag` seconds for a call, and kills that as
  --- soon as its first three calls have arrived. It waits a little longer for an answer.
  local function kill_with_calls_under_way(lag, clock)
    local words = ("patience=%.1f clock=%d"):format(lag + patience.of(0.4), clock)
    simulator.set { latency = lag }
    local limit = patience.of(10) + 4 * lag
    local expires = core.now() + limit
    local pid = process.run(windows.command("pause", simulator.url, file, 0, ("timeout %.0f"):format(limit), words)
      .. " >/dev/null 2>&1 & echo $!")
    while triggers() < 3 do
      assert(core.now() < expires, "no call has arrived")
      process.sleep(0.02)
    end
    process.run("pkill -9 -P " .. pid)
    simulator.set { latency = 0 }
  end

  -- How long the service takes for a call of a process that is killed meanwhile: longer than
  -- killing it, and looking at the workflows, may take.
  for name, case in pairs {
    ["enables what a call of a killed process disables late"] = { waits = true, late = 3 },
    ["can be told not to wait for late calls, which then have the last word"] = { waits = false, late = 0 },
  } do
    it(name, function()
      local lag = patience.latency(1.5)
      kill_with_calls_under_way(lag, 0)
      assert.are.equal("", wrong())
      assert.are.equal(case.late, #c:resume(file, { settle_timeout = case.waits and lag + 1 or 0 }).noticed)
      process.sleep(lag + 0.2)
      local _, left = wrong():gsub("wf", "")
      assert.are.equal(3 - case.late, left)
    end)
  end

  it("enables what is disabled late, with any clock of the pausing process", function()
    local late = 0
    for _, clock in ipairs { -3600, -30, 0, 30, 3600 } do
      before = windows.prepare(simulator)
      windows.remove(file)
      local lag = patience.latency(0.6)
      kill_with_calls_under_way(lag, clock)
      late = late + #c:resume(file).noticed
      assert.are.equal("", wrong(), "clock " .. clock)
    end
    assert.is_true(late >= 8, late)
  end)
end)

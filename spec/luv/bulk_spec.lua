--- Proves that bulks and windows block nothing in a libuv loop, and that a handle cancels them.

local patience = require "spec.support.patience"
local process = require "spec.support.process"
local uv = require "luv"
local windows = require "spec.support.windows"
local aom = require "aom"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("under libuv", function()
  local simulator, c, ids

  setup(function()
    ids = {}
    for i = 1, 40 do ids[i] = ("wf-%02d"):format(i) end
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "", loop = "uv" }
  end)
  after_each(function()
    c:close()
    uv.run()
  end)

  it("a bulk calls back, and the loop runs meanwhile", function()
    simulator.set { latency = 0.1 }
    local report, ticks = nil, 0
    local timer = uv.new_timer()
    uv.timer_start(timer, 0, 5, function() ticks = ticks + 1 end)
    c:trigger_all(ids, "enable", { concurrency = 10 }, function(err, result)
      assert(not err, tostring(err))
      report = result
      uv.close(timer)
    end)
    assert.is_nil(report)
    uv.run()
    assert.are.equal(40, report.succeeded)
    -- None but the last would come if it blocked.
    assert.is_true(ticks > 3, ticks)
    -- Four rounds of 0.1 s; sequentially it would take 4 s.
    assert.is_true(report.elapsed < patience.of(3), report.elapsed)
  end)

  it("a cancelled bulk keeps what was done, and ends at once", function()
    c:disable(ids[1])
    simulator.set { latency = 0.3 }
    local report, failure, handle, cancelled_at
    handle = c:trigger_all(ids, "enable", {
      concurrency = 4,
      on_result = function(_, done)
        if done ~= 8 then return end
        cancelled_at = uv.hrtime()
        handle:cancel()
      end,
    }, function(err, result) failure, report = err, result end)
    uv.run()
    assert.is_nil(failure)
    assert.is_true((uv.hrtime() - cancelled_at) / 1e9 < patience.of(0.25))
    assert.are.equal(40, report.succeeded + report.failed)
    assert.is_true(report.succeeded >= 8 and report.succeeded <= 12, report.succeeded)
    for i, entry in ipairs(report) do
      assert.are.equal(ids[i], entry.id)
      if entry.error then assert.are.equal("cancelled", entry.error.kind) end
    end
    -- The simulator still carries out the calls in flight: wait, for the next test's sake.
    process.sleep(0.5)
  end)

  it("an error that on_result raises reaches the callback, once, when all calls have ended", function()
    local log = {}
    c:trigger_all({ ids[1], ids[2], ids[3] }, "enable", {
      on_result = function(_, done) if done == 1 then error("of mine", 0) end end,
    }, function(err, report) log[#log + 1] = { err, report } end)
    uv.run()
    -- PUC Lua 5.1 cannot catch an error in a coroutine that waits.
    local reported_only = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
    assert.are.equal(reported_only and 0 or 1, #log)
    if reported_only then return end
    assert.is_nil(log[1][2])
    assert.are.equal("cancelled", log[1][1].kind)
    assert.are.equal("a function given to the call raised an error: of mine", log[1][1].message)
  end)

  it("a bulk waits in the user's coroutine", function()
    local report
    coroutine.wrap(function() report = c:trigger_all(ids, "enable") end)()
    assert.is_nil(report)
    uv.run()
    assert.are.equal(40, report.succeeded)
  end)

  -- Only Lua 5.4 can end a coroutine from outside.
  if rawget(coroutine, "close") then
    local windows_file
    local many = {
      trigger_all = function(options) c:trigger_all(ids, "disable", options) end,
      request_all = function(options)
        local list = {}
        for i, id in ipairs(ids) do list[i] = { method = "GET", path = "/v1/{project_id}/things/" .. id } end
        c:request_all(list, options)
      end,
      ["pause, of a derived client"] = function(options)
        options.match, options.file = ".", os.tmpname()
        os.remove(options.file)
        windows_file = options.file
        c:with({ timeout = 20 }):pause(options)
      end,
    }
    for name, call in pairs(many) do
      it(name .. " sends nothing more after its coroutine was closed", function()
        c:trigger_all(ids, "enable")
        local thread, counted
        thread = coroutine.create(function()
          call { concurrency = 2, on_result = function(_, done)
            if done ~= 4 then return end
            counted = true
            assert(coroutine.close(thread)) -- luacheck: ignore
          end }
        end)
        simulator.set { latency = 0.05 }
        local before = simulator.state().counts.total
        assert(coroutine.resume(thread))
        uv.run()
        assert.is_true(counted)
        local sent = simulator.state().counts.total - before
        assert.is_true(sent >= 4 and sent <= 8, sent)
        if windows_file then windows.remove(windows_file) end
      end)
    end
  end

  it("lists, waits and windows call back", function()
    local file = os.tmpname()
    os.remove(file)
    local seen = {}
    c:enable(ids[1])
    c:all_workflows({ search = "wf-0" }, function(_, list) seen.list = #list end)
    c:find("name-of-wf-07", function(_, workflow) seen.found = workflow.id end)
    c:execute(ids[2], function(_, execution)
      c:wait(execution, { interval = 0.01 }, function(_, detail) seen.status = detail.status end)
    end)
    c:pause({ match = "^name%-of%-wf", file = file }, function(_, paused)
      seen.paused = paused.paused
      c:resume(paused, function(_, resumed) seen.resumed = resumed.resumed end)
    end)
    uv.run()
    windows.remove(file)
    assert.are.same({ list = 9, found = "wf-07", status = "success", paused = 1, resumed = 1 }, seen)
  end)

  it("an iterator waits in a coroutine, called by hand where `for` cannot wait", function()
    local count = 0
    coroutine.wrap(function()
      local step = c:workflows { size = 15 }
      local workflow = step()
      while workflow do
        count = count + 1
        workflow = step()
      end
    end)()
    uv.run()
    assert.are.equal(40, count)
  end)
end)

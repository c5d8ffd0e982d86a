--- Proves calls in luv's loop: with callbacks and in coroutines, many at once, with no handle left open.

local aom = require "aom"
local patience = require "spec.support.patience"
local prepared = require "aom.client.prepared"
local process = require "spec.support.process"
local uv = require "luv"
local uvloop = require "spec.support.uvloop"

local AK, SK, PROJECT = "LUVKEY", "luv-secret", ("0123456789abcdef"):rep(2)

local pcall_yields = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local serial = 0
local function fresh_key(simulator)
  serial = serial + 1
  local ak = ("LUVKEY%d"):format(serial)
  simulator.set { keys = { [ak] = { sk = SK } } }
  return ak
end

for _, kind in ipairs { "http", "https" } do
  describe("under luv over " .. kind, function()
    local simulator

    setup(function()
      simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" },
        tls = kind == "https" }
    end)
    teardown(function() simulator.stop() end)
    before_each(function() simulator.reset() end)

    local function client(options)
      local all = { endpoint = simulator.url, project_id = PROJECT, ca_file = simulator.ca_file, proxy = "",
        ak = AK, sk = SK, loop = "uv" }
      for name, value in pairs(options or {}) do all[name] = value or nil end
      return aom.client(all)
    end

    it("calls back with what the doctor found, after that has returned", function()
      for _, options in ipairs { { endpoint = simulator.url, project_id = PROJECT, ca_file = simulator.ca_file,
        proxy = "", ak = AK, sk = SK }, { endpoint = "ftp://x" } } do
        local returned, report = false, nil
        local handle = aom.doctor(options, function(err, found)
          assert(returned and not err, "called back too early")
          report = found
        end)
        returned = true
        assert.is_function(handle.cancel)
        uvloop.run()
        assert.matches(options.proxy and "access" or "configuration", report[#report].name)
      end
    end)

    it("calls back after the call has returned, and the loop ends by itself", function()
      local c = client()
      local returned, calls, err, result = false, 0, nil, nil
      local handle = c:trigger("wf-1", "disable", function(e, r)
        assert(returned, "called back too early")
        calls, err, result = calls + 1, e, r
      end)
      returned = true
      assert.is_function(handle.cancel)
      -- The connection is kept, but the loop ends.
      uvloop.run()
      assert.are.equal(1, calls)
      assert.is_nil(err)
      assert.are.equal("disable", result.action)
      c:enable("wf-1", function(_, r) result = r end)
      uvloop.run()
      assert.are.equal("enable", result.action)
      local requests = simulator.state().requests
      assert.are.equal(requests[1].connection, requests[2].connection)
      c:close()
    end)

    it("suspends a coroutine, and raises errors inside it", function()
      local c = client()
      local log = {}
      coroutine.wrap(function()
        log[#log + 1] = "before"
        local result = c:enable "wf-1"
        log[#log + 1] = result.action
        -- Lua 5.1 cannot yield through pcall.
        if pcall_yields then
          local _, err = pcall(c.trigger, c, "nobody", "enable")
          log[#log + 1] = err.kind
        else
          log[#log + 1] = "service"
        end
      end)()
      log[#log + 1] = "outside"
      uvloop.run()
      assert.are.same({ "before", "outside", "enable", "service" }, log)
      c:close()
    end)

    local forms = {
      ["of coroutines"] = function(caller, action, on_result)
        coroutine.wrap(function()
          for _ = 1, 3 do on_result(caller:trigger("wf-1", action)) end
        end)()
      end,
      ["with callbacks"] = function(caller, action, on_result)
        for _ = 1, 3 do caller:trigger("wf-1", action, function(_, result) on_result(result) end) end
      end,
    }
    for form, begin in pairs(forms) do
      it(("lets calls %s go the short way, beside each other"):format(form), function()
        local short, send = 0, prepared.send
        prepared.send = function(...)
          local result, sent = send(...)
          short = short + (result and 1 or 0)
          return result, sent
        end
        local caller, ended = client(), 0
        caller:trigger("wf-1", "enable")
        for i = 1, 4 do
          local action = i % 2 == 0 and "enable" or "disable"
          begin(caller, action, function(result)
            assert.are.equal(action, result.action)
            ended = ended + 1
          end)
        end
        uvloop.run()
        prepared.send = send
        assert.are.same({ 12, 12 }, { ended, short })
        caller:close()
      end)
    end

    it("sends no call that is cancelled before it begins", function()
      local caller, err = client(), nil
      for _ = 1, 2 do caller:trigger("wf-1", "enable") end
      local before = #simulator.state().requests
      caller:trigger("wf-1", "disable", function(failure) err = failure end):cancel()
      uvloop.run()
      assert.are.same({ "cancelled", 0 }, { err.kind, err.attempts })
      assert.are.equal(before, #simulator.state().requests)
      caller:close()
    end)

    it("cancels a call that went the short way", function()
      local caller, latency, err = client(), patience.latency(1), nil
      for _ = 1, 2 do caller:trigger("wf-1", "enable") end
      simulator.set { latency = latency }
      local handle = caller:trigger("wf-1", "enable", function(failure) err = failure end)
      uvloop.after(0.05, function() handle:cancel() end)
      uvloop.run()
      simulator.set { latency = 0 }
      assert.are.same({ "cancelled", 1 }, { err.kind, err.attempts })
      assert.is_true(err.elapsed < latency)
      caller:close()
    end)

    it("keeps 50 calls in flight while a timer keeps ticking", function()
      simulator.set { latency = 0.2 }
      local c = client()
      local done, failed = 0, nil
      c:enable("wf-1", function()
        for _ = 1, 50 do
          c:trigger("wf-1", "enable", function(err)
            done, failed = done + 1, failed or err
          end)
        end
      end)
      local started = uv.hrtime()
      local gap = uvloop.largest_gap(function()
        uvloop.run_until(function() return done == 50 end)
      end)
      local elapsed = (uv.hrtime() - started) / 1e9
      print(("luv, %s: 50 calls of 0.2 s took %.3f s; largest gap of a 10 ms timer %.1f ms"):format(
        kind, elapsed, gap * 1000))
      assert.is_nil(failed)
      assert.is_true(elapsed < patience.of(3), elapsed)
      assert.is_true(gap < patience.of(0.15), gap)
      uvloop.run()
      c:close()
    end)

    it("keeps neither handles nor memory after 1,300 calls", function()
      local c = client()
      local done = 0
      local function batch(count)
        local left = count
        for _ = 1, 20 do
          coroutine.wrap(function()
            while left > 0 do
              left = left - 1
              c:trigger("wf-1", "enable")
              done = done + 1
            end
          end)()
        end
        uvloop.run(60)
        for _ = 1, 3 do collectgarbage() end
        return collectgarbage "count"
      end
      batch(600)
      local before = batch(100)
      local after = batch(600)
      assert.are.equal(1300, done)
      assert.is_true(after - before < 40, ("%.1f KiB more"):format(after - before))
      c:close()
    end)

    it("retries after a back-off, beside other calls", function()
      local c = client()
      c:enable "wf-1"
      simulator.script { { status = 503, headers = { ["Retry-After"] = "1" } } }
      local order = {}
      c:trigger("wf-1", "enable", function(err, result) order[#order + 1] = err or result.attempts end)
      uvloop.after(0.3, function()
        c:trigger("wf-1", "enable", function(err, result) order[#order + 1] = err or result.attempts end)
      end)
      uvloop.run()
      assert.are.same({ 1, 2 }, order)
      c:close()
    end)

    it("closes mid-flight: every callback gets `cancelled`, every handle is closed", function()
      simulator.set { latency = 5 }
      local c = client()
      simulator.script { { status = 503, headers = { ["Retry-After"] = "30" } } }
      local kinds = {}
      local function note(err) kinds[#kinds + 1] = err.kind .. ": " .. err.message end
      for _ = 1, 5 do c:trigger("wf-1", "enable", note) end
      uvloop.after(0.3, function()
        c:close()
        assert.are.same({}, kinds)
      end)
      uvloop.run(3)
      local closed = "cancelled: the client was closed"
      assert.are.same({ closed, closed, closed, closed, closed }, kinds)
      assert.has_error(function() c:trigger("wf-1", "enable", note) end)
    end)

    it("runs two clients in one loop", function()
      local a, b = client(), client { max_attempts = 1 }
      local results = {}
      for _ = 1, 10 do
        a:enable("wf-1", function(_, result) results[#results + 1] = result end)
        b:disable("wf-1", function(_, result) results[#results + 1] = result end)
      end
      uvloop.after(0.05, function() a:close() end)
      b:enable("wf-1", function() b:enable("wf-1", function(_, result) results.last = result end) end)
      uvloop.run()
      assert.is_true(results.last.success)
      b:close()
    end)

    it("blocks outside of a coroutine, beside calls in flight", function()
      simulator.set { latency = 0.15 }
      local ak = fresh_key(simulator)
      -- The key is new: the others wait for the first call.
      local c = client { ak = ak, attempt_timeout = 20 }
      local done = 0
      for _ = 1, 5 do c:trigger("wf-1", "enable", function(err) if not err then done = done + 1 end end) end
      uvloop.run_until(function() return simulator.state().counts.total >= 1 end)
      local started = uv.hrtime()
      assert.is_true(c:enable("wf-1").success)
      local elapsed = (uv.hrtime() - started) / 1e9
      assert.is_true(elapsed < patience.of(2), elapsed)
      assert.are.equal(0, done)
      uvloop.run(5)
      assert.are.equal(5, done)
      c:close()
    end)

    it("finishes what ended while a call blocked", function()
      local c = client()
      c:enable "wf-1"
      local result
      c:trigger("wf-1", "enable", function(_, r) result = r end)
      uvloop.run_until(function() return #uvloop.open_handles() > 0 end)
      simulator.set { latency = 0.3 }
      c:trigger("wf-1", "enable")
      c:trigger("wf-1", "enable")
      uvloop.run(3)
      assert.is_true(result.success)
      c:close()
    end)
  end)
end

describe("under luv", function()
  it("the loop is detected if luv is loaded", function()
    local state = require("aom.client.state").open { endpoint = "http://127.0.0.1:1", project_id = PROJECT, ak = "a",
      sk = "s" }
    assert.are.equal("uv", state.loop.name)
  end)
end)

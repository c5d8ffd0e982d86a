--- Proves that under libuv calls wait for a service that is away, and the loop does not.

local comeback = require "spec.support.comeback"
local patience = require "spec.support.patience"
local safe = require "aom.safe"
local uv = require "luv"
local uvloop = require "spec.support.uvloop"

describe("under libuv an outage", function()
  local function open(seconds, more)
    local service = comeback.simulator(seconds)
    service.options.loop = "uv"
    for name, value in pairs(more or {}) do service.options[name] = value end
    return safe.client(service.options), service
  end

  it("costs no part of a bulk, and the loop runs meanwhile", function()
    local client, service = open(2)
    local report
    client:trigger_all(comeback.ids(500), "enable", {}, function(_, done) report = done end)
    local gap = uvloop.largest_gap(function() uvloop.run_until(function() return report end, 20) end)
    uvloop.run()
    assert.are.equal(500, report.succeeded)
    assert.is_true(gap < patience.of(0.2), gap)
    client:close()
    service.stop()
  end)

  it("is waited for by callbacks, coroutines and blocking calls alike", function()
    local client, service = open(nil, { outage_timeout = 1 })
    local started, errs = uv.hrtime(), {}
    local function note(_, err) errs[#errs + 1] = err end
    client:enable("wf-1", function(err) note(nil, err) end)
    coroutine.wrap(function() note(client:enable "wf-1") end)()
    note(client:enable "wf-1")
    uvloop.run(20)
    local elapsed = (uv.hrtime() - started) / 1e9
    assert.are.equal(3, #errs)
    for _, err in ipairs(errs) do assert.are.equal("network", err.kind) end
    assert.is_true(elapsed >= 1 and elapsed < 1 + patience.of(1), elapsed)
    client:close()
    service.stop()
  end)

  it("is waited for no more by a call that is cancelled", function()
    local client, service = open()
    local errs = {}
    local handles = {}
    for i = 1, 3 do handles[i] = client:enable("wf-1", function(err) errs[i] = err end) end
    local started = uv.hrtime()
    uvloop.after(0.7, function() for _, handle in ipairs(handles) do handle:cancel() end end)
    uvloop.run(20)
    for i = 1, 3 do assert.are.equal("cancelled", errs[i].kind) end
    assert.is_true((uv.hrtime() - started) / 1e9 < 0.7 + patience.of(0.5))
    client:close()
    service.stop()
  end)
end)

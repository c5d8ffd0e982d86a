--- Proves that an outage costs no call where it is short, and little time where it lasts.

local comeback = require "spec.support.comeback"
local core = require "aom.core"
local patience = require "spec.support.patience"
local safe = require "aom.safe"

describe("in plain Lua an outage", function()
  local function run(seconds, more, body)
    local service = comeback.simulator(seconds)
    for name, value in pairs(more) do service.options[name] = value or nil end
    local client = assert(safe.client(service.options))
    local started = core.now()
    local results = { body(client) }
    local elapsed = core.now() - started
    client:close()
    service.stop()
    return elapsed, results[1], results[2]
  end

  it("of five seconds costs no part of a bulk of 2,000", function()
    local elapsed, report = run(5, {}, function(client) return client:trigger_all(comeback.ids(2000), "enable") end)
    assert.are.equal(2000, report.succeeded, tostring(report))
    assert.is_true(elapsed >= 5, elapsed)
    for _, entry in ipairs(report) do assert.are.equal(1, entry.result.attempts) end
  end)

  it("costs no call", function()
    for _, name in ipairs { "enable", "execute" } do
      local _, result, err = run(1, {}, function(client) return client[name](client, "wf-1") end)
      assert.is_nil(err)
      assert.are.equal(1, result.attempts)
    end
  end)

  for title, key in pairs { ["with a key that is new"] = {}, ["with a token"] = { ak = false, sk = false,
    token = "t" } } do
    it("that lasts costs a bulk of 2,000 little more than outage_timeout, " .. title, function()
      local more = { outage_timeout = 2 }
      for name, value in pairs(key) do more[name] = value end
      local elapsed, report = run(nil, more, function(client)
        return client:trigger_all(comeback.ids(2000), "enable")
      end)
      assert.are.equal(2000, report.failed)
      assert.is_true(elapsed >= 2 and elapsed < 2 + patience.of(1.5), elapsed)
      for _, entry in ipairs(report) do
        assert.are.equal("network", entry.error.kind)
        assert.are.equal(0, entry.error.attempts)
        assert.is_true(entry.error.retryable)
      end
    end)
  end

  local WAITED = "the call waited %d+%.%d s"

  -- The endpoint, options, seconds, kind, words.
  for title, row in pairs {
    ["is a refused connection"] = { nil, { outage_timeout = 1 }, 1, "network", WAITED },
    ["is a name that does not resolve"] = { "http://no-such-host.invalid", {}, 1.5, "network",
      WAITED },
    ["is no longer than the deadline"] = { nil, { timeout = 0.9 }, 0.5, "network", WAITED },
    ["is not waited for by a call with one attempt"] = { nil, { max_attempts = 1 }, 0, "network", "connect" },
  } do
    it(title, function()
      row[2].endpoint = row[1]
      local elapsed, result, err = run(nil, row[2], function(client) return client:enable "wf-1" end)
      assert.is_nil(result)
      assert.are.equal(row[4], err.kind)
      assert.matches(row[5], err.message)
      assert.is_true(elapsed >= row[3] - 0.01 and elapsed < row[3] + patience.of(0.6), elapsed)
    end)
  end
end)

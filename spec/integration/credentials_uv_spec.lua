--- Proves that a renewal in a libuv loop waits as calls do, and blocks nothing else.

local patience = require "spec.support.patience"

local found, uv = pcall(require, "luv")

describe("a renewal under libuv", function()
  if not found then
    pending "luv is not installed for this Lua"
    return
  end

  local accounts = require "spec.support.accounts"
  local client = require "aom.client.state"
  local methods = require "aom.client.methods"

  local simulator
  setup(function() simulator = accounts.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.provision()
    simulator.set { latency = 0.15 }
  end)

  local sources = {
    ["a password"] = { username = "alice", password = "correct-horse", domain_name = "acme" },
    ["instance metadata"] = { metadata = true },
  }

  for name, options in pairs(sources) do
    it(("by %s leaves the loop turning, and is one for all"):format(name), function()
      options.loop = "uv"
      local state = assert(accounts.open(simulator, options))
      local ticks, ended, failures = 0, 0, {}
      local ticker = uv.new_timer()
      uv.timer_start(ticker, 5, 5, function() ticks = ticks + 1 end)
      for i = 1, 10 do
        coroutine.wrap(function()
          local result, err = accounts.trigger(state)
          ended = ended + 1
          if not result then failures[i] = tostring(err) end
          if ended == 10 then uv.close(ticker) end
        end)()
      end
      assert.are.equal(0, ended)
      uv.run()
      assert.are.same({}, failures)
      assert.are.equal(10, ended)
      assert.is_true(ticks > 20, ticks)
      local counts = accounts.counts(simulator)
      assert.are.equal(10, counts["PUT /trigger/action"])
      local asked = name == "a password" and "POST /v3/auth/tokens" or "GET /openstack/latest/securitykey"
      assert.are.equal(1, counts[asked])
      client.close(state)
    end)
  end

  it("ends with its cancelled call, and the next call begins another", function()
    local state = assert(accounts.open(simulator, { loop = "uv", username = "alice", password = "correct-horse",
      domain_name = "acme" }))
    local first, second
    local handle = methods.trigger(state, "wf-1", "enable", function(err, result) first = err or result end)
    local timer = uv.new_timer()
    uv.update_time() -- it stood still while the loop did not run
    uv.timer_start(timer, 50, 0, function()
      uv.close(timer)
      handle:cancel()
      methods.trigger(state, "wf-1", "enable", function(err, result) second = err or result end)
    end)
    uv.run()
    assert.are.equal("cancelled", first.kind)
    assert.is_true(second.success, tostring(second))
    client.close(state)
  end)

  it("that waits for a retry ends when its call is cancelled", function()
    simulator.set { latency = 0 }
    simulator.script { { match = "/v3/auth/tokens", status = 503, headers = { ["Retry-After"] = "2" }, times = 3 } }
    local handle, ended, asked
    local state = assert(accounts.open(simulator, { loop = "uv", username = "alice", password = "correct-horse",
      domain_name = "acme", on_event = function(event)
        if event.event ~= "retry" then return end
        local timer = uv.new_timer()
        uv.timer_start(timer, 1, 0, function()
          uv.close(timer)
          asked = uv.hrtime()
          handle:cancel()
        end)
      end }))
    handle = methods.trigger(state, "wf-1", "enable", function(err) ended = err end)
    uv.run()
    assert.are.equal("cancelled", ended.kind)
    assert.is_true((uv.hrtime() - asked) / 1e9 < patience.of(1.5))
    assert.are.equal(1, accounts.counts(simulator)["POST /v3/auth/tokens"])
    client.close(state)
  end)
end)

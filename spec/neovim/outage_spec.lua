--- Proves that Neovim waits for a service that is away without stopping, or no longer than it is allowed to.

local comeback = require "spec.support.comeback"
local neovim = require "spec.support.neovim"
local patience = require "spec.support.patience"

describe("in Neovim an outage", function()
  local function run(seconds, more, script)
    local service = comeback.simulator(seconds)
    for name, value in pairs(more) do service.options[name] = value end
    local answer = neovim.run(([[
      local uv = vim.uv or vim.loop
      local client = require("aom.safe").client(%s)
      local started = uv.hrtime()
      local function elapsed() return (uv.hrtime() - started) / 1e9 end
    ]]):format(comeback.source(service.options)) .. script)
    service.stop()
    return answer
  end

  it("outside of a coroutine is waited for no longer than outage_timeout", function()
    local answer = run(nil, { outage_timeout = 1 }, [[
      local _, err = client:enable "wf-1"
      local first = elapsed()
      client:enable "wf-1"
      return { kind = err.kind, first = first, both = elapsed() }
    ]])
    assert.are.equal("network", answer.kind)
    assert.is_true(answer.first >= 1 and answer.first < 1 + patience.of(0.5), answer.first)
    assert.is_true(answer.both - answer.first < patience.of(0.3), answer.both)
  end)

  it("does not keep Neovim from quitting", function()
    local elapsed = run(nil, {}, [[
      client:enable("wf-1", print)
      coroutine.wrap(function() client:enable "wf-2" end)()
      vim.wait(700, function() return false end)
      return elapsed()
    ]])
    assert.is_true(elapsed < 0.7 + patience.of(1), elapsed)
  end)

  it("costs no part of a bulk, and the editor goes on", function()
    local answer = run(2, {}, [[
      local ids, ticks, report = {}, 0, nil
      for i = 1, 200 do ids[i] = "wf-" .. i end
      local timer = uv.new_timer()
      timer:start(0, 10, function() ticks = ticks + 1 end)
      client:trigger_all(ids, "enable", {}, function(_, done) report = done end)
      vim.wait(15000, function() return report end, 5)
      timer:close()
      return { succeeded = report.succeeded, ticks = ticks, elapsed = elapsed() }
    ]])
    assert.are.equal(200, answer.succeeded)
    assert.is_true(answer.ticks > answer.elapsed * 100 / patience.of(4), answer.ticks)
  end)
end)

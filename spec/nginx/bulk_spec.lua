--- Proves that the calls of a bulk in nginx wait concurrently, and that other requests go on.

local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local SERVER = [[
location /run { content_by_lua_block {
  local aom = require "aom"
  local client = aom.client {
    endpoint = "%s", project_id = "%s", ak = "A", sk = "S", proxy = "", transport = "curl",
  }
  local ids = {}
  for i = 1, 40 do ids[i] = ("wf-%%02d"):format(i) end
  local seen = 0
  local report = client:trigger_all(ids, "enable", { concurrency = 10, on_result = function() seen = seen + 1 end })
  local listed = 0
  for workflow in client:workflows { size = 15 } do listed = listed + 1 end
  local handle, cancelled
  handle = client:trigger_all(ids, "disable", {
    concurrency = 4, on_result = function(_, done) if done == 8 then handle:cancel() end end,
  }, function(err, result) cancelled = err or result end)
  while not cancelled do ngx.sleep(0.01) end
  ngx.say(("%%d %%d %%d %%.3f %%d %%s"):format(report.succeeded, seen, listed, report.elapsed,
    cancelled.succeeded + cancelled.failed, cancelled.failed > 20))
  client:close()
} }
]]

describe("inside nginx", function()
  local simulator, server

  setup(function()
    local ids = {}
    for i = 1, 40 do ids[i] = ("wf-%02d"):format(i) end
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids }
    simulator.set { latency = 0.05 }
    server = nginx.start { server = SERVER:format(simulator.url, PROJECT) }
  end)
  teardown(function()
    server:stop()
    simulator.stop()
  end)

  it("a bulk takes its time, lists are read, and a cancel ends a bulk", function()
    local answer = server:get "/run"
    local succeeded, seen, listed, elapsed, total, many = answer:match "(%d+) (%d+) (%d+) ([%d.]+) (%d+) (%a+)"
    assert.are.equal("40", succeeded, answer .. server:log())
    assert.are.equal("40", seen)
    assert.are.equal("40", listed)
    -- Four rounds of 50 ms, and one for the key; sequentially it would take 2 s.
    assert.is_true(tonumber(elapsed) < patience.of(1.5), elapsed)
    assert.are.equal("40", total)
    assert.are.equal("true", many)
  end)
end)

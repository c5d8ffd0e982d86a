--- Proves that one worker serves many requests with calls at once, while a plain location keeps answering.

local cjson = require "cjson"
local requests = require "spec.support.load"
local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local AK, SK, PROJECT = "LOADKEY", "load-secret", ("0123456789abcdef"):rep(2)

--- Requests `url` in another process; the returned function waits for its end.
local function ask_beside(url, seconds)
  local pipe = assert(io.popen(("luajit %s/spec/support/load.lua %s %s"):format(
    process.quote(process.root), process.quote(url), seconds)))
  return function()
    local line = pipe:read "*l"
    pipe:close()
    assert(line, "the plain location failed")
    return cjson.decode(line)
  end
end

describe("on one worker of nginx", function()
  local simulator, server

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" }, latency = 0.05 }
    server = nginx.start {
      http = ([[
        init_by_lua_block {
          client = require("aom").client { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "",
            transport = "curl" }
        }
      ]]):format(simulator.url, PROJECT, AK, SK),
      server = [[
        location = /trigger { content_by_lua_block { ngx.print(client:trigger("wf-1", "enable").action) } }
        location = /plain { content_by_lua_block { ngx.print "plain" } }
        location = /idle {
          content_by_lua_block {
            local before = os.clock()
            client:trigger("wf-1", "enable")
            ngx.print(("%.6f"):format(os.clock() - before))
          }
        }
      ]],
    }
    server:get "/trigger"
  end)
  teardown(function()
    server:stop()
    simulator.stop()
  end)

  it("200 concurrent calls of 50 ms take well under a second, and delay nothing else", function()
    local rest = ask_beside(server.url .. "/plain", 1.2)()
    local beside = ask_beside(server.url .. "/plain", 1.5)
    process.sleep(0.3)
    local answers, elapsed = requests.at_once(server.url .. "/trigger", 200)
    local plain = beside()
    for i = 1, 200 do assert.are.equal("enable", answers[i].body) end
    print(("nginx: 200 calls of 50 ms took %.3f s; beside them %d plain answers, the slowest %.1f ms (at rest %.1f ms)")
      :format(elapsed, plain.count, plain.slowest * 1000, rest.slowest * 1000))
    assert.is_true(elapsed < patience.of(1), elapsed)
    assert.is_true(plain.count > 20, plain.count)
    assert.is_true(plain.slowest < patience.of(0.15), plain.slowest)
  end)

  it("a call that waits long uses little processor time", function()
    simulator.set { latency = 1 }
    local cost = tonumber((server:get "/idle"))
    print(("nginx: a call of 1 s costs %.1f ms of processor time"):format(cost * 1000))
    assert.is_true(cost < 0.05, cost)
    simulator.set { latency = 0.05 }
  end)
end)

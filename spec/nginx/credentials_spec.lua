--- Proves that a worker renews credentials once for all calls that need them, and delays nothing else.

local accounts = require "spec.support.accounts"
local nginx = require "spec.support.nginx"
local requests = require "spec.support.load"

local sources = {
  ["a password"] = {
    options = 'username = "alice", password = "correct-horse", domain_name = "acme"',
    asked = "POST /v3/auth/tokens",
  },
  -- When everything expires, so does the token for the metadata: that is what is asked for once.
  ["instance metadata"] = { options = "metadata = true", asked = "PUT /meta-data/latest/api/token" },
}

describe("a renewal in nginx", function()
  local simulator, server
  setup(function() simulator = accounts.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.provision()
    simulator.set { latency = 0.2 }
  end)
  after_each(function() server:stop() end)

  for name, source in pairs(sources) do
    it(("by %s is one for 20 calls, and a plain location answers meanwhile"):format(name), function()
      server = nginx.start {
        http = ([[
          init_by_lua_block {
            client = require("aom").client { endpoint = %q, iam_endpoint = %q, metadata_endpoint = %q,
              region = %q, proxy = "", transport = "curl", %s }
          }
        ]]):format(simulator.url, simulator.url, simulator.url, accounts.REGION, source.options),
        server = [[
          location = /trigger { content_by_lua_block { ngx.print(client:trigger("wf-1", "enable").action) } }
          location = /both {
            content_by_lua_block {
              local thread = ngx.thread.spawn(function() return client:trigger("wf-1", "enable").action end)
              local started, turns = ngx.now(), 0
              while coroutine.status(thread) ~= "zombie" and ngx.now() - started < 5 do
                turns = turns + 1
                ngx.sleep(0.005)
                ngx.update_time()
              end
              ngx.print(turns)
            }
          }
        ]],
      }
      -- A worker that stands still has one or two in all of it.
      local turns = tonumber((server:get "/both"))
      assert.is_true(turns > 5, turns)
      simulator.set { expire_issued = true }
      local before = accounts.counts(simulator)[source.asked]
      assert.are.equal(1, before)
      for _, answer in ipairs(requests.at_once(server.url .. "/trigger", 20)) do
        assert.are.equal("enable", answer.body)
      end
      assert.are.equal(2, accounts.counts(simulator)[source.asked])
    end)
  end
end)

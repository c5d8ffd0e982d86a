--- Proves that in nginx an outage costs no request where it is short, and lets none pile up where it lasts.

local comeback = require "spec.support.comeback"
local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local requests = require "spec.support.load"

local SERVER = [[
  location = /enable {
    content_by_lua_block {
      local shared = package.loaded
      shared.spec_client = shared.spec_client or require("aom.safe").client(%s)
      local client = shared.spec_client
      local result, err = client:enable "wf-1"
      ngx.print(result and "ok " .. result.attempts or ("%%s %%d"):format(err.kind, err.attempts))
    }
  }
  location = /plain { content_by_lua_block { ngx.print "plain" } }
]]

for _, transport in ipairs { "curl", "resty" } do
  describe("over " .. transport .. " an outage", function()
    local function run(seconds, more, body)
      local service = comeback.simulator(seconds)
      service.options.transport = transport
      for name, value in pairs(more) do service.options[name] = value end
      local server = nginx.start { path = nginx.resty_path(), server = SERVER:format(comeback.source(service.options)) }
      body(server)
      local log = server:log()
      server:stop()
      service.stop()
      assert.not_matches("lua entry thread aborted", log)
    end

    --- The bodies of many answers, each with how often it came.
    local function ask(server, count)
      local answers, elapsed = requests.at_once(server.url .. "/enable", count)
      local bodies = {}
      for _, answer in ipairs(answers) do bodies[answer.body] = (bodies[answer.body] or 0) + 1 end
      return bodies, elapsed
    end

    it("costs no request", function()
      run(2, {}, function(server) assert.are.same({ ["ok 1"] = 100 }, (ask(server, 100))) end)
    end)

    it("that lasts fails later requests at once", function()
      run(nil, { outage_timeout = 1 }, function(server)
        local bodies, elapsed = ask(server, 100)
        assert.are.same({ ["network 0"] = 100 }, bodies)
        assert.is_true(elapsed >= 1 and elapsed < 1 + patience.of(1), elapsed)
        for _ = 1, 3 do
          bodies, elapsed = ask(server, 100)
          assert.are.same({ ["network 0"] = 100 }, bodies)
          assert.is_true(elapsed < patience.of(0.4), elapsed)
        end
      end)
    end)
  end)
end

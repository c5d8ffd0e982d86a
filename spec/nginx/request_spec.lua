--- Proves that any request waits in nginx as a call does, over libcurl and over lua-resty-http, and that closing
--- a derived client ends its own calls alone.

local any_requests = require "spec.support.any_requests"
local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local LOCATIONS = [[
location /every { content_by_lua_block {
  local client = require("aom.safe").client { endpoint = "%s", project_id = "%s", ak = "A", sk = "S", proxy = "",
    transport = "%s", user_agent = "app/2" }
  ngx.print(require("cjson").encode(dofile("%s/spec/support/any_requests.lua").run(client)))
  client:close()
} }
location /close { content_by_lua_block {
  local client = require("aom.safe").client { endpoint = "%s", project_id = "%s", ak = "A", sk = "S", proxy = "",
    transport = "%s" }
  assert(client:enable "w")
  local derived = client:with { timeout = 20 }
  local told = {}
  local function call(name, one)
    return ngx.thread.spawn(function()
      local result, err = one:enable "w"
      told[#told + 1] = name .. " " .. (err and err.kind or "done")
      -- The light thread is not what was cancelled.
      if err then
        result, err = client:enable "w"
        told[#told + 1] = "after " .. (err and err.kind or "done")
      end
    end)
  end
  local threads = { call("parent", client), call("derived", derived), call("nested", derived:with {}) }
  ngx.sleep(0.05)
  derived:close()
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
  table.sort(told)
  ngx.print(table.concat(told, ", "))
  client:close()
} }
]]

for _, transport in ipairs { "curl", "resty" } do
  describe("in nginx over " .. transport, function()
    local simulator, server

    setup(function()
      simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "w" } }
      local root = process.run("cd '" .. process.root .. "' && pwd"):match "^(.-)\n"
      local url = simulator.url
      server = nginx.start { path = nginx.resty_path(),
        server = LOCATIONS:format(url, PROJECT, transport, root, url, PROJECT, transport) }
    end)
    teardown(function()
      server:stop()
      simulator.stop()
    end)
    before_each(function()
      simulator.reset()
      simulator.set(any_requests.settings)
    end)

    it("every method ends at once, with all headers", function()
      simulator.script(any_requests.script)
      local text = server:get "/every"
      assert.are.same(any_requests.expected, cjson.decode(text), text .. server:log())
      assert.are.same({}, simulator.state().counts.signature_failures)
      assert.are.equal(1, simulator.state().connections.opened - 2, "POST and PATCH have connections of their own")
    end)

    it("closing a derived client ends its own calls alone", function()
      simulator.set { latency = 0.3 }
      assert.are.equal("after done, after done, derived cancelled, nested cancelled, parent done", server:get "/close")
    end)
  end)
end

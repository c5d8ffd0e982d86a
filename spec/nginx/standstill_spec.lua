--- Proves that an answer which came in time counts, though nginx stood still past the deadline.

local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"execution_id":"e-1"}'

for _, transport in ipairs { "curl", "resty" } do
  describe("in nginx over " .. transport, function()
    it("a call gets its answer after another request has kept the worker busy", function()
      local limit = patience.of(1)
      local service = process.rawserver { replies = { GOOD }, delay = limit / 2 }
      local server = nginx.start {
        path = nginx.resty_path(),
        server = ([[
          location = /call {
            content_by_lua_block {
              local client = assert(require("aom.safe").client { endpoint = %q, project_id = %q, ak = "STANDSTILL",
                sk = "S", proxy = "", transport = %q, attempt_timeout = %f, timeout = %f })
              ngx.say(tostring(client:execute "wf-1"))
            }
          }
          location = /busy { content_by_lua_block { os.execute "sleep %f" ngx.say "done" } }
        ]]):format(service.url, PROJECT, transport, limit, 60 + 3 * limit, limit + 2),
      }
      local curl = ("curl --silent --noproxy '*' --max-time %d"):format(60 + 3 * limit)
      local answer = process.run(("%s %s/call & sleep %f; %s -o /dev/null %s/busy; wait"):format(curl, server.url,
        limit / 4, curl, server.url))
      local requests = service.requests()
      server:stop()
      service.stop()
      assert.are.equal(1, #requests)
      assert.not_matches("nil", answer)
      assert.matches("e-1", answer)
    end)
  end)
end

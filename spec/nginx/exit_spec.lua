--- Proves that a worker of nginx ends cleanly, whatever is under way then and whatever its finalisers do.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local AK, SK, PROJECT = "WORKEREND", "worker-end-secret", ("0123456789abcdef"):rep(2)

--- What a worker leaves for its end, beside calls that are in flight or wait for an endpoint.
local LEFT = {
  ["nothing else"] = "",
  ["a finaliser that calls"] = "finalise(function() left.client:enable 'wf-1' end)",
  ["a finaliser that calls with a callback"] = "finalise(function() left.client:enable('wf-1', print) end)",
  ["a finaliser that opens a client and calls"] = [[
    finalise(function() require("aom.safe").client(left.options):enable "wf-1" end)]],
  ["a finaliser that closes the client"] = "finalise(function() left.client:close() end)",
}

local ASK_AND_END = [[
for path in call call away away; do curl --silent --noproxy '*' --max-time 9 %s/$path >/dev/null 2>&1 & done
sleep 0.4
kill -%s %s
wait
]]

for _, transport in ipairs { "curl", "resty" } do
  describe("a worker of nginx over " .. transport .. " ends", function()
    local simulator
    setup(function()
      simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" }, latency = 1 }
    end)
    teardown(function() simulator.stop() end)

    local function start(script)
      return nginx.start {
        path = nginx.resty_path(),
        http = ([[
          init_worker_by_lua_block {
            local left = { options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "", transport = %q } }
            package.loaded.left = left
            left.client = require("aom.safe").client(left.options)
            left.away = require("aom.safe").client { endpoint = "http://127.0.0.1:1", project_id = %q, ak = "A",
              sk = "S", proxy = "", transport = %q, outage_timeout = 1 }
            local function finalise(body)
              left.object = newproxy(true)
              getmetatable(left.object).__gc = function()
                local fine, err = pcall(body)
                -- nginx's own print would crash; this goes to its log.
                io.stderr:write("finalised: ", fine and "well" or tostring(err), "\n")
              end
            end
            %s
          }
        ]]):format(simulator.url, PROJECT, AK, SK, transport, PROJECT, transport, script),
        server = [[
          location = /call { content_by_lua_block { ngx.say(tostring(package.loaded.left.client:enable "wf-1")) } }
          location = /away { content_by_lua_block { ngx.say(tostring(package.loaded.left.away:enable "wf-1")) } }
        ]],
      }
    end

    for name, script in pairs(LEFT) do
      -- With the first one a worker ends when its requests have ended.
      for _, signal in ipairs(script == "" and { "QUIT", "TERM" } or { "TERM" }) do
        it(("at SIG%s with calls under way and %s"):format(signal, name), function()
          local server = start(script)
          process.run(ASK_AND_END:format(server.url, signal, server.pid))
          server.child.wait(5)
          local log = server:log()
          server:stop()
          assert.not_matches("exited on signal", log)
          assert.not_matches("core dumped", log)
          assert.matches("worker process %d+ exited with code 0", log)
          if script ~= "" then assert.matches("finalised: well", log) end
        end)
      end
    end
  end)
end

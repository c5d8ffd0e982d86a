--- A bulk inside nginx: its calls wait side by side, and so do other requests.

local process = require "spec.support.process"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

local CONF = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off; master_process off; pid nginx.pid; error_log error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
  lua_package_path "%s"; lua_package_cpath "%s";
  server {
    listen 127.0.0.1:%d;
    location /ping { return 200 pong; }
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
  }
}
]]

local function get(url) return process.run("curl -s --noproxy '*' --max-time 20 " .. quote(url)) end

describe("inside nginx", function()
  local simulator, server, directory, url

  setup(function()
    local ids = {}
    for i = 1, 40 do ids[i] = ("wf-%02d"):format(i) end
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids, lifetime = 60 }
    simulator.set { latency = 0.05 }
    directory = process.run("mktemp -d"):gsub("%s+$", "")
    -- A port that was free a moment ago.
    local port = simulator.port % 20000 + 20000
    url = "http://127.0.0.1:" .. port
    local conf = assert(io.open(directory .. "/nginx.conf", "w"))
    conf:write(CONF:format(package.path, package.cpath, port, simulator.url, PROJECT))
    conf:close()
    local command = "sh -c 'echo {\\\"pid\\\":$$}; exec env PATH=$PATH:/usr/sbin nginx -p %s -e error.log -c %s'"
    server = process.start(command:format(directory, directory .. "/nginx.conf"))
    for _ = 1, 50 do
      if get(url .. "/ping") == "pong" then break end
      process.run "sleep 0.05"
    end
  end)
  teardown(function()
    server.stop()
    simulator.stop()
    process.run("rm -rf " .. quote(directory))
  end)

  it("a bulk is done in its time, lists are walked, and a cancel ends a bulk", function()
    local answer = get(url .. "/run")
    local succeeded, seen, listed, elapsed, total, many = answer:match "(%d+) (%d+) (%d+) ([%d.]+) (%d+) (%a+)"
    assert.are.equal("40", succeeded, answer .. get("file://" .. directory .. "/error.log"))
    assert.are.equal("40", seen)
    assert.are.equal("40", listed)
    -- Four rounds of 50 ms, and one for the key; one after the other it would take 2 s.
    assert.is_true(tonumber(elapsed) < 1, elapsed)
    assert.are.equal("40", total)
    assert.are.equal("true", many)
  end)
end)

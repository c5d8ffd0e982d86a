--- Makes, uses and drops many clients where 256 descriptors are all there are: on each Lua,
--- and in nginx. Prints for each how long it took, and how many connections it needed.
---
---     luajit spec/soak/run.lua COUNT HOST…
---
--- HOST is "nginx" or the name of a Lua. `make soak` runs all.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

--- `AT_ONCE`: how many calls are under way in nginx.
local soak = { AT_ONCE = 20 }

local LIMIT = 256

local quote = process.quote

local function serve(seconds)
  return process.rawserver {
    replies = { 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}' }, by_request = true, ["then"] = "hold",
    lifetime = math.ceil(seconds),
  }
end

--- How many requests came, over how many connections.
local function count_at(server)
  local requests, connections, seen = 0, 0, {}
  for _, request in ipairs(server.requests()) do
    requests = requests + 1
    if not seen[request.connection] then seen[request.connection], connections = true, connections + 1 end
  end
  return requests, connections
end

local hosts = {}

function hosts.nginx(server, count)
  local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"
  local worker = nginx.start {
    main = ("worker_rlimit_nofile %d;"):format(LIMIT),
    path = root .. "/?.lua;",
    server = ([[
      location = /use {
        content_by_lua_block {
          local clients, threads = require "spec.soak.clients", {}
          local function use() return clients.use(%q, ngx.var.arg_count / %d) end
          for i = 1, %d do threads[i] = ngx.thread.spawn(use) end
          local done = 0
          for _, thread in ipairs(threads) do done = done + select(2, assert(ngx.thread.wait(thread))) end
          ngx.say(done)
        }
      }
    ]]):format(server.url, soak.AT_ONCE, soak.AT_ONCE),
  }
  local output = worker:get("/use?count=" .. count, "--max-time 3600")
  if output ~= ("%d\n"):format(count) then output = output .. worker:log() end
  worker:stop()
  return output
end

local function on(lua, server, count)
  local cpath = ("%s/%s/?.so;;"):format(os.getenv "BUILD" or "build", lua)
  return (process.run(("cd %s; ulimit -n %d; env LUA_CPATH=%s %s spec/soak/clients.lua %s %d 2>&1"):format(
    quote(process.root), LIMIT, quote(cpath), lua, server.url, count)))
end

--- Runs it once.
---@param host string  "nginx", or the name of a Lua
---@param count integer
---@return string output   the count, where all went well
---@return integer requests
---@return integer connections
function soak.run(host, count)
  local server = serve(60 + count / 50)
  local output = (hosts[host] or function(...) return on(host, ...) end)(server, count)
  local requests, connections = count_at(server)
  server.stop()
  return output, requests, connections
end

if arg and arg[0] and arg[0]:find "soak/run%.lua$" then
  local count, failed = tonumber(arg[1]), false
  for i = 2, #arg do
    local started = os.time()
    local output, requests, connections = soak.run(arg[i], count)
    local ok = output == ("%d\n"):format(count) and requests == count and connections <= soak.AT_ONCE
    failed = failed or not ok
    print(("%-7s %s: %d requests over %d connections in %d s%s"):format(arg[i], ok and "ok" or "FAILED", requests,
      connections, os.time() - started, ok and "" or "\n" .. output))
  end
  os.exit(failed and 1 or 0)
end

return soak

--- The hosts of the soak: each does the work of spec/soak/work.lua in one process of its own.

local neovim = require "spec.support.neovim"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local hosts = {}

--- How many descriptors a process may have open.
local LIMIT = 256

local quote = process.quote

local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"

local function core_of(lua)
  local build = os.getenv "BUILD" or "build"
  return ("%s/%s/?.so;;"):format(build:sub(1, 1) == "/" and build or root .. "/" .. build, lua)
end

--- The library that measures, and the variables of who does. What malloc keeps for each thread would count as
--- in use.
local function instruments()
  local folder = process.run "mktemp -d":match "^(%S+)\n"
  local library = folder .. "/measure.so"
  local output, code = process.run(("cc -std=c11 -D_GNU_SOURCE -O2 -shared -fPIC -o %s %s 2>&1"):format(library,
    quote(root .. "/spec/soak/measure.c")))
  assert(code == 0, output)
  return folder, { AOM_SOAK_LIBRARY = library, AOM_SOAK_MEASURE = folder .. "/measured",
    GLIBC_TUNABLES = "glibc.malloc.tcache_count=0" }
end

local function words_of(variables)
  local words = {}
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. value end
  return table.concat(words, " ")
end

local function source_of(plan)
  local list = {}
  for i, each in ipairs(plan) do list[i] = ("{ %q, %d }"):format(each[1], each[2]) end
  return ("{ %s }, %d"):format(table.concat(list, ", "), plan.steps)
end

--- A program that runs all of the plan.
local function program(plan, url)
  return ("package.path = %q .. package.path\nlocal function run() return require('spec.soak.work').run(%q, %s) end\n")
    :format(("%s/lua/?.lua;%s/?.lua;"):format(root, root), url, source_of(plan))
end

local function script(lua, body)
  return function(url, plan, variables)
    local path = process.temporary(program(plan, url) .. body)
    local output = process.run(("ulimit -n %d; env LUA_CPATH=%s %s %s %s 2>&1"):format(LIMIT, quote(core_of(lua)),
      words_of(variables), lua, path))
    os.remove(path)
    return output
  end
end

local PLAIN = "print(run())"
local LUV = "local uv = require 'luv'\ncoroutine.wrap(function() print(run()) end)()\nuv.run()"
local NEOVIM = "return function(finish) coroutine.wrap(function() finish(run()) end)() end"

local function in_neovim(url, plan, variables)
  return (neovim.run(program(plan, url) .. NEOVIM, { limit = plan.limit, env = variables }))
end

-- Clients of one worker wait side by side.
local WORKER = [[
  location = /step {
    content_by_lua_block {
      local work, var = require "spec.soak.work", ngx.var
      work.transport = %q
      local function step(count) work.step(var.arg_what, %q, count, tonumber(var.arg_step)) end
      local at_once = var.arg_what == "clients" and work.AT_ONCE or 1
      local threads = {}
      for i = 1, at_once do threads[i] = ngx.thread.spawn(step, var.arg_count / at_once) end
      for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
      ngx.say "done"
    }
  }
  location = /measure { content_by_lua_block { ngx.say(require("spec.soak.work").measure()) } }
  location = /outcomes { content_by_lua_block { ngx.say(require("spec.soak.work").outcomes()) } }
]]

--- Each step is a request of its own, since nginx frees what a request needs when it ends.
local function walk(worker, plan)
  local lines, limit = {}, "--max-time " .. plan.limit
  for _, each in ipairs(plan) do
    for step = 1, plan.steps do
      local query = ("what=%s&step=%d&count=%d"):format(each[1], step, each[2] / plan.steps)
      local answer = worker:curl("/step?" .. query, limit)
      if answer ~= "done\n" then return answer .. worker:log() end
      if step == plan.steps / 10 or step == plan.steps then
        lines[#lines + 1] = each[1] .. " " .. worker:curl("/measure", limit):gsub("\n", "")
      end
    end
  end
  lines[#lines + 1] = worker:curl("/outcomes", limit)
  return table.concat(lines, "\n")
end

local function in_nginx(transport)
  return function(url, plan, variables)
    local worker = nginx.start {
      env = words_of(variables),
      main = ("worker_rlimit_nofile %d;\nenv AOM_SOAK_LIBRARY;\nenv AOM_SOAK_MEASURE;"):format(LIMIT),
      path = (transport == "resty" and nginx.resty_path() or "") .. root .. "/?.lua;",
      server = WORKER:format(transport, url),
    }
    local output = walk(worker, plan)
    worker:stop()
    return output
  end
end

local SERVER = [[
  keepalive_requests 100000000;
  keepalive_timeout 3600;
  location / { content_by_lua_block { require("spec.soak.server").answer() } }
]]

--- The service, whose chance begins at `seed`.
---@return table server  see spec/support/nginx.lua
function hosts.serve(seed)
  return nginx.start {
    main = "worker_rlimit_nofile 4096;",
    http = ("reset_timedout_connection on;\ninit_worker_by_lua_block { math.randomseed(%d) }"):format(seed),
    path = root .. "/?.lua;",
    server = SERVER,
  }
end

local runners = {
  luv = script("lua5.4", LUV), neovim = in_neovim, nginx = in_nginx "curl", ["nginx-resty"] = in_nginx "resty",
}

--- Runs a plan in a host.
---@param name string   one of those above, or the name of a Lua
---@param url string
---@param plan table    of { what, count }, with `steps` and `limit` (seconds)
---@return string       the lines of work.run, or what went wrong
function hosts.run(name, url, plan)
  local folder, variables = instruments()
  local output = (runners[name] or script(name, PLAIN))(url, plan, variables)
  process.run("rm -rf " .. folder)
  return output
end

return hosts

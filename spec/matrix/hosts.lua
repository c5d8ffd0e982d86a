--- The hosts of the matrix: each runs spec/matrix/probe.lua, or the list's own `probe`, and returns its lines.

local neovim = require "spec.support.neovim"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local quote = process.quote

local function root() return (process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n") end

local function build(lua)
  local folder = os.getenv "BUILD" or "build"
  return (folder:sub(1, 1) == "/" and folder or root() .. "/" .. folder) .. "/" .. lua .. "/?.so;;"
end

--- The list as Lua source: every host can read that.
local function source_of(list)
  local lines = {}
  for i, fault in ipairs(list) do
    local options = {}
    for name, value in pairs(fault.options) do
      local text = type(value) == "string" and ("%q"):format(value) or tostring(value)
      options[#options + 1] = name .. " = " .. text
    end
    lines[i] = ("{ name = %q, execute = %s, options = { %s } },"):format(fault.name, tostring(fault.execute or false),
      table.concat(options, ", "))
  end
  return "return {\n" .. table.concat(lines, "\n") .. "\n}\n"
end

local function load_list(list)
  return ("local list = dofile %q\nlocal probe = dofile %q\n"):format(process.temporary(source_of(list)),
    root() .. "/" .. (list.probe or "spec/matrix/probe.lua"))
end

local function script(lua, body)
  return function(list)
    local path = process.temporary(load_list(list) .. body)
    local output = process.run(("env LUA_PATH=%s LUA_CPATH=%s %s %s 2>&1"):format(quote(root() .. "/lua/?.lua;;"),
      quote(build(lua)), lua, quote(path)))
    os.remove(path)
    return output
  end
end

local PLAIN = "print(probe(list))"
local LUV = "local uv = require 'luv'\ncoroutine.wrap(function() print(probe(list)) end)()\nuv.run()"
local NEOVIM = "return function(finish) coroutine.wrap(function() finish(probe(list)) end)() end"

local function in_nginx(transport)
  return function(list)
    for _, fault in ipairs(list) do fault.options.transport = transport end
    local names = process.start("luajit " .. quote(process.root .. "/spec/support/dns.lua"))
    local server = nginx.start {
      path = transport == "resty" and nginx.resty_path() or nil,
      http = ("lua_ssl_trusted_certificate %s;\nlua_ssl_protocols TLSv1.2 TLSv1.3;\nresolver 127.0.0.1:%d ipv6=off;\n")
        :format(list.ca_file, names.info.port),
      server = ("location = /probe { content_by_lua_block {\n%s\nngx.say(probe(list)) } }"):format(load_list(list)),
    }
    local body = server:get("/probe", "--max-time 300")
    server:stop()
    names.stop()
    return body
  end
end

local hosts = {}
for _, lua in ipairs { "lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit" } do
  hosts[#hosts + 1] = { name = lua, run = script(lua, PLAIN) }
end
hosts[#hosts + 1] = { name = "luv", run = script("lua5.4", LUV) }
hosts[#hosts + 1] = { name = "neovim", run = function(list)
  return (neovim.run(load_list(list) .. NEOVIM, { limit = 300 }))
end }
hosts[#hosts + 1] = { name = "nginx-curl", run = in_nginx "curl" }
if nginx.resty_path() then hosts[#hosts + 1] = { name = "nginx-resty", run = in_nginx "resty" } end

return hosts

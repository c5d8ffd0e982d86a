--- The hosts of the matrix: each runs spec/matrix/probe.lua, or the list's own `probe`, and
--- returns its lines.

local neovim = require "spec.support.neovim"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local quote = process.quote

--- What a host runs, as a list of entries for the probe, which gets it as plain data.
---@class aom.MatrixList
---@field probe? string     the file of the tree that is run
---@field ca_file? string   of the authorities that nginx trusts
---@field resolves? boolean  nginx needs a name server
---@field env? table<string, string>
---@field limit? integer    seconds

---@class aom.MatrixHost
---@field name string
---@field run fun(list: aom.MatrixList): string, string|nil  what it says; how the process has ended, if not well

local LIMIT = 300
local AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

local function root() return (process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n") end

local function build(lua)
  local folder = os.getenv "BUILD" or "build"
  return (folder:sub(1, 1) == "/" and folder or root() .. "/" .. folder) .. "/" .. lua .. "/?.so;;"
end

--- A value as Lua source: every host can read that. What is no plain data is left out.
local function source_of(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local fields = {}
  for name, field in pairs(value) do
    local kind = type(field)
    if kind ~= "function" then fields[#fields + 1] = ("[%s] = %s"):format(source_of(name), source_of(field)) end
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

--- What the probe gets to know of a list.
local function entries_of(list)
  local entries = {}
  for i, entry in ipairs(list) do
    entries[i] = {}
    for name, value in pairs(entry) do
      if name ~= "server" then entries[i][name] = value end
    end
  end
  return entries
end

local written -- the file of the list that is run

local function load_list(list)
  written = process.temporary("return " .. source_of(entries_of(list)))
  return ("local list = dofile %q\nlocal probe = dofile %q\n"):format(written,
    root() .. "/" .. (list.probe or "spec/matrix/probe.lua"))
end

-- SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
local crashes = { [4] = true, [6] = true, [7] = true, [8] = true, [11] = true }

--- What an exit status that a shell tells means: "hung", "crashed", "ended", or nil for zero.
local function ending(code)
  if code == 0 then return nil end
  return code == 124 and "hung" or crashes[code - 128] and "crashed" or "ended"
end

local function words_of(env)
  local words = {}
  for name, value in pairs(env or {}) do words[#words + 1] = name .. "=" .. quote(value) end
  return table.concat(words, " ")
end

local function script(lua, body)
  return function(list)
    local path = process.temporary(load_list(list) .. body)
    local output, code = process.run(("env LUA_PATH=%s LUA_CPATH=%s %s timeout -k 2 %d %s %s 2>&1"):format(
      quote(root() .. "/lua/?.lua;;"), quote(build(lua)), words_of(list.env), list.limit or LIMIT, lua, quote(path)))
    os.remove(path)
    return output, ending(code)
  end
end

local PLAIN = "print(probe(list))"
local LUV = "local uv = require 'luv'\ncoroutine.wrap(function() print(probe(list)) end)()\nuv.run()"
local NEOVIM = "return function(finish) coroutine.wrap(function() finish(probe(list)) end)() end"

local function in_neovim(list)
  local value, output, code = neovim.try(load_list(list) .. NEOVIM, { limit = list.limit or LIMIT, env = list.env })
  return tostring(value or output), ending(code)
end

--- The workers see only the variables that are listed.
local function main_of(env)
  local lines = {}
  for name in pairs(env or {}) do lines[#lines + 1] = ("env %s;"):format(name) end
  return table.concat(lines, "\n")
end

local HTTP = "lua_ssl_trusted_certificate %s;\nlua_ssl_protocols TLSv1.2 TLSv1.3;\n%s"

local function in_nginx(transport)
  return function(list)
    for _, fault in ipairs(list) do fault.options.transport = transport end
    local names = list.resolves and process.start("spec/support/dns.lua", {})
    local server = nginx.start {
      path = transport == "resty" and nginx.resty_path() or nil, env = words_of(list.env), main = main_of(list.env),
      http = HTTP:format(list.ca_file or AUTHORITIES,
        names and ("resolver 127.0.0.1:%d ipv6=off;"):format(names.info.port) or ""),
      server = ("location = /probe { content_by_lua_block {\n%s\nngx.say(probe(list)) } }"):format(load_list(list)),
    }
    local body, _, code = server:curl("/probe", "--max-time " .. (list.limit or LIMIT))
    local log = server:log()
    server:stop()
    if names then names.stop() end
    local signal = tonumber(log:match "exited on signal (%d+)")
    return body, ending(code == 28 and 124 or crashes[signal] and 128 + signal or code)
  end
end

---@type aom.MatrixHost[]
local hosts = {}

local function add(name, run)
  hosts[#hosts + 1] = { name = name, run = function(list)
    local output, how = run(list)
    os.remove(written)
    return output, how
  end }
end

for _, lua in ipairs { "lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit" } do add(lua, script(lua, PLAIN)) end
add("luv", script("lua5.4", LUV))
add("neovim", in_neovim)
add("nginx-curl", in_nginx "curl")
add("nginx-resty", in_nginx "resty")

return hosts

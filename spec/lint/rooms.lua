-- Checks that a file uses only its own layer and the layers before it. Globals of hosts and
-- of the system are luacheck's task: see .luacheckrc.
--
--   lua5.4 spec/lint/rooms.lua [--self-test]
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

-- The layers of lua/aom/, from low to high: "the top" is what stands beside these folders,
-- and the command uses that as its users do.
local ROOMS = { "util", "config", "loop", "http", "api", "credentials", "client", "the top", "cli" }
local TOP = 8

-- Modules of others that one layer alone may need.
local FOREIGN_LUA = { argparse = "cli" }

-- The layers of csrc/ by the prefixes of their files, those of one line unknown to each other.
local LAYERS = {
  { "text", "buffer", "uri", "mask" }, { "sign", "engine", "lockout", "file" }, { "lua_", "module", "compat" },
}

-- Foreign headers, and the only files that may include them.
local FOREIGN = {
  { "^lua%l*%.h$", "lua_", "module", "compat" },
  { "^lauxlib%.h$", "lua_", "module", "compat" },
  { "^curl/", "engine" },
  { "^openssl/", "sign", "engine_tls" },
}

local function room_of(path)
  local name = path:match("^lua/aom/([%w_]+)/") or path:match("^aom%.([%w_]+)%.") or path:match("^aom%.(cli)$")
  for rank, room in ipairs(ROOMS) do
    if room == name then
      return room, rank
    end
  end
  return name == "simulator" and name or ROOMS[TOP], TOP
end

local function check_lua(path, text, complain)
  local room, rank = room_of(path)
  local code = tree.lua_code(text)
  for name in code:gmatch("[\"'](aom%.[%w_.]+)[\"']") do
    local other, other_rank = room_of(name)
    -- The command starts the simulator as a process of its own.
    local is_apart = (room == "simulator") ~= (other == "simulator") and room ~= "cli"
    if (other_rank > rank or is_apart) and (name:find("%..*%.") or other == "cli") then
      complain("%s uses %s: %s is above %s", path, name, other, room)
    end
  end
  for name, owner in pairs(FOREIGN_LUA) do
    if room ~= owner and code:find("[\"']" .. name .. "[\"']") then
      complain("%s uses %s: only %s may", path, name, owner)
    end
  end
  if rank < TOP and code:find("require[%s,(]*[\"']aom[\"']") then
    complain("%s uses aom: the top is above %s", path, room)
  end
end

local function starts_with_any(name, prefixes, first)
  for i = first or 1, #prefixes do
    if name:sub(1, #prefixes[i]) == prefixes[i] then
      return prefixes[i]
    end
  end
end

local function layer_of(name)
  for rank, prefixes in ipairs(LAYERS) do
    local prefix = starts_with_any(name, prefixes)
    if prefix then
      return rank, prefix
    end
  end
end

local function check_c(path, text, complain)
  local name = path:match("[^/]+$")
  local rank, prefix = layer_of(name)
  if not rank then
    return complain("%s is of no layer", path)
  end
  for quote, header in tree.c_code(text):gmatch('#%s*include%s*([<"])([^>"]+)') do
    local other_rank, other = layer_of(header)
    if quote == '"' and (other_rank > rank or other_rank == 2 and rank == 2 and other ~= prefix) then
      complain("%s includes %s, which is not below it", path, header)
    end
    for _, foreign in ipairs(FOREIGN) do
      if quote == "<" and header:find(foreign[1]) and not starts_with_any(name, foreign, 2) then
        complain("%s includes %s: only %s* may", path, header, foreign[2])
      end
    end
  end
end

local function check(files)
  local complaints = {}
  local function complain(...)
    complaints[#complaints + 1] = string.format(...)
  end
  for _, path in ipairs(tree.sorted(files)) do
    (path:find("^lua/") and check_lua or check_c)(path, files[path], complain)
  end
  return complaints
end

local samples = {
  ["a sound tree"] = {
    files = {
      ["csrc/uri.c"] = '#include "buffer.h"\n#include <string.h>\n/* #include <lua.h> */\n',
      ["csrc/lua_sign.c"] = '#include "compat.h"\n#include "sign.h"\n#include <lauxlib.h>\n',
      ["csrc/compat.h"] = "#include <lua.h>\n",
      ["csrc/engine_watch.c"] = '#include "engine_internal.h"\n#include <curl/curl.h>\n',
      ["lua/aom.lua"] = 'local a = require "aom.client.facade"\n-- "aom.nowhere.else"\nreturn a',
      ["lua/aom/client/call.lua"] = 'return require "aom.util.errors", require "aom.client.bulk", require "aom.core"',
      ["lua/aom/simulator/init.lua"] = 'require "aom.simulator.json"',
      ["lua/aom/cli/init.lua"] = 'return require "argparse", require "aom.safe", require "aom.client.bulk"',
    },
  },
  ["Lua in the core"] = { files = { ["csrc/sign.c"] = "#include <lua.h>\n" }, complaint = "sign.c includes lua.h" },
  ["the glue in the core"] = {
    files = { ["csrc/engine.c"] = '#include "compat.h"\n' }, complaint = "engine.c includes compat.h",
  },
  ["curl outside the engine"] = {
    files = { ["csrc/lua_engine.c"] = "# include <curl/curl.h>\n" }, complaint = "includes curl/curl.h",
  },
  ["OpenSSL outside signing"] = {
    files = { ["csrc/buffer.c"] = "#include <openssl/evp.h>\n" }, complaint = "includes openssl/evp.h",
  },
  ["the ground floor looks up"] = {
    files = { ["csrc/uri.c"] = '#include "sign.h"\n' }, complaint = "csrc/uri.c includes sign.h",
  },
  ["neighbours in C"] = {
    files = { ["csrc/sign.h"] = '#include "engine.h"\n' }, complaint = "csrc/sign.h includes engine.h",
  },
  ["a file of no layer in C"] = {
    files = { ["csrc/other.c"] = '#include "text.h"\n' }, complaint = "csrc/other.c is of no layer",
  },
  ["a room looks up"] = {
    files = { ["lua/aom/http/retry.lua"] = 'local f = pcall(require, "aom.client.call")' },
    complaint = "retry.lua uses aom.client.call: client is above http",
  },
  ["a room needs the top"] = {
    files = { ["lua/aom/client/call.lua"] = "return require('aom')" },
    complaint = "call.lua uses aom: the top is above",
  },
  ["the library needs the command"] = {
    files = { ["lua/aom.lua"] = 'return require "aom.cli"' }, complaint = "aom.lua uses aom.cli: cli is above the top",
  },
  ["the library needs what the command needs"] = {
    files = { ["lua/aom/client/call.lua"] = 'require "argparse"' }, complaint = "call.lua uses argparse: only cli may",
  },
  ["a name chosen later"] = {
    files = { ["lua/aom/config/options.lua"] = 'local m = { uv = "aom.loop.uv" }' }, complaint = "loop is above config",
  },
  ["the library needs the simulator"] = {
    files = { ["lua/aom.lua"] = 'require "aom.simulator.json"' }, complaint = "aom.lua uses aom.simulator.json",
  },
  ["the simulator needs the library"] = {
    files = { ["lua/aom/simulator/uri.lua"] = 'require "aom.util.json"' }, complaint = "uri.lua uses aom.util.json",
  },
}

tree.main("rooms", check, samples, function()
  return tree.load({ "csrc", "lua" }, { c = true, h = true, lua = true })
end)

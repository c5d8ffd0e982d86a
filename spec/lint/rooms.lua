-- The walls between the rooms: which file may include, require or mention what.
--
--   lua5.4 spec/lint/rooms.lua [--self-test]
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

-- An outside header and the only files of csrc/ that may see it.
local HEADERS = {
  { "^lua%.h$", "lua_.*", "module", "compat" },
  { "^lauxlib%.h$", "lua_.*", "module", "compat" },
  { "^lualib%.h$", "lua_.*", "module", "compat" },
  { "^luaconf%.h$", "lua_.*", "module", "compat" },
  { "^compat%.h$", "lua_.*", "module" },
  { "^curl/", "engine.*" },
  { "^openssl/", "sign.*" },
}

-- Rooms at the bottom, and all that they may include of ours.
local GROUND = {
  buffer = { ["buffer.h"] = true },
  uri = { ["uri.h"] = true, ["buffer.h"] = true },
  lockout = { ["lockout.h"] = true, ["buffer.h"] = true },
}

-- A word of Lua code, the only files that may use it, and why.
local HOST_FILES = { "^lua/aom/loop/", "^lua/aom/health%.lua$", "^lua/aom/json%.lua$", "^lua/aom/system%.lua$" }
local SYSTEM_FILES = { "^lua/aom/system%.lua$", "^lua/aom/simulator/", "^lua/aom/simulator%.lua$",
  "^lua/aom/health%.lua$" }
local WORDS = {
  { "%f[%w_]ngx%f[^%w_]", "ngx", HOST_FILES, "only a loop knows its host" },
  { "%f[%w_]vim%s*[%.%[:]", "vim", HOST_FILES, "only a loop knows its host" },
  { "%f[%w_]luv%f[^%w_]", "luv", HOST_FILES, "only a loop knows its host" },
  { "os%s*%.%s*getenv", "os.getenv", SYSTEM_FILES, "the environment is read in one place" },
  { "io%s*%.%s*open", "io.open", SYSTEM_FILES, "files are read in one place" },
}

-- Requires inside a function that close a circle on purpose, each with a reason.
local LAZY = {}

local function any(patterns, text)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then
      return true
    end
  end
  return false
end

local function includes_of(text)
  local list = {}
  for line in tree.c_code(text):gmatch("[^\n]+") do
    list[#list + 1] = line:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
  end
  return list
end

local function check_include(path, header, files, complain)
  local room = path:match("([^/]+)%.[ch]$")
  for _, wall in ipairs(HEADERS) do
    if header:find(wall[1]) then
      local names = {}
      for i = 2, #wall do
        names[#names + 1] = "^" .. wall[i] .. "$"
      end
      if not any(names, room) then
        complain("%s includes %s, which is not its business", path, header)
      end
    end
  end
  if GROUND[room] and files["csrc/" .. header] and not GROUND[room][header] then
    complain("%s includes %s, but stands below it", path, header)
  end
end

local function module_name(path)
  return path:match("^lua/(.+)%.lua$"):gsub("/init$", ""):gsub("/", ".")
end

-- The modules a file requires: by name, through pcall, or by a name put together
-- from a prefix, which stands for every module below that prefix.
local function requires_of(text, modules)
  local list = {}
  local code = tree.lua_code(text)
  for name, rest in code:gmatch("%f[%w_]require%s*[%(,]?%s*[\"']([^\"']+)[\"']%s*%)?([^\n]*)") do
    if rest:find("^%s*%.%.") then
      for module in pairs(modules) do
        if module:sub(1, #name) == name then
          list[#list + 1] = module
        end
      end
    else
      list[#list + 1] = name
    end
  end
  return list
end

local function check_require(path, name, modules, complain)
  if name:find("^spec%f[^%w_]") or name:find("^examples%f[^%w_]") then
    complain("%s requires %s: the library never needs its specs or examples", path, name)
  elseif name:find("^aom%f[^%w_]") and name ~= "aom.core" and not modules[name] then
    complain("%s requires %s, which does not exist", path, name)
  end
end

local function check_words(path, text, complain)
  local code = tree.lua_code(text)
  for _, word in ipairs(WORDS) do
    if code:find(word[1]) and not any(word[3], path) then
      complain("%s mentions %s: %s", path, word[2], word[4])
    end
  end
end

-- Walks the graph depth first; a way back to a node that is still open is a cycle.
local function check_cycles(graph, complain)
  local depth, trail = {}, {}
  local function visit(node)
    trail[#trail + 1] = node
    depth[node] = #trail
    for _, to in ipairs(graph[node]) do
      if trail[depth[to] or 0] == to then
        complain("cycle: %s -> %s", table.concat(trail, " -> ", depth[to]), to)
      elseif graph[to] and not depth[to] then
        visit(to)
      end
    end
    trail[#trail] = nil
  end
  for _, node in ipairs(tree.sorted(graph)) do
    if not depth[node] then
      visit(node)
    end
  end
end

local function check_c(files, complain)
  local graph = {}
  for _, path in ipairs(tree.sorted(files)) do
    if path:find("^csrc/") then
      graph[path] = {}
      for _, header in ipairs(includes_of(files[path])) do
        check_include(path, header, files, complain)
        table.insert(graph[path], "csrc/" .. header)
      end
    end
  end
  check_cycles(graph, complain)
end

local function check_lua(files, complain)
  local modules, graph = {}, {}
  for path in pairs(files) do
    if path:find("^lua/") then
      modules[module_name(path)] = path
    end
  end
  for _, name in ipairs(tree.sorted(modules)) do
    local path = modules[name]
    graph[name] = {}
    check_words(path, files[path], complain)
    for _, to in ipairs(requires_of(files[path], modules)) do
      check_require(path, to, modules, complain)
      if not LAZY[name .. " -> " .. to] then
        table.insert(graph[name], to)
      end
    end
  end
  check_cycles(graph, complain)
end

local function check(files)
  local complaints = {}
  local function complain(...)
    complaints[#complaints + 1] = string.format(...)
  end
  check_c(files, complain)
  check_lua(files, complain)
  return complaints
end

local samples = {
  ["a sound tree"] = {
    files = {
      ["csrc/buffer.c"] = '#include "buffer.h"\n#include <string.h>\n/* #include <lua.h> */\n',
      ["csrc/buffer.h"] = "",
      ["csrc/uri.c"] = '#include "buffer.h"\n',
      ["csrc/lua_sign.c"] = '#include "compat.h"\n',
      ["csrc/compat.h"] = "#include <lua.h>\n",
      ["csrc/engine_watch.c"] = "#include <curl/curl.h>\n",
      ["lua/aom.lua"] = 'local a = require "aom.a"\n-- ngx.say, os.getenv\n--[[ vim.fn ]]\nreturn "-- " .. a',
      ["lua/aom/a.lua"] = 'return pcall(require, "cjson")',
      ["lua/aom/loop/uv.lua"] = 'return vim.loop or require("luv")',
      ["lua/aom/util/platform.lua"] = 'return os.getenv("HOME")',
    },
  },
  ["Lua in the core"] = {
    files = { ["csrc/sign.c"] = "#include <lua.h>\n" },
    complaint = "csrc/sign.c includes lua.h",
  },
  ["compat.h in the core"] = {
    files = { ["csrc/engine.c"] = '#include "compat.h"\n' },
    complaint = "csrc/engine.c includes compat.h",
  },
  ["curl outside the engine"] = {
    files = { ["csrc/lua_engine.c"] = "# include <curl/curl.h>\n" },
    complaint = "csrc/lua_engine.c includes curl/curl.h",
  },
  ["OpenSSL outside signing"] = {
    files = { ["csrc/buffer.c"] = "#include <openssl/evp.h>\n" },
    complaint = "csrc/buffer.c includes openssl/evp.h",
  },
  ["the ground floor looks up"] = {
    files = { ["csrc/uri.c"] = '#include "sign.h"\n', ["csrc/sign.h"] = "" },
    complaint = "csrc/uri.c includes sign.h",
  },
  ["headers in a circle"] = {
    files = { ["csrc/sign.h"] = '#include "engine.h"\n', ["csrc/engine.h"] = '#include "sign.h"\n' },
    complaint = "cycle: csrc/engine.h -> csrc/sign.h -> csrc/engine.h",
  },
  ["modules in a circle"] = {
    files = {
      ["lua/aom.lua"] = 'require "aom.a"',
      ["lua/aom/a.lua"] = 'local function f() return require("aom.b") end',
      ["lua/aom/b/init.lua"] = "pcall(require, 'aom.a')",
    },
    complaint = "cycle: aom.a -> aom.b -> aom.a",
  },
  ["a circle through a computed name"] = {
    files = {
      ["lua/aom/loop.lua"] = 'return require("aom.loop." .. name)',
      ["lua/aom/loop/uv.lua"] = 'require "aom.loop"',
    },
    complaint = "cycle: aom.loop -> aom.loop.uv -> aom.loop",
  },
  ["a module that is not there"] = {
    files = { ["lua/aom.lua"] = 'require "aom.gone"' },
    complaint = "requires aom.gone, which does not exist",
  },
  ["the library needs a spec"] = {
    files = { ["lua/aom/a.lua"] = 'require "spec.support.x"' },
    complaint = "lua/aom/a.lua requires spec.support.x",
  },
  ["a host outside the loops"] = {
    files = { ["lua/aom/client/methods.lua"] = "ngx.sleep(1)" },
    complaint = "lua/aom/client/methods.lua mentions ngx",
  },
  ["Neovim outside the loops"] = {
    files = { ["lua/aom/http/retry.lua"] = "return vim.uv" },
    complaint = "lua/aom/http/retry.lua mentions vim",
  },
  ["luv outside the loops"] = {
    files = { ["lua/aom/client/methods.lua"] = 'require "luv"' },
    complaint = "lua/aom/client/methods.lua mentions luv",
  },
  ["the environment elsewhere"] = {
    files = { ["lua/aom/config/resolve.lua"] = 'local x = os.getenv "X"' },
    complaint = "lua/aom/config/resolve.lua mentions os.getenv",
  },
  ["a file elsewhere"] = {
    files = { ["lua/aom/config/resolve.lua"] = "local f = io.open(p)" },
    complaint = "lua/aom/config/resolve.lua mentions io.open",
  },
}

tree.main("rooms", check, samples, function()
  return tree.load({ "csrc", "lua" }, { c = true, h = true, lua = true })
end)

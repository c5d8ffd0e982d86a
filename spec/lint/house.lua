-- Checks that the version is the same everywhere, that no file is too long, that no note
-- such as a to-do is left, that the library loops over tables by lua/aom/util/each.lua and
-- changes the case of letters by lua/aom/util/text.lua, and that C gives Lua no bare pointer.
--
--   lua5.4 spec/lint/house.lua [--self-test]
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

local VERSION = "lua/aom/util/version.lua"
local MAX_LINES = 400

-- Spelt in halves, so that this file may be searched too.
local MARKS = { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X:" }

local function check_version(files, complain)
  local module, changes = files[VERSION], files["CHANGELOG.md"]
  if not module or not changes then
    return
  end
  local ours = module:match("[\"'](%d+%.%d+%.%d+[%w.-]*)[\"']")
  local told = changes:match("\n##%s*%[?v?(%d+%.%d+%.%d+[%w.-]*)")
  if ours ~= told then
    complain("%s says %s, the top of CHANGELOG.md says %s", VERSION, ours, told)
  end
end

local function loops_by_itself(line)
  local iterator = not line:find("^%s*%-%-") and line:match("%f[%w_]in%s+([%w_]+)")
  return iterator == "pairs" or iterator == "next"
end

-- LuaJIT's, which nginx has, do not follow the locale.
local function follows_locale(path, line)
  return not path:find("/loop/nginx_", 1, true) and (line:find(":lower%(") or line:find(":upper%("))
end

-- LuaJIT of 2017 (Ubuntu 22.04) refuses those above 47 bits, as one to the stack is on arm64.
local function gives_pointer(path, line)
  return path:find("^csrc/") and line:find("lightuserdata(", 1, true)
end

local function check_text(path, text, complain)
  local number = 0
  local is_library = path:find("^lua/") and not path:find("/simulator/")
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    for _, mark in ipairs(MARKS) do
      if line:find(mark, 1, true) then
        complain("%s:%d: %s", path, number, mark)
      end
    end
    if is_library and loops_by_itself(line) then
      complain("%s:%d: a loop over pairs or next, in place of aom.util.each", path, number)
    end
    if is_library and follows_locale(path, line) then
      complain("%s:%d: string.lower or string.upper, which follow the locale", path, number)
    end
    if gives_pointer(path, line) then
      complain("%s:%d: a light userdata, which LuaJIT may refuse", path, number)
    end
  end
  local is_made = text:find("^%-%-%- Made by `make doc`")
  if number > MAX_LINES and not is_made and (path:find("^csrc/") or path:find("^lua/")) then
    complain("%s has %d lines, more than %d", path, number, MAX_LINES)
  end
end

local function check(files)
  local complaints = {}
  local function complain(...)
    complaints[#complaints + 1] = string.format(...)
  end
  check_version(files, complain)
  for _, path in ipairs(tree.sorted(files)) do
    check_text(path, files[path], complain)
  end
  return complaints
end

local samples = {
  ["a sound tree"] = { files = { ["csrc/a.c"] = "", ["lua/aom/b/init.lua"] = "" } },
  ["two versions"] = {
    files = { [VERSION] = 'return "0.2.0"\n', ["CHANGELOG.md"] = "# Changes\n\n## 0.1.0\n" },
    complaint = "says 0.2.0",
  },
  ["one version"] = {
    files = { [VERSION] = 'return "0.1.0"\n', ["CHANGELOG.md"] = "# Changes\n\n## [0.1.0] - 2026-01-01\n" },
  },
  ["a note to self"] = {
    files = { ["spec/a.lua"] = "x\n-- " .. MARKS[1] .. ": later\n" },
    complaint = "spec/a.lua:2",
  },
  ["letters of the locale"] = {
    files = { ["lua/aom/a.lua"] = "local a = text.lower(b)\nlocal c = b:lower()\n" },
    complaint = "lua/aom/a.lua:2",
  },
  ["a bare pointer"] = {
    files = { ["csrc/a.c"] = "  lua_pushlightuserdata(L, &w);\n" },
    complaint = "csrc/a.c:1",
  },
  ["letters in nginx"] = { files = { ["lua/aom/loop/nginx_a.lua"] = "local c = b:lower()\n" } },
  ["a loop over pairs"] = {
    files = { ["lua/aom/a.lua"] = "for key in each.pair(t) do end\nfor key in pairs(t) do end\n" },
    complaint = "lua/aom/a.lua:2",
  },
  ["a loop over next"] = {
    files = { ["lua/aom/a.lua"] = "for key in next, t do end\n" },
    complaint = "lua/aom/a.lua:1",
  },
  ["loops of others"] = {
    files = {
      ["lua/aom/a.lua"] = "for i in ipairs(t) do end\n-- in pairs\n",
      ["lua/aom/simulator/a.lua"] = "for key in pairs(t) do end\n",
    },
  },
  ["a giant that is made"] = {
    files = { ["lua/a.lua"] = "--- Made by `make doc` from rows.\n" .. ("\n"):rep(MAX_LINES + 1) },
  },
  ["a giant"] = {
    files = { ["csrc/a.h"] = ("\n"):rep(MAX_LINES + 1) },
    complaint = "has 401 lines",
  },
}

local function load_tree()
  local endings = { c = true, h = true, lua = true, sh = true, md = true, conf = true, yml = true }
  local files = tree.load({ "csrc", "lua", "spec", "examples", "doc", "docs" }, endings)
  for _, path in ipairs { "CHANGELOG.md", "README.md", "Makefile", ".ci/run" } do
    local file = io.open(path, "rb")
    if file then
      file:close()
      files[path] = tree.read(path)
    end
  end
  return files
end

tree.main("house", check, samples, load_tree)

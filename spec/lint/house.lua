-- What has to be kept equal by hand: the rockspec lists every source, and the
-- version is told once. Also: no file grows past a size that one can oversee,
-- and no note to self is left behind.
--
--   lua5.4 spec/lint/house.lua [--self-test]
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

local ROCKSPEC = "aom-scm-1.rockspec"
local VERSION = "lua/aom/util/version.lua"
local MAX_LINES = 400

-- Spelt in halves, so that this file may be searched too.
local MARKS = { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X:" }

local function load_rockspec(text)
  local rockspec = {}
  assert(load(text, ROCKSPEC, "t", rockspec))()
  return rockspec
end

local function module_name(path)
  return path:match("^lua/(.+)%.lua$"):gsub("/init$", ""):gsub("/", ".")
end

local function check_modules(files, modules, complain)
  local known = {}
  for name, path in pairs(modules) do
    if type(path) == "string" then
      known[path] = name
      if not files[path] then
        complain("the rockspec lists %s, which does not exist", path)
      end
    end
  end
  for _, path in ipairs(tree.sorted(files)) do
    if path:find("^lua/.+%.lua$") and known[path] ~= module_name(path) then
      complain('the rockspec lacks ["%s"] = "%s"', module_name(path), path)
    end
  end
end

local function check_sources(files, sources, complain)
  local known = {}
  for _, path in ipairs(sources) do
    known[path] = true
    if not files[path] then
      complain("the rockspec lists %s, which does not exist", path)
    end
  end
  for _, path in ipairs(tree.sorted(files)) do
    if path:find("^csrc/.+%.c$") and not known[path] then
      complain('the rockspec lacks the source "%s"', path)
    end
  end
end

local function check_rockspec(files, complain)
  if not files[ROCKSPEC] then
    return
  end
  local modules = load_rockspec(files[ROCKSPEC]).build.modules
  check_modules(files, modules, complain)
  check_sources(files, modules["aom.core"].sources, complain)
end

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

local function check_text(path, text, complain)
  local number = 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    for _, mark in ipairs(MARKS) do
      if line:find(mark, 1, true) then
        complain("%s:%d: %s", path, number, mark)
      end
    end
  end
  if number > MAX_LINES and (path:find("^csrc/") or path:find("^lua/")) then
    complain("%s has %d lines, more than %d", path, number, MAX_LINES)
  end
end

local function check(files)
  local complaints = {}
  local function complain(...)
    complaints[#complaints + 1] = string.format(...)
  end
  check_rockspec(files, complain)
  check_version(files, complain)
  for _, path in ipairs(tree.sorted(files)) do
    check_text(path, files[path], complain)
  end
  return complaints
end

local function rock(body)
  return "build = { modules = { " .. body .. " } }\n"
end

local samples = {
  ["a sound tree"] = {
    files = {
      [ROCKSPEC] = rock('["aom.core"] = { sources = { "csrc/a.c" } }, ["aom.b"] = "lua/aom/b/init.lua"'),
      ["csrc/a.c"] = "",
      ["lua/aom/b/init.lua"] = "",
    },
  },
  ["a source forgotten"] = {
    files = { [ROCKSPEC] = rock('["aom.core"] = { sources = {} }'), ["csrc/a.c"] = "" },
    complaint = 'lacks the source "csrc/a.c"',
  },
  ["a source gone"] = {
    files = { [ROCKSPEC] = rock('["aom.core"] = { sources = { "csrc/a.c" } }') },
    complaint = "lists csrc/a.c, which does not exist",
  },
  ["a module forgotten"] = {
    files = { [ROCKSPEC] = rock('["aom.core"] = { sources = {} }'), ["lua/aom/a.lua"] = "" },
    complaint = 'lacks ["aom.a"]',
  },
  ["a module misnamed"] = {
    files = {
      [ROCKSPEC] = rock('["aom.core"] = { sources = {} }, ["aom.b"] = "lua/aom/a.lua"'),
      ["lua/aom/a.lua"] = "",
    },
    complaint = 'lacks ["aom.a"]',
  },
  ["a module gone"] = {
    files = { [ROCKSPEC] = rock('["aom.core"] = { sources = {} }, ["aom.a"] = "lua/aom/a.lua"') },
    complaint = "lists lua/aom/a.lua, which does not exist",
  },
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
  ["a giant"] = {
    files = { ["csrc/a.h"] = ("\n"):rep(MAX_LINES + 1) },
    complaint = "has 401 lines",
  },
}

local function load_tree()
  local endings = { c = true, h = true, lua = true, sh = true, md = true, conf = true, yml = true }
  local files = tree.load({ "csrc", "lua", "spec", "examples", "doc", "docs" }, endings)
  for _, path in ipairs { ROCKSPEC, "CHANGELOG.md", "README.md", "Makefile", ".ci/run" } do
    local file = io.open(path, "rb")
    if file then
      file:close()
      files[path] = tree.read(path)
    end
  end
  return files
end

tree.main("house", check, samples, load_tree)

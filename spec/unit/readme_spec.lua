--- Proves that what the README points at exists: its sections, files, make targets, and
--- the functions by which it shows how calls run.

local process = require "spec.support.process"

local function read(path)
  local file = io.open(process.root .. "/" .. path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

local readme = read "README.md"

--- The matches of a pattern, each once, and an error if there are fewer than expected.
local function all(text, pattern, least)
  local list, listed = {}, {}
  for first, second in text:gmatch(pattern) do
    local key = first .. (second and ":" .. second or "")
    if not listed[key] then list[#list + 1] = { first, second, key = key } end
    listed[key] = true
  end
  assert(#list >= least, "the README has no " .. pattern)
  return list
end

--- The anchor that GitHub makes of a heading.
local function anchor_of(heading) return (heading:lower():gsub("[^%w _-]", ""):gsub(" ", "-")) end

describe("the README", function()
  local anchors = {}
  for heading in ("\n" .. readme):gmatch "\n#+ ([^\n]+)" do anchors[anchor_of(heading)] = true end

  for _, link in ipairs(all(readme, "%]%(#([%w_-]+)%)", 10)) do
    it("has the section #" .. link[1], function() assert.is_true(anchors[link[1]]) end)
  end

  for _, link in ipairs(all(readme, "%]%((%l[%w_/.]+)%)", 3)) do
    it("links to " .. link[1], function() assert.truthy(io.open(process.root .. "/" .. link[1])) end)
  end

  local makefile = "\n" .. read "Makefile"
  for _, target in ipairs(all(readme, "\nmake (%l+)", 5)) do
    it("names a target of make: " .. target[1], function()
      assert.truthy(makefile:find("\n" .. target[1] .. ":", 1, true))
    end)
  end

  for _, step in ipairs(all(readme, "`(%l+/[%l%d_/]+):([%l_]+)`", 30)) do
    it("names a function: " .. step.key, function()
      local path = step[1]:find "^csrc/" and step[1] .. ".c" or "lua/aom/" .. step[1] .. ".lua"
      local text = assert(read(path), path)
      local call = step[2] .. "%("
      assert.truthy(text:find("function " .. call) or text:find("function [%a_]+[.:]" .. call)
        or text:find("\n[%a_ *]+[ *]" .. call), path .. " has no function " .. step[2])
    end)
  end
end)

--- Proves that what the documents point at exists: sections, files, make targets, specs, and
--- the functions by which they show how calls run; and that the translation keeps step.

local documents = require "spec.support.documents"
local process = require "spec.support.process"

local read = documents.read

--- The matches of a pattern, each once, and an error if there are fewer than expected.
local function all(text, pattern, least)
  local list, listed = {}, {}
  for first, second in text:gmatch(pattern) do
    local key = first .. (second and ":" .. second or "")
    if not listed[key] then list[#list + 1] = { first, second, key = key } end
    listed[key] = true
  end
  assert(#list >= least, "there is no " .. pattern)
  return list
end

local function exists(path)
  local file = io.open(process.root .. "/" .. path)
  if file then file:close() end
  return file ~= nil
end

--- The path that a link names, seen from the document that holds it.
local function resolve(document, link)
  local folder = document:match "^(.*/)" or ""
  local path = folder .. link
  while path:find "[^/]+/%.%./" do path = path:gsub("[^/]+/%.%./", "", 1) end
  return path
end

local anchors = {}
local function has_anchor(path, anchor)
  if not anchors[path] then
    anchors[path] = {}
    for _, heading in ipairs(documents.headings(path)) do anchors[path][heading.anchor] = true end
  end
  return anchors[path][anchor]
end

local linked = {}

for _, path in ipairs(documents.paths()) do
  describe(path, function()
    for _, link in ipairs(all(read(path), "%]%(([^)]+)%)", 0)) do
      local target = link[1]
      if not target:find "^https?://" then
        local file, anchor = target:match "^([^#]*)#?(.*)$"
        file = file == "" and path or resolve(path, file)
        linked[path .. " " .. file] = true
        it("links to " .. target, function()
          assert.is_true(exists(file), file)
          assert.is_true(anchor == "" or has_anchor(file, anchor), target)
        end)
      end
    end

    it("has a place for each block to run", function()
      for _, block in ipairs(documents.blocks(path)) do
        assert.truthy(path == "README.zh-CN.md" or documents.runner(block),
          ("line %d: nothing runs a block of %q"):format(block.line, block.language))
      end
    end)
  end)
end

describe("the README", function()
  it("fits 220 lines", function()
    local _, lines = read "README.md":gsub("\n", "")
    assert.is_true(lines <= 220, lines .. " lines")
  end)

  for _, path in ipairs(documents.paths()) do
    it("leads to " .. path, function()
      assert.is_true(path == "README.md" or linked["README.md " .. path] == true)
    end)
  end

  local makefile = "\n" .. read "Makefile"
  for _, target in ipairs(all(read "README.md" .. read "doc/development.md" .. read "doc/install.md",
    "\nmake (%l+)", 9)) do
    it("names a target of make: " .. target[1], function()
      assert.truthy(makefile:find("\n" .. target[1] .. ":", 1, true))
    end)
  end

  for _, step in ipairs(all(read "doc/development.md", "`(%l+/[%l%d_/]+):([%l_]+)`", 30)) do
    it("shows a function by its name: " .. step.key, function()
      local path = step[1]:find "^csrc/" and step[1] .. ".c" or "lua/aom/" .. step[1] .. ".lua"
      local text = assert(read(path), path)
      local call = step[2] .. "%("
      assert.truthy(text:find("function " .. call) or text:find("function [%a_]+[.:]" .. call)
        or text:find("\n[%a_ *]+[ *]" .. call), path .. " has no function " .. step[2])
    end)
  end
end)

describe("the Chinese README", function()
  local function shape(path)
    local levels, code = {}, {}
    for _, heading in ipairs(documents.headings(path)) do levels[#levels + 1] = heading.level end
    for _, block in ipairs(documents.blocks(path)) do code[#code + 1] = block.language .. "\n" .. block.text end
    local _, rows = read(path):gsub("\n|", "")
    return { levels = levels, code = code, rows = rows }
  end

  it("has the headings, the tables and the code of the English one", function()
    assert.are.same(shape "README.md", shape "README.zh-CN.md")
  end)
end)

describe("doc/security.md", function()
  local text = read "doc/security.md"

  it("names a spec in each row", function()
    for row in text:gmatch "\n| ([^\n]+)" do
      if not row:find "^promise |" and not row:find "^%-%-%-" then
        assert.truthy(row:find '`spec/[%w_/]+_spec%.lua`: "[^"]+"', row)
      end
    end
  end)

  for _, proof in ipairs(all(text, '`(spec/[%w_/]+_spec%.lua)`: "([^"]+)"', 25)) do
    it("names a spec that exists: " .. proof.key, function()
      assert.truthy(assert(read(proof[1]), proof[1]):find(proof[2], 1, true))
    end)
  end
end)

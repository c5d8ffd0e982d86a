-- Checks types with the language server of Lua: the README, the other documents and the examples
-- are right, and each line of spec/lint/mistakes.lua that says so is wrong.
--
--   lua5.4 spec/lint/types.lua [--self-test]
package.path = "./?.lua;" .. package.path
local cjson = require "cjson"
local tree = require "spec.lint.tree"

local MISTAKES = "spec/lint/mistakes.lua"

-- What stands before each code block of a document; line numbers stay.
local PREAMBLE = 'local aom = require "aom"; local client = aom.client(); print(client) '

local SETTINGS = {
  ["runtime.version"] = "Lua 5.4",
  ["diagnostics.globals"] = { "ngx", "vim", "jit", "arg" },
  ["workspace.checkThirdParty"] = false,
  -- What scripts for five Luas do on purpose, and what luacheck looks at.
  ["diagnostics.disable"] = { "deprecated", "lowercase-global", "redefined-local", "unused-local", "empty-block" },
}

--- The Lua blocks of a document, each with the line that it begins after. One that is no Lua,
--- such as a sketch, is left out.
local function blocks_of(text)
  local blocks, line, block = {}, 0, nil
  for words in (text .. "\n"):gmatch "([^\n]*)\n" do
    line = line + 1
    if block and words:find "^```" then
      if load(table.concat(block, "\n")) then blocks[#blocks + 1] = block end
      block = nil
    elseif block then
      block[#block + 1] = words
    elseif words:find "^```lua" then
      block = { line = line }
    end
  end
  return blocks
end

--- What is to be checked: path to { text, document, line }.
local function load_tree()
  local files = tree.load({ "examples", "doc" }, { lua = true, md = true })
  files["README.md"], files[MISTAKES] = tree.read "README.md", tree.read(MISTAKES)
  local translated = io.open "README.zh-CN.md"
  if translated then files["README.zh-CN.md"] = translated:read "a" end
  return files
end

--- Writes what is to be checked into a folder, and returns what each file there comes from.
local function lay_out(folder, files)
  local origins, count = {}, 0
  local function put(path, line, text)
    count = count + 1
    local name = ("%03d.lua"):format(count)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
    origins[name] = { path = path, line = line, text = text }
  end
  for _, path in ipairs(tree.sorted(files)) do
    if path:find "%.md$" then
      for _, block in ipairs(blocks_of(files[path])) do
        put(path, block.line, PREAMBLE .. table.concat(block, "\n"))
      end
    else
      put(path, 0, files[path])
    end
  end
  return origins
end

--- Runs the language server, and returns what it says: origin, line, code and message.
local function diagnose(folder, origins)
  local settings = {}
  for name, value in pairs(SETTINGS) do settings[name] = value end
  local here = io.popen("pwd"):read "l"
  settings["workspace.library"] = { here .. "/lua" }
  local file = assert(io.open(folder .. "/.luarc.json", "wb"))
  file:write(cjson.encode(settings))
  file:close()
  local output = folder .. "/found.json"
  os.execute(("lua-language-server --check %s --checklevel=Warning --check_format=json --check_out_path=%s"
    .. " --logpath=%s/log >%s/output 2>&1"):format(folder, output, folder, folder))
  local found = io.open(output)
  local list = {}
  local text = found and found:read "a"
  if not text then
    -- It writes no file where it finds nothing.
    local said = tree.read(folder .. "/output")
    assert(said:find "no problems found", said)
    return list
  end
  for uri, diagnostics in pairs(cjson.decode(text)) do
    local origin = origins[uri:match "[^/]+$"]
    for _, it in ipairs(origin and diagnostics or {}) do
      list[#list + 1] = { origin = origin, line = it.range.start.line + 1, code = it.code, message = it.message }
    end
  end
  return list
end

--- The code that each line of the mistakes expects.
local function expectations(text)
  local expected, line = {}, 0
  for words in (text .. "\n"):gmatch "([^\n]*)\n" do
    line = line + 1
    expected[line] = words:match "%-%-> ([%w-]+)$"
  end
  return expected
end

local function check(files)
  local folder = io.popen("mktemp -d"):read "l"
  local complaints, seen = {}, {}
  local expected = expectations(files[MISTAKES] or "")
  for _, it in ipairs(diagnose(folder, lay_out(folder, files))) do
    local is_meant = it.origin.path == MISTAKES and expected[it.line] == it.code
    if is_meant then
      seen[it.line] = true
    else
      complaints[#complaints + 1] = ("%s:%d: %s: %s"):format(it.origin.path, it.origin.line + it.line, it.code,
        it.message:match "^[^\n]*")
    end
  end
  for line, code in pairs(expected) do
    if not seen[line] then complaints[#complaints + 1] = ("%s:%d: not found: %s"):format(MISTAKES, line, code) end
  end
  os.execute("rm -rf " .. folder)
  table.sort(complaints)
  return complaints
end

local samples = {
  ["right code"] = {
    files = { ["a.lua"] = 'require("aom").enable "id"\n', ["a.md"] = "```lua\nclient:close()\n```\n" },
  },
  ["a misspelt option in an example"] = {
    files = { ["a.lua"] = 'require("aom").client { regoin = "x" }\n' }, complaint = "a.lua:1: assign-type-mismatch",
  },
  ["a misspelt method in a document"] = {
    files = { ["a.md"] = "text\n\n```lua\nlocal id = 1\nclient:triger(id)\n```\n" },
    complaint = "a.md:5: undefined-field",
  },
  ["a mistake that is none"] = {
    files = { [MISTAKES] = "print(1) --> undefined-field\n" }, complaint = "mistakes.lua:1: not found: undefined-field",
  },
  ["another mistake than was meant"] = {
    files = { [MISTAKES] = "print(x) --> undefined-field\n" }, complaint = "mistakes.lua:1: undefined-global",
  },
}

tree.main("types", check, samples, load_tree)

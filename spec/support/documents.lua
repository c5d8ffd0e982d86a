--- The documents of this project, and their blocks of code: each block runs in a spec.

local process = require "spec.support.process"

local documents = {}

--- Reads a file; nil if there is none.
---@param path string
---@return string?
function documents.contents(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

--- Reads a file of the project; nil if there is none.
---@param path string
---@return string?
function documents.read(path) return documents.contents(process.root .. "/" .. path) end

--- All documents: the READMEs, the changelog, and doc/.
---@return string[] paths
function documents.paths()
  local list = { "README.md", "README.zh-CN.md", "CHANGELOG.md" }
  local names = process.run("cd " .. process.quote(process.root) .. " && ls doc/*.md")
  for path in names:gmatch "%S+" do list[#list + 1] = path end
  return list
end

--- The anchor that GitHub makes of a heading: letters of any script stay, punctuation goes.
---@param heading string
---@return string
function documents.anchor(heading)
  local text = heading:lower():gsub("[\227-\239][\128-\191][\128-\191]", function(letter)
    -- The punctuation of Chinese, of U+3000 and of U+FF00 and on.
    return (letter:find "^\227\128" or letter:find "^\239\188" or letter:find "^\239\189") and "" or letter
  end)
  return (text:gsub("[^%w\128-\255 _-]", ""):gsub(" ", "-"))
end

--- The lines of a document, each with whether it is code.
local function lines_of(path)
  local lines, fence = {}, false
  for line in (assert(documents.read(path), path) .. "\n"):gmatch "([^\n]*)\n" do
    local is_fence = line:find "^%s*```" ~= nil
    if is_fence then fence = not fence end
    lines[#lines + 1] = { text = line, is_fence = is_fence, is_code = fence and not is_fence }
  end
  return lines
end

--- The headings of a document.
---@param path string
---@return { level: integer, text: string, anchor: string }[]
function documents.headings(path)
  local list = {}
  for _, line in ipairs(lines_of(path)) do
    local marks, text = line.text:match "^(#+) (.+)$"
    if marks and not line.is_code then
      list[#list + 1] = { level = #marks, text = text, anchor = documents.anchor(text) }
    end
  end
  return list
end

--- The blocks of code of a document, each with its language, the anchor of its section, and
--- the number of its first line.
---@param path string
---@return { path: string, language: string, section: string, line: integer, text: string }[]
function documents.blocks(path)
  local list, section, block = {}, "", nil
  for number, line in ipairs(lines_of(path)) do
    if line.is_fence and block then
      block.text = table.concat(block, "\n") .. "\n"
      list[#list + 1], block = block, nil
    elseif line.is_fence then
      block = { path = path, language = line.text:match "```(%S*)", section = section, line = number + 1 }
    elseif block then
      block[#block + 1] = line.text
    else
      local heading = line.text:match "^#+ (.+)$"
      section = heading and documents.anchor(heading) or section
    end
  end
  return list
end

-- Where a block runs if its language does not say it all.
local by_section = {
  ["README.md#openresty nginx"] = "nginx",
  ["README.md#neovim lua"] = "neovim",
  ["doc/hosts.md#plenaryasync lua"] = "neovim",
  ["doc/hosts.md#nvim-nio lua"] = "neovim",
}

local by_language = { lua = "lua", sh = "shell", ini = "settings", yaml = "settings", crontab = "crontab",
  text = "output" }

--- The kind of spec that runs a block; nil if none does.
---@param block table
---@return string?
function documents.runner(block)
  return by_section[("%s#%s %s"):format(block.path, block.section, block.language)] or by_language[block.language]
end

--- The blocks that one kind of spec has to run, of all documents but the translation.
---@param kind string
---@return table[]
function documents.blocks_for(kind)
  local list = {}
  for _, path in ipairs(documents.paths()) do
    if path ~= "README.zh-CN.md" then
      for _, block in ipairs(documents.blocks(path)) do
        if documents.runner(block) == kind then list[#list + 1] = block end
      end
    end
  end
  assert(#list > 0, "no block is for " .. kind)
  return list
end

return documents

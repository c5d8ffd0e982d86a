--- Reads the classes and aliases that LuaCATS annotations describe.

local annotations = {}

local OPEN, CLOSE = { ["("] = true, ["{"] = true, ["<"] = true }, { [")"] = true, ["}"] = true, [">"] = true }

--- The type at the beginning of a text, and what follows it. A type goes on after `|`, `:` and
--- `,`, and inside brackets and quotes.
local function split_type(text)
  local depth, quoted, last = 0, false, ""
  for at = 1, #text do
    local char = text:sub(at, at)
    if char == '"' then quoted = not quoted end
    if not quoted and OPEN[char] then depth = depth + 1 end
    if not quoted and CLOSE[char] then depth = depth - 1 end
    if char == " " and depth == 0 and not quoted and not last:find "[|:,]" then
      return text:sub(1, at - 1), (text:sub(at):gsub("^%s+", ""))
    end
    if char ~= " " then last = char end
  end
  return text, ""
end

local function read_field(text)
  local name, optional, rest = text:match "^([%w_]+)(%??)%s+(.*)$"
  if not name then return nil end
  local type, meaning = split_type(rest)
  return { name = name, optional = optional == "?", type = type, meaning = meaning }
end

--- Adds what a block of comment lines describes.
local function read_block(lines, found)
  local words, class, field = {}, nil, nil
  for _, line in ipairs(lines) do
    local tag, rest = line:match "^%-%-%-@(%w+)%s+(.*)$"
    local name, parent = (rest or ""):match "^(aom%.%w+):?%s*(.*)$"
    if tag == "class" and name then
      class = { name = name, parent = parent ~= "" and parent or nil, meaning = table.concat(words, " "), fields = {} }
      found[name] = class
    elseif tag == "alias" and name then
      class = { name = name, alias = parent ~= "" and parent or nil, meaning = table.concat(words, " "), fields = {},
        values = {} }
      found[name] = class
    elseif tag == "field" and class then
      field = not rest:find "^private" and read_field(rest) or nil
      class.fields[#class.fields + 1] = field
    elseif line:find "^%-%-%-| " and class and class.values then
      local value, meaning = line:match '^%-%-%-| "(.-)"%s*#?%s*(.*)$'
      class.values[#class.values + 1] = { value = value, meaning = meaning }
    elseif not tag then
      local text = line:gsub("^%-%-%-?%s*", "")
      if field then
        field.meaning = (field.meaning .. " " .. text):gsub("^ ", "")
      elseif not class then
        words[#words + 1] = text
      end
    end
  end
end

--- The classes of a file, by name.
---@param text string
---@param found table<string, table>
function annotations.read(text, found)
  local block = {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    if line:find "^%-%-%-" then
      block[#block + 1] = line
    else
      read_block(block, found)
      block = {}
    end
  end
end

return annotations

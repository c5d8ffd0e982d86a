--- How many columns of a terminal a text takes: Chinese, Japanese and Korean characters and
--- emoji take two, combining marks none.

local text = require "aom.util.text"
local utf8 = require "aom.util.utf8"

local width = {}

-- First and last code points, ascending, as in Unicode's EastAsianWidth.txt (W and F).
local WIDE = {
  0x1100, 0x115F, 0x231A, 0x231B, 0x23E9, 0x23EC, 0x2614, 0x2615, 0x26A1, 0x26A1, 0x2705, 0x2705, 0x274C, 0x274C,
  0x2B50, 0x2B50, 0x2E80, 0x303E, 0x3041, 0xA4CF, 0xA960, 0xA97F, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F,
  0xFF01, 0xFF60, 0xFFE0, 0xFFE6, 0x16FE0, 0x18CFF, 0x1AFF0, 0x1B2FF, 0x1F300, 0x1F64F, 0x1F680, 0x1F6FF,
  0x1F900, 0x1F9FF, 0x1FA70, 0x1FAFF, 0x20000, 0x3FFFD,
}

-- Combining marks, joiners and variation selectors.
local NONE = {
  0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x064B, 0x065F, 0x0E34, 0x0E3A, 0x0E47, 0x0E4E, 0x1AB0, 0x1AFF,
  0x1DC0, 0x1DFF, 0x200B, 0x200F, 0x20D0, 0x20FF, 0x302A, 0x302D, 0x3099, 0x309A, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F,
  0xFEFF, 0xFEFF, 0xE0100, 0xE01EF,
}

local function is_in(ranges, point)
  for i = 1, #ranges, 2 do
    if point < ranges[i] then return false end
    if point <= ranges[i + 1] then return true end
  end
  return false
end

-- What the first byte of a character adds, by its length.
local LEAD = { 0, 0xC0, 0xE0, 0xF0 }

local function point_of(character)
  local point = character:byte() - LEAD[#character]
  for i = 2, #character do point = point * 64 + character:byte(i) - 0x80 end
  return point
end

local function columns_of(character)
  if #character == 1 then return 1 end
  local point = point_of(character)
  return is_in(NONE, point) and 0 or is_in(WIDE, point) and 2 or 1
end

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

--- A text that a terminal shows as it is: valid UTF-8, and no control characters.
---@param value string
---@return string
function width.printable(value)
  value = text.one_line(value)
  return utf8.is_utf8(value) and value or (value:gsub("[\128-\255]", "?"))
end

--- The columns that a printable text takes.
---@param value string
---@return integer
function width.of(value)
  local columns = 0
  for character in value:gmatch(CHARACTER) do columns = columns + columns_of(character) end
  return columns
end

--- A printable text in at most `limit` columns; one that is cut ends with "…".
---@param value string
---@param limit integer
---@return string
function width.cut(value, limit)
  if width.of(value) <= limit then return value end
  local parts, columns = {}, 0
  for character in value:gmatch(CHARACTER) do
    columns = columns + columns_of(character)
    if columns > limit - 1 then break end
    parts[#parts + 1] = character
  end
  return table.concat(parts) .. "…"
end

--- A printable text in exactly `columns` columns, cut or padded on the right.
---@param value string
---@param columns integer
---@return string
function width.fit(value, columns)
  value = width.cut(value, columns)
  return value .. (" "):rep(columns - width.of(value))
end

--- A printable text in lines of at most `limit` columns, but for words that are longer.
---@param value string
---@param limit integer
---@return string[]
function width.wrap(value, limit)
  local lines = {}
  for word in value:gmatch "%S+" do
    local longer = #lines > 0 and lines[#lines] .. " " .. word
    if longer and width.of(longer) <= limit then lines[#lines] = longer else lines[#lines + 1] = word end
  end
  return lines
end

return width

--- Questions about texts that many modules ask: what stands between the blanks, what
--- percent-encoding stands for, and whether control bytes are in it.

local text = {}

--- A text without the blanks around it. The pattern `^%s*(.-)%s*$` would take quadratic
--- time, and a server may send a million blanks.
---@param value string
---@return string
function text.trim(value)
  local from = value:find "%S"
  return from and value:match(".*%S", from) or ""
end

--- The bytes that percent-encoding stands for. What is no escape stays.
---@param value string
---@return string
function text.percent_decode(value)
  return (value:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Up to here a whole number has no exponent.
local MOST = 2 ^ 63

--- A string, boolean or finite number as text, the same in each Lua and in each locale; nil for
--- anything else.
---@param value any
---@return string|nil
function text.of(value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then return nil end
  if math.type and math.type(value) == "integer" then return ("%d"):format(value) end
  if value % 1 == 0 and math.abs(value) < MOST then return (("%.0f"):format(value):gsub("^%-0$", "0")) end
  -- A locale may have any bytes as its decimal point.
  return (tostring(value):gsub("[^%-+0-9e]+", "."))
end

--- A number with so many decimals, for messages, the same in each locale.
---@param value number
---@param digits integer
---@return string
function text.fixed(value, digits)
  return (("%." .. digits .. "f"):format(value):gsub("[^%-a-z0-9]+", "."))
end

local lower, upper = {}, {}
for letter in ("abcdefghijklmnopqrstuvwxyz"):gmatch "." do
  local capital = string.char(letter:byte() - 32)
  lower[capital], upper[letter] = letter, capital
end

--- In lower case, as far as it is ASCII. string.lower follows the locale, and in Turkish the
--- small letter of "I" is not "i".
---@param value string
---@return string
function text.lower(value) return (value:gsub("[A-Z]", lower)) end

--- The same in upper case.
---@param value string
---@return string
function text.upper(value) return (value:gsub("[a-z]", upper)) end

local CONTROL = "[%z\1-\31\127]"

--- Whether a text holds a control byte. A line break in a credential, a header or a URL
--- would let it write headers of its own.
---@param value string
---@return boolean
function text.has_control(value) return value:find(CONTROL) ~= nil end

--- A text fit for one line of a log: control bytes would let a server forge lines, or
--- command a terminal. Those above 127 are two bytes each in UTF-8.
---@param value string
---@return string
function text.one_line(value)
  return (value:gsub(CONTROL .. "+", " "):gsub("\194[\128-\159]", " "))
end

--- The first bytes of a text. A multi-byte character that the cut goes through is left out.
---@param value string
---@param size integer
---@return string
---@return boolean is_cut
function text.cut(value, size)
  if #value <= size then return value, false end
  return (value:sub(1, size):gsub("[\192-\255][\128-\191]*$", "")), true
end

--- A text in quotes, for messages: short, with its control bytes as numbers.
---@param value string
---@return string
function text.quote(value)
  local short, is_cut = text.cut(value, 40)
  short = short:gsub(CONTROL, function(byte) return ("\\%d"):format(byte:byte()) end)
  return '"' .. short .. (is_cut and '…"' or '"')
end

return text

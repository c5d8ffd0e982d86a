--- Numbers of a journal. A host may set another locale at any moment, in which a number has
--- a decimal comma and a codec of JSON takes the comma behind a number for one.

local numbers = {}

--- A number as text, with a point or without a fraction.
---@param value number
---@return string
function numbers.write(value)
  if value % 1 == 0 then return ("%.0f"):format(value) end
  return (("%.6f"):format(value):gsub(",", "."))
end

--- The same for values of any kind: others than numbers stay what they are.
---@param value any
---@return any
function numbers.text(value)
  return type(value) == "number" and numbers.write(value) or value
end

--- A number that `quote` has left, or nil.
---@param text any
---@return number|nil
function numbers.read(text)
  local whole, fraction = tostring(text):match "^(%d+)%.?(%d*)$"
  if not whole then return nil end
  return tonumber(whole) + (tonumber(fraction) or 0) / 10 ^ #fraction
end

local function quote_outside(text) return (text:gsub("%-?%d[%d%.eE+-]*", '"%0"')) end

--- Where a JSON string ends that begins at `first`; nil: nowhere.
local function end_of_string(text, first)
  local at = first + 1
  while true do
    local found = text:find('["\\]', at)
    if not found or text:sub(found, found) == '"' then return found end
    at = found + 2
  end
end

--- Puts the numbers of a JSON text in quotes. A decimal comma is that of a journal which was
--- saved before numbers were kept from the locale.
---@param text string
---@return string
function numbers.quote(text)
  text = text:gsub('\n  "patience": (%d+),(%d+),\n', '\n  "patience": %1.%2,\n', 1)
  local parts, at = {}, 1
  local first = text:find('"', at, true)
  while first do
    local last = end_of_string(text, first) or #text
    parts[#parts + 1] = quote_outside(text:sub(at, first - 1)) .. text:sub(first, last)
    at = last + 1
    first = text:find('"', at, true)
  end
  parts[#parts + 1] = quote_outside(text:sub(at))
  return table.concat(parts)
end

return numbers

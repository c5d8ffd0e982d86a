--- The kinds of values that aom.util.check knows: each tests a value against a row, and
--- returns what was expected when the value is something else. Those of texts, lists and
--- maps, which a script may never need, stand in aom.util.field_kinds.

local core = require "aom.core"
local lazy = require "aom.util.lazy"
local text = require "aom.util.text"

---@type table<string, fun(value: any, row: aom.Row): string|nil, string|nil>
local kinds = setmetatable({}, { __index = lazy "aom.util.field_kinds" })

local MAX_ID = 64
local is_unreserved = core.is_unreserved

-- An id is one segment of a path. Bytes that could end the segment, or that
-- gateways and proxies are known to decode and interpret, are refused; any other
-- byte is percent-encoded, the same in the signature and on the wire.
function kinds.id(value)
  if type(value) ~= "string" or value == "" or #value > MAX_ID then
    return "a string of 1 to 64 bytes"
  end
  if value == "." or value == ".." then return 'an id other than "." and ".."' end
  -- Nearly all ids consist of unreserved bytes alone, which C checks fastest.
  if is_unreserved(value) then return nil end
  if value:find "[/\\%%?# ]" or text.has_control(value) then
    return "an id without / \\ % ? #, spaces or control characters"
  end
end

function kinds.choice(value, row)
  local choices = row.choices
  for i = 1, #choices do
    if value == choices[i] then return nil end
  end
  return ('"%s" or "%s"'):format(table.concat(choices, '", "', 1, #choices - 1), choices[#choices])
end

--- A string that may become a header; its size is in bytes.
function kinds.string(value, row)
  local max = row.max
  if type(value) == "string" and value ~= "" and not text.has_control(value) and (not max or #value <= max) then
    return nil
  end
  return max and ("a string of 1 to %d bytes without control characters"):format(max)
    or "a non-empty string without control characters"
end

function kinds.integer(value, row)
  if type(value) == "number" and value % 1 == 0 and value >= row.min and value <= row.max then return nil end
  return ("a whole number from %.0f to %.0f"):format(row.min, row.max)
end

--- An amount of something: above 0, or with `min` from there.
function kinds.number(value, row)
  local min = row.min
  local is_finite = type(value) == "number" and value < math.huge
  if is_finite and (value > 0 or min and value >= min) then return nil end
  return min and ("a finite number of %s, %s or more"):format(row.unit, text.of(min))
    or ("a finite number of %s above 0"):format(row.unit)
end

function kinds.boolean(value)
  if type(value) ~= "boolean" then return "true or false" end
end

kinds["function"] = function(value)
  if type(value) ~= "function" then return "a function" end
end

return kinds

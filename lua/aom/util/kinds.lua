--- The kinds of values that aom.util.check knows: each tests a value against a row, and
--- returns what was expected when the value is something else.

local core = require "aom.core"
local each = require "aom.util.each"
local plain = require "aom.util.plain"
local text = require "aom.util.text"

---@type table<string, fun(value: any, row: aom.Row): string|nil>
local kinds = {}

local function range(min, max) return min == max and ("%d"):format(min) or ("%d to %d"):format(min, max) end

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
  return '"' .. table.concat(choices, '" or "') .. '"'
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

--- A text that travels as JSON: UTF-8, and measured in characters, as the service does.
local function is_text(value, min, max)
  if type(value) ~= "string" then return false end
  local length = text.length(value)
  return length >= min and length <= max and text.is_utf8(value)
end

function kinds.text(value, row)
  if is_text(value, row.min, row.max) then return nil end
  return ("a string of %s UTF-8 characters"):format(range(row.min, row.max))
end

function kinds.label(value, row)
  if is_text(value, row.min, row.max) and not value:find("[^%w_%-\128-\255]") then return nil end
  return ('a string of %s letters, digits, "-" and "_"'):format(range(row.min, row.max))
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
  return min and ("a finite number of %s, %g or more"):format(row.unit, min)
    or ("a finite number of %s above 0"):format(row.unit)
end

function kinds.boolean(value)
  if type(value) ~= "boolean" then return "true or false" end
end

kinds["function"] = function(value)
  if type(value) ~= "function" then return "a function" end
end

local function count(value)
  local entries = 0
  for _ in each.raw(value) do entries = entries + 1 end
  return entries
end

--- A list of strings, without holes; with `max` of so many texts.
function kinds.list(value, row)
  local max, min, most = row.max, row.item_min, row.item_max
  local wanted = max and ("a list of at most %d strings of %s characters"):format(max, range(min, most))
    or "a list of strings"
  if type(value) ~= "table" then return wanted end
  local list = plain.list(value)
  if not list then return wanted .. " (a plain table, without a metatable)" end
  if count(value) ~= #list or max and #list > max then return wanted end
  for _, item in ipairs(list) do
    if type(item) ~= "string" or max and not is_text(item, min, most) then return wanted end
  end
end

function kinds.map(value, row)
  local wanted = row.texts and "a table of strings with string keys" or "a table with string keys"
  if row.max then wanted = wanted .. (", at most %d of them"):format(row.max) end
  if type(value) ~= "table" or (row.max and count(value) > row.max) then return wanted end
  for key, entry in each.raw(value) do
    if type(key) ~= "string" or (row.texts and type(entry) ~= "string") then return wanted end
  end
  if plain.is_veiled_within(value) then return wanted .. " (plain tables, without metatables)" end
end

return kinds

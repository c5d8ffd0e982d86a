--- The kinds of values, see aom.util.kinds, that a script may never need: texts, lists and maps.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local containers = require "aom.util.containers"
local utf8 = require "aom.util.utf8"

---@type table<string, fun(value: any, row: aom.Row): string|nil, string|nil>
local kinds = {}

local function range(min, max) return min == max and ("%d"):format(min) or ("%d to %d"):format(min, max) end

--- A text that travels as JSON: UTF-8, and measured in characters, as the service does.
local function is_text(value, min, max)
  if type(value) ~= "string" then return false end
  local length = utf8.length(value)
  return length >= min and length <= max and utf8.is_utf8(value)
end

function kinds.text(value, row)
  if is_text(value, row.min, row.max) then return nil end
  return ("a string of %s UTF-8 characters"):format(range(row.min, row.max))
end

function kinds.label(value, row)
  if is_text(value, row.min, row.max) and not value:find("[^%w_%-\128-\255]") then return nil end
  return ('a string of %s letters, digits, "-" and "_"'):format(range(row.min, row.max))
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
  local list = containers.list(value)
  if not list then return wanted .. " (a plain table, without a metatable)" end
  if count(value) ~= #list or max and #list > max then return wanted end
  for i, item in ipairs(list) do
    if type(item) ~= "string" or max and not is_text(item, min, most) then
      return wanted, ("%s as item %d"):format(errors.show(item), i)
    end
  end
end

function kinds.map(value, row)
  local wanted = row.texts and "a table of strings with string keys" or "a table with string keys"
  if row.max then wanted = wanted .. (", at most %d of them"):format(row.max) end
  if type(value) ~= "table" or (row.max and count(value) > row.max) then return wanted end
  for key, entry in each.raw(value) do
    if type(key) ~= "string" then return wanted, "the key " .. errors.show(key) end
    if row.texts and type(entry) ~= "string" then
      return wanted, ("%s for %s"):format(errors.show(entry), errors.show(key))
    end
  end
  return containers.veil(value, wanted .. " (plain tables, without metatables)")
end

--- A table whose names are anybody's, which can be read only as it is.
function kinds.named(value, row)
  local wanted = row.wanted or "a table of values by name"
  if type(value) ~= "table" then return wanted end
  return containers.is_veiled(value) and wanted .. " (a plain table, without a metatable)" or nil
end

return kinds

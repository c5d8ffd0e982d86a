--- The fields that a caller gives to an operation in one table: checked here against
--- the operation's row, so that what is wrong never leaves the machine.
---
--- Texts are UTF-8, and measured in characters, as the service does, not in bytes.

local errors = require "aom.util.errors"
local json = require "aom.util.json"
local options = require "aom.config.options"
local plain = require "aom.util.plain"

local fields = {}

---@class aom.Field
---@field name string       the service's own
---@field kind "text"|"label"|"choice"|"integer"|"list"|"map"
---@field required? boolean
---@field default? any      what is sent when the caller gives nothing
---@field min? integer      of a text: characters; of an integer: the least
---@field max? integer      of a list or map: entries
---@field choices? string[]
---@field item_min? integer  characters of a list's items
---@field item_max? integer
---@field texts? boolean    a map's values are strings

local function range(min, max) return min == max and ("%d"):format(min) or ("%d to %d"):format(min, max) end

--- Bytes that do not begin a character are not counted, so that no text is refused
--- which the service would take.
local function characters(text)
  local _, continued = text:gsub("[\128-\191]", "")
  return #text - continued
end

-- RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
local sequences = {
  "\240[\144-\191][\128-\191][\128-\191]", "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]", "\224[\160-\191][\128-\191]", "[\225-\236][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]", "[\238\239][\128-\191][\128-\191]", "[\194-\223][\128-\191]",
}

--- JSON is UTF-8, and cjson writes any bytes.
local function is_utf8(text)
  for _, sequence in ipairs(sequences) do
    if not text:find "[\128-\255]" then return true end
    text = text:gsub(sequence, " ")
  end
  return not text:find "[\128-\255]"
end

local function is_text(value, min, max)
  if type(value) ~= "string" then return false end
  local length = characters(value)
  return length >= min and length <= max and is_utf8(value)
end

-- Each returns what was expected, when the value is something else.
local checks = {}

function checks.text(value, field)
  if is_text(value, field.min, field.max) then return nil end
  return ("a string of %s UTF-8 characters"):format(range(field.min, field.max))
end

function checks.label(value, field)
  if is_text(value, field.min, field.max) and not value:find("[^%w_%-\128-\255]") then return nil end
  return ('a string of %s letters, digits, "-" and "_"'):format(range(field.min, field.max))
end

function checks.choice(value, field)
  for _, candidate in ipairs(field.choices) do
    if value == candidate then return nil end
  end
  return '"' .. table.concat(field.choices, '" or "') .. '"'
end

function checks.integer(value, field)
  if type(value) == "number" and value % 1 == 0 and value >= field.min and value <= field.max then return nil end
  return ("a whole number from %.0f to %.0f"):format(field.min, field.max)
end

local function count(value)
  local entries = 0
  for _ in next, value do entries = entries + 1 end
  return entries
end

function checks.list(value, field)
  local wanted = ("a list of at most %d strings of %s characters"):format(field.max,
    range(field.item_min, field.item_max))
  local list = type(value) == "table" and plain.list(value)
  if not list then return wanted .. ", with no metatable that may hide some" end
  if count(value) ~= #list or #list > field.max then return wanted end
  for _, item in ipairs(list) do
    if not is_text(item, field.item_min, field.item_max) then return wanted end
  end
end

function checks.map(value, field)
  local wanted = field.texts and "a table of strings, with strings for keys" or "a table with strings for keys"
  if field.max then wanted = wanted .. (", at most %d of them"):format(field.max) end
  if type(value) ~= "table" or (field.max and count(value) > field.max) then return wanted end
  for key, entry in next, value do
    if type(key) ~= "string" or (field.texts and type(entry) ~= "string") then return wanted end
  end
  if plain.is_veiled_within(value) then return wanted .. ", and no metatable in it that may hide some" end
end

local function names_of(list, more)
  local names = {}
  for name in pairs(more or {}) do names[name] = true end
  for _, field in ipairs(list) do names[field.name] = true end
  return names
end

local function blame(row, err)
  err.message = row.name .. ": " .. err.message
  err.operation = row.name
  return nil, err
end

--- Why a field's value cannot be sent, or nil.
local function complaint(field, value)
  if value == nil then
    return field.required and errors.argument("%s: required, and not given", field.name) or nil
  end
  local wanted = checks[field.kind](value, field)
  if wanted then return errors.argument("%s: expected %s, got %s", field.name, wanted, errors.show(value)) end
end

--- The fields that are given, by name, in a table of their own.
---@param row aom.Operation
---@param given table|nil
---@param more? table<string, any>  names that are no fields of the service's
---@return table|nil values
---@return aom.Error|nil err
function fields.read(row, given, more)
  if given == nil then return {} end
  if type(given) ~= "table" then
    return blame(row, errors.argument("expected a table of fields, got %s", errors.show(given)))
  end
  local values, err = options.read(given, names_of(row.fields, more), "field")
  if not values then return blame(row, err) end
  return values
end

--- The fields to send: { field, value } pairs, in the row's order.
---@param row aom.Operation
---@param given table|nil
---@return table[]|nil list
---@return aom.Error|nil err
function fields.check(row, given)
  local values, err = fields.read(row, given)
  if not values then return nil, err end
  local list = {}
  for _, field in ipairs(row.fields) do
    local value = values[field.name]
    if value == nil then value = field.default end
    err = complaint(field, value)
    if err then return blame(row, err) end
    if value ~= nil then list[#list + 1] = { field, value } end
  end
  return list
end

--- As parameters of a query.
---@param list table[]
---@return table[] query
function fields.to_query(list)
  local query = {}
  for i, entry in ipairs(list) do query[i] = { entry[1].name, entry[2] } end
  return query
end

local function encode(field, value)
  if field.kind == "integer" then return ("%.0f"):format(value) end
  -- An empty table has no kind in Lua; the field's row knows it.
  if type(value) == "table" and next(value) == nil then return field.kind == "list" and "[]" or "{}" end
  return json.encode(value)
end

--- As a JSON body.
---@param row aom.Operation
---@param list table[]
---@return string|nil body
---@return aom.Error|nil err
function fields.to_body(row, list)
  local members = {}
  for i, entry in ipairs(list) do
    local text, why = encode(entry[1], entry[2])
    if not text then return blame(row, errors.argument("%s: not fit for JSON: %s", entry[1].name, why)) end
    members[i] = ('"%s":%s'):format(entry[1].name, text)
  end
  return "{" .. table.concat(members, ",") .. "}"
end

return fields

--- The fields that a caller gives to an operation in one table: checked here against
--- the operation's row, so that an invalid request is never sent.

local check = require "aom.util.check"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local json = require "aom.util.json"

local fields = {}

---@class aom.Field: aom.Row
---@field name string   the service's own
---@field default? any  what is sent when the caller gives nothing

local function names_of(list, more)
  local names = {}
  for name in each.pair(more or {}) do names[name] = true end
  for _, field in ipairs(list) do names[field.name] = true end
  return names
end

local function blame(row, err)
  err.operation = row.name
  return err
end

--- The fields that are given, by name, in a table of their own.
---@param row aom.Operation
---@param given table|nil
---@param more? table<string, any>  names that are no fields of the service's
---@return table|nil values
---@return aom.Error|nil err
function fields.read(row, given, more)
  if given == nil then return {} end
  local values, err = check.read(given, names_of(row.fields, more), check.label(row.name, "field"))
  return values, err and blame(row, err)
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
    if value ~= nil or field.required then
      err = check.value(row.name .. ": " .. field.name, value, field)
      if err then return nil, blame(row, err) end
    end
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
    if not text then
      return nil, blame(row, errors.argument("%s: %s: cannot be written as JSON: %s", row.name, entry[1].name, why))
    end
    members[i] = ('"%s":%s'):format(entry[1].name, text)
  end
  return "{" .. table.concat(members, ",") .. "}"
end

return fields

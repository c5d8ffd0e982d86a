--- From an operation's row and a caller's arguments to a request. Checks every
--- argument, so that what is wrong never leaves the machine.

local core = require "aom.core"
local errors = require "aom.util.errors"
local fields = require "aom.api.fields"

local input = {}

---@class aom.Request
---@field operation aom.Operation
---@field values table<string, string>  the arguments that are given by position, by name
---@field path string                   decoded, after the project id
---@field query table[]                 { name, value } pairs
---@field body string

local MAX_ID = 64
local DOT = ("."):byte()
local is_unreserved = core.is_unreserved

local checks = {}

-- An id is one segment of a path. Bytes that could end the segment, or that
-- gateways and proxies are known to decode and interpret, are refused; any other
-- byte is percent-encoded, the same in the signature and on the wire.
function checks.id(value)
  if type(value) ~= "string" or value == "" or #value > MAX_ID then
    return "a string of 1 to 64 bytes"
  end
  -- Nearly all ids are of unreserved bytes alone, which C sees at a glance.
  if is_unreserved(value) and value:byte() ~= DOT then return nil end
  if value == "." or value == ".." then return 'an id, which is never "." or ".."' end
  if value:find("[/\\%%?#%z\1-\32\127]") then
    return "an id without / \\ % ? #, blanks and control characters"
  end
end

function checks.choice(value, parameter)
  local choices = parameter.choices
  for i = 1, #choices do
    if value == choices[i] then return nil end
  end
  return '"' .. table.concat(parameter.choices, '" or "') .. '"'
end

--- What is wrong with an argument, or nil.
---@param name string
---@param value any
---@param parameter aom.Parameter
---@return aom.Error|nil
function input.check(name, value, parameter)
  local wanted = checks[parameter.kind](value, parameter)
  if wanted then
    return errors.argument("%s: expected %s, got %s", name, wanted, errors.show(value))
  end
end

-- Literal texts and names stand in turn, and no path has more than two names: one
-- concatenation makes one string.
local function build_path(row, values)
  local path = row.path
  return path[1] .. (values[path[2]] or "") .. (path[3] or "")
    .. (values[path[4]] or "") .. (path[5] or "")
end

local function build_query(row, values)
  local query, names = {}, row.query
  for i = 1, #names do query[i] = { names[i], values[names[i]] } end
  return query
end

--- The argument that comes after `count` others.
local function after(count, a, b, c)
  if count == 0 then return a end
  if count == 1 then return b end
  return c
end

--- Adds what the caller gave in a table.
local function add_fields(made, row, given)
  local list, err = fields.check(row, given)
  if not list then return nil, err end
  if row.fields_in == "query" then
    made.query = fields.to_query(list)
    return made
  end
  made.body, err = fields.to_body(row, list)
  return made.body and made, err
end

---@param row aom.Operation
---@param a any  arguments, in the row's order; after them the table of fields
---@param b any
---@param c any
---@return aom.Request|nil
---@return aom.Error|nil
function input.build(row, a, b, c)
  local values, names = {}, row.arguments
  for i = 1, #names do
    local name, value = names[i], b
    if i == 1 then value = a end
    local err = input.check(name, value, row.parameters[name])
    if err then
      err.operation = row.name
      return nil, err
    end
    values[name] = value
  end
  local made = {
    operation = row,
    values = values,
    path = build_path(row, values),
    query = build_query(row, values),
    body = "",
    prefix = "",
  }
  if not row.fields then return made end
  return add_fields(made, row, after(#names, a, b, c))
end

return input

--- From an operation's row and a caller's arguments to a request. Checks every
--- argument, so that an invalid request is never sent.

local check_value = require "aom.util.check".value
local fields = require "aom.util.lazy" "aom.api.fields"

local input = {}

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

--- The beginning of the paths of a project's operations.
---@param id string|nil  nil: not known yet
---@return string
function input.prefix(id) return "/v1/" .. (id or "{project_id}") end

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
    local err = check_value(name, value, row.parameters[name])
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

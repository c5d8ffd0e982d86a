--- The query of a request, as users give it: a list of { name, value } pairs, or values by
--- name.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local containers = require "aom.util.containers"
local text = require "aom.util.text"

local query = {}

---@type aom.Row
query.row = { kind = "named", wanted = "a list of { name, value } pairs or a table of values by name" }

-- A string is not shown, for it may be a secret.
local WANTED = "a string, finite number or boolean"

--- A name or a value as text.
---@return string|nil
---@return aom.Error|nil
local function text_of(what, value)
  local written = text.of(value)
  if written then return written end
  return nil, errors.argument("%s: expected %s, got %s", what, WANTED, errors.show(value))
end

--- The name and the value of an entry, and how messages call it.
local function pair_of(key, entry, what)
  if type(key) ~= "number" then return key, entry, what end
  what = ("%s[%s]"):format(what, text.of(key) or "?")
  local pair = type(entry) == "table" and containers.list(entry)
  if pair then return pair[1], pair[2], what end
  return nil, nil, what, errors.argument("%s: expected a { name, value } pair, got %s", what,
    type(entry) == "string" and "a string" or errors.show(entry))
end

--- The pairs of a query.
---@param given table|nil  what fits the row
---@param what string      how messages call it
---@return table[]|nil
---@return aom.Error|nil
function query.read(given, what)
  local copy = {}
  for key, entry in each.raw(given or {}) do
    local name, value, where, err = pair_of(key, entry, what)
    if not err then name, err = text_of(where .. ": name", name) end
    if not err then value, err = text_of(("%s: %s"):format(where, errors.show(name)), value == nil and "" or value) end
    if err then return nil, err end
    copy[#copy + 1] = { name, value }
  end
  return copy
end

return query

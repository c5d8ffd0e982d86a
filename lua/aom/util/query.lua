--- The query of a request, as users give it: a list of { name, value } pairs, or values by
--- name.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local plain = require "aom.util.plain"
local text = require "aom.util.text"

local query = {}

---@type aom.Row
query.row = plain.row "a list of { name, value } pairs or a table of values by name"

--- The pairs of a query.
---@param given table|nil  what fits the row
---@param what string      how messages call it
---@return table[]|nil
---@return aom.Error|nil
function query.read(given, what)
  local copy = {}
  for key, entry in each.raw(given or {}) do
    local name, value = key, entry
    if type(key) == "number" then
      local pair = type(entry) == "table" and plain.list(entry)
      if not pair then
        return nil, errors.argument("%s[%s]: expected a { name, value } pair, got %s", what, text.of(key) or "?",
          errors.show(entry))
      end
      name, value = pair[1], pair[2]
    end
    name, value = text.of(name), text.of(value == nil and "" or value)
    if not name or not value then
      return nil, errors.argument("%s: expected names and values that are strings, finite numbers or booleans", what)
    end
    copy[#copy + 1] = { name, value }
  end
  return copy
end

return query

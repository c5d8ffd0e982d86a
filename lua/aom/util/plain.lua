--- Reads tables from the caller by known names, once each, through metatables too. Where keys or
--- elements are not known in advance, see aom.util.containers.

local each = require "aom.util.each"
local errors = require "aom.util.errors"

local plain = {}

local function index(container, name) return container[name] end

--- One value, which an `__index` of the caller's may produce.
---@param container table
---@param name any
---@return any value
---@return aom.Error|nil err  it raised one
function plain.index(container, name)
  local ok, value = errors.caught(index, container, name)
  if ok then return value end
  return nil, errors.argument("%s: reading it raised an error: %s", tostring(name),
    type(value) == "string" and value or errors.show(value))
end

--- The values of known names, as a table without a metatable.
---@param container table
---@param names table<string, any>
---@return table|nil
---@return aom.Error|nil
function plain.values(container, names)
  local copy = {}
  for name in each.pair(names) do
    local value, err = plain.index(container, name)
    if err then return nil, err end
    copy[name] = value
  end
  return copy
end

return plain

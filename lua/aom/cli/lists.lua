--- Empty lists in what the service answers: once decoded, they look like empty objects.

local each = require "aom.util.each"
local json = require "aom.util.json"
local objects = require "aom.api.objects"
local containers = require "aom.util.containers"

local lists = {}

local is_list = {}
for _, object in ipairs(objects) do
  for _, field in ipairs(object.fields) do
    if field.type:find "%[%]$" then is_list[field.name] = true end
  end
end

--- Marks the empty lists within workflows and executions, so that they are encoded as lists.
---@generic T
---@param value T
---@return T
function lists.mark(value)
  for name, member in each.pair(value) do
    if type(member) == "table" then
      if is_list[name] and containers.stray_key(member, 0) == nil then json.list(member) else lists.mark(member) end
    end
  end
  return value
end

return lists

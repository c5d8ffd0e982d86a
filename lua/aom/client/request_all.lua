--- Makes many requests of any kind: side by side, with one entry for each, in order.

local any_request = require "aom.api.request"
local bulk = require "aom.client.bulk"
local errors = require "aom.util.errors"
local options = require "aom.config.options"
local containers = require "aom.util.containers"

local request_all = {}

--- The entries of a report, and what each of them sends.
---@return aom.BulkEntry[]|nil
---@return table<aom.BulkEntry, aom.Request>|aom.Error
local function read(given, settings)
  local elements = type(given) == "table" and containers.list(given)
  if not elements then
    return nil, errors.argument("requests: expected a plain list, without a metatable, got %s",
      errors.show(given))
  end
  local stray = containers.stray_key(given, #elements)
  if stray ~= nil then
    return nil, errors.argument("requests: expected a list without holes, got the key %s", errors.show(stray))
  end
  local entries, built = {}, {}
  for i, element in ipairs(elements) do
    local request, err = any_request.build(element, settings)
    if not request then
      err.message = ("requests[%d]: %s"):format(i, err.message)
      return nil, err
    end
    entries[i] = { request = element }
    built[entries[i]] = request
  end
  return entries, built
end

--- For steps.task: a report.
---@param given any      what `request` takes, in a list
---@param chosen? table  options
function request_all.prepare(state, given, chosen)
  local err
  chosen, err = options.read_table("request_all", chosen == nil and {} or chosen, bulk.options)
  if not chosen then return nil, err end
  local entries, built = read(given, state.settings)
  if not entries then return nil, built end
  return function(scope)
    return bulk.run(state, scope, entries, "request", function(entry) return built[entry] end, chosen)
  end
end

return request_all

--- Where the service of a region is.

local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local regions = require "aom.config.regions"

local regions_file = require "aom.util.lazy" "aom.config.regions_file"

local region_urls = {}

--- The endpoints of a region: its variable, else the regions file, else the known one.
---@param region string
---@param region_where string  where it was found
---@param from aom.Source
---@return string[]|nil urls
---@return string|aom.Error where_or_err
function region_urls.find(region, region_where, from)
  local name = regions.override_variable(region)
  local list = endpoint.list(from.system.getenv(name) or "")
  if list[1] then return list, "environment variable " .. name end
  local err
  list, err = regions_file.endpoints(from.system, "aom", region)
  if err then return nil, err end
  if list then return list, "the regions file" end
  local url = regions.endpoint(region)
  if url then return { url }, "region " .. region end
  local nearest = regions.nearest(region)
  return nil, errors.config(("unknown region %s (%s)"):format(errors.show(region), region_where),
    ("%sknown regions: %s; for another one set an endpoint"):format(
      nearest and ('did you mean "%s"? '):format(nearest) or "", regions.list()))
end

return region_urls

--- Finds the address of the identity service.

local endpoints = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local regions = require "aom.config.regions"
local trust = require "aom.config.trust"

local iam = {}

--- The region whose own hosts all of the client's endpoints are. Any other host may belong to
--- another cloud, and the public identity service must not see the users of that.
local function home_region(settings)
  local home
  for _, target in ipairs(settings.endpoints) do
    local region = regions.of_host(target.host)
    if not region or (home and home ~= region) then return nil end
    home = region
  end
  return (settings.region or home) == home and home or nil
end

local function nowhere(settings)
  local passed = settings.source.provenance.iam_endpoint.passed
  local bases = {}
  for i, target in ipairs(settings.endpoints) do bases[i] = target.base end
  return errors.config(("no identity service is known for %s%s: it is found only for a region's own endpoint"):format(
    table.concat(bases, ", "), settings.region and " in region " .. settings.region or ""),
    regions.ask_small(settings.region) .. (passed and passed .. "; " or "")
      .. settings.source:remedy "iam_endpoint" .. " to the base URL of the endpoint's identity service")
end

--- The address of the identity service is usually written with the API's version.
local function without_version(endpoint)
  endpoint.path = endpoint.path:gsub("/v3$", ""):gsub("/v3%.0$", "")
  return endpoint
end

local function find(settings)
  local source = settings.source
  local url, err = source:own("iam_endpoint", source.provenance.endpoint.place)
  source:forget_profile()
  if err then return nil, err end
  if not url then
    local region = home_region(settings)
    if not region then return nil, nowhere(settings) end
    url = regions.iam_endpoint(region)
    source:note("iam_endpoint", "region " .. region)
  end
  local endpoint, problem = endpoints.parse(url)
  if not endpoint then
    return nil, errors.config(("the endpoint of the identity service from %s %s"):format(
      source.provenance.iam_endpoint.where, problem),
      "expected a URL such as https://iam.cn-north-4.myhuaweicloud.com")
  end
  if trust.is_open(endpoint, settings) then
    return nil, errors.config("credentials would cross the network unencrypted, because the endpoint of the "
      .. "identity service is http://", "use https://, or set option allow_http to accept the risk")
  end
  return without_version(endpoint)
end

--- The address, looked for when it is needed for the first time.
---@param settings table
---@return aom.Endpoint|nil
---@return aom.Error|nil
function iam.endpoint(settings)
  local err
  if not settings.iam then settings.iam, err = find(settings) end
  return settings.iam, err
end

return iam

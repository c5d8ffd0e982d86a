--- Where the identity service stands.

local endpoints = require "aom.endpoint"
local errors = require "aom.errors"
local regions = require "aom.regions"

local iam = {}

local function find(settings)
  local url, where, err = settings.source:lookup "iam_endpoint"
  if err then return nil, err end
  url, where = url or regions.iam_endpoint(settings.region), where or "the region"
  local endpoint, problem = endpoints.parse(url)
  if not endpoint then
    return nil, errors.config(("the endpoint of the identity service from %s %s"):format(where, problem),
      "expected a URL such as https://iam.cn-north-4.myhuaweicloud.com")
  end
  if endpoints.is_open(endpoint, settings) then
    return nil, errors.config("credentials would cross the network unencrypted, since the endpoint of the "
      .. "identity service is http://", "use https://, or set option allow_http to accept the risk")
  end
  return endpoint
end

--- Looked for when it is needed for the first time.
---@param settings table
---@return aom.Endpoint|nil
---@return aom.Error|nil
function iam.endpoint(settings)
  local err
  if not settings.iam then settings.iam, err = find(settings) end
  return settings.iam, err
end

return iam

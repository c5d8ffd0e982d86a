--- What an attempt carries of an account where that is not the same for all: until the project is
--- known, to the identity service, and to another service than the client's own.

local errors = require "aom.util.errors"
local trust = require "aom.config.trust"

local grants = {}

local V11 = "V11-HMAC-SHA256"

--- What an attempt carries. A project id that is looked up never changes afterwards, so the
--- headers are kept as soon as it is known.
---@param authenticator aom.Authenticator
---@param for_lookup boolean
---@return aom.Grant
function grants.of(authenticator, for_lookup)
  if authenticator.settings.project_id and not authenticator.headers then
    authenticator.headers = authenticator:account_headers()
  end
  if authenticator.headers and not for_lookup then return authenticator end
  return { headers = authenticator.headers or authenticator:account_headers(), mask = authenticator.mask,
    signer = for_lookup and authenticator.lookup_signer or authenticator.signer }
end

--- A signature of V11 is for one service in one region.
local function scoped_signer(authenticator, region, service)
  if authenticator.settings.algorithm ~= V11 then return authenticator.signer end
  local name = region .. "/" .. service
  if not authenticator.scoped[name] then
    local signer, why = authenticator.signer:scoped(region, service)
    if not signer then return nil, errors.config("cannot create a signer: " .. why) end
    authenticator.scoped[name] = signer
  end
  return authenticator.scoped[name]
end

--- What an attempt carries to another service than the client's own.
---@param authenticator aom.Authenticator
---@param target aom.Target
---@return aom.Grant|nil
---@return aom.Error|nil
function grants.for_target(authenticator, target)
  local grant, host = grants.of(authenticator, false), target.endpoint and target.endpoint.host
  if authenticator.token and host and not trust.is_trusted(target.endpoint, authenticator.settings) then
    return nil, errors.config(("the token is not sent to %s, which is another domain than the client's"):format(host),
      ('allow it with option token_hosts = { "%s" }'):format(host))
  end
  local signer, err
  if authenticator.signer then
    signer, err = scoped_signer(authenticator, target.region or authenticator.settings.region, target.service)
    if not signer then return nil, err end
  end
  return { headers = grant.headers, mask = grant.mask, signer = signer }
end

return grants

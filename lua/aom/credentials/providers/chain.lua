--- Finds the credentials of a client: in the options, then environment, profile, pod
--- identity and, where it is wanted, instance metadata. The first place that has any counts.

local elsewhere = require "aom.util.lazy" "aom.credentials.providers.elsewhere"
local static = require "aom.credentials.providers.static"

local chain = {}

--- A source of credentials. Its refresh may wait in the loop; the rest is data.
---@class aom.Provider
---@field refresh fun(self: aom.Provider, context: table): aom.Credentials|nil, aom.Error|nil
---@field where string      where the credentials come from, for people
---@field kind? aom.CredentialKind  nil: temporary keys from elsewhere
---@field lazy? boolean     it asks a service or the user, so it is not asked before the first call
---@field fixed? boolean    it never has any others
---@field asks_iam? boolean  it asks the identity service
---@field may_tell_project? boolean  it may give a token with its project's id
---@field window? number    renewed when less than these seconds are left
---@field skipped? string   why the places before it had nothing

--- A key pair, or a token.
---@class aom.Credentials
---@field ak? string
---@field sk? string
---@field security_token? string
---@field token? string
---@field project_id? string   of a token's project
---@field expires_at? integer  seconds since 1970

--- The provider that has credentials, with them when it gave them already.
---@param settings table  a client's resolved configuration
---@return aom.Provider|nil provider
---@return aom.Credentials|nil values
---@return aom.Error|nil err
function chain.find(settings)
  local provider, err = static.new(settings, settings.source.given)
  if not provider and not err then provider, err = elsewhere.find(settings) end
  if not provider then return nil, nil, err end
  if provider.lazy then return provider end
  local values
  values, err = provider:refresh {}
  if not values then return nil, nil, err or elsewhere.nothing { provider.where } end
  return provider, values
end

return chain

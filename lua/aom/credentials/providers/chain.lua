--- Finds out who the caller is: options, then environment, profile file, pod identity
--- and, where it is wanted, instance metadata. The first that has something is the one.

local custom = require "aom.credentials.providers.custom"
local environment = require "aom.credentials.providers.environment"
local errors = require "aom.util.errors"
local id_token = require "aom.credentials.providers.id_token"
local metadata = require "aom.credentials.providers.metadata"
local password = require "aom.credentials.providers.password"
local pod = require "aom.credentials.providers.pod"
local profile = require "aom.credentials.providers.profile"
local static = require "aom.credentials.providers.static"

local chain = {}

--- What every provider is. Its refresh may wait in the loop; the rest is data.
---@class aom.Provider
---@field refresh fun(self: aom.Provider, context: table): aom.Credentials|nil, aom.Error|nil
---@field where string      where the credentials come from, for people
---@field lazy? boolean     it has to ask somebody, so it is not asked before the first call
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

-- Options that say who the caller is, by group; one group at a time.
local groups = {
  { name = "token", "token" },
  { name = "ak and sk", "ak", "sk", "security_token" },
  { name = "credentials", "credentials" },
  { name = "username and password", "username", "password", "domain_name" },
  { name = "idp_id and id_token_file", "idp_id", "id_token_file" },
}

local OPTIONS = "options ak and sk, token, credentials, username, or idp_id (none is set)"

local function check_single(given)
  local named = {}
  for _, group in ipairs(groups) do
    for _, name in ipairs(group) do
      if given[name] ~= nil then
        named[#named + 1] = group.name
        break
      end
    end
  end
  if #named > 1 then
    return errors.argument("options %s are given at once; one of them says who you are",
      table.concat(named, ", "))
  end
end

--- Takes options out, so that no copy of a secret stays there. Nil: none is set.
local function take(given, names)
  local values, has, lacks = {}, nil, nil
  for _, name in ipairs(names) do
    values[name], given[name] = given[name], nil
    if values[name] then has = has or name else lacks = lacks or name end
  end
  if not has then return nil end
  if lacks then return nil, errors.config(("option %s is set and option %s is not"):format(has, lacks)) end
  return values
end

local function from_options(settings)
  local given = settings.source.given
  local err = check_single(given)
  if err then return nil, err end
  if given.credentials then return custom.new(given.credentials) end
  local user, federated
  user, err = take(given, { "username", "password", "domain_name" })
  if user then return password.new(settings, user) end
  if err then return nil, err end
  federated, err = take(given, { "idp_id", "id_token_file" })
  if federated then return id_token.new(settings, federated) end
  if err then return nil, err end
  return static.new(given)
end

local function nothing_found(skipped)
  return errors.new("credentials", "no credentials were found",
    { hint = "looked for " .. table.concat(skipped, "; ") })
end

local function from_elsewhere(settings)
  local skipped = { OPTIONS }
  for _, maker in ipairs { environment, profile, pod, metadata } do
    local provider, err, why = maker.new(settings)
    if err then return nil, err end
    if provider then
      -- The last resort: who meant another place wants to know why it was passed over.
      if maker == metadata then provider.skipped = "before, it was looked for " .. table.concat(skipped, "; ") end
      return provider
    end
    skipped[#skipped + 1] = why
  end
  return nil, nothing_found(skipped)
end

--- The provider that has credentials, with them when it gave them already.
---@param settings table  a client's resolved configuration
---@return aom.Provider|nil provider
---@return aom.Credentials|nil values
---@return aom.Error|nil err
function chain.find(settings)
  local provider, err = from_options(settings)
  if not provider and not err then provider, err = from_elsewhere(settings) end
  if not provider then return nil, nil, err end
  if provider.lazy then return provider end
  local values
  values, err = provider:refresh {}
  if not values then return nil, nil, err or nothing_found { provider.where } end
  return provider, values
end

return chain

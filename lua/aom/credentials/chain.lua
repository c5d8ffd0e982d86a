--- Finds out who the caller is: options, then environment, then profile file.

local custom = require "aom.credentials.custom"
local environment = require "aom.credentials.environment"
local errors = require "aom.errors"
local files = require "aom.profile"
local profile = require "aom.credentials.profile"
local static = require "aom.credentials.static"

local chain = {}

--- What every provider is.
---@class aom.Provider
---@field refresh fun(self: aom.Provider, context: table): aom.Credentials|nil, aom.Error|nil

--- A key pair, or a token.
---@class aom.Credentials
---@field ak? string
---@field sk? string
---@field security_token? string
---@field token? string
---@field expires_at? integer  seconds since 1970

local function check_single(given)
  local named = {}
  if given.token then named[#named + 1] = "token" end
  if given.ak or given.sk or given.security_token then named[#named + 1] = "ak and sk" end
  if given.credentials then named[#named + 1] = "credentials" end
  if #named > 1 then
    return errors.argument("options %s are given at once; one of them says who you are",
      table.concat(named, ", "))
  end
end

local function nothing_found(source)
  local searched = { "options ak and sk, token, or credentials", environment.searched }
  local path = files.path(source.system)
  if path then searched[3] = "ak and sk, or token, under [basic] in " .. path end
  return errors.new("credentials", "no credentials were found",
    { hint = "looked for " .. table.concat(searched, "; ") })
end

local function first_that_has(providers, source)
  for _, provider in ipairs(providers) do
    local values, err = provider:refresh({})
    if values then return provider, values end
    if err then return nil, nil, err end
  end
  return nil, nil, nothing_found(source)
end

--- The provider that has credentials, with them when it gave them already.
---@param source aom.Source
---@return aom.Provider|nil provider
---@return aom.Credentials|nil values
---@return aom.Error|nil err
function chain.find(source)
  local given = source.given
  local err = check_single(given)
  if err then return nil, nil, err end
  if given.credentials then
    local provider, fault = custom.new(given.credentials)
    return provider, nil, fault
  end
  local provider, fault = static.new(given)
  if fault then return nil, nil, fault end
  if provider then return provider, provider:refresh() end
  return first_that_has({ environment.new(source), profile.new(source) }, source)
end

return chain

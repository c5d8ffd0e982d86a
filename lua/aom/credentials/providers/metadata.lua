--- Temporary keys of an instance's agency, from the machine's metadata service. It is asked
--- only where the user wants it: elsewhere its address may belong to somebody else.

local endpoints = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local remote = require "aom.credentials.providers.remote"
local text = require "aom.util.text"

---@class aom.MetadataProvider: aom.Provider
---@field token? string
---@field plain_until number  until then the service is known to have no tokens
local Metadata = { window = 2400, lazy = true, where = "instance metadata" }
Metadata.__index = Metadata

local metadata = {}

local DEFAULT = "http://169.254.169.254"
local DISABLED = "instance metadata (disabled: enable it with option metadata = true, or HUAWEICLOUD_SDK_METADATA=true)"
local TIMEOUT = 3
local TOKEN_SECONDS = 21600
local PLAIN_SECONDS = 24 * 3600

-- By these statuses a service says that it has no tokens. It gives keys without one.
local without_tokens = { [404] = true, [405] = true, [503] = true }

local NO_AGENCY = "Please configure Cloud Service Agency first"

local KEY_NAMES = { ak = "access", sk = "secret", security_token = "securitytoken", expires_at = "expires_at" }

local function is_wanted(source)
  local value, where, err = source:lookup "metadata"
  if err then return nil, err end
  if value == nil or value == false or value == "false" or value == "0" then return false end
  if value == true or value == "true" or value == "1" then return true end
  return nil, errors.config(('%s: expected "true" or "false"'):format(where))
end

local function find_endpoint(source)
  local url, where, err = source:lookup "metadata_endpoint"
  if err then return nil, err end
  local endpoint, problem = endpoints.parse(url or DEFAULT)
  if endpoint then return endpoint end
  return nil, errors.config(("the endpoint of the metadata service from %s %s"):format(where, problem),
    "expected a URL such as " .. DEFAULT)
end

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped
function metadata.new(settings)
  local wanted, err = is_wanted(settings.source)
  if err then return nil, err end
  if not wanted then return nil, nil, DISABLED end
  local endpoint
  endpoint, err = find_endpoint(settings.source)
  if not endpoint then return nil, err end
  return setmetatable({ settings = settings, endpoint = endpoint, plain_until = 0 }, Metadata)
end

local function question(self, operation, method, path, headers)
  return {
    operation = operation, service = "metadata", method = method, endpoint = self.endpoint, path = path,
    headers = headers,
    no_proxy = true, timeout = TIMEOUT, tries = 1, secrets = { self.token },
  }
end

--- Gets a token where the service has them.
local function renew_token(self, context, needed)
  self.token = nil
  local ask = question(self, "create_metadata_token", "PUT", "/meta-data/latest/api/token",
    { ["X-Metadata-Token-Ttl-Seconds"] = ("%d"):format(TOKEN_SECONDS) })
  local answer, err = remote.ask(self.settings, context, ask)
  if not answer then
    if not without_tokens[err.status] or needed then return err end
    self.plain_until = context.loop.now() + PLAIN_SECONDS
    return nil
  end
  local token = text.trim(answer.body)
  if token == "" or text.has_control(token) then return remote.unexpected(ask, "the body is not a token") end
  self.token, self.token_ends = token, context.loop.now() + TOKEN_SECONDS
end

local function ask_for_keys(self, context)
  local ask = question(self, "get_agency_keys", "GET", "/openstack/latest/securitykey",
    { ["X-Metadata-Token"] = self.token })
  local document, err, answer = remote.document(self.settings, context, ask)
  if document then
    if type(document.credential) ~= "table" then return nil, remote.unexpected(ask, "credential is not an object") end
    return remote.keys(document.credential, KEY_NAMES, ask)
  end
  local stale = answer and answer.status == 401 and not answer.body:find(NO_AGENCY, 1, true)
  return nil, err, stale
end

function Metadata:refresh(context)
  local now = context.loop.now()
  local fault
  if now >= self.plain_until and not (self.token and now < self.token_ends) then
    fault = renew_token(self, context, false)
    if fault then return nil, fault end
  end
  local keys, err, stale = ask_for_keys(self, context)
  if not stale then return keys, err end
  fault = renew_token(self, context, true)
  if fault then return nil, fault end
  keys, err = ask_for_keys(self, context)
  return keys, err
end

return metadata

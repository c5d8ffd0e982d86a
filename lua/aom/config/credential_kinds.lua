--- The kinds of credentials, as data: which fields each has, what options, profile keys and
--- environment variables these are, and whether a service exchanges them for others.

local each = require "aom.util.each"

local credential_kinds = {}

---@class aom.CredentialField
---@field variable? string  environment variable; nil: the field is an option only
---@field sample? string    variable of the provider's samples, read where the kind is not found otherwise
---@field secret? boolean
---@field type? "token"|"provider"  of the option, see aom.config.options; default: a string

--- By the names that options and profile keys have.
---@type table<string, aom.CredentialField>
credential_kinds.fields = {
  ak = { variable = "HUAWEICLOUD_SDK_AK", sample = "CLOUD_SDK_AK" },
  sk = { variable = "HUAWEICLOUD_SDK_SK", sample = "CLOUD_SDK_SK", secret = true },
  security_token = { variable = "HUAWEICLOUD_SDK_SECURITY_TOKEN", secret = true },
  token = { variable = "HUAWEICLOUD_SDK_TOKEN", secret = true, type = "token" },
  credentials = { type = "provider" },
  username = { variable = "HUAWEICLOUD_SDK_USERNAME" },
  password = { variable = "HUAWEICLOUD_SDK_PASSWORD", secret = true },
  domain_name = { variable = "HUAWEICLOUD_SDK_DOMAIN_NAME" },
  idp_id = { variable = "HUAWEICLOUD_SDK_IDP_ID" },
  id_token_file = { variable = "HUAWEICLOUD_SDK_ID_TOKEN_FILE" },
}

---@class aom.CredentialKind
---@field name string
---@field noun string         for messages
---@field required string[]   fields that are given together
---@field fields string[]     these, and fields that mean nothing without them
---@field rank? integer       where the environment or the profile has several kinds, the lowest rank counts;
---  nil: an option only
---@field exchanged? boolean  the identity service gives a token or temporary keys for it
---@field window? number      renewed when less than these seconds are left; default: the cache's
---@field advice? string      hint where a required field is missing

local USER, ID_TOKEN = { "username", "password", "domain_name" }, { "idp_id", "id_token_file" }

--- In the order in which messages name them; each stands here by its name, too.
---@type aom.CredentialKind[]
credential_kinds.list = {
  {
    name = "key_pair", noun = "a key pair", rank = 2,
    required = { "ak", "sk" }, fields = { "ak", "sk", "security_token" },
    advice = "set ak, sk and security_token in the same place",
  },
  { name = "token", noun = "a token", rank = 3, required = { "token" }, fields = { "token" } },
  { name = "provider", noun = "a provider", required = { "credentials" }, fields = { "credentials" } },
  { name = "password", noun = "a password", rank = 4, exchanged = true, required = USER, fields = USER },
  {
    name = "id_token", noun = "an id token", rank = 1, exchanged = true, window = 2400, required = ID_TOKEN,
    fields = ID_TOKEN,
  },
}

for _, kind in ipairs(credential_kinds.list) do credential_kinds[kind.name] = kind end

--- The variables by which a cluster gives a pod its identity.
credential_kinds.pod = { uri = "HC_CONTAINER_CREDENTIALS_FULL_URI", file = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE" }

--- The variables of the fields, and those of the provider's samples.
---@type table<string, string>
credential_kinds.variables, credential_kinds.samples = {}, {}

for name, field in each.pair(credential_kinds.fields) do
  credential_kinds.variables[name], credential_kinds.samples[name] = field.variable, field.sample
end

--- The first of some fields that has a value, and the first required one that has none.
---@param kind aom.CredentialKind
---@param values table<string, any>
---@param names string[]
---@return string|nil has
---@return string|nil lacks
function credential_kinds.look(kind, values, names)
  local has, lacks
  for _, name in ipairs(names) do has = has or values[name] ~= nil and name or nil end
  for _, name in ipairs(kind.required) do lacks = lacks or values[name] == nil and name or nil end
  return has, lacks
end

--- The label of a kind in messages: its first two required fields.
---@param kind aom.CredentialKind
---@param names? table<string, string>  what the fields are called in a place; default: as options
---@return string
function credential_kinds.label(kind, names)
  local first, second = kind.required[1], kind.required[2]
  names = names or {}
  return (names[first] or first) .. (second and " and " .. (names[second] or second) or "")
end

--- Whether the values of a place, by field, hold one of some fields.
---@param fields table<string, any>
---@param values table<string, any>
---@return boolean
function credential_kinds.has_any(fields, values)
  for name in each.pair(fields) do
    if values[name] ~= nil then return true end
  end
  return false
end

return credential_kinds

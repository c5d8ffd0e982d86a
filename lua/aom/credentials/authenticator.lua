--- From the values that a provider gives to what requests carry: the headers of an account,
--- and a signer that keeps the secret key in C.

local check = require "aom.util.check"
local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"
local lockout = require "aom.credentials.lockout"
local options = require "aom.config.options"

local mask = lazy "aom.util.mask"
local sign = lazy "aom.http.sign"
local trust = lazy "aom.config.trust"

local authenticator = {}

--- A grant itself once it knows its headers, so that a call need not make one.
---@class aom.Authenticator: aom.Grant
---@field settings table
---@field kind aom.CredentialKind     a key pair, or a token
---@field headers table<string, string>|false  false until the project is known
---@field token? string
---@field signer? userdata            signs, when it is a key pair
---@field lookup_signer? userdata     signs for the identity service, where that differs
---@field scoped table<string, userdata>  sign for other services, by region and service (V11)
---@field record? aom.KeyRecord       what is known of the key pair
---@field mark string                 the same for the same credentials, and tells nothing of them
---@field project_id? string          the project that a token belongs to
---@field expires_at integer|false
---@field substitute boolean         given in place of refused ones, and not accepted so far
local Authenticator = {}
Authenticator.__index = Authenticator

local V11 = "V11-HMAC-SHA256"

local required = { kind = "string", secret = true, required = true }
-- In 2001: what is less is a duration, with which credentials would be renewed for each call.
local FIRST_EXPIRY = 1e9

local expiry = { test = function(value)
  if type(value) ~= "number" or value ~= value then return "a number of seconds since 1970" end
  return value < FIRST_EXPIRY and "a time in seconds since 1970, such as os.time() + 3600" or nil
end }

local key_rows = { ak = required, sk = required, security_token = options.rows.secret, expires_at = expiry }
local token_rows = { token = options.rows.token, expires_at = expiry }

--- What is wrong with a provider's values, or nil.
local function check_values(values)
  local rows = values.token ~= nil and token_rows or key_rows
  local err = check.members(values, rows, { member = "" })
  if err then err.kind = "config" end
  return err
end

local function new_signer(values, algorithm, region)
  local signer, why, code = core.signer {
    ak = values.ak, sk = values.sk, security_token = values.security_token,
    algorithm = algorithm, region = region, service = "aom",
  }
  if not signer then return nil, sign.host_error(why, code) or errors.config("cannot create a signer: " .. why) end
  return signer
end

--- A one-way name of a secret.
---@param name string
---@param secret string
---@return string|nil
---@return aom.Error|nil  this host cannot compute it
function authenticator.fingerprint(name, secret)
  local signer, err = new_signer({ ak = name, sk = secret }, "SDK-HMAC-SHA256")
  if not signer then return nil, err end
  local text, why, code = signer:fingerprint()
  signer:close()
  if text then return text end
  return nil, sign.host_error(why, code)
end

local function token_fields(settings, values)
  for _, target in ipairs(settings.endpoints) do
    if trust.is_open(target, settings) then
      return nil, errors.config("a token would cross the network unencrypted, because the endpoint is http://",
        "use https://, or set option allow_http to accept the risk")
    end
  end
  local mark, err = authenticator.fingerprint("token", values.token)
  return mark and {
    kind = kinds.token,
    token = values.token,
    mask = mask.of { values.token },
    mark = mark,
    project_id = values.project_id,
  }, err
end

local function key_fields(settings, values)
  local algorithm, region = settings.algorithm, settings.region
  if algorithm == V11 and not region then
    return nil, errors.config("algorithm V11-HMAC-SHA256 needs a region, and none is set",
      "set option region as well as the endpoint")
  end
  local signer, err = new_signer(values, algorithm, region)
  if not signer then return nil, err end
  local mark
  mark, err = authenticator.fingerprint(values.ak, values.sk .. " " .. (values.security_token or ""))
  local name, why, code = signer:fingerprint()
  if not mark or not name then
    signer:close()
    return nil, err or sign.host_error(why, code)
  end
  -- A signature for one service and region is of no use to the identity service.
  local plain = algorithm == V11 and not settings.project_id and new_signer(values, "SDK-HMAC-SHA256") or nil
  return {
    kind = kinds.key_pair,
    signer = signer,
    lookup_signer = plain,
    record = lockout.record(name, "key", settings.endpoint.base),
    mask = function(text) return signer:mask(text) end,
    mark = mark,
  }
end

--- Makes an authenticator of a provider's values.
---@param settings table
---@param values aom.Credentials
---@return aom.Authenticator|nil
---@return aom.Error|nil
function authenticator.new(settings, values)
  local err = check_values(values)
  if err then return nil, err end
  local self
  self, err = (values.token and token_fields or key_fields)(settings, values)
  if not self then return nil, err end
  self.settings, self.expires_at, self.substitute = settings, values.expires_at or false, false
  self.scoped = {}
  setmetatable(self, Authenticator)
  self.headers = settings.project_id and self:account_headers() or false
  return self
end

--- The one place that says which headers a request carries of an account.
---@return table<string, string>
function Authenticator:account_headers()
  return {
    ["Content-Type"] = "application/json", ["X-Project-Id"] = self.settings.project_id, ["X-Auth-Token"] = self.token,
  }
end

--- Wipes the keys in C.
function Authenticator:close()
  if self.signer then self.signer:close() end
  if self.lookup_signer then self.lookup_signer:close() end
  for _, signer in each.pair(self.scoped) do signer:close() end
end

return authenticator

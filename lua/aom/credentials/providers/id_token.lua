--- Temporary keys for the id token of an identity provider (OpenID Connect), which
--- stands in a file that something else keeps fresh: first the id token is changed for a
--- token without a project, then that one for keys. Neither request is signed.

local errors = require "aom.util.errors"
local iam = require "aom.credentials.iam"
local remote = require "aom.credentials.providers.remote"
local text = require "aom.util.text"

---@class aom.FederationProvider: aom.Provider
local Federation = { window = 2400 }
Federation.__index = Federation

local federation = {}

--- What the keys are asked to live, in seconds.
local DURATION = 21600

local KEY_NAMES = { ak = "access", sk = "secret", security_token = "securitytoken", expires_at = "expires_at" }

---@param settings table
---@param values { idp_id: string, id_token_file: string }
---@return aom.Provider
function federation.new(settings, values)
  return setmetatable({
    settings = settings, values = values, lazy = true, asks_iam = true, where = "options idp_id and id_token_file",
  }, Federation)
end

function Federation:refresh(context) return federation.exchange(self.settings, context, self.values) end

--- Reads a secret that a file holds alone.
---@param system aom.System
---@param path string
---@param what string  for messages
---@return string|nil
---@return aom.Error|nil
function federation.read_secret(system, path, what)
  local contents, why = system.read_file(path)
  local secret = contents and text.trim(contents)
  if not secret then
    return nil, errors.new("credentials", ("the file of the %s cannot be read: %s"):format(what, why or path))
  end
  if secret == "" or text.has_control(secret) then
    return nil, errors.new("credentials", ("the file %s holds no %s"):format(path, what))
  end
  return secret
end

local function unscoped_token(settings, context, endpoint, values, id_token)
  local ask = {
    operation = "create_unscoped_token", service = "identity", method = "POST", endpoint = endpoint,
    path = "/v3.0/OS-AUTH/id-token/tokens",
    headers = { ["X-Idp-Id"] = values.idp_id },
    body = { auth = { id_token = { id = id_token } } }, secrets = { id_token },
  }
  local document, err, answer = remote.document(settings, context, ask)
  if not document then return nil, err end
  local token = answer.headers["x-subject-token"]
  if token then return token end
  return nil, remote.unexpected(ask)
end

local function keys_of(settings, context, endpoint, token)
  local ask = {
    operation = "create_temporary_keys", service = "identity", method = "POST", endpoint = endpoint,
    path = "/v3.0/OS-CREDENTIAL/securitytokens", secrets = { token },
    body = { auth = { identity = {
      methods = { "token" }, token = { id = token, duration_seconds = DURATION },
    } } },
  }
  local document, err = remote.document(settings, context, ask)
  if not document then return nil, err end
  return remote.keys(document.credential, KEY_NAMES, ask)
end

--- Changes the id token, as it stands in its file now, for keys.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param values { idp_id: string, id_token_file: string }
---@return aom.Credentials|nil
---@return aom.Error|nil
function federation.exchange(settings, context, values)
  local endpoint, err = iam.endpoint(settings)
  if not endpoint then return nil, err end
  local id_token, token
  id_token, err = federation.read_secret(settings.source.system, values.id_token_file, "id token")
  if not id_token then return nil, err end
  token, err = unscoped_token(settings, context, endpoint, values, id_token)
  if not token then return nil, err end
  return keys_of(settings, context, endpoint, token)
end

return federation

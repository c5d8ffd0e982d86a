--- Exchanges the id token of an identity provider (OpenID Connect), which something else
--- keeps fresh in a file, for temporary keys: first for a token without a project, then
--- that token for keys. Neither request is signed.

local errors = require "aom.util.errors"
local paste = require "aom.config.paste"
local iam = require "aom.credentials.iam"
local remote = require "aom.credentials.providers.remote"
local text = require "aom.util.text"

local id_token = {}

--- The life that is asked for the keys, in seconds.
local DURATION = 21600

local KEY_NAMES = { ak = "access", sk = "secret", security_token = "securitytoken", expires_at = "expires_at" }

--- Reads a file that holds nothing but a secret.
---@param system aom.System
---@param path string
---@param what string  for messages
---@param name "id_token"|"pod_token"  see aom.config.paste
---@return string|nil
---@return aom.Error|nil
function id_token.read_secret(system, path, what, name)
  local contents, why = system.read_file(path)
  if not contents then
    return nil, errors.new("credentials", ("the file of the %s cannot be read: %s"):format(what, why or path))
  end
  local secret, problem = paste.from_file(name, text.trim((contents:gsub("^\239\187\191", ""))))
  if secret then return secret end
  return nil, errors.new("credentials", ("the file %s contains no %s%s"):format(path, what,
    problem and ": it " .. problem or ""))
end

local function unscoped_token(settings, context, endpoint, values, secret)
  local ask = {
    operation = "create_unscoped_token", service = "identity", method = "POST", endpoint = endpoint,
    path = "/v3.0/OS-AUTH/id-token/tokens",
    headers = { ["X-Idp-Id"] = values.idp_id },
    body = { auth = { id_token = { id = secret } } }, secrets = { secret },
  }
  local document, err, answer = remote.document(settings, context, ask)
  if not document then return nil, err end
  local token = answer.headers["x-subject-token"]
  if token then return token end
  return nil, remote.unexpected(ask, "the header X-Subject-Token is missing")
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
  if type(document.credential) ~= "table" then return nil, remote.unexpected(ask, "credential is not an object") end
  return remote.keys(document.credential, KEY_NAMES, ask)
end

--- Exchanges the id token, as it stands in its file now, for keys.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param values { idp_id: string, id_token_file: string }
---@return aom.Credentials|nil
---@return aom.Error|nil
function id_token.exchange(settings, context, values)
  local endpoint, err = iam.endpoint(settings)
  if not endpoint then return nil, err end
  local secret, token
  secret, err = id_token.read_secret(settings.source.system, values.id_token_file, "id token", "id_token")
  if not secret then return nil, err end
  token, err = unscoped_token(settings, context, endpoint, values, secret)
  if not token then return nil, err end
  return keys_of(settings, context, endpoint, token)
end

return id_token

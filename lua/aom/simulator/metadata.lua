--- The sources of temporary keys for machines and pods: the metadata service of an
-- instance, with or without tokens, and the pod identity endpoint.

local answers = require "aom.simulator.answers"
local issued = require "aom.simulator.issued"

local metadata = {}

local function plain(status, text)
  return { status = status, body = text, headers = { ["Content-Type"] = "text/plain" } }
end

local function create_token(context, request)
  local settings = context.settings
  if settings.metadata_tokens == false then
    return plain(404, "Not Found")
  elseif not tonumber(request:header("x-metadata-token-ttl-seconds")) then
    return plain(400, "X-Metadata-Token-Ttl-Seconds is missing")
  end
  local token = issued.token(context, { metadata = true })
  return plain(200, token .. "\n")
end

local function is_admitted(context, request)
  local known = context.settings.tokens[request:header("x-metadata-token") or ""]
  return known and known ~= true and known.metadata and not issued.is_over(known, context:now())
end

local function get_keys(context, request)
  local settings = context.settings
  if settings.metadata_tokens and not is_admitted(context, request) then
    return plain(401, "The token is missing or no longer valid")
  elseif not settings.metadata_agency then
    return plain(401, "Please configure Cloud Service Agency first")
  end
  local keys = issued.keys(context)
  return answers.json(200, { credential = {
    access = keys.ak, secret = keys.sk, securitytoken = keys.security_token,
    expires_at = issued.time(keys.expires_at),
  } })
end

local function get_pod_keys(context, request)
  if not context.settings.pod_tokens[request:header("authorization") or ""] then
    return answers.json(401, { error_code = "POD.0401", error_msg = "the pod's token is not valid" })
  end
  local keys = issued.keys(context)
  return answers.json(200, { credentials = {
    accessKeyId = keys.ak, secretAccessKey = keys.sk, securityToken = keys.security_token,
    -- Without a fraction of a second: clients must parse both forms.
    expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", keys.expires_at),
  } })
end

---@type aom.simulator.Route[]
metadata.routes = {
  { method = "PUT", path = "/meta-data/latest/api/token", handler = create_token, public = true },
  { method = "GET", path = "/openstack/latest/securitykey", handler = get_keys, public = true },
  { method = "POST", path = "/pod/credentials", handler = get_pod_keys, public = true },
}

return metadata

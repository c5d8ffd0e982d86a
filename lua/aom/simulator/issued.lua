--- Tokens and temporary keys that the simulator issues. They are valid like those of its
-- settings, until they expire or a test ends them.

local issued = {}

--- A time in the format of the identity and metadata services.
---@param seconds integer since 1970
---@return string
function issued.time(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S.000000Z", seconds)
end

--- Issues a token.
---@param context table the simulator
---@param fields table|nil kept with it
---@return string token
---@return integer expires_at
function issued.token(context, fields)
  local settings = context.settings
  local token, expires_at = "issued-token-" .. context:next_id(), context:now() + settings.token_lifetime
  local entry = { issued = true, expires_at = expires_at }
  for name, value in pairs(fields or {}) do
    entry[name] = value
  end
  settings.tokens[token] = entry
  return token, expires_at
end

--- Issues a temporary key pair.
---@param context table the simulator
---@return table keys ak, sk, security_token, expires_at
function issued.keys(context)
  local settings, id = context.settings, context:next_id()
  local keys = {
    issued = true, sk = "issued-secret-" .. id, security_token = "issued-sts-" .. id,
    expires_at = context:now() + settings.key_lifetime,
  }
  settings.keys["TMP" .. id:upper()] = keys
  return {
    ak = "TMP" .. id:upper(), sk = keys.sk, security_token = keys.security_token, expires_at = keys.expires_at,
  }
end

--- Whether a token or a key has expired.
---@param entry table|true
---@param now integer
---@return boolean
function issued.is_over(entry, now)
  return entry ~= true and (entry.expired or (entry.expires_at ~= nil and now >= entry.expires_at)) == true
end

--- Ends everything that was issued so far.
---@param settings table
function issued.expire(settings)
  for _, map in ipairs { settings.tokens, settings.keys } do
    for _, entry in pairs(map) do
      if entry ~= true and entry.issued then
        entry.expired = true
      end
    end
  end
end

return issued

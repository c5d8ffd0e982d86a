--- Where a client's secrets may be sent.

local lower = require "aom.util.text".lower

local trust = {}

--- A host without its port; and what follows its first label, where that can be the domain of
--- several services.
local function split_host(target)
  local host = target.host:match "^%[.*%]" or target.host:match "^[^:]*"
  local is_address = host:find "^[%d.]+$" ~= nil
  return host, not is_address and host:match "^[^.]+%.(.+%..+)$" or nil
end

--- Whether a token of the client may go there: to a service beside the client's own, or one
--- that the user names.
---@param target aom.Endpoint
---@param settings table
---@return boolean
function trust.is_trusted(target, settings)
  local host, domain = split_host(target)
  for _, own in ipairs(settings.endpoints) do
    local own_host, own_domain = split_host(own)
    if host == own_host or domain and domain == own_domain then return true end
  end
  for _, name in ipairs(settings.token_hosts or {}) do
    if lower(name) == host or lower(name) == target.host then return true end
  end
  return false
end

--- Whether secrets would cross a network unencrypted.
---@param target aom.Endpoint
---@param settings table
---@return boolean
function trust.is_open(target, settings)
  return target.scheme == "http" and not target.loopback and not settings.allow_http
end

return trust

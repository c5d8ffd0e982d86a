--- Who a client is, ready for requests: a signer that keeps the secret key in C, or
--- the header of a token. Renewed before it expires, by one caller at a time.

local breaker = require "aom.breaker"
local chain = require "aom.credentials.chain"
local core = require "aom.core"
local errors = require "aom.errors"
local gate = require "aom.gate"

local identity = {}

--- Renewed when less than this is left, in seconds.
local WINDOW = 300

---@class aom.Bearer
---@field signer? userdata            signs, when it is a key pair
---@field headers table<string, string>  what every request carries
---@field record? aom.KeyRecord       what is known of the key pair
---@field expires_at? integer
---@field mask fun(text: string): string

---@class aom.Identity
---@field current? aom.Bearer
local Identity = {}
Identity.__index = Identity

local algorithms = {
  ["SDK-HMAC-SHA256"] = true, ["SDK-HMAC-SM3"] = true, ["SDK-ECDSA-P256-SHA256"] = true,
  ["SDK-SM2-SM3"] = true, ["V11-HMAC-SHA256"] = true,
}

--- Replaces a token wherever it stands in a text.
local function token_mask(token)
  return function(text)
    local from, to = text:find(token, 1, true)
    while from do
      text = text:sub(1, from - 1) .. "***" .. text:sub(to + 1)
      from, to = text:find(token, from + 3, true)
    end
    return text
  end
end

local function is_header_text(value)
  return type(value) == "string" and value ~= "" and not value:find("[%z\1-\31\127]")
end

local function check(values)
  if values.expires_at ~= nil and type(values.expires_at) ~= "number" then
    return errors.config("expires_at is not a number of seconds since 1970")
  end
  if values.token ~= nil then
    if is_header_text(values.token) and #values.token <= 40960 then return nil end
    return errors.config("the token is not a string of 1 to 40960 bytes without control characters")
  end
  if not is_header_text(values.ak) or not is_header_text(values.sk) then
    return errors.config("ak and sk are not non-empty strings without control characters")
  end
  if values.security_token ~= nil and not is_header_text(values.security_token) then
    return errors.config("the security token is not a non-empty string without control characters")
  end
end

local function with(headers, name, value)
  local copy = {}
  for key, text in pairs(headers) do copy[key] = text end
  copy[name] = value
  return copy
end

local function token_bearer(self, values)
  local endpoint = self.settings.endpoint
  if endpoint.scheme == "http" and not endpoint.loopback and not self.settings.allow_http then
    return nil, errors.config("a token would cross the network unencrypted, since the endpoint is http://",
      "use https://, or set option allow_http to accept the risk")
  end
  return {
    headers = with(self.headers, "X-Auth-Token", values.token),
    mask = token_mask(values.token),
    expires_at = values.expires_at,
  }
end

local function key_bearer(self, values)
  local settings = self.settings
  if settings.algorithm == "V11-HMAC-SHA256" and not settings.region then
    return nil, errors.config("algorithm V11-HMAC-SHA256 signs for a region, and none is set",
      "set a region beside the endpoint")
  end
  local signer, why = core.signer {
    ak = values.ak, sk = values.sk, security_token = values.security_token,
    algorithm = settings.algorithm, region = settings.region, service = "aom",
  }
  if not signer then return nil, errors.config("no signer can be made: " .. why) end
  return {
    signer = signer,
    headers = self.headers,
    record = breaker.record(signer:fingerprint()),
    mask = function(text) return signer:mask(text) end,
    expires_at = values.expires_at,
  }
end

local function make_bearer(self, values)
  local err = check(values)
  if err then return nil, err end
  if values.token then return token_bearer(self, values) end
  return key_bearer(self, values)
end

---@param settings table  resolved configuration; its credential options are taken out
---@param headers table<string, string>  what every request carries besides
---@return aom.Identity|nil
---@return aom.Error|nil
function identity.new(settings, headers)
  if not algorithms[settings.algorithm] then
    local names = {}
    for name in pairs(algorithms) do names[#names + 1] = name end
    table.sort(names)
    return nil, errors.argument("option algorithm: expected one of %s, got %s",
      table.concat(names, ", "), errors.show(settings.algorithm))
  end
  local provider, values, err = chain.find(settings.source)
  if not provider then return nil, err end
  local self = setmetatable({
    settings = settings, headers = headers, provider = provider, gate = gate.new(),
    time = settings.source.system.time,
  }, Identity)
  if values then
    self.current, err = make_bearer(self, values)
    if not self.current then return nil, err end
  end
  return self
end

--- Whether what is held lasts for some seconds more.
local function lasts(self, seconds)
  local current = self.current
  return current and (not current.expires_at or self.time() < current.expires_at - seconds)
end

--- What to do without a renewal: until they expire, the old credentials will do.
local function make_do(self, err)
  if lasts(self, 0) then return self.current end
  return nil, err
end

local function renew(self, loop, deadline)
  local values, err = self.provider:refresh({ loop = loop, deadline = deadline })
  if not values then return nil, err end
  local bearer
  bearer, err = make_bearer(self, values)
  if bearer then self.current = bearer end
  return bearer, err
end

local function renew_for_all(self, loop, deadline, hold)
  local bearer, err = renew(self, loop, deadline)
  self.gate:release(hold, err)
  if bearer then return bearer end
  return make_do(self, err)
end

--- The bearer to use now. Waits while another call renews it.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when a renewal that hangs makes way for the next caller's
---@return aom.Bearer|nil
---@return aom.Error|nil
function Identity:get(loop, deadline, expires)
  while not lasts(self, WINDOW) do
    local hold = self.gate:take(loop, expires)
    if hold then return renew_for_all(self, loop, deadline, hold) end
    local waited, failure, cancelled = self.gate:wait(loop, deadline)
    if cancelled then return nil, errors.new("cancelled", "the call was cancelled") end
    if failure then return make_do(self, errors.copy(failure)) end
    if not waited then return renew_for_all(self, loop, deadline) end
    if loop.now() >= deadline then
      return nil, errors.new("timeout", "the deadline passed while credentials were renewed")
    end
  end
  return self.current
end

function Identity:close()
  local current = self.current
  self.current = nil
  if current and current.signer then current.signer:close() end
end

return identity

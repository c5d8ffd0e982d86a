--- The credentials of a client, ready for requests. Those that expire, or are refused, are renewed
--- in aom.credentials.renewal, which is loaded when that is needed.

local authenticator = require "aom.credentials.authenticator"
local chain = require "aom.credentials.providers.chain"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"
local single_flight = require "aom.loop.single_flight"

local cache = {}

---@class aom.CredentialCache
---@field settings table
---@field provider aom.Provider
---@field flight aom.SingleFlight      of renewals
---@field current aom.Authenticator|false
---@field refused aom.Authenticator|false  the service says that it is no longer valid
---@field next_try number      not renewed before, while the current ones last
---@field alone_until number   by the loop's clock: until then no refusal asks the source
---@field closed boolean
-- A field that is missing would be looked for among the methods there.
local Cache = setmetatable({}, { __index = lazy "aom.credentials.renewal" })
Cache.__index = Cache

---@param settings table  resolved configuration; its credential options are taken out
---@return aom.CredentialCache|nil
---@return aom.Error|nil
function cache.new(settings)
  local provider, values, err = chain.find(settings)
  if not provider then return nil, err end
  settings.source:note("credentials", provider.where)
  local self = setmetatable({
    settings = settings, provider = provider, flight = single_flight.new(),
    time = settings.source.system.time, next_try = 0, alone_until = -math.huge, refused = false,
    current = false, closed = false,
  }, Cache)
  if values then
    local current
    current, err = authenticator.new(settings, values)
    if not current then return nil, err end
    self.current = current
  end
  return self
end

--- The credentials, where nothing is to be done about them: those of the busy path never expire.
---@return aom.Authenticator|nil
function Cache:lasting()
  local current = self.current
  return current and not current.expires_at and current ~= self.refused and current or nil
end

--- The credentials to use now. Waits while another call renews them.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when a renewal that hangs makes way for the next caller's
---@return aom.Authenticator|nil
---@return aom.Error|nil
function Cache:get(loop, deadline, expires)
  if self.closed then return nil, errors.cancelled() end
  local lasting = self:lasting()
  if lasting then return lasting end
  return self:valid(loop, deadline, expires)
end

--- Wipes the keys. Calls that wait for a renewal are cancelled when it ends.
function Cache:close()
  local current = self.current
  self.current, self.closed = false, true
  if current then current:close() end
end

return cache

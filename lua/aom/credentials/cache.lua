--- Who a client is, ready for requests: a signer that keeps the secret key in C, or
--- the header of a token. Renewed before it expires, by one caller at a time.

local authenticator = require "aom.credentials.authenticator"
local chain = require "aom.credentials.providers.chain"
local errors = require "aom.util.errors"
local single_flight = require "aom.loop.single_flight"

local cache = {}

--- Renewed when less than this is left, in seconds, unless the provider says otherwise.
local WINDOW = 300

--- Credentials that last at least this long are used while another call renews them.
local SPARE = 30

--- The least time between two attempts to renew what has not yet expired. Credentials
--- that live shorter than the window would otherwise be renewed at every call.
local PAUSE, SHARE = 5, 8

--- For how long a source is left alone whose credentials are refused although they were
--- given in place of refused ones; and one that failed to give others.
local LEFT_ALONE, AFTER_FAILURE = 60, 5

---@class aom.Identity
---@field current? aom.Bearer
---@field refused? aom.Bearer  the service says that it is no longer valid
---@field next_try number      not renewed before, while what is held lasts
---@field alone_until number   by the loop's clock: until then no refusal asks the source
---@field closed? boolean
local Identity = {}
Identity.__index = Identity

---@param settings table  resolved configuration; its credential options are taken out
---@param headers table<string, string>  what every request carries besides
---@return aom.Identity|nil
---@return aom.Error|nil
function cache.new(settings, headers)
  local err = authenticator.check_algorithm(settings)
  if err then return nil, err end
  local provider, values
  provider, values, err = chain.find(settings)
  if not provider then return nil, err end
  local self = setmetatable({
    settings = settings, headers = headers, provider = provider, gate = single_flight.new(),
    time = settings.source.system.time, next_try = 0, alone_until = -math.huge,
  }, Identity)
  if values then
    self.current, err = authenticator.new(settings, headers, values)
    if not self.current then return nil, err end
  end
  return self
end

--- Whether what is held is good for some seconds more.
local function lasts(self, seconds)
  local current = self.current
  if not current or current == self.refused then return false end
  return not current.expires_at or self.time() < current.expires_at - seconds
end

local function is_due(self)
  if lasts(self, self.provider.window or WINDOW) then return false end
  return not lasts(self, 0) or self.time() >= self.next_try
end

--- What to do without a renewal: until they expire, the old credentials will do.
local function make_do(self, err)
  if lasts(self, 0) then return self.current end
  return nil, err
end

local function set_next_try(self)
  local current, time = self.current, self.time()
  local left = current and current.expires_at and current.expires_at - time or 0
  self.next_try = time + math.max(PAUSE, left / SHARE)
end

--- Why the places before this provider's had nothing.
local function explain(self, err)
  err.hint = err.hint or self.provider.skipped
  return err
end

local function wipe(bearer)
  if bearer.signer then bearer.signer:close() end
  if bearer.lookup_signer then bearer.lookup_signer:close() end
end

local function renew(self, loop, deadline)
  local values, err = self.provider:refresh({ loop = loop, deadline = deadline })
  if not values then return nil, explain(self, err) end
  local bearer
  bearer, err = authenticator.new(self.settings, self.headers, values)
  if not bearer then
    err.message = ("%s: %s"):format(self.provider.where, err.message)
    return nil, err
  end
  local refused = self.refused
  if refused and bearer.mark == refused.mark then
    return nil, errors.new("credentials", "the source still returns the credentials that the service refused"), true
  end
  bearer.substitute = refused ~= nil
  if self.closed then
    wipe(bearer)
    return nil, errors.cancelled()
  end
  self.current = bearer
  return bearer
end

local function leave_alone(self, loop, seconds)
  self.alone_until = math.max(self.alone_until, loop.now() + seconds)
end

--- A source that only has to be read may be asked again at once: the user may be editing
--- the file. One that asks somebody else is spared.
local function spare(self, loop, err, same)
  if not self.provider.lazy or err.kind == "cancelled" then return end
  leave_alone(self, loop, same and LEFT_ALONE or AFTER_FAILURE)
end

local function renew_for_all(self, loop, deadline, hold)
  local bearer, err, same = renew(self, loop, deadline)
  if err and self.refused then spare(self, loop, err, same) end
  self.refused = nil
  set_next_try(self)
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
  if self.closed then return nil, errors.cancelled() end
  while is_due(self) do
    local hold = self.gate:take(loop, expires)
    if hold then return renew_for_all(self, loop, deadline, hold) end
    if lasts(self, SPARE) then return self.current end
    local waited, failure, cancelled = self.gate:wait(loop, deadline)
    if cancelled then return nil, errors.cancelled() end
    if failure then return make_do(self, errors.copy(failure)) end
    if not waited then return renew_for_all(self, loop, deadline) end
    if loop.now() >= deadline then
      return nil, errors.new("timeout", "the deadline passed while credentials were renewed")
    end
  end
  return self.current
end

--- The service refused `bearer`: asks its source, if it can have others, for those that
--- it has by now. A source that gave others which were refused too is left alone.
---@param bearer aom.Bearer
---@param loop aom.Loop
---@param deadline number
---@param expires number
---@return boolean  whether there are
function Identity:replace(bearer, loop, deadline, expires)
  if self.current == bearer then
    if self.provider.fixed then return false end
    if bearer.substitute then self:spare_source(bearer, loop) end
    if loop.now() < self.alone_until then return false end
    self.refused = bearer
  end
  local other = self:get(loop, deadline, expires)
  return other ~= nil and other.mark ~= bearer.mark
end

--- What was given in place of refused credentials is refused as well.
---@param bearer aom.Bearer
---@param loop aom.Loop
function Identity:spare_source(bearer, loop)
  if self.current ~= bearer then return end
  bearer.substitute = false
  leave_alone(self, loop, LEFT_ALONE)
end

--- Once it is known, every request names the project.
---@param id string
function Identity:set_project(id)
  self.headers["X-Project-Id"] = id
  if self.current then self.current.headers["X-Project-Id"] = id end
end

function Identity:close()
  local current = self.current
  self.current, self.closed = nil, true
  if current then wipe(current) end
end

return cache

--- Renews the credentials of a client before they expire, and when the service refuses them, by
--- one call for all.

local authenticator = require "aom.credentials.authenticator"
local errors = require "aom.util.errors"

--- Methods of a cache of credentials.
---@class aom.CredentialCache
local renewal = {}

--- Renewed when less than this is left, in seconds, unless the provider says otherwise.
local WINDOW = 300

--- Credentials that last at least this long are used while another call renews them.
local SPARE = 30

--- The least time between two attempts to renew what has not yet expired. Credentials
--- that live shorter than the window would otherwise be renewed at every call.
local PAUSE, SHARE = 5, 8

--- How long a source is not asked, in seconds, after its replacement credentials were
--- refused too; and after it failed to supply others.
local LEFT_ALONE, AFTER_FAILURE = 60, 5

--- Whether the current credentials are valid for some seconds more.
local function lasts(self, seconds)
  local current = self.current
  if not current or current == self.refused then return false end
  return not current.expires_at or self.time() < current.expires_at - seconds
end

local function is_due(self)
  if lasts(self, self.provider.window or WINDOW) then return false end
  return not lasts(self, 0) or self.time() >= self.next_try
end

local function set_next_try(self)
  local current, time = self.current, self.time()
  local left = current and current.expires_at and current.expires_at - time or 0
  self.next_try = time + math.max(PAUSE, left / SHARE)
end

--- Adds why the places before this provider's had nothing.
local function explain(self, err)
  err.hint = err.hint or self.provider.skipped
  return err
end

local function renew(self, loop, deadline)
  local values, err = self.provider:refresh({ loop = loop, deadline = deadline })
  if not values then return nil, explain(self, err) end
  local renewed
  renewed, err = authenticator.new(self.settings, values)
  if not renewed then
    err.message = ("%s: %s"):format(self.provider.where, err.message)
    return nil, err
  end
  local refused = self.refused
  if refused and renewed.mark == refused.mark then
    return nil, errors.new("credentials", "the source still returns the credentials that the service refused"), true
  end
  renewed.substitute = refused ~= false
  if self.closed then
    renewed:close()
    return nil, errors.cancelled()
  end
  self.current = renewed
  return renewed
end

local function leave_alone(self, loop, seconds)
  self.alone_until = math.max(self.alone_until, loop.now() + seconds)
end

--- An environment or file source may be read again at once: the user may be editing the
--- file. A source that asks a service is not asked again for a while.
local function spare(self, loop, err, same)
  if not self.provider.lazy or err.kind == "cancelled" then return end
  leave_alone(self, loop, same and LEFT_ALONE or AFTER_FAILURE)
end

local function renew_for_all(self, loop, deadline)
  if self.closed then return nil, errors.cancelled() end
  local renewed, err, same = renew(self, loop, deadline)
  if err and self.refused then spare(self, loop, err, same) end
  self.refused = false
  set_next_try(self)
  return renewed, err
end

--- What a call may use without a renewal of its own: while another one renews, that is
--- also what lasts a little longer.
local function usable(self, loop)
  if not is_due(self) or lasts(self, SPARE) and self.flight:is_held(loop) then return self.current end
end

--- Apart from `valid`, since LuaJIT compiles no function that makes closures.
local function renew_once(self, loop, deadline, expires)
  local renewed, err = self.flight:once(loop, deadline, expires, "renew the credentials",
    function() return usable(self, loop) end,
    function() return renew_for_all(self, loop, deadline) end)
  -- Until they expire, the old credentials will do.
  if err and err.kind ~= "cancelled" and lasts(self, 0) then return self.current end
  return renewed, err
end

--- The credentials to use now, which may expire. Waits while another call renews them.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when a renewal that hangs makes way for the next caller's
---@return aom.Authenticator|nil
---@return aom.Error|nil
function renewal:valid(loop, deadline, expires)
  if not is_due(self) then return self.current end
  return renew_once(self, loop, deadline, expires)
end

--- The service refused credentials: asks their source, if it can have others, for those
--- that it has by now. A source that gave others which were refused too is left alone.
---@param refused aom.Authenticator
---@param loop aom.Loop
---@param deadline number
---@param expires number
---@return boolean  whether there are
function renewal:replace(refused, loop, deadline, expires)
  if self.current == refused then
    if self.provider.fixed then return false end
    if refused.substitute then self:spare_source(refused, loop) end
    if loop.now() < self.alone_until then return false end
    self.refused = refused
  end
  local other = self:get(loop, deadline, expires)
  return other ~= nil and other.mark ~= refused.mark
end

--- Credentials that were given in place of refused ones are refused as well.
---@param refused aom.Authenticator
---@param loop aom.Loop
function renewal:spare_source(refused, loop)
  if self.current ~= refused then return end
  refused.substitute = false
  leave_alone(self, loop, LEFT_ALONE)
end

return renewal

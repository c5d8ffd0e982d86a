--- Waits for a service that cannot be reached, for all calls that want it: one of them looks
--- every half second whether a connection comes about, and the others wait for that one.
--- When that has lasted for as long as the user allows, waiting and later calls fail at once,
--- but for one every half second that looks.

local errors = require "aom.util.errors"
local single_flight = require "aom.loop.single_flight"

local outage = {}

--- Seconds between two probes, and how long a name that does not resolve is waited for at most.
local GAP, NAME_LIMIT = 0.5, 1.5

---@class aom.Outage
---@field loop aom.Loop
---@field flight aom.SingleFlight  who has its hold is the one that probes
---@field began number|false  when it was noticed; false: there is none
---@field is_name boolean     all that is known is that the name does not resolve
---@field next_probe number
---@field err aom.Error|false  why the last request did not leave
local Outage = {}
Outage.__index = Outage

--- What waits: an exchange.
---@class aom.OutageCaller
---@field started number
---@field deadline number
---@field attempt table|false  it has tried to send already
---@field probe aom.FlightHold|false  it is the one that probes
---@field is_cancelled fun(self): boolean|nil

---@param loop aom.Loop
---@return aom.Outage
function outage.new(loop)
  return setmetatable({ loop = loop, flight = single_flight.new(), began = false, is_name = false, next_probe = 0,
    err = false }, Outage)
end

--- That of a service which a client asks beside its own. It is kept with the settings, since
--- what is known of the service concerns the next request too.
---@param settings table
---@param loop aom.Loop
---@param base string  the service's URL
---@return aom.Outage
function outage.at(settings, loop, base)
  settings.outages = settings.outages or {}
  settings.outages[base] = settings.outages[base] or outage.new(loop)
  return settings.outages[base]
end

--- Whether a trouble shows that the service cannot be reached, and nothing else. A connection
--- that the call's own deadline cut off shows nothing.
---@param trouble aom.Trouble
---@param is_late boolean  the deadline is over
---@return boolean
function outage.is_shown_by(trouble, is_late)
  return trouble.away ~= nil or trouble.kind == "timeout" and trouble.sent == false and not is_late
end

--- Whether the caller's hold is still the one; one that could not wait for another probes by itself.
local function is_prober(self, caller)
  local hold = caller.probe
  return hold and (hold.is_alone or self.flight.holder == hold) or false
end

--- A request could not reach the service.
---@param caller aom.OutageCaller
---@param trouble aom.Trouble
---@param err aom.Error
function Outage:note(caller, trouble, err)
  local now = self.loop.now()
  if not self.began then
    self.began, self.is_name, self.next_probe = now, true, now + GAP
  elseif is_prober(self, caller) then
    self.next_probe = now + GAP
  end
  self.is_name = self.is_name and trouble.away == "name"
  self.err = errors.copy(err)
end

--- A connection came about: whoever waits goes on.
---@param caller aom.OutageCaller
function Outage:finish(caller)
  caller.probe = false
  if not self.began then return end
  self.began = false
  self.flight:release(self.flight.holder)
end

--- The caller has ended: if it was the one that probes, another one is.
---@param caller aom.OutageCaller
function Outage:leave(caller)
  if caller.probe then self.flight:release(caller.probe) end
  caller.probe = false
end

--- For how long a call may wait from now on.
---@param limit number  seconds that the user allows
---@return number seconds
function Outage:patience(limit)
  return self.began + (self.is_name and math.min(limit, NAME_LIMIT) or limit) - self.loop.now()
end

--- Makes the caller the one that looks, when nobody waits any more. One that looked already
--- has failed.
local function look_once(self, caller, expires)
  local now = self.loop.now()
  if caller.probe or now < self.next_probe then return false end
  caller.probe = self.flight:take(self.loop, now + expires) or false
  return caller.probe ~= false
end

--- Waits for the time of the next probe.
---@return boolean|nil due  nil: cancelled
local function wait_to_probe(self, caller, patience, expires)
  local hold, now = caller.probe, self.loop.now()
  local rest = math.max(0, self.next_probe - now)
  -- Should the caller vanish in its sleep, another one takes over soon.
  hold.expires = now + rest + (rest > 0 and GAP or expires)
  if rest <= 0 then return true end
  if self.loop.sleep(math.min(rest, patience)) == false then return nil end
  return false
end

--- Waits until the caller may send: because the service can be reached, or to probe.
---@param caller aom.OutageCaller
---@param limit number    seconds that the user allows
---@param connect number  seconds that a connection may take
---@return boolean|nil ready  false: the service cannot be reached; nil: the wait was cancelled
function Outage:pass(caller, limit, connect)
  local loop, expires = self.loop, connect + GAP
  while self.began and not caller:is_cancelled() do
    local now, patience = loop.now(), self:patience(limit)
    if patience <= 0 then return look_once(self, caller, expires) end
    if is_prober(self, caller) then
      if self.next_probe >= caller.deadline then return false end
      local due = wait_to_probe(self, caller, patience, expires)
      if due ~= false then return due end
    elseif now >= caller.deadline then
      return false
    else
      local hold, err = self.flight:turn(loop, math.min(caller.deadline, now + patience), now + GAP, "")
      if err and err.kind == "cancelled" then return nil end
      caller.probe = hold or false
    end
  end
  return true
end

--- What a call ends with that was not let through.
---@param caller aom.OutageCaller
---@return aom.Error
function Outage:failure(caller)
  local now = self.loop.now()
  local err, waited = errors.copy(self.err), now - math.max(self.began, caller.started)
  if waited >= GAP then
    err.message = ("%s; the call waited %.1f s for a connection"):format(err.message, waited)
  elseif not caller.attempt then
    err.message = ("not sent, because there was no connection for %.1f s: %s"):format(now - self.began, err.message)
  end
  return err
end

return outage

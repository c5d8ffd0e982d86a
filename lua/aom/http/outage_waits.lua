--- Waits for a service that cannot be reached, for all calls that want it: one of them looks
--- every half second whether a connection comes about, and the others wait for that one.
--- When that has lasted for as long as the user allows, waiting and later calls fail at once,
--- but for one every half second that looks.

local errors = require "aom.util.errors"
local text = require "aom.util.text"

--- Methods of an outage.
---@class aom.Outage
local waits = {}

--- Seconds between two probes, and how long a name that does not resolve is waited for at most.
local GAP, NAME_LIMIT = 0.5, 1.5

--- Whether the caller's hold is still the one; one that could not wait for another probes by itself.
local function is_prober(self, caller)
  local hold = caller.probe
  return hold and (hold.is_alone or self.flight.holder == hold) or false
end

--- A request could not reach the service.
---@param caller aom.OutageCaller
---@param trouble aom.Trouble
---@param err aom.Error
function waits:note(caller, trouble, err)
  local now = self.loop.now()
  if not self.began then
    self.began, self.is_name, self.next_probe = now, true, now + GAP
  elseif is_prober(self, caller) then
    self.next_probe = now + GAP
  end
  self.is_name = self.is_name and trouble.away == "name"
  self.err = errors.copy(err)
end

--- For how long a call may wait from now on.
---@param limit number  seconds that the user allows
---@return number seconds
function waits:patience(limit)
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
function waits:pass(caller, limit, connect)
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
function waits:failure(caller)
  local now = self.loop.now()
  local err, waited = errors.copy(self.err), now - math.max(self.began, caller.started)
  if waited >= GAP then
    err.message = ("%s; the call waited %s s for a connection"):format(err.message, text.fixed(waited, 1))
  elseif not caller.attempt then
    err.message = ("not sent, because there was no connection for %s s: %s"):format(text.fixed(now - self.began, 1),
      err.message)
  end
  return err
end

return waits

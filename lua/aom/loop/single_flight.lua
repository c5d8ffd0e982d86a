--- Lets one caller do something for all who want it at the same time. That caller may vanish
--- (a light thread that was killed releases nothing), so a hold ends by itself at a set time.

local each = require "aom.util.each"
local errors = require "aom.util.errors"

---@class aom.FlightHold
---@field expires number
---@field thread? thread     in which its caller runs; nil: in none
---@field undo? fun(hold: aom.FlightHold)  gives up what its caller has besides, should it vanish
---@field loop? aom.Loop     in which its caller waits
---@field is_alone? boolean  somebody else has the real hold, and this caller cannot wait for it

---@class aom.SingleFlight
---@field holder? aom.FlightHold
---@field waiters table[]
local SingleFlight = {}
SingleFlight.__index = SingleFlight

local single_flight = {}

---@return aom.SingleFlight
function single_flight.new() return setmetatable({ waiters = {} }, SingleFlight) end

--- All that were given.
---@type table<aom.FlightHold, boolean>
local given = setmetatable({}, { __mode = "k" })

local function current_thread()
  local thread, is_main = coroutine.running()
  return not is_main and thread or nil
end

local function give(hold)
  hold.thread = current_thread()
  given[hold] = true
  return hold
end

local function vanish(hold)
  given[hold], hold.expires = nil, -math.huge
  if hold.undo then hold.undo(hold) end
end

--- An error has cut short what the running coroutine does, and with it what that holds.
function single_flight.abandon()
  local thread = current_thread()
  for hold in each.raw(given) do
    if hold.thread == thread then vanish(hold) end
  end
end

--- Whether somebody has the hold.
---@param loop aom.Loop
---@return boolean
function SingleFlight:is_held(loop)
  local holder = self.holder
  if not holder then return false end
  if holder.thread and coroutine.status(holder.thread) == "dead" then vanish(holder) end
  return loop.now() < holder.expires
end

--- Takes the hold if it is free.
---@param loop aom.Loop
---@param expires number  when it ends by itself
---@return aom.FlightHold|nil hold
function SingleFlight:take(loop, expires)
  if self:is_held(loop) then return nil end
  self.holder = give { expires = expires, loop = loop }
  return self.holder
end

--- Waits until the hold may be free, or until `deadline`.
---@return boolean waited  false: nothing else can run while this caller waits
---@return any failure     what the holder left for those who wait
---@return boolean|nil cancelled  the caller is to wait no more
local function wait(self, loop, deadline)
  local waiter = loop.waiter(self.holder.loop)
  if not waiter then return false end
  local place = { waiter = waiter }
  self.waiters[#self.waiters + 1] = place
  local woken = waiter.wait(math.min(deadline, self.holder.expires))
  if not place.woken then
    for i, other in ipairs(self.waiters) do
      if other == place then table.remove(self.waiters, i) break end
    end
  end
  return true, place.failure, woken == nil and not place.woken
end

--- Takes the hold, or waits for the caller that has it.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when the hold ends by itself
---@param what string     the holder's work, such as "renew the credentials", for a timeout's message
---@return aom.FlightHold|false|nil hold  false: the other one has ended, look again; nil: see err
---@return aom.Error|nil err     cancelled, late, or what the other one has failed with
---@return boolean|nil shared    it is that of the other one
function SingleFlight:turn(loop, deadline, expires, what)
  local hold = self:take(loop, expires)
  if hold then return hold end
  local waited, failure, cancelled = wait(self, loop, deadline)
  if cancelled then return nil, errors.cancelled() end
  if failure then return nil, errors.copy(failure), true end
  if not waited then return give { expires = expires, is_alone = true } end
  if loop.now() >= deadline then return nil, errors.new("timeout", "timed out waiting for another call to " .. what) end
  return false
end

--- Gives the hold up, if it still is the one, and wakes all who wait.
---@param hold any  what `take` or `turn` returned; anything else is no hold, and ignored
---@param failure? aom.Error
function SingleFlight:release(hold, failure)
  if hold == nil then return end
  given[hold] = nil
  if self.holder ~= hold then return end
  self.holder = nil
  local waiters = self.waiters
  self.waiters = {}
  for _, place in ipairs(waiters) do
    place.woken, place.failure = true, failure
    place.waiter.wake()
  end
end

--- What `ready` finds, or what `act` brings when it finds nothing.
---@generic T
---@param loop aom.Loop
---@param deadline number
---@param expires number
---@param what string
---@param ready fun(): T|nil
---@param act fun(): T|nil, aom.Error|nil
---@return T|nil
---@return aom.Error|nil
function SingleFlight:once(loop, deadline, expires, what, ready, act)
  local seconds = expires - loop.now()
  while true do
    local value = ready()
    if value ~= nil then return value end
    local hold, err = self:turn(loop, deadline, expires, what)
    if err then return nil, err end
    if hold then
      value, err = act()
      local is_own = err and (err.kind == "cancelled" or err.kind == "timeout" and loop.now() >= deadline)
      self:release(hold, not is_own and err or nil)
      return value, err
    end
    -- A hold that begins after a wait lasts as long as one that begins at once.
    expires = math.min(deadline, loop.now() + seconds)
  end
end

return single_flight

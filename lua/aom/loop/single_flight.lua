--- Lets one caller do something for all who want it at the same time. That caller may vanish
--- (a light thread that was killed releases nothing), so a hold ends by itself at a set time.

local each = require "aom.util.each"
local lazy = require "aom.util.lazy"

---@class aom.FlightHold
---@field expires number
---@field thread? thread     in which its caller runs; nil: in none
---@field undo? fun(hold: aom.FlightHold)  gives up what its caller has besides, should it vanish
---@field loop? aom.Loop     in which its caller waits
---@field is_alone? boolean  somebody else has the real hold, and this caller cannot wait for it

---@class aom.SingleFlight
---@field holder aom.FlightHold|false
---@field waiters table[]
--- How a caller waits for another one is loaded when it has to.
local SingleFlight = setmetatable({}, { __index = lazy "aom.loop.flight_waits" })
SingleFlight.__index = SingleFlight

local single_flight = {}

-- A field that is missing would be looked for among the methods there.
---@return aom.SingleFlight
function single_flight.new() return setmetatable({ waiters = {}, holder = false }, SingleFlight) end

--- All that were given.
---@type table<aom.FlightHold, boolean>
local given = setmetatable({}, { __mode = "k" })

local function current_thread()
  local thread, is_main = coroutine.running()
  return not is_main and thread or nil
end

--- Notes a hold as given to the caller.
---@param hold aom.FlightHold
---@return aom.FlightHold hold
function SingleFlight.give(hold)
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
  self.holder = SingleFlight.give { expires = expires, loop = loop }
  return self.holder
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
  return self:await(loop, deadline, expires, what)
end

--- Gives the hold up, if it still is the one, and wakes all who wait.
---@param hold any  what `take` or `turn` returned; anything else is no hold, and ignored
---@param failure? aom.Error
function SingleFlight:release(hold, failure)
  if not hold then return end
  given[hold] = nil
  if self.holder ~= hold then return end
  self.holder = false
  local waiters = self.waiters
  self.waiters = {}
  for _, place in ipairs(waiters) do
    place.woken, place.failure = true, failure
    place.waiter.wake()
  end
end

return single_flight

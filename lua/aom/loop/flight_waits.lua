--- How a caller waits for the one that has the hold of a single flight.

local errors = require "aom.util.errors"

--- Methods of a flight.
---@class aom.SingleFlight
local SingleFlight = {}

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

--- As `turn`, while another caller has the hold.
---@param loop aom.Loop
---@param deadline number
---@param expires number
---@param what string
---@return aom.FlightHold|false|nil hold
---@return aom.Error|nil err
---@return boolean|nil shared
function SingleFlight:await(loop, deadline, expires, what)
  local waited, failure, cancelled = wait(self, loop, deadline)
  if cancelled then return nil, errors.cancelled() end
  if failure then return nil, errors.copy(failure), true end
  if not waited then return self.give { expires = expires, is_alone = true } end
  if loop.now() >= deadline then return nil, errors.new("timeout", "timed out waiting for another call to " .. what) end
  return false
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

return SingleFlight

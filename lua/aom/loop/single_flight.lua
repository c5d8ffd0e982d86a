--- Lets one caller through at a time. Whoever holds it may vanish (a light thread
--- that was killed unlocks nothing), so a hold ends by itself at a set time.

---@class aom.Gate
---@field holder? table  { expires }
---@field waiters table[]
local Gate = {}
Gate.__index = Gate

local gate = {}

---@return aom.Gate
function gate.new() return setmetatable({ waiters = {} }, Gate) end

--- Takes the gate if it is free.
---@param loop aom.Loop
---@param expires number  when the hold ends by itself
---@return table|nil hold
function Gate:take(loop, expires)
  local holder = self.holder
  if holder and loop.now() < holder.expires then return nil end
  self.holder = { expires = expires }
  return self.holder
end

--- Waits until the gate may be free, or until `deadline`.
---@param loop aom.Loop
---@param deadline number
---@return boolean waited  false: nothing else can run while this caller waits
---@return any failure     what the holder left for those who wait
---@return boolean|nil cancelled  the caller is to wait no more
function Gate:wait(loop, deadline)
  local waiter = loop.waiter()
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

--- Gives it up, if `hold` still has it, and wakes all who wait.
---@param hold any  what `take` returned; anything else is no hold, and ignored
---@param failure? any
function Gate:release(hold, failure)
  if hold == nil or self.holder ~= hold then return end
  self.holder = nil
  local waiters = self.waiters
  self.waiters = {}
  for _, place in ipairs(waiters) do
    place.woken, place.failure = true, failure
    place.waiter.wake()
  end
end

return gate

--- Which of several endpoints to call. When one cannot be reached at all, the next one
--- takes over at once and stays in use; five minutes later the first is tried again.

local events = require "aom.http.events"

local failover = {}

--- Seconds after which the first endpoint gets another chance.
local RETURN = 300

---@class aom.Failover
---@field list aom.Endpoint[]
---@field index integer
local Failover = {}
Failover.__index = Failover

---@param list aom.Endpoint[]
---@return aom.Failover
function failover.new(list) return setmetatable({ list = list, index = 1, back_at = 0 }, Failover) end

---@param now number  monotonic seconds
---@return aom.Endpoint
function Failover:current(now)
  if self.index > 1 and now >= self.back_at then self.index = 1 end
  return self.list[self.index]
end

--- Notes that an endpoint could not be reached. One that others have left already
--- moves nobody on.
---@param failed aom.Endpoint
---@param now number
function Failover:leave(failed, now)
  if self.list[self.index] ~= failed then return end
  self.index = self.index % #self.list + 1
  self.back_at = now + RETURN
end

-- The kinds of trouble in which no connection may have come about.
local unreachable = { network = true, timeout = true, tls = true }

--- Whether no request can have arrived: a name, a connection or a handshake failed.
---@param trouble aom.Trouble
---@return boolean
function failover.is_unreached(trouble)
  return not trouble.sent and unreachable[trouble.kind] == true
end

--- Whether another endpoint takes over at once from one that could not be reached. In
--- one call each is given up so once; then it waits as after any other failure. Where no
--- attempt is left, the next call goes there.
---@param self aom.Exchange
---@param trouble aom.Trouble
---@return boolean
function failover.take_over(self, trouble)
  local now, targets = self.channel.loop.now(), self.channel.targets
  if not failover.is_unreached(trouble) or now >= self.deadline then return false end
  targets:leave(self.endpoint, now)
  -- A request that never left is no attempt.
  local made = trouble.away and self.attempts - 1 or self.attempts
  if self.max_attempts == 1 or made >= self.max_attempts then return false end
  self.left = self.left or {}
  self.left[self.endpoint] = true
  local following = targets:current(now)
  if self.left[following] then return false end
  events.emit(self, "failover", { from = self.endpoint.base, to = following.base })
  return true
end

return failover

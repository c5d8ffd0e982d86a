--- Which of several endpoints to call. When one cannot be reached at all, the next one
--- takes over at once and stays in use; five minutes later the first is tried again.

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

return failover

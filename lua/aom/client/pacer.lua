--- Spaces the starts of a bulk's calls: at most so many a second, and none while the
--- service has asked to wait.

---@class aom.Pacer
---@field loop aom.Loop
---@field throttle aom.Throttle
---@field gap number        seconds between two starts; 0: no limit
---@field next_start number
---@field patience number   seconds that a call waits for the service at most
local Pacer = {}
Pacer.__index = Pacer

local pacer = {}

---@param loop aom.Loop
---@param throttle aom.Throttle  the client's
---@param rate number|nil  calls a second
---@param patience number
---@return aom.Pacer
function pacer.new(loop, throttle, rate, patience)
  return setmetatable({ loop = loop, throttle = throttle, gap = rate and 1 / rate or 0, next_start = 0,
    patience = patience }, Pacer)
end

--- Waits for the turn of one more call. A call that would wait too long is let through at
--- once and fails with its own error, since the service may have named any time.
---@param waiting { is_cancelled: fun(self): boolean|nil }
function Pacer:turn(waiting)
  local loop, throttle = self.loop, self.throttle
  if throttle.resume_at >= loop.now() + self.patience then return end
  if self.gap > 0 then
    local start = math.max(self.next_start, loop.now(), throttle.resume_at)
    self.next_start = start + self.gap
    if start > loop.now() then loop.sleep(start - loop.now()) end
  end
  throttle:hold(loop.now() + self.patience, waiting)
end

return pacer

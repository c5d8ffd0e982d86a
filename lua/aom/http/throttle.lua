--- How fast the calls of a bulk may follow each other: at most so many a second, and
--- none while the service has asked any of them to wait.

---@class aom.Pace
---@field loop aom.Loop
---@field is_over fun(): boolean  the bulk was cancelled, or its client closed
---@field gap number        seconds between two starts; 0: no limit
---@field next_start number
---@field resume_at number  until then nothing is sent
---@field patience number   seconds that a call waits for that at most
local Pace = {}
Pace.__index = Pace

local pace = {}

---@param loop aom.Loop
---@param rate number|nil  calls a second
---@param is_over fun(): boolean
---@param patience number   for how long a call may wait, in seconds
---@return aom.Pace
function pace.new(loop, rate, is_over, patience)
  return setmetatable({ loop = loop, is_over = is_over, gap = rate and 1 / rate or 0, next_start = 0,
    resume_at = 0, patience = patience }, Pace)
end

--- The service said that it is too much: nobody sends for some seconds.
---@param seconds number
function Pace:slow(seconds)
  self.resume_at = math.max(self.resume_at, self.loop.now() + seconds)
end

--- Waits while the service has asked to; it may ask for more meanwhile.
---@param deadline number
---@return boolean  false: the wait does not fit
function Pace:hold(deadline)
  local loop = self.loop
  while loop.now() < self.resume_at and not self.is_over() do
    if self.resume_at >= deadline then return false end
    loop.sleep(self.resume_at - loop.now())
  end
  return true
end

--- Waits for the turn of one more call. One that would have to wait for too long is let
--- through at once, and fails by itself: the service may have named any time.
function Pace:turn()
  local loop = self.loop
  if self.resume_at >= loop.now() + self.patience then return end
  if self.gap > 0 then
    local start = math.max(self.next_start, loop.now(), self.resume_at)
    self.next_start = start + self.gap
    if start > loop.now() then loop.sleep(start - loop.now()) end
  end
  self:hold(loop.now() + self.patience)
end

return pace

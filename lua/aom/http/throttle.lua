--- Keeps the pace that the service asks for: after a 429 none of a client's calls sends
--- anything for as long as the answer says.

---@class aom.Throttle
---@field loop aom.Loop
---@field resume_at number  until then nothing is sent
local Throttle = {}
Throttle.__index = Throttle

local throttle = {}

---@param loop aom.Loop
---@return aom.Throttle
function throttle.new(loop) return setmetatable({ loop = loop, resume_at = 0 }, Throttle) end

-- No answer stops a client for longer, also if it names a far date.
local LONGEST = 3600

--- The service said that it is too much: nobody sends for some seconds.
---@param seconds number
function Throttle:slow(seconds)
  self.resume_at = math.max(self.resume_at, self.loop.now() + math.min(seconds, LONGEST))
end

--- Waits while the service has asked to; it may ask for more meanwhile.
---@param deadline number
---@param waiting { is_cancelled: fun(self): boolean|nil }  what waits
---@return boolean  false: the wait does not fit, or the loop ended it
function Throttle:hold(deadline, waiting)
  local loop = self.loop
  while loop.now() < self.resume_at and not waiting:is_cancelled() do
    if self.resume_at >= deadline then return false end
    if loop.sleep(self.resume_at - loop.now()) == false then return false end
  end
  return true
end

return throttle

--- The time that signatures carry. The gateway refuses one that is more than 15
--- minutes off its own clock; a client whose machine is off learns the difference
--- from such a refusal and signs with it from then on.

local lazy = require "aom.util.lazy"

local clock = {}

---@class aom.Clock
---@field offset integer  seconds to add to the machine's clock
---@field second integer|false  of which the text is
local Clock = setmetatable({}, { __index = lazy "aom.util.clock_skew" })
Clock.__index = Clock

---@param system aom.System
---@return aom.Clock
function clock.new(system)
  return setmetatable({ time = system.time, offset = 0, second = false }, Clock)
end

--- The time as X-Sdk-Date wants it.
---@return string
function Clock:stamp()
  local second = self.time() + self.offset
  if second ~= self.second then
    -- In this order: os.date may raise an error, since memory is short.
    self.text = os.date("!%Y%m%dT%H%M%SZ", second)
    self.second = second
  end
  return self.text
end

return clock

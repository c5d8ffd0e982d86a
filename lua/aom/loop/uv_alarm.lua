--- The timer of a client in a libuv loop. Its handle exists only while something waits for
--- it, so that a client which is dropped leaves nothing behind.

local uv_handles = require "aom.loop.uv_handles"

local uv_alarm = {}

--- In seconds. libuv counts milliseconds in an integer; a longer wait is continued.
local LONGEST = 86400

---@class aom.UvAlarm
---@field uv table
---@field handles aom.UvHandles
---@field on_time fun()
---@field timer? userdata
local UvAlarm = {}
UvAlarm.__index = UvAlarm

---@param uv table
---@param handles aom.UvHandles
---@param on_time fun()
---@return aom.UvAlarm
function uv_alarm.new(uv, handles, on_time)
  return setmetatable({ uv = uv, handles = handles, on_time = on_time }, UvAlarm)
end

--- Whether a script has closed it, as one of all handles of the loop.
---@return boolean
function UvAlarm:is_closed() return self.timer ~= nil and self.uv.is_closing(self.timer) end

--- Calls `on_time` once, after `seconds`; nil: not at all.
---@param seconds number|nil
function UvAlarm:set(seconds)
  if self:is_closed() then self.timer = nil end
  if not seconds then
    if self.timer then self.uv.timer_stop(self.timer) end
    return
  end
  self.timer = self.timer or self.handles:timer()
  if not self.timer then return end
  local milliseconds = math.max(0, math.ceil(math.min(seconds, LONGEST) * 1000))
  self.uv.timer_start(self.timer, milliseconds, uv_handles.AGAIN, self.on_time)
end

function UvAlarm:release()
  if self.timer then self.handles:drop_timer(self.timer) end
  self.timer = nil
end

return uv_alarm

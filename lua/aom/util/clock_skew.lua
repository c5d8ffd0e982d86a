--- How a clock learns from a refused signature that it is off.

local times = require "aom.util.times"

--- As far off as the gateway tolerates.
local TOLERANCE = 15 * 60

--- A difference that travel time and whole seconds explain.
local NOISE = 5

--- The year 2000: an earlier server time is wrong. Signing with it would fail locally, so
--- no response could correct it.
local EARLIEST = 946684800

--- The year 2100: a five-digit year would make a date that no response could correct either.
local LATEST = 4102444800

--- Methods of a clock.
---@class aom.Clock
local Clock = {}

--- The server's time that a refusal states, in its text or its Date header.
local function server_time(message, date)
  local stated = message and message:match("server time:%s*(%d+T%d+Z)")
  local time = stated and times.parse_stamp(stated) or date and times.parse_http_date(date)
  return time and time >= EARLIEST and time < LATEST and time or nil
end

--- Learns from a refused signature whether the clock was the reason.
---@param message string    the service's words
---@param date string|nil   the answer's Date header
---@param used integer      the offset that the refused signature was made with
---@return integer|nil gap  seconds by which it was behind; nil: the clock is not to blame
---@return boolean|nil corrected  the clock was off indeed, and no longer is
function Clock:learn(message, date, used)
  local theirs = server_time(message, date)
  local expired = message:find("signature expired", 1, true) ~= nil
  if not theirs then return expired and 0 or nil, false end
  local offset = theirs - self.time()
  local gap = offset - used
  if math.abs(gap) <= TOLERANCE and not expired then return nil end
  -- A signature may also have expired because it was held up on its way.
  if math.abs(gap) <= NOISE then return gap, false end
  self.offset, self.second = offset, false
  return gap, true
end

return Clock

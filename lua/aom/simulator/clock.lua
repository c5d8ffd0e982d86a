--- The simulated service's time: the machine's clock plus an offset, in the formats of HTTP
-- headers and of signatures. Always UTC.

local clock = {}

--- The date of a signature, for example 20260102T030405Z.
---@param seconds integer since 1970
---@return string
function clock.stamp(seconds)
  return os.date("!%Y%m%dT%H%M%SZ", seconds)
end

--- The value of a Date header.
---@param seconds integer since 1970
---@return string
function clock.http_date(seconds)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds)
end

-- Days since 1970-01-01. Years begin in March here, so that the leap day is the last day
-- of its year and needs no special case.
local function days_since_epoch(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local leap_days = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  local month_days = math.floor((153 * (month - 3) + 2) / 5)
  return year * 365 + leap_days + month_days + day - 1 - 719468
end

--- Parses a signature date. Refuses other formats and impossible dates.
---@param text string
---@return integer|nil seconds
function clock.parse(text)
  local year, month, day, hour, minute, second = text:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
  if not year then
    return nil
  end
  local days = days_since_epoch(tonumber(year), tonumber(month), tonumber(day))
  local seconds = days * 86400 + hour * 3600 + minute * 60 + second
  -- An impossible date such as 31 April would become 1 May.
  if clock.stamp(seconds) ~= text then
    return nil
  end
  return seconds
end

return clock

--- Reads the times that services write, as seconds since 1970.

local trim = require "aom.util.text".trim

local times = {}

--- Days since 1970-01-01 of a date of the Gregorian calendar. os.time would read
--- the date in the machine's own time zone.
local function days(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era = math.floor(y / 400)
  local year_of_era = y - era * 400
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return era * 146097 + year_of_era * 365 + math.floor(year_of_era / 4) - math.floor(year_of_era / 100)
    + day_of_year - 719468
end

--- Nil for what no clock shows; a leap second is the second after it.
local function seconds(year, month, day, hour, minute, second)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if month < 1 or month > 12 or hour > 23 or minute > 59 or second > 60 then return nil end
  local date = days(year, month, day)
  -- A thirteenth month is the next year's first.
  if day < 1 or date >= days(year, month + 1, 1) then return nil end
  return date * 86400 + hour * 3600 + minute * 60 + second
end

---@param text string  YYYYMMDDTHHMMSSZ
---@return integer|nil
function times.parse_stamp(text)
  local y, mo, d, h, mi, s = text:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
  if y then return seconds(y, mo, d, h, mi, s) end
end

local months = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
  Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

---@param text string  an HTTP date, in the one form that servers send today
---@return integer|nil
function times.parse_http_date(text)
  local d, month, y, h, mi, s = text:match("^%a+, (%d%d?) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  if d and months[month] then return seconds(y, months[month], d, h, mi, s) end
end

--- Seconds east of UTC that the end of a time says; nil: it says something else.
local function zone_of(text)
  if text == "" or text == "Z" or text == "z" then return 0 end
  local sign, hours, minutes = text:match "^([+-])(%d%d):?(%d?%d?)$"
  if not sign or #minutes == 1 then return nil end
  hours, minutes = tonumber(hours), tonumber(minutes) or 0
  if hours > 23 or minutes > 59 then return nil end
  return (hours * 3600 + minutes * 60) * (sign == "-" and -1 or 1)
end

---@param text any  2026-01-02T03:04:05Z, perhaps with a fraction of the second, perhaps with an
---  offset such as +08:00 in place of the Z; UTC where there is neither
---@return integer|nil
function times.parse_time(text)
  if type(text) ~= "string" then return nil end
  local y, mo, d, h, mi, s, rest = trim(text):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(.*)$"
  local zone = rest and zone_of((rest:gsub("^[.,]%d+", ""):gsub("^ ", "")))
  local time = zone and seconds(y, mo, d, h, mi, s)
  return time and time - zone
end

return times

--- Whether to ask once more, and after how long: full-jitter exponential back-off
--- that obeys Retry-After. Pure: chance and time are given.

local times = require "aom.util.times"

local retry = {}

local BASE, CAP = 0.1, 5

local statuses = { [408] = true, [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }

-- The service answered before it did anything, so that even a request that must
-- not run twice may be repeated.
local untouched = { [429] = true }

---@param status integer
---@return boolean
function retry.is_transient(status)
  return statuses[status] == true
end

--- Whether repeating the request after `err` is safe: it cannot run an operation twice that
--- must run only once.
---@param err aom.Error
---@param idempotent boolean
---@param sent boolean  whether the server may have seen the request
---@return boolean
function retry.is_safe(err, idempotent, sent)
  return idempotent or not sent or untouched[err.status] == true
end

--- Whether the same request may be sent once more after `err`.
---@param err aom.Error
---@param idempotent boolean
---@param sent boolean  whether the server may have seen the request
---@return boolean
function retry.may_repeat(err, idempotent, sent)
  local transient = err.kind == "network" or err.kind == "timeout"
    or err.kind == "service" and statuses[err.status] == true
  return transient and retry.is_safe(err, idempotent, sent)
end

-- A proxy that wants other credentials, or allows no connection to the host, goes on so.
local final = { [403] = true, [407] = true }

--- Whether a proxy refused a tunnel for good.
---@param trouble aom.Trouble
---@return boolean
function retry.is_barred(trouble) return final[trouble.proxy_status] == true end

--- For how long an answer asks to wait. A date counts from the answer's own one, since
--- this machine's clock may be off.
---@param headers table<string, string>
---@param time integer  now, seconds since 1970, for an answer without a date
---@return number       seconds, 0 when it asks for nothing
function retry.after(headers, time)
  local value = headers["retry-after"]
  if not value then return 0 end
  -- In parts, since the locale decides what a decimal point is.
  local seconds, rest = value:match "^(%d+)(.*)$"
  local fraction = rest == "" and "" or rest and rest:match "^%.(%d*)$"
  if fraction then return tonumber(seconds) + (fraction:find "[1-9]" and 1 or 0) end
  local date = times.parse_http_date(value)
  local now = headers.date and times.parse_http_date(headers.date) or time
  return date and math.max(0, date - now) or 0
end

--- How long to wait before the next attempt.
---@param attempts integer  made so far
---@param random number     in [0, 1)
---@param minimum number    what Retry-After demands
---@return number seconds
function retry.delay(attempts, random, minimum)
  local ceiling = math.min(CAP, BASE * 2 ^ (attempts - 1))
  return math.max(minimum, random * ceiling)
end

return retry

--- Learns how long the answers of an origin take, so that who waits for the next one looks
--- when it is likely to have come: a few times until then, often around the times that
--- were seen lately, and when it is later than all of them, after a share of the time that
--- has passed, again and again.

local latency = {}

--- Times fall into buckets; each is by FACTOR longer than the one before, the first ends
--- shortly after SHORTEST, which is as short as nginx sleeps.
local FACTOR, SHORTEST = 1.06, 0.001
local SCALE = 1 / math.log(FACTOR)

--- For how many answers a time is remembered: one that was seen, one that was nearly, and
--- one that is merely possible, since nobody had looked for long when the answer was there.
local SEEN, NEARLY, POSSIBLE = 64, 16, 4

--- How far apart the last two looks may be for a time that counts as seen: seconds, or a
--- share of it. Twice as far counts as nearly seen.
local APART, APART_SHARE = 0.002, 0.1

--- When to look again, as shares of the time that has passed: where an answer is likely,
--- and when it is later than ever.
local LIKELY, LATE = 0.08, 0.15

--- Where an answer is not likely yet, no look comes sooner than after so many seconds.
local LEAST = 0.005

---@class aom.Latency
---@field count integer  answers
---@field known table<integer, integer>  bucket -> the answer after which it is forgotten
---@field last integer   the longest bucket
local Latency = {}
Latency.__index = Latency

---@return aom.Latency
function latency.new() return setmetatable({ count = 0, known = {}, last = -1 }, Latency) end

local function bucket_of(seconds)
  return seconds > SHORTEST and math.floor(math.log(seconds / SHORTEST) * SCALE) or 0
end

--- An answer came after the last look without it, and before the first one with it.
---@param since number  seconds after the request was sent
---@param found number
function Latency:learn(since, found)
  local last, gap = bucket_of(found), (found - since) / math.max(APART, APART_SHARE * found)
  self.count = self.count + 1
  local forgotten = self.count + (gap <= 1 and SEEN or gap <= 2 and NEARLY or POSSIBLE)
  for bucket = bucket_of(since), last do
    self.known[bucket] = math.max(forgotten, self.known[bucket] or 0)
  end
  self.last = math.max(last, self.last)
end

--- Finds the shortest likely time that is not over.
---@return number|nil seconds
---@return boolean is_first  no shorter time is likely
local function find_likely(self, elapsed)
  local here, is_first = bucket_of(elapsed), true
  for bucket = 0, self.last do
    if (self.known[bucket] or 0) >= self.count then
      if bucket >= here then return SHORTEST * FACTOR ^ bucket, is_first end
      is_first = false
    end
  end
  return nil, is_first
end

--- How long to wait before the next look.
---@param elapsed number  seconds since the request was sent
---@return number seconds
function Latency:nap(elapsed)
  local likely, is_first = find_likely(self, elapsed)
  if not likely then return math.max(SHORTEST, LATE * elapsed) end
  local left, step = likely - elapsed, math.max(SHORTEST, LIKELY * elapsed)
  if left <= step then return step end
  -- Half-way to the first time that is likely; behind it, when twice the time has passed.
  local nap = math.min(left, math.max(LEAST, elapsed, is_first and left / 2 or 0))
  -- nginx counts in milliseconds. A look just before a time would make an earlier one likely.
  return math.ceil(nap * 1000) / 1000
end

return latency

--- Learns how long the answers of an origin take, so that who waits for the next one looks
--- when it is likely to have come: once where the times that were seen lately lie close
--- together, now and then where they vary, and when it is later than all of them, after a
--- share of the time that has passed, again and again. Looks are few, since a processor that
--- fell asleep in between takes longer to wake up than to look.

local each = require "aom.util.each"

local latency = {}

--- Times fall into buckets; each is by FACTOR longer than the one before, the first ends
--- shortly after SHORTEST, which is as short as nginx sleeps.
local FACTOR, SHORTEST = 1.03, 0.001
local SCALE = 1 / math.log(FACTOR)

--- For how many answers a time is remembered: one that was seen, one that was nearly, and
--- one that is merely possible, since nobody had looked for long when the answer was there.
local SEEN, NEARLY, POSSIBLE = 64, 16, 4

--- How far apart the last two looks may be for a time that counts as seen: seconds, or a
--- share of it. Twice as far counts as nearly seen.
local APART, APART_SHARE = 0.002, 0.1

--- When to look again, as shares of the time that has passed: where an answer is likely,
--- and when it is later than ever.
local LIKELY, LATE = 0.07, 0.15

--- One answer of so many is also looked for before it is likely, as the first ones are: else
--- nobody would see that answers have become faster.
local EXPLORED = 4

--- Where an answer is not likely yet, no look comes sooner than after so many seconds.
local LEAST = 0.005

---@class aom.Latency
---@field count integer  answers; those that one look has found are one
---@field at? number     when the last one was found
---@field known table<integer, integer>  bucket -> the answer after which it is forgotten
---@field likely { from: number, to: number }[]  when answers are likely, by time
---@field valid integer  until which answer that holds
local Latency = {}
Latency.__index = Latency

---@return aom.Latency
function latency.new() return setmetatable({ count = 0, known = {}, likely = {}, valid = math.huge }, Latency) end

local function bucket_of(seconds)
  return seconds > SHORTEST and math.floor(math.log(seconds / SHORTEST) * SCALE) or 0
end

--- Remembers the times between two looks that are likely already.
---@return boolean  whether there are any
local function confirm(self, first, last, forgotten)
  local any = false
  for bucket = first, last do
    local known = self.known[bucket]
    if known and known >= self.count then
      self.known[bucket], any = math.max(known, forgotten), true
    end
  end
  return any
end

--- An answer came after the last look without it, and before the first one with it.
---@param since number  seconds after the request was sent
---@param found number
---@param explored boolean  it was also looked for before it was likely
---@param at number    when it was found, by any clock
function Latency:learn(since, found, explored, at)
  local first, last = bucket_of(since), bucket_of(found)
  local gap = (found - since) / math.max(APART, APART_SHARE * found)
  if at ~= self.at then self.count, self.at = self.count + 1, at end
  -- Where nobody looked for long, it is taken for the usual time.
  if gap > 1 and not explored and confirm(self, first, last, self.count + SEEN) then return end
  local forgotten = self.count + (gap <= 1 and SEEN or gap <= 2 and NEARLY or POSSIBLE)
  for bucket = first, last do
    local known = self.known[bucket] or 0
    if known < self.count then self.valid = 0 end
    self.known[bucket] = math.max(known, forgotten)
  end
end

--- Joins the buckets that are not forgotten to spans.
local function join(self)
  local buckets, likely = {}, {}
  self.valid = math.huge
  for bucket, forgotten in each.pair(self.known) do
    if forgotten >= self.count then
      buckets[#buckets + 1], self.valid = bucket, math.min(self.valid, forgotten)
    else
      self.known[bucket] = nil
    end
  end
  table.sort(buckets)
  for i, bucket in ipairs(buckets) do
    if bucket - 1 ~= buckets[i - 1] then likely[#likely + 1] = { from = SHORTEST * FACTOR ^ bucket } end
    likely[#likely].to = SHORTEST * FACTOR ^ (bucket + 1)
  end
  self.likely = likely
end

--- When to look for an answer that is likely from some time on, and not yet.
local function early(elapsed, from, is_first)
  return elapsed + math.min(from - elapsed, math.max(LEAST, elapsed, is_first and (from - elapsed) / 2 or 0))
end

--- When to look next.
local function next_look(self, elapsed, explores)
  for i, span in ipairs(self.likely) do
    if elapsed < span.to then
      if elapsed < span.from and (explores or i > 1) then return early(elapsed, span.from, i == 1) end
      return math.min(span.to, math.max(elapsed, span.from) * (1 + LIKELY))
    end
  end
  return elapsed * (1 + LATE)
end

--- Whether the next answer is looked for before it is likely.
---@return boolean
function Latency:explores() return self.count < EXPLORED or self.count % EXPLORED == 0 end

--- How long to wait before the next look.
---@param elapsed number  seconds since the request was sent
---@param explores boolean
---@return number seconds
function Latency:nap(elapsed, explores)
  if self.count > self.valid then join(self) end
  local left = next_look(self, elapsed, explores) - elapsed
  -- nginx counts in milliseconds. A look just before a time would make an earlier one likely.
  return math.ceil(math.max(SHORTEST, left) * 1000 - 1e-6) / 1000
end

return latency

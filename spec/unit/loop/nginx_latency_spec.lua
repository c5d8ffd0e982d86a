--- Proves how soon an answer is noticed in nginx, and after how many looks, whatever its origin has taken before.

local latency = require "aom.loop.nginx_latency"
local unpack = unpack or table.unpack

--- nginx sleeps whole milliseconds, and a little longer.
local function slept(seconds) return math.floor(seconds * 1000 + 1e-6) / 1000 + 0.0002 end

--- Waits for an answer that takes `seconds`.
---@return number noticed  seconds
---@return integer looks
local function wait(known, seconds)
  local since, elapsed, looks = 0, 0, 0
  while elapsed < seconds do
    since, elapsed, looks = elapsed, elapsed + slept(known:nap(elapsed)), looks + 1
    assert(looks < 1000)
  end
  known:learn(since, elapsed)
  return elapsed, looks
end

local function after(times, rounds)
  local known = latency.new()
  for _ = 1, rounds do
    for _, seconds in ipairs(times) do wait(known, seconds) end
  end
  return known
end

--- What is aimed at: 2 ms, or a tenth.
local function aim(seconds) return seconds + math.max(0.002, 0.1 * seconds) end

describe("the latency of an origin", function()
  -- { what, times before, rounds of them, the time, the latest that it is noticed, the most looks }
  for _, row in ipairs {
    { "the usual 5 ms", { 0.005 }, 8, 0.005, aim(0.005), 5 },
    { "the usual 20 ms", { 0.02 }, 24, 0.02, aim(0.02), 3 },
    { "the usual 50 ms", { 0.05 }, 24, 0.05, aim(0.05), 3 },
    { "the usual 200 ms", { 0.2 }, 24, 0.2, aim(0.2), 3 },
    { "the usual 5 s", { 5 }, 24, 5, aim(5), 3 },
    { "200 ms among others of 180 to 220", { 0.18, 0.22, 0.19, 0.21 }, 4, 0.2, aim(0.2), 6 },
    { "one of 5 ms, where every other takes 200", { 0.005, 0.2 }, 8, 0.005, aim(0.005), 5 },
    { "one of 200 ms, where every other takes 5", { 0.005, 0.2 }, 8, 0.2, aim(0.2), 13 },
    { "one of 200 ms after many of 5", { 0.2, unpack { 0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005 } }, 8, 0.2,
      aim(0.2), 13 },
    { "the first one, of 5 ms", {}, 0, 0.005, 0.0065, 6 },
    { "the first one, of 200 ms", {}, 0, 0.2, 0.23, 32 },
    { "the first one of 200 ms after 5", { 0.005 }, 80, 0.2, 0.23, 32 },
    { "the first one of 5 ms after 200", { 0.2 }, 80, 0.005, 0.1, 2 },
    { "the second one of 5 ms after 200", { 0.2, 0.005 }, 1, 0.005, aim(0.005), 6 },
    { "the second one of 200 ms after 5", { 0.005, 0.2 }, 1, 0.2, aim(0.2), 13 },
    { "one of 20 ms, where others take 5 or 200", { 0.005, 0.2 }, 8, 0.02, 0.04, 9 },
  } do
    local what, times, rounds, seconds, latest, most = unpack(row)

    it("notices " .. what, function()
      local noticed, looks = wait(after(times, rounds), seconds)
      assert.is_true(noticed <= latest, ("noticed after %.1f ms"):format(noticed * 1000))
      assert.is_true(looks <= most, looks .. " looks")
    end)
  end

  it("forgets what has not been seen for 64 answers", function()
    local known = after({ 0.2 }, 3)
    for _ = 1, 65 do wait(known, 0.005) end
    local _, looks = wait(known, 0.2)
    local _, of_new = wait(after({ 0.005 }, 65), 0.2)
    assert.are.equal(of_new, looks)
  end)

  it("is not confused by answers without any time, nor by very long ones", function()
    local known = latency.new()
    known:learn(0, 0)
    known:learn(1e6, 1e6 + 1)
    assert.is_true(known:nap(0) >= 0.001)
    assert.is_true(known:nap(2e6) < math.huge)
  end)
end)

--- Proves how soon an answer is noticed in nginx, and after how many looks, whatever its origin has taken before.

local latency = require "aom.loop.nginx_latency"
local unpack = unpack or table.unpack

--- nginx sleeps whole milliseconds, and a little longer.
local function slept(seconds) return math.floor(seconds * 1000 + 1e-6) / 1000 + 0.0002 end

local found_at = 0

--- Waits for an answer that takes `seconds`.
---@param known aom.Latency
---@param seconds number
---@param explores? boolean  default: as the latency says
---@return number noticed  seconds
---@return integer looks
local function wait(known, seconds, explores)
  local since, elapsed, looks = 0, 0, 0
  if explores == nil then explores = known:explores() end
  while elapsed < seconds do
    since, elapsed, looks = elapsed, elapsed + slept(known:nap(elapsed, explores)), looks + 1
    assert(looks < 1000)
  end
  found_at = found_at + 1
  known:learn(since, elapsed, explores, found_at)
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
    { "the first one of 5 ms after 200", { 0.2 }, 80, 0.005, 0.105, 2 },
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

  it("needs few looks for usual answers, the one in four that may be early included", function()
    for _, seconds in ipairs { 0.02, 0.05, 0.2, 5 } do
      local known, looks = after({ seconds }, 24), 0
      for _ = 1, 16 do looks = looks + select(2, wait(known, seconds)) end
      assert.is_true(looks <= 40, ("%d looks for %g s"):format(looks, seconds))
    end
  end)

  it("follows answers that become faster, or slower", function()
    for _, factor in ipairs { 0.99, 1.01 } do
      local known, seconds, added = after({ 0.2 }, 24), 0.2, 0
      for _ = 1, 100 do
        seconds = seconds * factor
        added = added + wait(known, seconds) / seconds - 1
      end
      assert.is_true(added / 100 <= 0.1, ("%g: %.1f %% added"):format(factor, added))
    end
  end)

  it("forgets what has not been seen for 64 answers", function()
    local known = after({ 0.2 }, 3)
    for _ = 1, 65 do wait(known, 0.005) end
    local _, looks = wait(known, 0.2, true)
    assert.is_true(looks >= 20, looks)
  end)

  it("counts answers that one look has found as one", function()
    local known = after({ 0.2 }, 3)
    for _ = 1, 100 do known:learn(0.004, 0.005, true, -1) end
    local noticed, looks = wait(known, 0.2, false)
    assert.is_true(noticed <= aim(0.2), noticed)
    assert.is_true(looks <= 10, looks)
  end)

  it("is not confused by answers without any time, nor by very long ones", function()
    local known = latency.new()
    known:learn(0, 0, true, 1)
    known:learn(1e6, 1e6 + 1, true, 2)
    assert.is_true(known:nap(0, true) >= 0.001)
    assert.is_true(known:nap(2e6, true) < math.huge)
  end)
end)

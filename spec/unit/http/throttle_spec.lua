--- Proves that calls wait for as long as a 429 asks, and no longer than their deadline.

local scripted = require "spec.support.scripted"
local throttle = require "aom.http.throttle"
local world_of = require "spec.support.world"

local going_on = { is_cancelled = function() return false end }
local cancelled = { is_cancelled = function() return true end }

describe("a throttle", function()
  for title, row in pairs {
    ["lets everybody go at first"] = { slow = {}, deadline = 100, held = true, now = 0 },
    ["lets nobody go before the longest wait that was asked for"] = { slow = { 5, 2 }, deadline = 100, held = true,
      now = 5 },
    ["does not begin a wait that does not fit"] = { slow = { 5 }, deadline = 4, held = false, now = 0 },
    ["does not begin one that ends with the deadline"] = { slow = { 5 }, deadline = 5, held = false, now = 0 },
    ["is over when the loop ends the wait"] = { slow = { 5 }, deadline = 100, ended = true, held = false, now = 0 },
    ["does not last longer than an hour, whatever date an answer names"] = { slow = { 1e12 }, deadline = 1e13,
      held = true, now = 3600 },
    ["is over when nobody is to wait"] = { slow = { 5 }, deadline = 100, waiting = cancelled, held = true, now = 0 },
  } do
    it(title, function()
      local loop = scripted.new(world_of.new(), {})
      if row.ended then function loop.sleep() return false end end
      local shared = throttle.new(loop)
      for _, seconds in ipairs(row.slow) do shared:slow(seconds) end
      assert.are.equal(row.held, shared:hold(row.deadline, row.waiting or going_on))
      assert.are.equal(row.now, loop.now())
    end)
  end
end)

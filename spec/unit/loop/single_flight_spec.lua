--- Proves that one caller acts for all that wait, and that its hold ends if it vanishes.

local errors = require "aom.util.errors"
local single_flight = require "aom.loop.single_flight"
local world = require "spec.support.world"

describe("a single flight", function()
  local w, loop, g

  before_each(function()
    w = world.new()
    loop = w.loop()
    g = single_flight.new()
  end)

  -- Takes turns until one gives the hold; returns it, or the error.
  local function enter(deadline, expires)
    while true do
      local hold, err, shared = g:turn(loop, deadline or 1000, expires or 1000, "do the work")
      if hold ~= false then return hold, err, shared end
    end
  end

  it("lets one through", function()
    assert.is_false(g:is_held(loop))
    local hold = g:take(loop, 10)
    assert.is_table(hold)
    assert.is_true(g:is_held(loop))
    assert.is_nil(g:take(loop, 10))
    g:release(hold)
    assert.is_false(g:is_held(loop))
    assert.is_table(g:take(loop, 10))
  end)

  it("is given up once by each hold", function()
    local first = g:take(loop, 10)
    g:release(first)
    local second = g:take(loop, 10)
    g:release(first)
    assert.is_nil(g:take(loop, 10))
    g:release(second)
    assert.is_table(g:take(loop, 10))
  end)

  for name, hold in pairs { ["true"] = true, ["false"] = false, ["another table"] = {} } do
    it(("is not given up by %s"):format(name), function()
      g:take(loop, 10)
      g:release(hold)
      g:release(nil)
      assert.is_nil(g:take(loop, 10))
    end)
  end

  it("is free when the hold expires", function()
    local vanished = g:take(loop, 10)
    w.advance(9.5)
    assert.is_true(g:is_held(loop))
    assert.is_nil(g:take(loop, 20))
    w.advance(0.5)
    assert.is_false(g:is_held(loop))
    local hold = g:take(loop, 20)
    assert.is_table(hold)
    g:release(vanished)
    assert.is_nil(g:take(loop, 20))
  end)

  it("lets waiters through in turn, one at a time", function()
    local inside, most, order = 0, 0, {}
    for i = 1, 5 do
      w.go(function()
        local hold = assert(enter())
        inside = inside + 1
        most = math.max(most, inside)
        loop.sleep(1)
        order[#order + 1] = i
        inside = inside - 1
        g:release(hold)
      end)
    end
    for _ = 1, 5 do w.advance(1) end
    assert.are.equal(1, most)
    assert.are.same({ 1, 2, 3, 4, 5 }, order)
    assert.are.same({}, g.waiters)
  end)

  it("shares a failure with all who wait", function()
    local hold = g:take(loop, 100)
    local one, two = w.go(enter), w.go(enter)
    assert.is_false(one.done or two.done)
    local failure = errors.new("network", "broken")
    g:release(hold, failure)
    w.advance(0)
    for _, task in ipairs { one, two } do
      assert.is_nil(task.results[1])
      assert.are.equal("broken", task.results[2].message)
      assert.are_not.equal(failure, task.results[2])
      assert.is_true(task.results[3])
    end
    assert.are_not.equal(one.results[2], two.results[2])
    assert.is_table(g:take(loop, 100))
  end)

  for title, row in pairs {
    ["shares what ended it with one that waits"] = { errors.new("network", "broken"), 3, 1 },
    ["does not share the end of its own deadline"] = { errors.new("timeout", "too late"), 5, 2 },
    ["shares a time-out before its deadline"] = { errors.new("timeout", "too late"), 3, 1 },
    ["does not share that it was cancelled"] = { errors.new("cancelled", "cancelled"), 3, 2 },
  } do
    it(title, function()
      local acts = 0
      local function once(deadline)
        return g:once(loop, deadline, 1000, "do the work", function() end, function()
          acts = acts + 1
          loop.sleep(row[2])
          return nil, row[1]
        end)
      end
      w.go(function() return once(5) end)
      local patient = w.go(function() return once(100) end)
      for _ = 1, 10 do w.advance(1) end
      assert.are.equal(row[3], acts)
      assert.are.equal(row[1].kind, patient.results[2].kind)
    end)
  end

  it("does not share a failure with later callers", function()
    g:release(g:take(loop, 100), errors.new("network", "broken"))
    assert.is_table((enter()))
  end)

  it("wakes waiters when a hold expires, and one of them gets it", function()
    g:take(loop, 10)
    local holds = {}
    for i = 1, 2 do
      w.go(function()
        holds[i] = enter(100, 15)
        loop.sleep(50)
      end)
    end
    w.advance(9)
    assert.are.same({}, holds)
    w.advance(1)
    assert.is_table(holds[1])
    assert.is_nil(holds[2])
    w.advance(5)
    assert.is_table(holds[2])
    assert.are.same({}, g.waiters)
  end)

  it("is free when the coroutine of its caller is dead, or an error has cut that short", function()
    local undone = 0
    local function take()
      local hold = g:take(loop, 100)
      if hold then function hold.undo() undone = undone + 1 end end
      return hold
    end
    w.go(take)
    assert.is_table(take())
    assert.are.equal(1, undone)
    local other = w.go(single_flight.abandon)
    assert.is_true(other.done)
    assert.is_nil(take())
    single_flight.abandon()
    assert.are.equal(2, undone)
    assert.is_table(take())
    single_flight.abandon()
  end)

  it("makes no caller wait past its deadline", function()
    g:take(loop, 1000)
    local task = w.go(function() return enter(5) end)
    w.advance(4)
    assert.is_false(task.done)
    w.advance(1)
    assert.is_nil(task.results[1])
    assert.are.equal("timeout", task.results[2].kind)
    assert.are.equal("timed out waiting for another call to do the work", task.results[2].message)
    assert.is_nil(task.results[3])
    assert.are.same({}, g.waiters)
  end)

  it("works after a waiter was killed", function()
    local hold = g:take(loop, 1000)
    local killed, alive = w.go(enter), w.go(enter)
    w.kill(killed)
    g:release(hold)
    w.advance(0)
    assert.is_false(killed.done)
    assert.is_table(alive.results[1])
  end)

  it("makes no caller wait if nothing else can run", function()
    local hold = g:take(loop, 10)
    local alone = enter()
    assert.is_true(alone.is_alone)
    assert.are.equal(1000, alone.expires)
    assert.are.same({}, g.waiters)
    g:release(alone)
    assert.are.equal(hold, g.holder)
    assert.are_not.equal(alone, enter())
  end)
end)

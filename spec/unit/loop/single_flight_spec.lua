local single_flight = require "aom.loop.single_flight"
local world = require "spec.support.world"

describe("a single flight", function()
  local w, loop, g

  before_each(function()
    w = world.new()
    loop = w.loop()
    g = single_flight.new()
  end)

  -- Waits for the hold again and again, and takes it; returns the hold or the failure.
  local function enter(deadline, expires)
    while true do
      local hold = g:take(loop, expires or 1000)
      if hold then return hold end
      local waited, failure = g:wait(loop, deadline or 1000)
      if failure then return nil, failure end
      if not waited then return nil, "cannot wait" end
      if loop.now() >= (deadline or 1000) then return nil, "too late" end
    end
  end

  it("lets one through", function()
    local hold = g:take(loop, 10)
    assert.is_table(hold)
    assert.is_nil(g:take(loop, 10))
    g:release(hold)
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
    assert.is_nil(g:take(loop, 20))
    w.advance(0.5)
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
    g:release(hold, "broken")
    w.advance(0)
    assert.are.same({ nil, "broken", n = 2 }, one.results)
    assert.are.same({ nil, "broken", n = 2 }, two.results)
    assert.is_table(g:take(loop, 100))
  end)

  it("lets no failure reach those who come later", function()
    g:release(g:take(loop, 100), "broken")
    assert.is_table((enter()))
  end)

  it("wakes waiters when a hold expires, and one of them gets it", function()
    g:take(loop, 10)
    local one, two = w.go(function() return enter(100, 15) end), w.go(function() return enter(100, 15) end)
    w.advance(9)
    assert.is_false(one.done or two.done)
    w.advance(1)
    assert.is_table(one.results[1])
    assert.is_false(two.done)
    w.advance(5)
    assert.is_table(two.results[1])
    assert.are.same({}, g.waiters)
  end)

  it("makes no caller wait past its deadline", function()
    g:take(loop, 1000)
    local task = w.go(function() return enter(5) end)
    w.advance(4)
    assert.is_false(task.done)
    w.advance(1)
    assert.are.same({ nil, "too late", n = 2 }, task.results)
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

  it("does not make anybody wait where nothing else can run", function()
    g:take(loop, 10)
    assert.is_false((g:wait(loop, 10)))
    assert.are.same({}, g.waiters)
  end)
end)

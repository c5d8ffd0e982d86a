--- Proves how nginx steps libcurl, with a host whose clock moves only during a wait and an engine whose
--- transfers end when the spec says so.

local nginx_curl = require "aom.loop.nginx_curl"

local function new()
  local world = { time = 0, sleeps = 0, waits = {}, polls = 0, wakes = 0, done = {}, cancelled = {} }
  function world.now() return world.time end
  local engine = {}
  function engine.start(_, attempt) return attempt.id end
  function engine.poll()
    world.polls = world.polls + 1
    if world.on_poll then world.on_poll() end
  end
  function engine.finished() return table.remove(world.done, 1) end
  function engine.is_sent() return world.sent ~= false end
  function engine.collect(_, id) return 200, {}, "answer " .. id end
  function engine.cancel(_, id) world.cancelled[#world.cancelled + 1] = id end
  local function sleep(seconds)
    world.sleeps = world.sleeps + 1
    world.time = world.time + seconds
  end
  world.steps = nginx_curl.new(engine, sleep, world.now, world.now)
  return world
end

--- A caller whose call goes on until `over` is set.
local function new_caller(world)
  local caller = { is_over = function(self) return self.over == true end, keep = function() end }
  function caller.waiter()
    return {
      wake = function() world.wakes = world.wakes + 1 end,
      wait = function(deadline)
        world.waits[#world.waits + 1] = deadline - world.time
        world.time = math.max(deadline, world.time + 0.001)
        if world.on_wait then world.on_wait() end
        if caller.over then return nil end
        return false
      end,
    }
  end
  return caller
end

local ORIGIN = "https://aom.example"

describe("stepping the engine between waits", function()
  it("lets a hundred transfers begin in one turn of the host's loop, and the next in the next", function()
    local world = new()
    local caller = new_caller(world)
    for _ = 1, 100 do world.steps:make_room(caller) end
    assert.are.equal(0, world.sleeps)
    world.steps:make_room(caller)
    assert.are.equal(1, world.sleeps)
    for _ = 1, 99 do world.steps:make_room(caller) end
    assert.are.equal(1, world.sleeps)
  end)

  it("does not keep an ended call waiting for room", function()
    local world = new()
    local caller = new_caller(world)
    for _ = 1, 100 do world.steps:make_room(caller) end
    world.steps:make_room { is_over = function() return true end }
    assert.are.equal(0, world.sleeps)
  end)

  it("looks once in a turn, and waits for a share of the time while nothing is sent", function()
    local world = new()
    world.sent = false
    world.on_wait = function()
      if #world.waits == 3 then world.done[1] = 7 end
    end
    local answer = world.steps:wait(7, ORIGIN, math.huge, new_caller(world))
    assert.are.equal("answer 7", answer.body)
    assert.are.equal(4, world.polls)
    for _, seconds in ipairs(world.waits) do assert.is_true(seconds <= 0.02, seconds) end
  end)

  it("waits as long as answers of the same origin have taken, and not as those of another", function()
    local world = new()
    local caller = new_caller(world)
    local known = require("aom.loop.nginx_latency").new()
    known:learn(3.8, 4, true, 1)
    world.steps.latencies[ORIGIN] = known
    world.on_wait = function() world.done[1] = 7 end
    world.steps:wait(7, ORIGIN, math.huge, caller)
    world.steps:wait(7, "https://other.example", math.huge, caller)
    assert.is_true(world.waits[1] > 0.05, world.waits[1])
    assert.is_true(world.waits[2] < 0.05, world.waits[2])
    assert.are.equal(2, known.count)
  end)

  it("never waits beyond a call's deadline, nor without looking for long", function()
    local world = new()
    world.on_wait = function() world.done[1] = 7 end
    for _ = 1, 3 do
      local known = require("aom.loop.nginx_latency").new()
      known:learn(29, 30, true, 1)
      world.steps.latencies[ORIGIN], world.waits = known, {}
      world.steps:wait(7, ORIGIN, world.time + 20, new_caller(world))
      assert.is_true(world.waits[1] <= 0.5, world.waits[1])
      world.waits = {}
      world.steps:wait(7, ORIGIN, world.time + 0.02, new_caller(world))
      assert.is_true(world.waits[1] <= 0.02, world.waits[1])
    end
  end)

  describe("for several calls", function()
    local world

    --- A call that goes on when the spec resumes it.
    local function begin(id, ends)
      local call = { wakes = 0 }
      local caller = { is_over = function() return call.over == true end, keep = function() end }
      function caller.waiter()
        return {
          wake = function() call.wakes = call.wakes + 1 end,
          wait = function(deadline)
            call.until_time = deadline
            return coroutine.yield()
          end,
        }
      end
      call.thread = coroutine.create(function() return world.steps:wait(id, ORIGIN, ends or math.huge, caller) end)
      assert(coroutine.resume(call.thread))
      return call
    end

    ---@param woken boolean|nil  what ended its wait; nil: it was cancelled
    local function resume(call, woken)
      local _, answer, trouble = assert(coroutine.resume(call.thread, woken))
      return answer and answer.body, trouble and trouble.kind
    end

    local function next_turn() world.time = world.time + 0.001 end

    before_each(function() world = new() end)

    it("one leads, and wakes those whose answers it finds", function()
      local leader, follower = begin(7), begin(8)
      next_turn()
      world.done = { 8 }
      assert.is_nil(resume(leader, false))
      assert.are.equal(1, follower.wakes)
      local polls = world.polls
      assert.are.equal("answer 8", (resume(follower, true)))
      assert.are.equal(polls, world.polls)
    end)

    it("the leader sends all that begin in one turn, woken once", function()
      local leader = begin(7)
      assert.are.equal(1, world.polls)
      for id = 8, 20 do begin(id) end
      assert.are.equal(1, world.polls)
      assert.are.equal(1, leader.wakes)
      resume(leader, true)
      assert.are.equal(2, world.polls)
      begin(21)
      assert.are.equal(2, leader.wakes)
    end)

    it("one whose answer was given up before it came back is told", function()
      local leader, follower = begin(7), begin(8, world.time + 1)
      for _, id in ipairs { 8, 9 } do
        next_turn()
        world.done = { id }
        resume(leader, false)
        world.time = world.time + 3
      end
      assert.are.same({ 9, 8 }, world.cancelled)
      assert.are.same({ nil, "timeout" }, { resume(follower, true) })
    end)

    it("a follower does not look while the leader does", function()
      local leader, follower = begin(7), begin(8)
      resume(leader, true)
      next_turn()
      local polls = world.polls
      resume(follower, false)
      assert.are.equal(polls, world.polls)
      assert.is_true(follower.until_time > leader.until_time)
    end)

    for _, ending in ipairs { "answered", "cancelled" } do
      it("another one leads after one that is " .. ending, function()
        local leader, follower = begin(7), begin(8)
        resume(leader, true)
        next_turn()
        if ending == "answered" then
          world.done = { 7 }
          assert.are.equal("answer 7", (resume(leader, false)))
        else
          assert.are.same({ nil, "cancelled" }, { resume(leader, nil) })
        end
        assert.are.equal(1, follower.wakes)
        next_turn()
        world.done = { 8 }
        assert.are.equal("answer 8", (resume(follower, true)))
      end)
    end

    it("another one leads after one that is gone without a word", function()
      local leader, follower = begin(7), begin(8)
      resume(leader, true)
      world.time = leader.until_time + 0.021
      world.done = { 8 }
      assert.are.equal("answer 8", (resume(follower, false)))
    end)
  end)

  it("drops a finished transfer that nobody waits for", function()
    local world = new()
    world.on_wait = function() world.done = { 8, 7 } end
    assert.are.equal("answer 7", world.steps:wait(7, ORIGIN, math.huge, new_caller(world)).body)
    assert.are.same({ 8 }, world.cancelled)
  end)

  it("tells a caller that comes back long after its deadline", function()
    local world = new()
    world.on_wait = function() world.done[1] = 9 end
    local _, trouble = world.steps:wait(7, ORIGIN, world.time - 2, new_caller(world))
    assert.are.same({ "timeout", true }, { trouble.kind, trouble.sent })
    assert.matches("^timed out after %d+%.%d s, waiting for the response$", trouble.message)
    assert.are.same({ 9, 7 }, world.cancelled)
  end)

  it("ends a wait when its call is cancelled", function()
    local world = new()
    local caller = new_caller(world)
    world.on_wait = function() caller.over = true end
    local _, trouble = world.steps:wait(7, ORIGIN, math.huge, caller)
    assert.are.equal("cancelled", trouble.kind)
    assert.are.same({ 7 }, world.cancelled)
  end)

  for _, row in ipairs {
    { "short memory is that call's trouble", "not enough memory", "out of memory" },
    { "an error of another kind is raised", "a bug" },
  } do
    it("keeps nothing of a transfer whose end cannot be told: " .. row[1], function()
      local world = new()
      world.steps.engine.collect = function() error(row[2], 0) end
      for _, way in ipairs { "wait", "block" } do
        world.done, world.cancelled = { 7 }, {}
        local ok, raised, trouble = pcall(function()
          if way == "wait" then return world.steps:wait(7, ORIGIN, math.huge, new_caller(world)) end
          return world.steps:block({ id = 7, base = ORIGIN }, math.huge, new_caller(world))
        end)
        assert.are.same({ 7 }, world.cancelled, way)
        assert.are.equal(row[3] ~= nil, ok, way)
        if row[3] then assert.are.equal(row[3], trouble.message, way) else assert.are.equal(row[2], raised, way) end
      end
    end)
  end

  it("where nothing else runs, keeps what others wait for, and does not poll for it again", function()
    local world = new()
    local other = coroutine.create(function()
      local caller = new_caller(world)
      function caller.waiter() return { wake = function() end, wait = coroutine.yield } end
      return world.steps:wait(8, ORIGIN, math.huge, caller)
    end)
    assert(coroutine.resume(other))
    world.polls = 0
    world.on_poll = function() world.done = world.polls == 1 and { 9, 8 } or { 7 } end
    assert.are.equal("answer 7", world.steps:block({ id = 7, base = ORIGIN }, math.huge, new_caller(world)).body)
    assert.are.equal(2, world.polls)
    assert.are.same({ 9 }, world.cancelled)
    local _, answer = coroutine.resume(other, true)
    assert.are.equal("answer 8", answer.body)
  end)

  it("remembers a limited number of origins", function()
    local world = new()
    world.on_wait = function() world.done[1] = 7 end
    for i = 1, 250 do world.steps:wait(7, ORIGIN .. i, math.huge, new_caller(world)) end
    local count = 0
    for _ in pairs(world.steps.latencies) do count = count + 1 end
    assert.is_true(count <= 100, count)
  end)
end)

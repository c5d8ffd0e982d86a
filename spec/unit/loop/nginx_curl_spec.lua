--- Proves how nginx steps libcurl, with a host whose clock moves only during a sleep and an engine whose
--- transfers end when the spec says so.

local core = require "aom.core"
local nginx_curl = require "aom.loop.nginx_curl"

--- A caller whose call goes on until `over` is set.
local function new_caller() return { is_over = function(self) return self.over == true end } end

local never = new_caller()

local function new()
  local world = { time = 0, sleeps = 0, polls = 0, done = {}, cancelled = {} }
  local engine = {}
  function engine.poll() world.polls = world.polls + 1 end
  function engine.finished() return table.remove(world.done, 1) end
  function engine.collect(_, id) return 200, {}, "answer " .. id end
  function engine.cancel(_, id) world.cancelled[#world.cancelled + 1] = id end
  function engine.close() world.closed = true end
  local function sleep(seconds)
    world.sleeps = world.sleeps + 1
    world.time = world.time + seconds
    if world.on_sleep then world.on_sleep() end
  end
  world.steps = nginx_curl.new(engine, sleep, function() return world.time end)
  return world
end

describe("stepping the engine between sleeps", function()
  it("lets four transfers begin in one turn of the host's loop, and the fifth in the next", function()
    local world = new()
    for _ = 1, 4 do world.steps:make_room(never) end
    assert.are.equal(0, world.sleeps)
    world.steps:make_room(never)
    assert.are.equal(1, world.sleeps)
    for _ = 1, 3 do world.steps:make_room(never) end
    assert.are.equal(1, world.sleeps)
  end)

  it("does not keep an ended call waiting for room", function()
    local world = new()
    for _ = 1, 4 do world.steps:make_room(never) end
    world.steps:make_room { is_over = function() return true end }
    assert.are.equal(0, world.sleeps)
  end)

  it("polls less and less often while it waits", function()
    local world = new()
    world.on_sleep = function()
      if world.time > 0.02 then world.done[1] = 7 end
    end
    local answer = world.steps:wait(7, math.huge, never)
    assert.are.equal("answer 7", answer.body)
    assert.is_true(world.polls <= world.sleeps + 1)
  end)

  it("drops a finished transfer that nobody waits for", function()
    local world = new()
    world.on_sleep = function() world.done = { 8, 7 } end
    assert.are.equal("answer 7", world.steps:wait(7, math.huge, never).body)
    assert.are.same({ 8 }, world.cancelled)
  end)

  it("tells a caller that comes back long after its deadline", function()
    local world = new()
    world.on_sleep = function() world.done[1] = 9 end
    local _, trouble = world.steps:wait(7, core.now() - 2, never)
    assert.are.same({ "timeout", true }, { trouble.kind, trouble.sent })
    assert.matches("^timed out after %d+%.%d s, waiting for the answer$", trouble.message)
    assert.are.same({ 7, 9 }, world.cancelled)
  end)

  it("ends a wait when its call is cancelled, or the client closed", function()
    local world = new()
    local caller = new_caller()
    world.on_sleep = function() caller.over = true end
    local _, trouble = world.steps:wait(7, math.huge, caller)
    assert.are.equal("cancelled", trouble.kind)
    assert.are.same({ 7 }, world.cancelled)
    world.on_sleep = function() world.steps:close() end
    _, trouble = world.steps:wait(9, math.huge, never)
    assert.are.equal("cancelled", trouble.kind)
    assert.is_true(world.closed)
  end)
end)

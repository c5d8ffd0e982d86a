--- Proves how libcurl's sockets and timers become libuv handles, with the spec's own libuv.

local unpack = table.unpack or unpack

local uv_alarm = require "aom.loop.uv_alarm"
local uv_events = require "aom.loop.uv_events"
local uv_handles = require "aom.loop.uv_handles"

local function new(closes_at_once)
  local world = { handles = {}, wishes = {}, seen = {}, running = 1 }
  local uv = {}
  local function handle(kind)
    local made = { kind = kind, state = "new" }
    world.handles[#world.handles + 1] = made
    return made
  end
  function uv.new_poll(fd)
    if fd == 13 then return nil, "EPERM" end
    local made = handle "poll"
    made.fd = fd
    return made
  end
  function uv.new_timer() return handle "timer" end
  function uv.poll_start(poll, events, on_event) poll.state, poll.events, poll.fire = "active", events, on_event end
  function uv.timer_start(timer, ms, _, on_time) timer.state, timer.ms, timer.fire = "active", ms, on_time end
  function uv.poll_stop(poll) poll.state = "stopped" end
  uv.timer_stop = uv.poll_stop
  function uv.close(made)
    assert(made.state ~= "closed")
    made.state = "closed"
  end
  function uv.is_closing(made) return made.state == "closed" end
  local engine = {}
  function engine.wish() return unpack(table.remove(world.wishes, 1) or {}) end
  function engine.timer() return world.timer end
  function engine.on_socket(_, ...) world.seen[#world.seen + 1] = { ... } end
  function engine.watch() end
  function engine.running() return world.running end
  local handles = uv_handles[closes_at_once and "closed_at_once" or "kept"](uv)
  local carrier = { engine = engine, wake_finished = function() end }
  world.events = uv_events.new(uv, handles, carrier)
  world.other = uv_events.new(uv, handles, carrier)
  world.alarm = uv_alarm.new(uv, handles, function() end)
  --- Nothing is in flight any more.
  function world.rest()
    world.running = 0
    world.events:settle()
    world.running = 1
  end
  function world.states()
    local states = {}
    for i, made in ipairs(world.handles) do states[i] = made.state end
    return states
  end
  return world
end

describe("sockets", function()
  it("are watched for what libcurl wants to know", function()
    local world = new()
    world.wishes = { { 5, true, false }, { 6, true, true } }
    world.events:settle()
    assert.are.equal("r", world.handles[1].events)
    assert.are.equal("rw", world.handles[2].events)
    world.handles[2].fire(nil, "w")
    world.handles[1].fire "ECONNRESET"
    assert.are.same({ { 6, false, true }, { 5, true, true } }, world.seen)
  end)

  it("get a new watch if the number is reused", function()
    local world = new()
    world.wishes = { { 5, true, false, false }, { 6, true, false, false } }
    world.events:settle()
    world.wishes = { { 5, false, true, true }, { 6, false, false } }
    world.events:settle()
    assert.are.equal(2, #world.handles)
    assert.are.equal("active", world.handles[1].state)
    assert.are.equal("w", world.handles[1].events)
    assert.are.same({ "active", "stopped" }, world.states())
    world.wishes = { { 6, true, false } }
    world.events:settle()
    assert.are.same({ "active", "active" }, world.states())
  end)

  it("are closed at once if that is safe", function()
    local world = new(true)
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:settle()
    world.rest()
    assert.are.same({ "closed", "closed" }, world.states())
    world.wishes = { { 5, true, false } }
    world.events:settle()
    assert.are.equal("active", world.handles[3].state)
  end)

  it("that cannot be watched raise nothing", function()
    local world = new()
    world.wishes = { { 13, true, false } }
    world.events:settle()
    assert.are.equal(0, #world.handles)
  end)

  -- One that is closing crashes luv where its Lua state ends.
  it("are stopped, kept, and serve the next call, of another client too", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:settle()
    world.alarm:set(1)
    world.rest()
    world.alarm:release()
    assert.are.same({ "stopped", "stopped", "stopped" }, world.states())
    world.wishes = { { 5, true, false } }
    world.other:settle()
    world.alarm:set(1)
    assert.are.same({ "active", "active", "active" }, world.states())
  end)

  it("that are stopped keep no engine", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:settle()
    local before = { world.handles[1].fire, world.handles[2].fire }
    world.rest()
    for i, handle in ipairs(world.handles) do assert.are_not.equal(before[i], handle.fire) end
  end)

  it("that somebody else has closed are created again", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:settle()
    world.rest()
    for _, handle in ipairs(world.handles) do handle.state = "closed" end
    world.wishes = { { 5, true, false } }
    world.events:settle()
    assert.are.same({ "closed", "closed", "active", "active" }, world.states())
  end)

  it("split long waits into ones that libuv can represent", function()
    local world = new()
    world.alarm:set(1e308)
    assert.are.equal(86400000, world.handles[1].ms)
  end)
end)

--- Proves how libcurl's sockets and timers become libuv handles, with the spec's own libuv.

local unpack = table.unpack or unpack

local uv_events = require "aom.loop.uv_events"
local uv_handles = require "aom.loop.uv_handles"

local function new(closes_at_once)
  local world = { handles = {}, wishes = {}, seen = {}, foreign = {} }
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
  local function new_hook() return { state = "new" } end
  uv.new_check, uv.new_idle = new_hook, new_hook
  function uv.check_start(check, body) check.state, world.check = "active", body end
  function uv.idle_start(idle) idle.state, world.idle = "active", idle end
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
  function engine.is_free(_, fd) return not world.foreign[fd] end
  local handles = uv_handles[closes_at_once and "closed_at_once" or "closed_between"](uv)
  world.events = uv_events.new(uv, handles, engine, function() end)
  world.other = uv_events.new(uv, handles, engine, function() end)
  --- libuv's check phase.
  function world.turn()
    local check = world.check
    world.check = nil
    if check then check() end
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
    world.events:apply()
    assert.are.equal("r", world.handles[1].events)
    assert.are.equal("rw", world.handles[2].events)
    world.handles[2].fire(nil, "w")
    world.handles[1].fire "ECONNRESET"
    assert.are.same({ { 6, false, true }, { 5, true, true } }, world.seen)
  end)

  -- Closing a handle makes libuv forget all about its descriptor number.
  it("get a new watch if the number is reused, which closing the old one does not end", function()
    local world = new()
    world.wishes = { { 5, true, false, false }, { 6, true, false, false } }
    world.events:apply()
    world.wishes = { { 5, false, true, true }, { 6, false, false } }
    world.events:apply()
    assert.are.equal(2, #world.handles)
    assert.are.equal("active", world.handles[1].state)
    assert.are.equal("w", world.handles[1].events)
    world.turn()
    assert.are.same({ "active", "closed" }, world.states())
    world.wishes = { { 6, true, false } }
    world.events:apply()
    assert.are.equal(3, #world.handles)
  end)

  it("are closed at once if that is safe", function()
    local world = new(true)
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:apply()
    world.events:release()
    assert.are.same({ "closed", "closed" }, world.states())
    assert.is_nil(world.check)
    world.wishes = { { 5, true, false } }
    world.events:apply()
    assert.are.equal("active", world.handles[3].state)
  end)

  it("that cannot be watched raise nothing", function()
    local world = new()
    world.wishes = { { 13, true, false } }
    world.events:apply()
    assert.are.equal(0, #world.handles)
  end)

  it("are stopped at once, and closed between two iterations of the loop, with what closes them", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:apply()
    world.events:call_after(1)
    world.events:release()
    assert.are.same({ "stopped", "stopped", "stopped" }, world.states())
    assert.are.equal("active", world.idle.state)
    world.turn()
    assert.are.same({ "closed", "closed", "closed" }, world.states())
    assert.are.equal("closed", world.idle.state)
  end)

  it("serve the next call, of another client too, until they are closed", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:apply()
    world.events:release()
    world.wishes = { { 5, true, false } }
    world.other:apply()
    assert.are.same({ "active", "active" }, world.states())
    world.turn()
    assert.are.same({ "active", "active" }, world.states())
  end)

  -- Closing would end the watch of another socket with the same number.
  it("are not closed while their number is another socket's", function()
    local world = new()
    world.wishes = { { 5, true, false }, { 6, true, false } }
    world.events:apply()
    world.events:release()
    world.foreign[5] = true
    world.turn()
    assert.are.same({ "stopped", "closed" }, world.states())
    world.foreign[5] = nil
    world.wishes = { { 7, true, false } }
    world.events:apply()
    world.events:release()
    world.turn()
    assert.are.same({ "closed", "closed", "closed" }, world.states())
  end)

  it("that somebody else has closed are created again", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events:apply()
    world.events:release()
    for _, handle in ipairs(world.handles) do handle.state = "closed" end
    world.wishes = { { 5, true, false } }
    world.events:apply()
    assert.are.same({ "closed", "closed", "active", "active" }, world.states())
    world.turn()
    assert.are.same({ "closed", "closed", "active", "active" }, world.states())
  end)

  it("split long waits into ones that libuv can represent", function()
    local world = new()
    world.events:call_after(1e308)
    assert.are.equal(86400000, world.handles[1].ms)
  end)
end)

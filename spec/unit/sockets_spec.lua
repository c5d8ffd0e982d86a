--- How libcurl's wishes become handles of libuv's, seen on a libuv of the spec's own.

local unpack = table.unpack or unpack

local sockets = require "aom.loop.sockets"

local function new(closes_safely)
  local world = { handles = {}, wishes = {}, later = {}, seen = {} }
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
  function uv.close(made) made.state = "closed" end
  function uv.is_closing(made) return made.state == "closed" end
  local engine = {}
  function engine.wish() return unpack(table.remove(world.wishes, 1) or {}) end
  function engine.timer() return world.timer end
  function engine.on_socket(_, ...) world.seen[#world.seen + 1] = { ... } end
  local host = { uv = uv, closes_safely = closes_safely }
  function host.soon(body) world.later[#world.later + 1] = body end
  world.events = sockets.new(host, engine, function() end)
  return world
end

describe("sockets", function()
  it("are watched for what libcurl wants to know", function()
    local world = new()
    world.wishes = { { 5, true, false }, { 6, true, true } }
    world.events.apply()
    assert.are.equal("r", world.handles[1].events)
    assert.are.equal("rw", world.handles[2].events)
    world.handles[2].fire(nil, "w")
    world.handles[1].fire "ECONNRESET"
    assert.are.same({ { 6, false, true }, { 5, true, true } }, world.seen)
  end)

  -- To close a handle makes libuv forget all that it knows of the number.
  it("get a new watch when the number now means another socket, and no closing of an old one ends it", function()
    local world = new()
    world.wishes = { { 5, true, false, false }, { 6, true, false, false } }
    world.events.apply()
    world.wishes = { { 5, false, true, true }, { 6, false, false } }
    world.events.apply()
    assert.are.equal(2, #world.handles)
    assert.are.equal("active", world.handles[1].state)
    assert.are.equal("w", world.handles[1].events)
    world.later[1]()
    assert.are.equal("active", world.handles[1].state)
    assert.are.equal("closed", world.handles[2].state)
    world.wishes = { { 6, true, false } }
    world.events.apply()
    assert.are.equal(3, #world.handles)
  end)

  for name, case in pairs {
    ["where that is safe"] = { true, function(world) world.events.release() end },
    ["inside a callback of libuv's"] = { false, function(world) world.events.inside(world.events.release) end },
  } do
    it("are closed at once " .. name, function()
      local world = new(case[1])
      world.wishes, world.timer = { { 5, true, false } }, 20
      world.events.apply()
      case[2](world)
      for _, handle in ipairs(world.handles) do assert.are.equal("closed", handle.state) end
      assert.are.equal(0, #world.later)
      world.wishes = { { 5, true, false } }
      world.events.apply()
      assert.are.equal("active", world.handles[3].state)
    end)
  end

  it("that cannot be watched raise nothing", function()
    local world = new()
    world.wishes = { { 13, true, false } }
    world.events.apply()
    assert.are.equal(0, #world.handles)
  end)

  it("are stopped at once, and closed from inside the loop", function()
    local world = new()
    world.wishes, world.timer = { { 5, true, false } }, 20
    world.events.apply()
    world.events.call_after(1)
    world.events.release()
    assert.are.equal(3, #world.handles)
    for _, handle in ipairs(world.handles) do assert.are.equal("stopped", handle.state) end
    assert.are.equal(1, #world.later)
    world.later[1]()
    for _, handle in ipairs(world.handles) do assert.are.equal("closed", handle.state) end
  end)

  it("wait for what never comes in portions that libuv can count", function()
    local world = new()
    world.events.call_after(1e308)
    assert.are.equal(86400000, world.handles[1].ms)
  end)
end)

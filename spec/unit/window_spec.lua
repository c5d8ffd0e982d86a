--- What a maintenance window does about calls that may still be under way at the service,
--- to the second.

local cjson = require "cjson"
local client = require "aom.client"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local FILE = "paused.json"

describe("a maintenance window, and calls that end late", function()
  local world, service, looks

  --- The service as an answer of a scripted loop. A call to a workflow that is in
  --- `service.lost` is carried out `delay` seconds later, and nobody hears of it.
  local function serve(attempt, _, loop)
    for _, late in ipairs(service.late) do
      if loop.now() >= late.at then service.status[late.id], late.at = "disable", math.huge end
    end
    local id = attempt.path:match "/workflow/(%w+)/trigger"
    if not id then
      looks = looks + 1
      local list = {}
      for _, name in ipairs { "a", "b" } do
        if service.status[name] then
          list[#list + 1] = { id = name, name = name, type = "cron", trigger_status = service.status[name] }
        end
      end
      return { status = 200, headers = {}, body = cjson.encode { elements = list, total_elements = #list } }
    end
    local action = attempt.query[1][2]
    if action == "disable" and service.lost[id] then
      service.late[#service.late + 1] = { id = id, at = loop.now() + service.lost[id] }
      service.lost[id] = nil
      return nil, { kind = "timeout", message = "timed out", sent = true }
    end
    if service.missing == id then return { status = 404, headers = {}, body = "{}" } end
    service.status[id] = action
    return { status = 200, headers = {}, body = '{"success"}' }
  end

  local function open(options)
    local loop = scripted.new(world, { serve })
    return assert(client.open(scripted.options(loop, options), world)), loop
  end

  before_each(function()
    looks = 0
    world = world_of.new()
    service = { status = { a = "enable", b = "enable" }, lost = {}, late = {} }
  end)

  --- The process dies as soon as workflow b's call has left.
  local function die_while_pausing(delay)
    service.lost.b = delay
    local state, loop = open { attempt_timeout = 20 }
    local fetch = loop.fetch
    function loop.fetch(attempt, ...)
      local answer, trouble = fetch(attempt, ...)
      if trouble then error("SIGKILL", 0) end
      return answer
    end
    assert.has_error(function() client.methods.pause(state, { match = ".", file = FILE }) end, "SIGKILL")
    looks = 0
  end

  local function resume(options)
    local state, loop = open()
    local resumed, err = client.methods.resume(state, FILE, options)
    return resumed, err, loop
  end

  it("are waited for right after a kill, as long as an attempt of who paused may take", function()
    die_while_pausing(15)
    local resumed, err, loop = resume()
    assert.is_nil(err)
    assert.are.same({ 20 }, loop.slept)
    assert.are.same({ a = "enable", b = "enable" }, service.status)
    assert.are.equal(2, resumed.resumed)
    assert.are.equal("b", resumed.noticed[1].id)
    assert.matches("disabled late", resumed.noticed[1].note)
  end)

  it("are waited for while the others are on already", function()
    die_while_pausing(15)
    local state, loop = open()
    local during
    local sleep = loop.sleep
    function loop.sleep(seconds)
      during = { a = service.status.a, b = service.status.b }
      sleep(seconds)
    end
    assert(client.methods.resume(state, FILE))
    assert.are.same({ a = "enable", b = "enable" }, during)
  end)

  it("are not waited for when they must have ended", function()
    die_while_pausing(15)
    world.advance(200)
    service.status.b = "disable"
    service.late = {}
    local resumed, _, loop = resume()
    assert.are.same({}, loop.slept)
    assert.are.equal("enable", service.status.b)
    assert.are.equal(2, resumed.resumed)
  end)

  it("are not waited for longer because a clock was set back", function()
    die_while_pausing(15)
    local time = world.time
    function world.time() return time() - 86400 end
    local _, _, loop = resume()
    assert.are.same({ 20 }, loop.slept)
  end)

  it("are waited for as long as the caller wants", function()
    die_while_pausing(3)
    local _, _, loop = resume { settle_timeout = 5 }
    assert.are.same({ 5 }, loop.slept)
    assert.are.equal("enable", service.status.b)
  end)

  for name, value in pairs { negative = -1, ["no number"] = "5", ["not a number"] = 0 / 0, endless = math.huge } do
    it("are not waited for a time that is " .. name, function()
      die_while_pausing(3)
      local _, err = resume { settle_timeout = value }
      assert.are.equal("argument", err.kind)
      assert.matches("settle_timeout: expected a number of seconds, 0 or more", err.message)
      assert.are.equal(0, looks)
    end)
  end

  it("need no second look when every call was answered", function()
    local state = open()
    local paused = assert(client.methods.pause(state, { match = ".", file = FILE }))
    looks = 0
    local resumed, _, loop = resume()
    assert.are.equal(2, paused.paused)
    assert.are.equal(2, resumed.resumed)
    assert.are.equal(1, looks)
    assert.are.same({}, loop.slept)
  end)

  it("are also those of attempts that were repeated", function()
    service.lost.b = 2
    local state = open { attempt_timeout = 10 }
    assert.are.equal(2, assert(client.methods.pause(state, { match = ".", file = FILE })).paused)
    local _, _, loop = resume()
    assert.are.same({ 10 }, loop.slept)
    assert.are.same({ a = "enable", b = "enable" }, service.status)
  end)

  it("are still waited for by a resume after one that was cut off", function()
    die_while_pausing(15)
    local state, loop = open()
    function loop.sleep() error("SIGKILL", 0) end
    assert.has_error(function() client.methods.resume(state, FILE) end, "SIGKILL")
    assert.matches('"stage": "resuming"', world.files[FILE])
    local _, _, second = resume()
    assert.are.same({ 20 }, second.slept)
    assert.are.same({ a = "enable", b = "enable" }, service.status)
    assert.matches('"stage": "resumed"', world.files[FILE])
    assert.is_nil(world.files[FILE]:find "unsettled")
  end)

  it("do not matter to a workflow that is deleted meanwhile", function()
    die_while_pausing(100)
    local state, loop = open()
    local sleep = loop.sleep
    function loop.sleep(seconds)
      service.status.b = nil
      sleep(seconds)
    end
    local resumed = assert(client.methods.resume(state, FILE))
    assert.are.equal(1, resumed.gone)
    assert.are.equal(1, resumed.resumed)
  end)

  it("do not matter to a workflow that was deleted just now", function()
    die_while_pausing(0)
    service.missing = "b"
    local resumed, _, loop = resume()
    assert.are.equal(1, resumed.gone)
    assert.are.same({}, loop.slept)
  end)

  it("are left alone by a dry run", function()
    die_while_pausing(15)
    local before = world.files[FILE]
    local _, _, loop = resume { dry_run = true }
    assert.are.same({}, loop.slept)
    assert.are.equal(before, world.files[FILE])
  end)
end)

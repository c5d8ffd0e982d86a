--- Proves what `on_event` is told of the end of a call, and what `aom.log` prints.

local client = require "aom.client.state"
local log = require "aom.client.log"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = '{"success"}', headers = { ["x-request-id"] = "r-1" }, takes = 0.5 }
local FAILED = { status = 503 }
local PROJECT = ("0123456789abcdef"):rep(2)

local function run(answers, options, call)
  local world, events = world_of.new { random = { 0.5 } }, {}
  local loop = scripted.new(world, answers)
  options.on_event = options.on_event or function(event) events[#events + 1] = event end
  local state = assert(client.open(scripted.options(loop, options), world))
  local result, err = call(state)
  return result, err, events, loop
end

local function trigger(state) return methods.trigger(state, "wf-1", "enable") end

describe("the end of a call", function()
  it("is told with its result", function()
    local result, _, events = run({ FAILED, OK }, {}, trigger)
    local last = events[#events]
    assert.are.same({ "done", "trigger", 2 }, { last.event, last.operation, last.attempt })
    assert.are.equal(result, last.result)
    assert.are.equal(result.elapsed, last.elapsed)
    assert.is_nil(last.error)
  end)

  it("is told with its error", function()
    local _, err, events = run({ { status = 404 } }, {}, trigger)
    local last = events[#events]
    assert.are.equal("done", last.event)
    assert.are.equal(err, last.error)
    assert.is_nil(last.result)
  end)

  it("is told once, for each request to another service without its secrets", function()
    local token = { status = 201, headers = { ["x-subject-token"] = "hush" },
      body = ('{"token":{"expires_at":"2036-01-02T03:04:05Z","project":{"id":"%s"}}}'):format(PROJECT) }
    local _, _, events = run({ token, OK }, { ak = false, sk = false, username = "alice", password = "correct-horse",
      domain_name = "acme", iam_endpoint = "https://iam.example.com", region = "cn-north-4" }, trigger)
    local ends = {}
    for _, event in ipairs(events) do
      if event.event == "done" then ends[#ends + 1] = event end
    end
    assert.are.equal(2, #ends)
    assert.are.same({ "identity", nil, nil }, { ends[1].service, ends[1].result, ends[1].error })
    assert.are.same({ nil, 200 }, { ends[2].service, ends[2].result.status })
  end)

  -- Ctrl-C raises an error at any point, of any event.
  for _, name in ipairs { "request", "response", "retry", "done" } do
    it("or an earlier event ends the call where Ctrl-C comes in its function: " .. name, function()
      local ok, raised = pcall(run, { FAILED, OK }, { on_event = function(event)
        if event.event == name then error("script.lua:7: interrupted!", 0) end
      end }, trigger)
      assert.are.same({ false, "script.lua:7: interrupted!" }, { ok, raised })
    end)
  end

  it("is told to a function whose value means nothing", function()
    local result = run({ OK }, { on_event = function() return "interrupted!" end }, trigger)
    assert.is_true(result.success)
  end)

  it("comes after the sizes of the bodies", function()
    local _, _, events = run({ OK }, {}, function(state)
      return methods.request(state, { method = "POST", path = "/x", body = "12345" })
    end)
    assert.are.same({ 5, 11 }, { events[1].body, events[2].body })
  end)

  it("is told of a call that nothing was sent for", function()
    local _, err, events = run({ { kind = "network", sent = false } }, { project_id = false, region = "cn-north-4",
      endpoint = false, max_attempts = 1 }, trigger)
    local last = events[#events]
    assert.are.same({ "done", "trigger", 0 }, { last.event, last.operation, last.attempt })
    assert.are.equal(err, last.error)
  end)

  it("may close the client, and an error in it is a warning", function()
    local state
    local result = run({ OK }, { on_event = function(event)
      if event.event == "done" then client.close(state) end
    end }, function(opened)
      state = opened
      return trigger(opened)
    end)
    assert.is_true(result.success)
  end)
end)

describe("an error in on_event", function()
  --- What three calls warn of.
  local function warnings(on_event)
    local world = world_of.new {}
    local state = assert(client.open(scripted.options(scripted.new(world, { OK }), { on_event = on_event }), world))
    for _ = 1, 3 do assert.is_true(trigger(state).success) end
    return world.warnings
  end

  it("becomes one warning", function()
    local told = 0
    local function on_event()
      told = told + 1
      error("broken", 0)
    end
    assert.are.same({ "on_event raised an error: broken" }, warnings(on_event))
    assert.are.equal(9, told)
  end)

  it("becomes one for each message", function()
    assert.are.same({ "on_event raised an error: request", "on_event raised an error: response",
      "on_event raised an error: done" }, warnings(function(event) error(event.event, 0) end))
  end)

  it("becomes one for each function", function()
    for i = 1, 2 do
      assert.are.same({ "on_event raised an error: broken" }, warnings(function() error(i > 0 and "broken", 0) end))
    end
  end)

  it("becomes ten warnings at most, where each message is another", function()
    local told = 0
    local function on_event()
      told = told + 1
      error("at event " .. told, 0)
    end
    assert.are.equal(9, #warnings(on_event))
    assert.are.equal(1, #warnings(on_event))
    assert.are.same({}, warnings(on_event))
  end)
end)

describe("aom.log", function()
  local function lines(level, answers, call)
    local list = {}
    run(answers, { on_event = assert(log.new(level, function(line) list[#list + 1] = line end)) }, call or trigger)
    return list
  end

  local REQUEST = "aom: trigger #%d request: PUT https://aom.example.com/v1/" .. PROJECT
    .. "/cms/workflow/wf-1/trigger/action?action=enable, 0 bytes"
  local RETRY = "aom: trigger #1 retry: in 0.05 s, after aom: service: service unavailable (HTTP 503)"
  local DONE = "aom: trigger #2 done: HTTP 200, 0.550 s, attempts: 2, request r-1"
  local REFUSED = "aom: trigger #1 done: 0.000 s, attempts: 1: aom: service: not found (HTTP 404, trigger)"

  for _, row in ipairs {
    { "debug", { FAILED, OK }, { REQUEST:format(1), "aom: trigger #1 response: HTTP 503, 0 bytes", RETRY,
      REQUEST:format(2), "aom: trigger #2 response: HTTP 200, 11 bytes", DONE } },
    { "info", { FAILED, OK }, { RETRY, DONE } },
    { nil, { FAILED, OK }, { RETRY, DONE } },
    { "warn", { FAILED, OK }, { RETRY } },
    { "error", { FAILED, OK }, {} },
    { "error", { { status = 404 } }, { REFUSED } },
    { "warn", { { status = 404 } }, { REFUSED } },
  } do
    it(("prints a line an event at level %s: %d"):format(tostring(row[1]), #row[3]), function()
      assert.are.same(row[3], lines(row[1], row[2]))
    end)
  end

  it("prints one line whatever a server says", function()
    local list = lines("debug", { { status = 404, body = '{"error_code":"A.1","error_msg":"a\\nb\\u001b[2J"}' } })
    for _, line in ipairs(list) do assert.is_nil(line:find "%c") end
  end)

  it("shows other endpoints, corrected clocks, and other services", function()
    local write = {}
    local print_line = assert(log.new("warn", function(line) write[#write + 1] = line end))
    print_line { event = "failover", operation = "find_project", service = "identity", attempt = 1,
      from = "https://a", to = "https://b" }
    print_line { event = "outage", operation = "trigger", attempt = 1, delay = 10, error = "refused" }
    print_line { event = "skew", operation = "trigger", attempt = 1, gap = -1200 }
    print_line { event = "something new", operation = "trigger", attempt = 1 }
    assert.are.same({ "aom: identity find_project #1 failover: from https://a to https://b",
      "aom: trigger #1 outage: waits 10.0 s at most, after refused",
      "aom: trigger #1 skew: the clock was corrected by -1200 s", "aom: trigger #1 something new" }, write)
  end)

  for _, row in ipairs { { "loud" }, { 1 }, { "info", "print" }, { false } } do
    it("refuses " .. tostring(row[1]) .. " " .. tostring(row[2]), function()
      local made, err = log.new(row[1], row[2])
      assert.is_nil(made)
      assert.are.equal("argument", err.kind)
    end)
  end
end)

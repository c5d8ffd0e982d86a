--- Proves that a client made by `with` has settings of its own, and shares all the rest.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = '{"success"}' }
local OTHER = ("fedcba9876543210"):rep(2)

local function open(answers, options)
  local world = world_of.new { random = { 0.5 } }
  local loop = scripted.new(world, answers or { OK })
  return assert(client.open(scripted.options(loop, options), world)), loop
end

local function enable(state) return methods.trigger(state, "wf-1", "enable") end

local function headers_of(attempt)
  local found = {}
  for name, value in pairs(attempt.wire.headers) do
    if name:find "^[Xx]%-[ABab]$" then found[name] = value end
  end
  return found
end

describe("a derived client", function()
  it("has a time-out of its own", function()
    local slow = { status = 200, takes = 8 }
    local state = open({ slow }, { max_attempts = 1 })
    local quick = methods.with(state, { timeout = 5 })
    assert.are.equal("timeout", (select(2, enable(quick))).kind)
    assert.is_true(enable(state).success)
    assert.are.equal("timeout", (select(2, enable(methods.with(state, { attempt_timeout = 3 })))).kind)
  end)

  it("has a number of attempts of its own", function()
    local state, loop = open { { kind = "network" } }
    enable(methods.with(state, { max_attempts = 2 }))
    assert.are.equal(2, #loop.attempts)
    enable(state)
    assert.are.equal(6, #loop.attempts)
  end)

  it("has events of its own", function()
    local seen = { 0, 0 }
    local function counter(i) return function() seen[i] = seen[i] + 1 end end
    local state = open(nil, { on_event = counter(1) })
    enable(methods.with(state, { on_event = counter(2) }))
    assert.are.same({ 0, 3 }, seen)
    enable(methods.with(state, { timeout = 5 }))
    assert.are.same({ 3, 3 }, seen)
  end)

  it("adds its headers to those of its parent, whatever their case", function()
    local state, loop = open(nil, { headers = { ["X-A"] = "1", ["X-B"] = "2" } })
    local derived = methods.with(state, { headers = { ["x-a"] = "3" } })
    enable(state)
    enable(derived)
    methods.request(methods.with(derived, { timeout = 9 }), { method = "GET", path = "/", headers = { ["X-b"] = "4" } })
    local all = { { ["X-A"] = "1", ["X-B"] = "2" }, { ["x-a"] = "3", ["X-B"] = "2" }, { ["x-a"] = "3", ["X-b"] = "4" } }
    for i, expected in ipairs(all) do
      assert.are.same(expected, headers_of(loop.attempts[i]))
      assert.matches("x%-a;x%-b;x%-project%-id", loop.attempts[i].wire.headers.Authorization)
    end
  end)

  it("sends no headers to the identity service", function()
    local found = { status = 200, body = ('{"projects":[{"id":"%s","name":"cn-north-4"}]}'):format(OTHER) }
    local state, loop = open({ found, OK }, { project_id = false, region = "cn-north-4", endpoint = false,
      headers = { ["X-A"] = "1" } })
    assert.is_true(enable(state).success)
    assert.are.same({}, headers_of(loop.attempts[1]))
    assert.are.same({ ["X-A"] = "1" }, headers_of(loop.attempts[2]))
  end)

  it("shares credentials, pace and clock with its parent", function()
    local state, loop = open({ { status = 429, headers = { ["retry-after"] = "7" } }, OK }, { max_attempts = 1 })
    local derived = methods.with(state, { timeout = 50 })
    enable(derived)
    enable(state)
    assert.are.same({ 7 }, loop.slept)
    assert.are.equal(loop.attempts[1].signer, loop.attempts[2].signer)
    assert.are.equal(state.clock, derived.clock)
  end)

  it("shares the project that is looked up, whoever asks first", function()
    local found = { status = 200, body = ('{"projects":[{"id":"%s","name":"cn-north-4"}]}'):format(OTHER) }
    local state, loop = open({ found, OK }, { project_id = false, region = "cn-north-4", endpoint = false })
    assert.is_true(enable(methods.with(state, { timeout = 5 })).success)
    assert.is_true(enable(state).success)
    assert.is_true(enable(methods.with(methods.with(state, {}), {})).success)
    assert.are.equal(4, #loop.attempts)
    for i = 2, 4 do assert.are.equal(OTHER, loop.attempts[i].wire.headers["X-Project-Id"]) end
  end)

  it("is closed with its parent, and closes nothing but itself", function()
    local state = open()
    local first = methods.with(state, {})
    local second, third = methods.with(first, {}), methods.with(state, {})
    client.close(first)
    for i, row in ipairs { { first, false }, { second, false }, { third, true }, { state, true } } do
      local result, err = enable(row[1])
      assert.are.equal(row[2], result ~= nil, i)
      if not result then assert.are.same({ "argument", "the client is closed" }, { err.kind, err.message }) end
    end
    assert.are.equal("argument", (select(2, methods.with(first, {}))).kind)
    client.close(state)
    assert.is_nil(enable(third))
    assert.is_nil(enable(state))
  end)

  it("that is closed during its call ends it", function()
    local state, derived
    local loop
    state, loop = open({ { status = 503 }, OK }, { on_event = function(event)
      if event.event == "retry" then client.close(derived) end
    end })
    derived = methods.with(state, {})
    local result, err = enable(derived)
    assert.is_nil(result)
    assert.are.same({ "cancelled", "the client was closed" }, { err.kind, err.message })
    assert.are.equal(1, #loop.attempts)
    assert.is_true(enable(state).success)
  end)

  for _, row in ipairs {
    { { timout = 5 }, 'with: unknown option "timout"', 'did you mean "timeout"?' },
    { { region = "cn-north-4" }, 'with: unknown option "region"' },
    { { timeout = 0 }, "with: timeout: expected a finite number of seconds above 0, got 0" },
    { { headers = { Host = "h" } }, 'option headers: the library sets "Host", so it cannot be given' },
    { { headers = { ["content-type"] = "h" } }, 'option headers: "content-type" is that of a body: give it to '
      .. "client:request" },
    { "5", 'with: expected a table of options, got "5"' },
  } do
    it("refuses " .. row[2], function()
      local derived, err = methods.with(open(), row[1])
      assert.is_nil(derived)
      assert.are.same({ "argument", row[2], row[3] }, { err.kind, err.message, err.hint })
    end)
  end
end)

describe("a client", function()
  it("appends to its user agent", function()
    assert.matches("^lua%-aom/[%d.]+$", open().settings.user_agent)
    assert.matches("^lua%-aom/[%d.]+ app/1 %(x%)$", open(nil, { user_agent = "app/1 (x)" }).settings.user_agent)
  end)
end)

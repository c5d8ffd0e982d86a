--- Proves what calls do while a service cannot be reached, to the half second.

local client = require "aom.client.state"
local errors = require "aom.util.errors"
local methods = require "aom.client.methods"
local outages = require "aom.http.outage"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local REFUSED = { kind = "network", message = "refused", sent = false }
local LATE = { kind = "timeout", message = "timed out, waiting for a connection", sent = false }

describe("an outage", function()
  local world, loop, sent, events

  before_each(function()
    world, sent, events = world_of.new(), {}, {}
    loop = world.loop()
    function loop.run() end
  end)

  --- A client of a service that is away until `back`; a connect that fails takes `takes` seconds.
  local function open(back, more, trouble, takes)
    function loop.fetch(attempt)
      sent[#sent + 1] = { host = attempt.host:match "^%w+", at = loop.now() }
      if loop.now() >= back then return { status = 200, headers = {}, body = '{"success"}' } end
      if takes then loop.sleep(takes) end
      return nil, trouble or REFUSED
    end
    local options = { ak = false, sk = false, token = "t", on_event = function(event) events[#events + 1] = event end }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(client.open(scripted.options(loop, options), world))
  end

  --- Starts calls, each of which becomes { result, err, at }.
  local function call(state, count)
    local calls = {}
    for i = 1, count do
      local made = {}
      calls[i] = made
      made.task = world.go(function()
        made.result, made.err = methods.trigger(state, "wf-1", "enable")
        made.at = loop.now()
      end)
    end
    return calls
  end

  local function run_for(seconds)
    for _ = 1, seconds * 8 do world.advance(0.125) end
  end

  --- How many calls succeeded and failed, and when the last one ended.
  local function summary(calls)
    local good, bad, last = 0, 0, 0
    for _, made in ipairs(calls) do
      if made.result then good = good + 1 elseif made.err then bad = bad + 1 end
      last = math.max(last, made.at or math.huge)
    end
    return { good, bad, last }
  end

  local TWO = { endpoint = { "https://one.example.com", "https://two.example.com" } }

  -- Until when the service is away, options, calls; then: how many succeed and fail, when the
  -- last one ends, and how many requests there were.
  for title, row in pairs {
    ["of five seconds costs no call"] = { 5, {}, 20, { 20, 0, 5 }, 1 + 10 + 19 },
    ["that is longer than outage_timeout fails all together"] = { 60, {}, 20, { 0, 20, 10 }, 1 + 19 + 1 },
    ["is waited for as long as is allowed"] = { 60, { outage_timeout = 3 }, 5, { 0, 5, 3 }, 1 + 5 + 1 },
    ["is not waited for where that is not allowed"] = { 60, { outage_timeout = 0 }, 5, { 0, 5, 0 }, 1 },
    ["is not waited for beyond a call's deadline"] = { 60, { timeout = 2.25 }, 5, { 0, 5, 2 }, 1 + 4 },
    ["is not waited for by calls that have one attempt"] = { 60, { max_attempts = 1 }, 5, { 0, 5, 0 }, 5 },
    ["does not use up the attempts"] = { 9, { max_attempts = 2 }, 1, { 1, 0, 9 }, 1 + 18 },
    ["of all endpoints is waited for"] = { 5, TWO, 1, { 1, 0, 5 }, 2 + 10 },
  } do
    it(title, function()
      local calls = call(open(row[1], row[2]), row[3])
      run_for(15)
      assert.are.same(row[4], summary(calls))
      assert.are.equal(row[5], #sent)
    end)
  end

  it("is looked at every half second, by one", function()
    call(open(60), 10)
    run_for(15)
    for i = 1, 20 do assert.are.equal((i - 1) * 0.5, sent[i].at) end
  end)

  it("is looked at once every half second when nobody waits any more", function()
    local state = open(30)
    call(state, 1)
    run_for(11)
    local before, calls = #sent, {}
    for _ = 1, 10 do
      for _, made in ipairs(call(state, 20)) do calls[#calls + 1] = made end
      run_for(0.125)
    end
    assert.are.equal(3, #sent - before)
    assert.are.same({ 0, 200 }, { summary(calls)[1], summary(calls)[2] })
    for _, made in ipairs(calls) do assert.are.equal(0, made.err.attempts) end
    run_for(20)
    call(state, 1)
    assert.are.same({ 20, 0 }, { summary(call(state, 20))[1], 0 })
  end)

  it("goes on to be looked at when the one that does is gone", function()
    local calls = call(open(5), 5)
    run_for(0.25)
    world.kill(calls[1].task)
    run_for(10)
    table.remove(calls, 1)
    assert.are.same({ 4, 0 }, { summary(calls)[1], summary(calls)[2] })
  end)

  it("goes on to be looked at when the one that does has a deadline", function()
    local state = open(5, { timeout = 1.2 })
    local short = call(state, 1)
    run_for(0.125)
    state.settings.timeout = 60
    local long = call(state, 3)
    run_for(10)
    assert.are.equal(1, summary(short)[2])
    assert.are.same({ 3, 0, 5 }, summary(long))
  end)

  it("is not begun while another endpoint answers", function()
    local state = open(math.huge, TWO)
    local fetch = loop.fetch
    function loop.fetch(attempt)
      local answer, trouble = fetch(attempt)
      if attempt.host:find "^two" then answer, trouble = { status = 200, headers = {}, body = "success" }, nil end
      return answer, trouble
    end
    local calls = call(state, 3)
    assert.are.same({ 3, 0, 0 }, summary(calls))
    assert.are.equal(1, calls[1].result.attempts)
  end)

  it("lets a call that has one attempt try no other endpoint, but the next one", function()
    local state = open(60, { endpoint = TWO.endpoint, max_attempts = 1 })
    call(state, 1)
    call(state, 1)
    assert.are.same({ "one", "two" }, { sent[1].host, sent[2].host })
    assert.are.equal(2, #sent)
  end)

  it("may be connections that time out, which are attempts", function()
    local calls = call(open(60, {}, LATE, 5), 3)
    run_for(25)
    -- 5 s each: at 0, 5.5 and 11; at 15 nobody waits any more.
    assert.are.equal(3 + 2, #sent)
    local attempts = {}
    for i, made in ipairs(calls) do attempts[i] = made.err.attempts end
    table.sort(attempts)
    assert.are.same({ 1, 1, 3 }, attempts)
    assert.are.equal("timeout", calls[1].err.kind)
  end)

  it("is not what a call's own deadline cuts off", function()
    local state = open(2, { timeout = 1 }, LATE, 1)
    call(state, 1)
    run_for(1.25)
    assert.is_false(state.outage.began)
  end)

  it("ends with a call that is cancelled, and the client", function()
    local state = open(60)
    local calls = call(state, 3)
    run_for(1)
    client.close(state)
    run_for(1)
    for _, made in ipairs(calls) do assert.are.equal("cancelled", made.err.kind) end
  end)

  it("is told once, and named by the errors", function()
    local state = open(60)
    local first = call(state, 2)
    run_for(11)
    local later = call(state, 1)
    assert.are.equal("refused; the call waited 10.0 s for a connection", first[2].err.message)
    run_for(0.125)
    later[2] = call(state, 1)[1]
    assert.matches("^not sent, because there was no connection for 11%.%d s: refused$", later[2].err.message)
    assert.is_true(first[1].err.retryable and later[2].err.retryable)
    local told = 0
    for _, event in ipairs(events) do
      if event.event == "outage" then
        told = told + 1
        assert.are.same({ 10, 1, "network" }, { event.delay, event.attempt, event.error.kind })
      end
    end
    assert.are.equal(2, told)
  end)

  it("of a name is waited for less long, unless the name is known by then", function()
    local caller, err = { probe = false }, errors.new("network", "no name")
    local outage = outages.new(loop)
    outage:note(caller, { away = "name" }, err)
    assert.are.same({ 1.5, 1 }, { outage:patience(10), outage:patience(1) })
    outage:note(caller, { away = "connection" }, err)
    assert.are.equal(10, outage:patience(10))
    outage:note(caller, { away = "name" }, err)
    assert.are.equal(10, outage:patience(10))
  end)

  it("of the identity service is known to the next call", function()
    local options = { token = false, username = "alice", password = "correct-horse", domain_name = "acme",
      iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
    local state = open(60, options)
    call(state, 1)
    run_for(11)
    local before = #sent
    local calls = call(state, 30)
    run_for(0.125)
    assert.are.equal(30, summary(calls)[2])
    assert.is_true(#sent - before <= 1, #sent - before)
  end)
end)

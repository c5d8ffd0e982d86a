--- Proves a call's retries, deadline, clock correction, key protection and events.

local breaker = require "aom.credentials.lockout"
local call_client = require "aom.client.state"
local methods = require "aom.client.methods"
local core = require "aom.core"
local errors = require "aom.util.errors"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local unpack = table.unpack or unpack

local OK = { status = 200, body = '{"success"}', headers = { ["x-request-id"] = "req-1" } }
local RESET = { kind = "network", message = "connection reset", code = 56 }
local NEVER_SENT = { kind = "network", message = "could not connect", code = 7, sent = false }
local SLOW = { status = 200, takes = 1000 }

local function answer(status, headers) return { status = status, headers = headers, body = "" } end

--- The record of a key pair with the secret key "rolling-secret".
local function breaker_of(ak)
  local signer = core.signer { ak = ak, sk = "rolling-secret" }
  local record = breaker.record(signer:fingerprint())
  signer:close()
  return record
end

local function refusal(message)
  return { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: '
    .. message .. '"}' }
end

describe("a call", function()
  local world

  before_each(function() world = world_of.new { time = 1767323045, random = { 0.5 } } end)

  local function run(answers, options)
    local loop = scripted.new(world, answers)
    local state = assert(call_client.open(scripted.options(loop, options), world))
    local result, err = methods.trigger(state, "wf-1", "enable")
    return result, err, loop, state
  end

  for name, row in pairs {
    ["a name"] = { "trigger", { "nightly-backup", "enable" }, true },
    ["a name to run"] = { "execute", { "nächtlich" }, true },
    ["a name whose runs are listed"] = { "list_workflow_executions", { "x1" }, true },
    ["an id"] = { "trigger", { "00484902-0e4c-4b9c-8f5e-0d2c6c3b1a2f", "enable" } },
    ["a number"] = { "execute", { "1234567890" } }, ["an execution, perhaps"] = { "execution", { "nightly", "e-1" } },
  } do
    it(("hints at %sid where the service does not know %s"):format(row[3] and "an " or "no ", name), function()
      local unknown = { status = 404, body = '{"error_code":"AOM.31001404","error_msg":"does not exist"}' }
      local state = assert(call_client.open(scripted.options(scripted.new(world, { unknown })), world))
      local _, err = methods[row[1]](state, unpack(row[2]))
      local hint = row[3] and ('an id is expected: client:find "%s" gives the workflow of that name'):format(row[2][1])
      assert.are.equal(hint, err.hint)
    end)
  end

  it("sends one request and returns what the service said", function()
    local result, err, loop = run { OK }
    assert.is_nil(err)
    assert.are.same({
      success = true, workflow_id = "wf-1", action = "enable", status = 200, http_status = 200, request_id = "req-1",
      attempts = 1, elapsed = 0, body = '{"success"}',
    }, result)
    local wire = loop.attempts[1].wire
    assert.are.equal("PUT", wire.method)
    assert.are.equal("https://aom.example.com/v1/0123456789abcdef0123456789abcdef/cms/workflow/wf-1/trigger/action"
      .. "?action=enable", wire.url)
    assert.are.equal("application/json", wire.headers["Content-Type"])
    assert.are.equal("0123456789abcdef0123456789abcdef", wire.headers["X-Project-Id"])
    assert.are.equal("20260102T030405Z", wire.headers["X-Sdk-Date"])
    assert.are.equal("aom.example.com", wire.headers.Host)
    assert.matches("SignedHeaders=content%-type;host;x%-project%-id;x%-sdk%-date, ", wire.headers.Authorization)
  end)

  it("describes a failure with what was attempted", function()
    local _, err = run { { status = 400, takes = 0.25, headers = { ["x-request-id"] = "r9" },
      body = '{"error_code":"AOM.31001302","error_msg":"Invalid param","http_code":400}' } }
    assert.is_true(errors.is_error(err))
    assert.are.equal("service", err.kind)
    assert.are.equal("AOM.31001302", err.code)
    assert.are.equal(400, err.status)
    assert.are.equal(400, err.http_code)
    assert.are.equal("r9", err.request_id)
    assert.are.equal("trigger", err.operation)
    assert.are.equal("PUT", err.method)
    assert.matches("/cms/workflow/wf%-1/trigger/action%?action=enable$", err.url)
    assert.are.equal(1, err.attempts)
    assert.are.equal(0.25, err.elapsed)
    assert.is_false(err.retryable)
  end)

  describe("retries", function()
    for _, entry in ipairs {
      { "a reset", RESET },
      { "an attempt's timeout", { kind = "timeout", message = "timed out" } },
      { "408", answer(408) }, { "429", answer(429) }, { "500", answer(500) }, { "502", answer(502) },
      { "503", answer(503) }, { "504", answer(504) },
    } do
      it("after " .. entry[1], function()
        local result, _, loop = run { entry[2], OK }
        assert.are.equal(2, #loop.attempts)
        assert.are.equal(2, result.attempts)
      end)
    end

    for _, entry in ipairs {
      { "400", answer(400) }, { "403", answer(403) }, { "404", answer(404) }, { "409", answer(409) },
      { "501", answer(501) }, { "a redirect", answer(302) },
      { "a TLS failure", { kind = "tls", message = "bad certificate" } },
      { "garbage", { kind = "protocol", message = "no HTTP" } },
      { "an HTML page", { status = 200, body = "<html>" } },
    } do
      it("never after " .. entry[1], function()
        local result, err, loop = run { entry[2], OK }
        assert.is_nil(result)
        assert.are.equal(1, #loop.attempts)
        assert.are.equal(1, err.attempts)
      end)
    end

    it("back off exponentially, by chance, up to max_attempts", function()
      world = world_of.new { time = 0, random = { 0.5, 0.999, 0, 0.25, 0.5, 0.5 } }
      local _, err, loop = run({ RESET }, { max_attempts = 7 })
      assert.are.equal(7, err.attempts)
      assert.are.same({ 0.5 * 0.1, 0.999 * 0.2, 0, 0.25 * 0.8, 0.5 * 1.6, 0.5 * 3.2 }, loop.slept)
    end)

    it("stop after four attempts unless told otherwise", function()
      local _, err, loop = run { RESET }
      assert.are.equal(4, #loop.attempts)
      assert.are.equal("network", err.kind)
      assert.are.equal(56, err.cause.code)
      assert.is_true(err.retryable)
    end)

    -- A request that may have run must not run again: only one that cannot have run is retried.
    local CALLS = {
      execute_workflow = { "wf-1" },
      create_workflow = { { name = "n", type = "manual", template_id = "t", input = {}, task_type = "script",
        service_name = "s" } },
      operate_execution = { "wf-1", "ex-1", { action = "skip", node_id = "n1" } },
      stop_execution = { "wf-1", "ex-1" },
      trigger = { "wf-1", "enable" },
      list_workflow = {},
    }
    local REPEATABLE = { trigger = true, list_workflow = true }
    for _, row in ipairs {
      -- what happens, whether one that may run twice is retryable, and one that may not
      { "a reset", RESET, true, false },
      { "a time-out of one that was sent", { kind = "timeout", message = "timed out" }, true, false },
      { "a time-out before it was sent", { kind = "timeout", message = "timed out", sent = false }, true, true },
      { "a failed connect", NEVER_SENT, true, true },
      { "408", answer(408), true, false },
      { "429", answer(429), true, true },
      { "500", answer(500), true, false },
      { "502", answer(502), true, false },
      { "503", answer(503, { ["retry-after"] = "1" }), true, false },
      { "504", answer(504), true, false },
      { "400", answer(400), false, false },
      { "409", answer(409), false, false },
      { "a TLS failure", { kind = "tls", message = "bad certificate", sent = false }, false, false },
      { "garbage", { kind = "protocol", message = "no HTTP" }, false, false },
    } do
      it("are promised after " .. row[1] .. " only if that is safe", function()
        for name, arguments in pairs(CALLS) do
          local loop = scripted.new(world, { row[2] })
          local state = assert(call_client.open(scripted.options(loop, { max_attempts = 1 }), world))
          local result, err = methods[name](state, unpack(arguments))
          assert.is_nil(result)
          assert.are.equal(1, #loop.attempts, name .. ": " .. tostring(err))
          assert.are.equal(row[REPEATABLE[name] and 3 or 4], err.retryable, name .. ": " .. tostring(err))
        end
      end)
    end

    it("wait as long as Retry-After says, in seconds", function()
      local _, _, loop = run { answer(429, { ["retry-after"] = "7" }), OK }
      assert.are.same({ 7 }, loop.slept)
    end)

    it("wait as long as Retry-After says, as a date", function()
      local _, _, loop = run { answer(503, { ["retry-after"] = "Fri, 02 Jan 2026 03:04:16 GMT" }), OK }
      assert.are.same({ 11 }, loop.slept)
    end)

    it("end at once with the last error when the wait does not fit", function()
      local _, err, loop = run({ answer(429, { ["retry-after"] = "61" }), OK })
      assert.are.equal(429, err.status)
      assert.are.same({}, loop.slept)
      assert.are.equal(0, err.elapsed)
    end)

    it("sign again each time", function()
      local _, _, loop = run { answer(503, { ["retry-after"] = "5" }), OK }
      assert.are.equal("20260102T030405Z", loop.attempts[1].wire.headers["X-Sdk-Date"])
      assert.are.equal("20260102T030410Z", loop.attempts[2].wire.headers["X-Sdk-Date"])
      assert.are_not.equal(loop.attempts[1].wire.headers.Authorization, loop.attempts[2].wire.headers.Authorization)
    end)
  end)

  describe("deadline", function()
    it("cuts a single attempt", function()
      local _, err, loop = run({ SLOW }, { timeout = 2, attempt_timeout = 30 })
      assert.are.equal("timeout", err.kind)
      assert.are.equal(1, #loop.attempts)
      assert.are.equal(2, err.elapsed)
    end)

    it("gives each attempt its own limit within it", function()
      local _, err, loop = run({ SLOW }, { timeout = 10, attempt_timeout = 4 })
      assert.are.equal(3, #loop.attempts)
      assert.are.equal("timeout", err.kind)
      assert.are.equal(10, err.elapsed)
      assert.are.equal(4, loop.attempts[1].deadline - loop.attempts[1].at)
    end)

    it("ends with the error before the one that it caused", function()
      local _, err = run({ answer(503), SLOW }, { timeout = 2 })
      assert.are.equal(503, err.status)
      assert.are.equal(2, err.attempts)
      assert.are.equal(2, err.elapsed)
    end)
  end)

  describe("with a clock that is off", function()
    local EXPIRED = refusal("calc ak sk signature fail:signature expired, "
      .. "signature time:20260102T030405Z,server time:20260102T032405Z")

    it("learns the server's time and succeeds with one more request", function()
      local result, _, loop = run { EXPIRED, OK }
      assert.are.equal(2, result.attempts)
      assert.are.equal("20260102T032405Z", loop.attempts[2].wire.headers["X-Sdk-Date"])
      assert.are.same({}, loop.slept)
    end)

    it("keeps what it learnt", function()
      local _, _, loop, state = run { EXPIRED, OK }
      methods.trigger(state, "wf-2", "disable")
      assert.are.equal("20260102T032405Z", loop.attempts[3].wire.headers["X-Sdk-Date"])
    end)

    it("learns from the Date header too", function()
      local bare = refusal "verify aksk signature fail"
      bare.headers = { date = "Fri, 02 Jan 2026 03:24:05 GMT" }
      local result, _, loop = run { bare, OK }
      assert.are.equal(2, result.attempts)
      assert.are.equal("20260102T032405Z", loop.attempts[2].wire.headers["X-Sdk-Date"])
    end)

    it("corrects it only once", function()
      local _, err, loop = run { EXPIRED, EXPIRED, OK }
      assert.are.equal(2, #loop.attempts)
      assert.are.equal(401, err.status)
      assert.is_nil(err.hint)
    end)

    -- What the refusal says of the clock counts only if the two clocks differ.
    local function expired_at(minute)
      return refusal(("calc ak sk signature fail:signature expired,server time:20260102T03%02d05Z"):format(minute))
    end

    it("never counts it as a wrong key", function()
      local _, _, loop, state = run { expired_at(24), expired_at(44), expired_at(4), expired_at(24), expired_at(44),
        expired_at(4), OK }
      for _ = 1, 2 do methods.trigger(state, "wf-1", "enable") end
      assert.is_true(#loop.attempts >= 4)
      local result = methods.trigger(state, "wf-1", "enable")
      assert.is_true(result.success)
    end)
  end)

  describe("with a wrong key", function()
    local WRONG = refusal "verify aksk signature fail"

    it("sends one request a call, and none after two refusals", function()
      local _, first, loop, state = run { WRONG }
      assert.are.equal(1, #loop.attempts)
      assert.are.equal(1, first.attempts)
      local _, second = methods.trigger(state, "wf-2", "enable")
      assert.are.equal(2, #loop.attempts)
      assert.are.equal(1, second.attempts)
      for _ = 1, 10 do
        local _, err = methods.trigger(state, "wf-3", "enable")
        assert.are.equal(401, err.status)
        assert.are.equal(0, err.attempts)
        assert.matches("not sent", err.hint)
        assert.matches("wf%-3", err.url)
      end
      assert.are.equal(2, #loop.attempts)
    end)

    it("tries again after five minutes", function()
      local _, _, loop, state = run { WRONG, WRONG, OK }
      methods.trigger(state, "wf", "enable")
      world.advance(299)
      assert.is_nil((methods.trigger(state, "wf", "enable")))
      world.advance(2)
      assert.is_table(methods.trigger(state, "wf", "enable"))
      assert.are.equal(3, #loop.attempts)
    end)

    it("stops at once when the service says that it has locked the key", function()
      local _, _, loop, state = run { refusal "AK access failed to reach the limit,forbidden" }
      local _, err = methods.trigger(state, "wf", "enable")
      assert.are.equal(0, err.attempts)
      assert.are.equal(1, #loop.attempts)
    end)

    it("is remembered for every client of the process", function()
      local loop = scripted.new(world, { WRONG })
      local options = scripted.options(loop)
      local copy = {}
      for name, value in pairs(options) do copy[name] = value end
      local one, two = assert(call_client.open(options, world)), assert(call_client.open(copy, world))
      methods.trigger(one, "wf", "enable")
      methods.trigger(one, "wf", "enable")
      local _, err = methods.trigger(two, "wf", "enable")
      assert.are.equal(0, err.attempts)
      assert.are.equal(2, #loop.attempts)
    end)

    it("is cleared by a response from behind the gateway", function()
      local missing = { status = 404, body = '{"error_code":"AOM.31001404","error_msg":"no such workflow"}' }
      local _, _, loop, state = run { WRONG, missing, WRONG, OK }
      for _ = 1, 3 do methods.trigger(state, "wf", "enable") end
      assert.are.equal(4, #loop.attempts)
    end)

    it("is not cleared by a proxy, a firewall or the gateway itself", function()
      local html = { status = 403, body = "<html>blocked</html>", headers = { ["content-type"] = "text/html" } }
      local busy = { status = 404, body = '{"error_code":"APIGW.0101","error_msg":"no such API"}' }
      local portal = { status = 200, body = "<!DOCTYPE html><p>log in" }
      local _, _, loop, state = run { WRONG, html, answer(404), busy, portal, WRONG, OK }
      for _ = 1, 9 do methods.trigger(state, "wf", "enable") end
      assert.are.equal(6, #loop.attempts)
    end)

    local SKEWED = { date = "Fri, 02 Jan 2026 03:44:05 GMT" }
    for name, case in pairs {
      ["a lock that the service tells of"] = {
        { status = 401, headers = SKEWED, body = refusal("AK access failed to reach the limit,forbidden").body }, 1 },
      ["a 401 without a code"] = { { status = 401, headers = SKEWED, body = "" }, 2 },
    } do
      it("counts, with any date in the response, " .. name, function()
        local _, _, loop, state = run { case[1] }
        for _ = 1, 5 do methods.trigger(state, "wf", "enable") end
        assert.are.equal(case[2], #loop.attempts)
      end)
    end

    it("counts a signature that the gateway calls expired although the clocks agree", function()
      local expired = refusal "calc ak sk signature fail:signature expired"
      expired.headers = { date = "Fri, 02 Jan 2026 03:04:05 GMT" }
      local _, first, loop, state = run { expired }
      assert.are.equal(2, first.attempts)
      local _, second = methods.trigger(state, "wf", "enable")
      assert.are.equal(0, second.attempts)
      assert.are.equal(2, #loop.attempts)
    end)
  end)

  it("gives up its hold of a key when its credentials are renewed meanwhile", function()
    local serial = 0
    local function provider()
      serial = serial + 1
      return { ak = "ROLLING" .. serial, sk = "rolling-secret", expires_at = world.time() + 40 * serial }
    end
    local function no_answer()
      world.advance(50)
      return nil, RESET
    end
    local loop = scripted.new(world, { no_answer, OK })
    local state = assert(call_client.open(scripted.options(loop, { ak = false, sk = false, credentials = provider }),
      world))
    local first = breaker_of("ROLLING1")
    local result = assert(methods.trigger(state, "wf", "enable"))
    assert.are.equal(2, result.attempts)
    assert.are.equal("ROLLING2", loop.attempts[2].wire.headers.Authorization:match "Access=(%w+)")
    assert.is_false(first.flight.holder)
    assert.are.equal("trial", (core.lockout.enter(first.name, world.now(), world.now() + 1)))
  end)

  describe("with a token", function()
    it("signs nothing", function()
      local result, _, loop = run({ OK }, { ak = false, sk = false, token = "tok-123" })
      assert.is_true(result.success)
      local headers = loop.attempts[1].wire.headers
      assert.are.equal("tok-123", headers["X-Auth-Token"])
      assert.is_nil(headers.Authorization)
      assert.is_nil(headers["X-Sdk-Date"])
    end)

    it("hides it if the service echoes it", function()
      local _, err = run({ { status = 403, body = '{"error_code":"X","error_msg":"no tok-123 here tok-123"}' } },
        { ak = false, sk = false, token = "tok-123" })
      assert.are.equal("no *** here ***", err.message)
    end)
  end)

  describe("events", function()
    it("show what happens, without secrets", function()
      local events = {}
      run({ answer(503), OK }, {
        security_token = "sts-secret", on_event = function(event) events[#events + 1] = event end,
      })
      local names = {}
      for i, event in ipairs(events) do names[i] = event.event end
      assert.are.same({ "request", "response", "retry", "request", "response", "done" }, names)
      assert.are.equal(2, events[4].attempt)
      for _, event in ipairs(events) do
        for _, value in pairs(event.headers or {}) do assert.is_nil(tostring(value):find("sts-secret", 1, true)) end
      end
    end)

    for name, case in pairs {
      request = { { OK }, 0 }, response = { { answer(500) }, 1 }, retry = { { answer(500), OK }, 1 },
      skew = { { refusal "signature expired, server time: 20200101T000000Z", OK }, 1 },
      ["response to a refusal"] = { { refusal "verify aksk signature fail" }, 1 },
    } do
      it("may close the client: " .. name, function()
        local state
        local loop = scripted.new(world, case[1])
        state = assert(call_client.open(scripted.options(loop, { on_event = function(event)
          if event.event == name:match "^%w+" then call_client.close(state) end
        end }), world))
        local result, err = methods.trigger(state, "wf-1", "enable")
        assert.is_nil(result)
        assert.are.equal("cancelled", err.kind)
        assert.are.equal(case[2], #loop.attempts)
        assert.are.equal(case[2], err.attempts)
      end)
    end

    it("continue after an error in the hook", function()
      local result = run({ OK }, { on_event = function() error "oops" end })
      assert.is_true(result.success)
      assert.matches("oops", world.warnings[1])
    end)
  end)

  it("is refused on a closed client", function()
    local _, _, _, state = run { OK }
    call_client.close(state)
    call_client.close(state)
    local result, err = methods.trigger(state, "wf", "enable")
    assert.is_nil(result)
    assert.are.equal("argument", err.kind)
  end)

  for _, why in ipairs { "not enough memory", "the user's loop is broken" } do
    it("leaves no key behind when its client cannot end what is in flight: " .. why, function()
      local _, _, _, state = run { OK }
      local signer, released = state.credentials.current.signer, 0
      state.windows = { { release = function() released = released + 1 end } }
      function state.loop.close() error(why, 0) end
      assert.has_error(function() call_client.close(state) end, why)
      call_client.close(state)
      assert.are.equal(1, released)
      assert.has_error(function() signer:fingerprint() end)
      assert.is_true(state.closed)
    end)
  end

  it("hands its result to a callback", function()
    local loop = scripted.new(world, { OK })
    local state = assert(call_client.open(scripted.options(loop), world))
    local seen
    methods.trigger(state, "wf", "enable", function(err, result) seen = { err, result } end)
    assert.is_nil(seen[1])
    assert.is_true(seen[2].success)
  end)

  it("refuses bad arguments before the callback form starts", function()
    local loop = scripted.new(world, { OK })
    local state = assert(call_client.open(scripted.options(loop), world))
    local called = false
    local _, err = methods.trigger(state, "a/b", "enable", function() called = true end)
    assert.are.equal("argument", err.kind)
    assert.is_false(called)
    assert.are.equal(0, #loop.attempts)
  end)
end)

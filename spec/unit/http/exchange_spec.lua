--- Proves that calls, identity service requests and the project look-up share one exchange and its rules.

local client = require "aom.client.state"
local exchange = require "aom.http.exchange"
local methods = require "aom.client.methods"
local operations = require "aom.api.operations"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = '{"success"}' }
local PASSWORD = { ak = false, sk = false, username = "alice", password = "correct-horse", domain_name = "acme",
  iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
local LOOKUP = { project_id = false, iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
local KEYS = {}

-- Three requests, and the options of a client whose first request it is.
local kinds = { ["an operation"] = KEYS, ["a token"] = PASSWORD, ["a project look-up"] = LOOKUP }

describe("an exchange", function()
  local world

  before_each(function() world = world_of.new { time = 1767323045, random = { 0.5 } } end)

  local function run(answers, base, more)
    local given = {}
    for _, options in ipairs { base, more or {} } do
      for name, value in pairs(options) do given[name] = value end
    end
    local loop = scripted.new(world, answers)
    local state = assert(client.open(scripted.options(loop, given), world))
    local result, err = methods.trigger(state, "wf-1", "enable")
    return result, err, loop
  end

  for kind, base in pairs(kinds) do
    for title, trouble in pairs {
      ["a reset"] = { kind = "network", message = "connection reset" },
      ["a time-out"] = { kind = "timeout", message = "timed out" },
      ["503"] = { status = 503 }, ["429"] = { status = 429 },
    } do
      for _, most in ipairs { 1, 2, 3 } do
        it(("for %s makes at most %d attempts after %s"):format(kind, most, title), function()
          local _, err, loop = run({ trouble }, base, { max_attempts = most })
          assert.are.equal(most, #loop.attempts)
          assert.is_table(err)
        end)
      end
    end

    it(("for %s waits for a connection, and counts none that failed"):format(kind), function()
      local REFUSED = { kind = "network", message = "refused", sent = false }
      local _, _, loop = run({ REFUSED, REFUSED, REFUSED, { status = 400 } }, base, { max_attempts = 2 })
      assert.are.same({ 0.5, 0.5, 0.5 }, loop.slept)
      local _, err, single = run({ REFUSED }, base, { max_attempts = 1 })
      assert.are.equal(1, #single.attempts)
      assert.are.equal("network", err.kind)
      assert.are.equal(0, err.attempts)
    end)

    for title, answer in pairs {
      ["400"] = { status = 400 }, ["403"] = { status = 403 }, ["404"] = { status = 404 },
      ["a bad certificate"] = { kind = "tls", message = "self-signed certificate" },
      ["no HTTP"] = { kind = "protocol", message = "no HTTP" },
    } do
      it(("for %s makes one attempt after %s"):format(kind, title), function()
        local _, _, loop = run({ answer, OK }, base)
        assert.are.equal(1, #loop.attempts)
      end)
    end

    it(("for %s waits as long as Retry-After says"):format(kind), function()
      local _, _, loop = run({ { status = 503, headers = { ["retry-after"] = "7" } }, { status = 400 } }, base)
      assert.are.equal(7, loop.slept[1])
    end)

    it(("for %s advises on an unknown authority"):format(kind), function()
      local _, err = run({ { kind = "tls", message = "unknown issuer", code = 60, fault = "authority" } }, base)
      assert.are.equal("tls", err.kind)
      assert.matches("ca_file", err.hint)
    end)

    it(("for %s tells on_event of it, and nothing secret"):format(kind), function()
      local events = {}
      run({ { status = 503 }, { status = 400, body = "correct-horse" } }, base,
        { on_event = function(event) events[#events + 1] = event end })
      local names, own = {}, base == KEYS and "nil" or "identity"
      -- The call of a request for an account ends, too.
      if base ~= KEYS then
        local last = table.remove(events)
        assert.are.same({ "done", "trigger", nil }, { last.event, last.operation, last.service })
        assert.is_table(last.error)
      end
      for i, event in ipairs(events) do
        names[i] = event.event
        assert.are.equal(own, tostring(event.service))
        assert.is_nil(event.result)
        assert.matches("^%d*$", tostring(event.body or ""))
        for _, value in pairs(event.headers or {}) do assert.not_matches("correct%-horse", value) end
      end
      assert.are.same({ "request", "response", "retry", "request", "response", "done" }, names)
    end)
  end

  it("describes the call, not the token's request, if the token fails", function()
    local _, err = run({ { status = 403, body = '{"error":{"code":403,"message":"no"}}' } }, PASSWORD)
    assert.are.equal("credentials", err.kind)
    assert.are.equal("trigger", err.operation)
    assert.are.equal(0, err.attempts)
    assert.matches("^the identity service %(https://iam%.example%.com%) refused: no$", err.message)
  end)

  it("gives no advice on the service's permissions for a refusal by the identity service", function()
    for _, base in ipairs { PASSWORD, LOOKUP } do
      local _, err = run({ { status = 403, body = '{"error":{"code":403,"message":"no"}}' } }, base)
      assert.not_matches("cms:", err.hint or "")
    end
  end)

  it("makes all calls of a client wait after a 429", function()
    local loop = scripted.new(world, { { status = 429, headers = { ["retry-after"] = "5" } }, OK })
    local state = assert(client.open(scripted.options(loop, { max_attempts = 1 }), world))
    assert.is_nil(methods.trigger(state, "wf-1", "enable"))
    assert.is_table(methods.trigger(state, "wf-2", "enable"))
    assert.are.equal(5, loop.attempts[2].at)
  end)

  local REFUSED = { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail"}' }
  local DEAD = { kind = "network", message = "refused", sent = false }
  local SKEWED = { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"signature expired, '
    .. 'server time: 20260102T040405Z"}' }
  local ENDPOINTS = { endpoint = { "https://one.example.com", "https://two.example.com" } }

  --- Runs a call and notes its events; `stop` names the one that closes the client.
  local function watch(answers, more, stop)
    local state, names = nil, {}
    local given = { on_event = function(event)
      names[#names + 1] = event.event
      if event.event == stop then client.close(state) end
    end }
    for name, value in pairs(more or {}) do given[name] = value end
    local loop = scripted.new(world, answers)
    state = assert(client.open(scripted.options(loop, given), world))
    local result, err = methods.trigger(state, "wf-1", "enable")
    return result, err, loop, table.concat(names, " ")
  end

  local BAD_TLS = { kind = "tls", message = "self-signed certificate", sent = false }
  local THREE = { endpoint = { "https://one.example.com", "https://two.example.com", "https://three.example.com" },
    max_attempts = 2 }

  -- Answers, options, hosts that were asked, waits, events.
  for title, row in pairs {
    ["goes on at the next endpoint at once"] = { { DEAD, OK }, ENDPOINTS, "one two", {},
      "request failover request response" },
    ["asks each endpoint once before it waits"] = { { DEAD, DEAD, OK }, ENDPOINTS, "one two one", { 0.5 },
      "request failover request outage request response" },
    ["has no second endpoint after a reset"] = { { { kind = "network" }, OK }, ENDPOINTS, "one one", { 0.05 },
      "request retry request response" },
    ["asks no more endpoints than it has attempts"] = { { BAD_TLS }, THREE, "one two", {},
      "request failover request" },
    ["asks no other endpoint after its last attempt"] = { { { kind = "network" }, BAD_TLS }, THREE, "one one", { 0.05 },
      "request retry request" },
    ["asks as many endpoints as there are where no request leaves"] = { { DEAD, DEAD, OK }, THREE, "one two three", {},
      "request failover request failover request response" },
    ["heals the clock without a wait"] = { { SKEWED, OK }, {}, "aom aom", {},
      "request response skew request response" },
    ["has no second attempt for a clock"] = { { SKEWED, OK }, { max_attempts = 1 }, "aom", {},
      "request response skew" },
    ["ends at once where Retry-After goes beyond the deadline"] = {
      { { status = 503, headers = { ["retry-after"] = "61" } }, OK }, {}, "aom", {}, "request response" },
    ["ends at once where a date in Retry-After does"] = {
      { { status = 429, headers = { ["retry-after"] = "Fri, 02 Jan 2026 04:04:05 GMT" } }, OK }, {}, "aom", {},
      "request response" },
    ["takes an empty body for an answer"] = { { { status = 204 } }, {}, "aom", {}, "request response" },
  } do
    it(title, function()
      local _, _, loop, events = watch(row[1], row[2])
      local hosts = {}
      for i, attempt in ipairs(loop.attempts) do hosts[i] = attempt.host:match "^%w+" end
      assert.are.equal(row[3], table.concat(hosts, " "))
      assert.are.same(row[4], loop.slept)
      assert.are.equal(row[5] .. " done", events)
    end)
  end

  it("does not call an error retryable whose retry may have been carried out", function()
    local SLOW = { status = 200, takes = 1e6 }
    for method, is_retryable in pairs { execute = false, trigger = true } do
      local loop = scripted.new(world, { { status = 429, headers = { ["retry-after"] = "1" } }, SLOW })
      local state = assert(client.open(scripted.options(loop, { timeout = 5, attempt_timeout = 5 }), world))
      local _, err = methods[method](state, "wf-1", method == "trigger" and "enable" or nil)
      assert.are.equal(2, #loop.attempts)
      assert.are.equal(429, err.status)
      assert.are.equal(is_retryable, err.retryable)
    end
  end)

  -- The event that closes the client, answers, requests that were made.
  for title, row in pairs {
    ["before it sends"] = { "request", { OK }, 0 },
    ["after a refusal"] = { "response", { REFUSED }, 1 },
    ["instead of a wait"] = { "retry", { { status = 503, headers = { ["retry-after"] = "50" } }, OK }, 1 },
    ["at an endpoint that is dead"] = { "failover", { DEAD, OK }, 1, ENDPOINTS },
    ["by a clock that was off"] = { "skew", { SKEWED, OK }, 1 },
  } do
    it("is cancelled " .. title .. ", and waits no more", function()
      local result, err, loop = watch(row[2], row[4], row[1])
      assert.is_nil(result)
      assert.are.equal("cancelled", err.kind)
      assert.are.equal(row[3], #loop.attempts)
      assert.are.same({}, loop.slept)
    end)
  end

  it("counts a refusal that came when the call was cancelled already", function()
    local loop = scripted.new(world, {})
    local options = scripted.options(loop)
    local shared = {}
    for name, value in pairs(options) do shared[name] = value end
    local sent = 0
    for _ = 1, 4 do
      local state = assert(client.open(shared, world))
      function loop.fetch()
        sent, state.closed = sent + 1, true
        return { status = 401, headers = {}, body = REFUSED.body }
      end
      local result, err = methods.trigger(state, "wf-1", "enable")
      assert.is_nil(result)
      assert.is_table(err)
    end
    assert.are.equal(2, sent)
  end)

  local RESET = { kind = "network", message = "reset" }
  local LOCKED = { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"reach the limit, '
    .. 'server time: 20260102T040405Z"}' }

  -- What attempts come to before the key is blocked, the error's kind and attempts.
  for title, row in pairs {
    ["a refusal that corrects the clock"] = { { LOCKED }, "service", 1 },
    ["that after a reset"] = { { RESET, LOCKED }, "service", 2 },
    ["another call's refusals, after a reset"] = { { RESET }, "network", 1, true },
  } do
    it("tells what was sent where the key is blocked after " .. title, function()
      local loop = scripted.new(world, {})
      local shared = scripted.options(loop)
      local other_loop = scripted.new(world, { REFUSED })
      local given = {}
      for name, value in pairs(shared) do given[name] = value end
      given.loop = other_loop
      local sent = 0
      function loop.fetch()
        sent = sent + 1
        if row[4] then
          local other = assert(client.open(given, world))
          for _ = 1, 2 do methods.trigger(other, "wf-2", "enable") end
        end
        local answer = row[1][sent]
        if answer.kind then return nil, { kind = answer.kind, message = answer.message, sent = true } end
        return { status = answer.status, headers = {}, body = answer.body }
      end
      local state = assert(client.open(shared, world))
      state.credentials.current.record:accept(loop)
      local result, err = methods.trigger(state, "wf-1", "enable")
      assert.is_nil(result)
      assert.are.equal(#row[1], sent)
      assert.are.same({ row[2], row[3], false }, { err.kind, err.attempts, err.retryable })
      assert.matches("^not sent: the service refused this key", err.hint)
    end)
  end

  it("asks again for the right to send after it had to wait for the pace", function()
    local state = assert(client.open(scripted.options(scripted.new(world, { OK }), { attempt_timeout = 2 }), world))
    local admitted = {}
    local access = {
      admit = function(_, _, expires)
        admitted[#admitted + 1] = { at = world.now(), expires = expires }
        return { headers = {}, mask = tostring }
      end,
      weigh = function() end, settle = function() end,
    }
    local from = world.now()
    state.throttle:slow(5)
    local request = { operation = operations.trigger, values = {}, path = "/", query = {}, body = "" }
    local result = exchange.new(state, request, access):run()
    assert.is_true(result.success)
    assert.are.same({ { at = from, expires = from + 2 }, { at = from + 5, expires = from + 7 } }, admitted)
  end)

  it("says that a body is empty where one is needed", function()
    local loop = scripted.new(world, { { status = 200 } })
    local state = assert(client.open(scripted.options(loop), world))
    local _, err = methods.list_workflows(state)
    assert.are.equal("protocol", err.kind)
    assert.are.equal("unexpected response: an empty body", err.message)
  end)
end)

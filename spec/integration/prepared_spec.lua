--- Proves that a call which goes the short way comes to the same as one that goes the general
--- way, and when a call may not go the short way. A client with `on_event` never does.

local call = require "aom.client.call"
local client = require "aom.client.state"
local core = require "aom.core"
local errors = require "aom.util.errors"
local input = require "aom.api.input"
local methods = require "aom.client.methods"
local platform = require "aom.util.platform"
local prepared = require "aom.client.prepared"
local process = require "spec.support.process"
local scopes = require "aom.loop.scope"
local trigger = require "aom.api.trigger"

local PROJECT = ("0123456789abcdef"):rep(2)

local function answer(status, body, ...)
  local lines = { ("HTTP/1.1 %d Said"):format(status), "Content-Length: " .. #body, ... }
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local GOOD = answer(200, '{"success"}')

-- Nobody waits between two attempts.
local world = setmetatable({ random = function() return 0 end }, { __index = platform })

-- The process remembers keys, so each client has its own.
local serial = 0
local function open(url, options)
  serial = serial + 1
  local given = { endpoint = url, project_id = PROJECT, proxy = "", timeout = 10, loop = "blocking" }
  for name, value in pairs(options or {}) do given[name] = value end
  if not given.credentials then given.ak, given.sk = "PREPAREDKEY" .. serial, "prepared-secret" end
  return assert(client.open(given, world))
end

--- Notes which way each call went but the first: "short", "handed" from there to the general one, "general".
local ways
local send = prepared.send
local function note(result, sent)
  ways[#ways + 1] = result and "short" or sent and "handed" or "general"
  return result, sent
end

setup(function() prepared.send = function(...) return note(send(...)) end end)
teardown(function() prepared.send = send end)
before_each(function() ways = {} end)

--- Without what differs from call to call.
local function hidden(value, url)
  if type(value) == "table" then
    local copy = {}
    for name, field in pairs(value) do copy[name] = hidden(field, url) end
    return copy
  end
  if type(value) ~= "string" then return value end
  local text = value:gsub(url:match "//(.*)$", "HOST", nil):gsub("%d+T%d+Z", "DATE"):gsub("%x%x%x%x%x%x%x%x+", "HASH")
  return (text:gsub("PREPAREDKEY%d+", "KEY"):gsub("%d+%.%d+ s", "TIME"))
end

--- What can be compared of a result or an error.
local function comparable(value, url)
  local copy = hidden(value, url)
  copy.elapsed, copy.text = type(copy.elapsed), hidden(tostring(value), url)
  return copy
end

--- Where a call waits: here, or in a task beside others. `body` takes its callback.
local places = {
  ["a call"] = function(_, body) return body() end,
  ["a call with a callback"] = function(_, body)
    local result, err
    assert(body(function(failure, found) result, err = found, failure end))
    return result, err
  end,
  ["a call in a task"] = function(state, body)
    local result, err
    state.loop.run({ function() result, err = body() end }, 1)
    return result, err
  end,
}

--- What four calls come to, and what the server has seen of them.
local function run(case, options, place)
  local replies = { GOOD }
  for _, reply in ipairs(case) do replies[#replies + 1] = reply end
  local server = process.rawserver { replies = replies, by_request = true, ["then"] = "hold" }
  for name, value in pairs(case.options or {}) do options[name] = value end
  local state, seen = open(server.url, options), {}
  for count, id in ipairs { "one", "two", "three", "four" } do
    local result, err = place(state, function(callback) return methods.trigger(state, id, "disable", callback) end)
    -- Nothing is asked for a short way before a call went well.
    ways[count] = ways[count] or "general"
    seen[#seen + 1] = comparable(result or err, server.url)
  end
  client.close(state)
  local requests = server.requests()
  for _, request in ipairs(requests) do
    local headers = request.headers
    headers.authorization = hidden(headers.authorization, server.url)
    headers["x-sdk-date"], headers.host, request.connection = nil, nil, nil
  end
  server.stop()
  return seen, requests
end

local REFUSED = '{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: %s"}'

describe("the short way comes to the same as the general way", function()
  -- What the calls after the first one are answered.
  local cases = {
    ["the same"] = { GOOD, ways = { "general", "short", "short", "short" } },
    ["a request id"] = { answer(200, '{"success"}', "X-Request-Id: id-2"),
      answer(200, '{"success"}', "X-Request-Id: id-3"),
      ways = { "general", "short", "short", "short" } },
    ["another word"] = { answer(200, '{"done"}'), ways = { "general", "handed", "short", "short" } },
    ["another type"] = { answer(200, '{"success"}', "Content-Type: text/plain"),
      ways = { "general", "handed", "short", "short" } },
    ["a page's type"] = { answer(200, '{"success"}', "Content-Type: text/html"),
      ways = { "general", "handed", "short", "short" } },
    ["nothing"] = { answer(200, ""), GOOD, ways = { "general", "handed", "handed", "short" } },
    ["204"] = { "HTTP/1.1 204 No\r\n\r\n", GOOD, ways = { "general", "handed", "handed", "short" } },
    ["201"] = { answer(201, '{"success"}'), GOOD },
    ["a long body"] = { answer(200, '"' .. ("x"):rep(300) .. '"'), ways = { "general", "handed", "handed", "handed" } },
    ["too much"] = { answer(200, ("x"):rep(3000)), options = { max_response_bytes = 2000 } },
    ["a page"] = { answer(200, "<html><body>Log in</body></html>", "Content-Type: text/html"), GOOD,
      ways = { "general", "handed", "short", "short" } },
    ["an error with 200"] = { answer(200, '{"error_code":"AOM.31001302","error_msg":"no such workflow"}'), GOOD },
    ["no JSON"] = { answer(200, "{]"), GOOD },
    ["another place"] = { answer(302, "", "Location: http://127.0.0.1:1/"), GOOD },
    ["400"] = { answer(400, '{"error_code":"AOM.31001301","error_msg":"bad","details":[]}', "X-Request-Id: r"), GOOD,
      ways = { "general", "handed", "short", "short" } },
    ["a wrong signature"] = { answer(401, REFUSED:format "verify aksk signature fail"),
      ways = { "general", "handed", "general", "general" } },
    ["a wrong signature once"] = { answer(401, REFUSED:format "verify aksk signature fail"), GOOD },
    ["401 from behind"] = { answer(401, '{"error_code":"AOM.31009003","error_msg":"auth failed."}') },
    ["401 alone"] = { answer(401, "") },
    ["403"] = { answer(403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'), GOOD },
    ["404"] = { answer(404, '{"error_code":"AOM.31001302","error_msg":"none"}') },
    ["a clock that is off"] = { answer(401, REFUSED:format("signature expired, signature time:20260102T030405Z, "
      .. "server time:" .. os.date("!%Y%m%dT%H%M%SZ", os.time() + 3600))), GOOD },
    ["429"] = { answer(429, "", "Retry-After: 1"), GOOD },
    ["429 for too long"] = { answer(429, "", "Retry-After: 100"), GOOD,
      ways = { "general", "handed", "general", "general" } },
    ["500 once"] = { answer(500, ""), GOOD, ways = { "general", "handed", "short", "short" } },
    ["503"] = { answer(503, "<html>"), options = { max_attempts = 2 } },
    ["503 to one attempt"] = { answer(503, ""), GOOD, options = { max_attempts = 1 } },
    ["what is no HTTP"] = { "HTTP/9.9\r\n\r\n", GOOD, options = { max_attempts = 2 } },
    ["a wrong length"] = { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", GOOD, options = { max_attempts = 2 } },
    ["silence"] = { "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", GOOD,
      options = { attempt_timeout = 1.5, max_attempts = 2 }, ways = { "general", "handed", "short", "short" } },
    ["silence, for one attempt"] = { "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", GOOD,
      options = { timeout = 1.5, max_attempts = 1 } },
    ["silence, and later what is no HTTP"] = { "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", GOOD,
      "HTTP/9.9\r\n\r\n", options = { timeout = 1.5, max_attempts = 1 } },
    ["headers of the user's"] = { GOOD, options = { headers = { ["User-Agent"] = "mine", ["X-Trace"] = "7" } },
      ways = { "general", "short", "short", "short" } },
    ["a security token"] = { GOOD, options = { security_token = "some-token" },
      ways = { "general", "short", "short", "short" } },
    ["the algorithm V11"] = { GOOD, options = { algorithm = "V11-HMAC-SHA256", region = "cn-north-4" },
      ways = { "general", "short", "short", "short" } },
  }
  for name, case in pairs(cases) do
    for where, place in pairs(places) do
      it(("when the answer to %s is %s"):format(where, name), function()
        local general, asked = run(case, { on_event = function() end }, place)
        assert.are.same({ "general", "general", "general", "general" }, ways)
        ways = {}
        local short, wanted = run(case, {}, place)
        if case.ways then assert.are.same(case.ways, ways) end
        assert.are_not.equal("general", ways[2])
        assert.are.same(general, short)
        assert.are.same(asked, wanted)
      end)
    end
  end
end)

describe("a call goes the general way", function()
  local server
  setup(function()
    server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold" }
  end)
  teardown(function() server.stop() end)

  local function switch(state) return methods.trigger(state, "one", "enable") end

  -- What happens between two calls; it returns what makes the second one, if not `switch`.
  local changes = {
    ["for an id that is invalid"] = function()
      return function(state) return methods.trigger(state, "a/b", "enable") end
    end,
    ["for an action that is none"] = function()
      return function(state) return methods.trigger(state, "one", "stop") end
    end,
    ["for no action"] = function()
      return function(state) return methods.trigger(state, "one") end
    end,
    ["when the key is refused in another state"] = function(state)
      local record = state.credentials.current.record
      core.lockout.refuse(record.name, core.now(), nil, "locked", "\n\n\n\nrefused elsewhere")
    end,
    ["when the signer is closed"] = function(state) state.credentials.current.signer:close() end,
    ["while the service asks for a pause"] = function(state) state.throttle:slow(0.2) end,
    ["during an outage"] = function(state)
      state.outage:note({}, { kind = "network", away = "connection" }, errors.new("network", "away"))
    end,
    ["when credentials were refused"] = function(state) state.credentials.refused = state.credentials.current end,
    ["at another endpoint"] = function(state)
      local list = state.targets.list
      list[2] = setmetatable({}, { __index = list[1] })
      state.targets:leave(list[1], core.now())
    end,
    ["in a coroutine"] = function()
      return function(state) return coroutine.wrap(function() return switch(state) end)() end
    end,
    ["of a derived client"] = function(state)
      local derived = assert(methods.with(state, { headers = { ["X-A"] = "1" } }))
      assert(switch(derived) and switch(derived))
      return function() return switch(derived) end
    end,
  }
  for name, change in pairs(changes) do
    it(name, function()
      local function outcome(options)
        local state = open(server.url, options)
        assert(switch(state) and switch(state))
        local make = change(state) or switch
        local before = #server.requests()
        ways = {}
        local result, err = make(state)
        local way = ways[#ways] or "general"
        client.close(state)
        return comparable(result or err, server.url), #server.requests() - before, way
      end
      local wanted, sent = outcome { on_event = function() end }
      local got, number, way = outcome {}
      assert.are.equal("general", way)
      assert.are.same(wanted, got)
      assert.are.equal(sent, number)
    end)
  end

  -- The core tests what it puts into a path; it must take nothing that the general way refuses.
  local ids = { ".", "..", "...", "", "x", ("x"):rep(64), ("x"):rep(65), "a.b-c_d~e", "a/b", "a b", "a%62", "é", "a\0b",
    5, 0.5, true, {} }
  for i, id in ipairs(ids) do
    it(("or comes to the same, for id %d (%s)"):format(i, type(id)), function()
      local function outcome(options)
        local state = open(server.url, options)
        assert(switch(state) and switch(state))
        local before = #server.requests()
        local result, err = methods.trigger(state, id, "disable")
        client.close(state)
        local requests = server.requests()
        local last = #requests > before and requests[#requests].line
        return comparable(result or err, server.url), #requests - before, last
      end
      assert.are.same({ outcome { on_event = function() end } }, { outcome {} })
    end)
  end

  it("until the first endpoint is in use again", function()
    local state = open(server.url)
    local targets = state.targets
    targets.list[2] = setmetatable({}, { __index = targets.list[1] })
    targets:leave(targets.list[1], core.now())
    for _ = 1, 3 do assert(switch(state)) end
    targets.back_at = 0
    for _ = 1, 3 do assert(switch(state)) end
    assert.are.same({ "general", "general", "general", "short", "short" }, ways)
    client.close(state)
  end)

  it("for renewed credentials, and for those that expire", function()
    local values = { ak = "PREPAREDRENEWED1", sk = "a" }
    local state = open(server.url, { credentials = function() return values end })
    assert(switch(state) and switch(state))
    values = { ak = "PREPAREDRENEWED2", sk = "b", expires_at = os.time() + 3600 }
    state.credentials.refused = state.credentials.current
    assert(switch(state) and switch(state) and switch(state))
    assert.are.same({ "short", "general", "general", "general" }, ways)
    client.close(state)
  end)

  -- An error may have cut off who waited for one. It is answered at once or not: so often.
  it("when transfers have finished that nobody waits for, and drops them", function()
    local state = open(server.url)
    local engine = state.loop.object.carrier.engine
    local nowhere = { base = "http://127.0.0.1:1", method = "GET", host = "127.0.0.1", path = "/", connect_timeout = 1 }
    assert(switch(state))
    for _ = 1, 200 do
      local id = assert(engine:start(nowhere, 5, state.loop.object.transport))
      while not engine:wait(id, 1) do end
      assert.is_true((switch(state).success))
      assert.is_nil(engine:finished())
    end
    client.close(state)
  end)

  it("of another operation, of which nothing is kept", function()
    local state = open(server.url)
    for _ = 1, 2 do assert(methods.request(state, { method = "PUT", path = "/v1/things", body = "x" })) end
    assert.are.same({ {}, {} }, { state.ways, state.prepared })
    client.close(state)
  end)

  it("after the client was closed", function()
    local state = open(server.url)
    assert(switch(state) and switch(state))
    client.close(state)
    assert.are.equal("the client is closed", (select(2, switch(state))).message)
    assert.are.same({ "short" }, ways)
  end)
end)

describe("a call whose client is closed", function()
  --- Closes it around what sends, in either way.
  local function closing(state, place, name, first)
    local original = place[name]
    place[name] = function(...)
      if first then client.close(state) end
      local a, b, c = original(...)
      client.close(state)
      return a, b, c
    end
  end

  for when, first in pairs { ["before it is sent"] = true, ["after it was answered"] = false } do
    for where, place in pairs(places) do
      it(("%s is cancelled in both ways: %s"):format(when, where), function()
        local server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold" }
        local ended = {}
        for i, options in ipairs { { on_event = function() end }, {} } do
          local state = open(server.url, options)
          assert(methods.trigger(state, "one", "enable") and methods.trigger(state, "two", "enable"))
          local _, kept = next(state.prepared)
          if kept then
            closing(state, kept, where == "a call" and "send" or "send_in_task", first)
          else
            closing(state, state.loop, "fetch", first)
          end
          local _, err = place(state, function(callback) return methods.trigger(state, "one", "enable", callback) end)
          ended[i] = comparable(err, server.url)
        end
        assert.are.same({ "cancelled", "the client was closed" }, { ended[1].kind, ended[1].message })
        -- The general way has counted the attempt before the client was closed.
        if first then ended[2].attempts, ended[2].text = ended[1].attempts, ended[1].text end
        assert.are.same(ended[1], ended[2])
        server.stop()
      end)
    end
  end

  -- What a call leaves for the next one holds its signed headers, or its token.
  for _, event in ipairs { "response", "done" } do
    it("in on_event, " .. event .. ", leaves nothing in it", function()
      local server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold" }
      local state
      state = open(server.url, { on_event = function(told) if told.event == event then client.close(state) end end })
      methods.trigger(state, "one", "enable")
      assert.is_true(state.closed)
      assert.are.same({ {}, {} }, { state.ways, state.prepared })
      server.stop()
    end)
  end
end)

describe("while a call in a task waits for its answer", function()
  local server
  setup(function()
    server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold", delay = 0.1 }
  end)
  teardown(function() server.stop() end)

  -- What another task does meanwhile, and what holds afterwards.
  local events = {
    ["its client is closed"] = {
      function(state) client.close(state) end,
      function(_, _, err)
        assert.are.same({ "cancelled", "the client was closed" }, { err.kind, err.message })
        return "handed"
      end,
    },
    ["the service seems to be away"] = {
      function(state)
        state.outage:note({}, { kind = "network", away = "connection" }, errors.new("network", "away"))
      end,
      function(state, result)
        assert.is_true(result.success)
        assert.is_false(state.outage.began)
        return "handed"
      end,
    },
    ["its key is refused"] = {
      function(state)
        core.lockout.refuse(state.credentials.current.record.name, core.now(), nil, "certain", "\n\n\n\nrefused")
      end,
      function(state, result)
        assert.is_true(result.success)
        assert.are.equal("open", (core.lockout.look(state.credentials.current.record.name, core.now())))
        return "handed"
      end,
    },
    ["nothing happens"] = {
      function() end,
      function(_, result)
        assert.is_true(result.elapsed >= 0.1)
        result.elapsed = 0
        assert.are.same({ success = true, status = 200, http_status = 200, body = '{"success"}', attempts = 1,
          elapsed = 0, workflow_id = "one", action = "enable" }, result)
        return "short"
      end,
    },
  }
  for what, event in pairs(events) do
    it(what, function()
      local state = open(server.url)
      assert(methods.trigger(state, "one", "enable") and methods.trigger(state, "one", "enable"))
      local result, err
      state.loop.run({
        function() result, err = methods.trigger(state, "one", "enable") end,
        function() event[1](state) end,
      }, 2)
      assert.are.equal(event[2](state, result, err), ways[2])
      client.close(state)
    end)
  end
end)

describe("a bulk", function()
  local server
  before_each(function()
    server = process.rawserver { replies = { GOOD, GOOD, GOOD, answer(500, ""), GOOD }, by_request = true,
      ["then"] = "hold" }
  end)
  after_each(function() server.stop() end)

  local function switch(state, ids, callback)
    local report, err = methods.trigger_all(state, ids, "enable", { concurrency = 1 }, callback)
    return report or error(tostring(err))
  end

  it("goes the short way, with the same report", function()
    local seen = {}
    for i, options in ipairs { { on_event = function() end }, {} } do
      ways = {}
      local state = open(server.url, options)
      local report = switch(state, { "one", "two", { id = "three" }, "one", "four" })
      for _, entry in ipairs(report) do entry.result = comparable(entry.result, server.url) end
      report.elapsed = nil
      seen[i] = hidden(report, server.url)
      client.close(state)
      server.stop()
      server = process.rawserver { replies = { GOOD, GOOD, GOOD, answer(500, ""), GOOD }, by_request = true,
        ["then"] = "hold" }
    end
    assert.are.same({ "short", "short", "handed" }, ways)
    assert.are.equal(2, seen[2][5].result.attempts)
    assert.are.same(seen[1], seen[2])
  end)

  it("that is cancelled ends the calls that go the short way", function()
    server.stop()
    server = process.rawserver { replies = { GOOD, GOOD }, by_request = true, ["then"] = "hold", delay = 0.1 }
    local state, report = open(server.url), nil
    assert(methods.trigger(state, "one", "enable") and methods.trigger(state, "one", "enable"))
    state.loop.run({
      function()
        report = switch(state, { "one", "two", "three" })
      end,
      function()
        state.loop.sleep(0.02)
        client.close(state)
      end,
    }, 2)
    assert.are.equal(3, report.failed)
    local words = {}
    for i, entry in ipairs(report) do words[i] = entry.error.kind .. ": " .. entry.error.message end
    local left_out = "cancelled: the client was closed before this call was sent"
    assert.are.same({ "cancelled: the client was closed", left_out, left_out }, words)
    assert.are.equal("handed", ways[2])
  end)
end)

it("a call leaves nothing in the client of the scope that it was a step of", function()
  local server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold" }
  local state = open(server.url)
  local weak = setmetatable({ scopes.new(coroutine.create(function() end)) }, { __mode = "v" })
  assert(call.run(state, assert(input.build(trigger, "one", "enable")), weak[1]))
  assert.is_function(state.ways[trigger])
  collectgarbage()
  collectgarbage()
  assert.is_nil(weak[1])
  client.close(state)
  server.stop()
end)

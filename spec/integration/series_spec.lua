--- Proves that a call which goes the short way sends what it would without those before it: what
--- the core keeps from one request to the next holds for its like alone.

local client = require "aom.client.state"
local core = require "aom.core"
local methods = require "aom.client.methods"
local platform = require "aom.util.platform"
local process = require "spec.support.process"
local sign = require "aom.http.sign"
local trigger = require "aom.api.trigger"
local text = require "aom.util.text"

local PROJECT = ("0123456789abcdef"):rep(2)
local KEY = { ak = "SERIESACCESSKEY", sk = "series-secret" }
local GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"success\"}"
local NOTHING = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
local OBJECT = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

local function switch(id, action)
  return { reply = GOOD, run = function(state) return methods.trigger(state, id, action) end }
end

local function ask(request)
  local reply = request.method == "HEAD" and NOTHING or OBJECT
  return { reply = reply, run = function(state) return methods.request(state, request) end }
end

local function jump(seconds)
  return { run = function(state)
    local now = state.clock.time() + seconds
    state.clock.time = function() return now end
    return true
  end }
end

local steps = {
  switch("one", "enable"), switch("two", "disable"), switch("three", "enable"),
  ask { method = "POST", path = "/v1/things", body = { secret = ("x"):rep(300) } },
  switch("four", "disable"), switch(("5"):rep(64), "enable"),
  ask { method = "GET", path = "/v1/things", query = { page = "2" }, headers = { ["X-Trace"] = "7" } },
  switch("six", "enable"), jump(1), switch("six", "enable"),
  ask { method = "HEAD", path = "/v1/things" },
  switch("seven", "disable"), jump(86400), switch("seven", "disable"), switch("eight", "enable"), jump(-7200),
  ask { method = "DELETE", path = "/v1/things/9" },
  switch("nine", "disable"), jump(7), switch("nine", "disable"),
}

--- What the server has seen of them.
local function run(options, path, with)
  local replies = {}
  for _, step in ipairs(steps) do replies[#replies + 1] = step.reply end
  local server = process.rawserver { replies = replies, by_request = true, ["then"] = "hold" }
  local given = { endpoint = server.url .. path, project_id = PROJECT, proxy = "", timeout = 10, loop = "blocking",
    ak = KEY.ak, sk = KEY.sk }
  for _, more in ipairs { options, with } do
    for name, value in pairs(more) do given[name] = value end
  end
  local state = assert(client.open(given, platform))
  state.clock.time = function() return 1790000000 end
  for _, step in ipairs(steps) do assert(step.run(state)) end
  assert.are.equal(state.settings.on_event == nil, state.prepared[trigger] ~= nil)
  client.close(state)
  local requests = server.requests()
  server.stop()
  for _, request in ipairs(requests) do request.connection = nil end
  return requests, server.url:match "//(.*)$"
end

--- The signature as a signer makes it that has signed nothing before.
local function signed_afresh(request, host, options)
  local headers = {}
  local names = request.headers.authorization:match "SignedHeaders=([^,]*)"
  for name in names:gmatch "[^;]+" do headers[name] = request.headers[name] end
  local method, path, query = request.line:match "^(%u+) ([^ ?]*)%??([^ ]*) HTTP"
  local pairs_of = {}
  for name, value in query:gmatch "([^=&]+)=([^&]*)" do pairs_of[#pairs_of + 1] = { name, value } end
  local signed = assert(sign.sign({ method = method, host = host, path = text.percent_decode(path), query = pairs_of,
    headers = headers }, {
    ak = KEY.ak, sk = KEY.sk, algorithm = options.algorithm, region = options.region,
    service = "aom", security_token = options.security_token }))
  return signed.headers.Authorization
end

describe("calls of a series, among others, are sent as each would be alone", function()
  local cases = {
    ["with a key pair"] = {},
    ["with a security token"] = { security_token = "some-token" },
    ["with the algorithm V11"] = { algorithm = "V11-HMAC-SHA256", region = "cn-north-4" },
    ["with the algorithm of SM3"] = { algorithm = "SDK-HMAC-SM3" },
    ["with headers of the user's"] = { headers = { ["User-Agent"] = "mine", ["X-Trace"] = "8",
      ["Accept-Encoding"] = "identity" } },
    ["over a path of the endpoint's"] = {},
  }
  for name, options in pairs(cases) do
    it(name, function()
      local path = name:find "path" and "/gate%20way" or ""
      local wanted, _ = run(options, path, { on_event = function() end })
      local seen, host = run(options, path, {})
      assert.are.equal(#wanted, #seen)
      for i, request in ipairs(seen) do
        if request.body_bytes == 0 then
          assert.are.equal(signed_afresh(request, host, options), request.headers.authorization)
        end
        for _, each in ipairs { request, wanted[i] } do each.headers.authorization, each.headers.host = nil, nil end
      end
      assert.are.same(wanted, seen)
    end)
  end
end)

describe("two prepared calls of an engine", function()
  local REPEATS = 3
  local key = "series-of-two"
  local server, engine, signer

  before_each(function()
    server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold" }
    engine, signer = core.engine(), core.signer(KEY)
    core.lockout.accept(key, core.now())
  end)
  after_each(function() server.stop() end)

  local function prepare(method, name, headers)
    local host = server.url:match "//(.*)$"
    local plan = core.plan { method = method, host = host, base = server.url, connect_timeout = 3, headers = headers }
    return engine:prepare({ plan = plan, signer = signer },
      { max_body = 1000, max_head = 10000, proxy = "", user_agent = "two" }, {
        key = key, seconds = 9, patience = 3, before = "/" .. name .. "/", after = "?do=", longest = 36,
        choices = { "start", "stop" }, status = 200, body = '{"success"}',
        result = { name = name, id = "", ["do"] = "" }, first = "id", second = "do",
      })
  end

  it("send each what is its own, in turn", function()
    local one = prepare("PUT", "one", { Accept = "text/plain" })
    local two = prepare("DELETE", "two", { Accept = "text/html", ["X-A"] = "a", ["X-B"] = "b", ["X-C"] = "c" })
    for i = 1, REPEATS do
      for name, prepared in pairs { one = one, two = two } do
        local result = prepared:send("20260102T030405Z", "id" .. i, "stop")
        assert.are.same({ name = name, id = "id" .. i, ["do"] = "stop" }, result)
      end
    end
    local requests = server.requests()
    assert.are.equal(2 * REPEATS, #requests)
    for _, request in ipairs(requests) do
      local method, name = request.line:match "^(%u+) /(%l+)/id%d%?do=stop HTTP/1.1$"
      assert.are.equal(name == "one" and "PUT" or "DELETE", method)
      assert.are.equal(name == "one" and "text/plain" or "text/html", request.headers.accept)
      assert.are.equal(name == "two" and "c" or nil, request.headers["x-c"])
      local signed = name == "one" and "accept;host;x-sdk-date" or "accept;host;x-a;x-b;x-c;x-sdk-date"
      assert.are.equal(signed, request.headers.authorization:match "SignedHeaders=([^,]*)")
    end
  end)
end)

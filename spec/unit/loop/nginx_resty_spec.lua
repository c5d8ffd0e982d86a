--- Proves how lua-resty-http is used, and how its connections are read, with the spec's own module in its
--- place: the real one runs only inside nginx.

local answers = require "spec.support.answers"
local attempt_of = require "aom.http.attempt"
local core = require "aom.core"
local nginx_resty = require "aom.loop.nginx_resty"

local unpack = table.unpack or unpack

local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

local MAX_HEAD = 256 * 1024
local DIRECTIVES = { "lua_ssl_trusted_certificate", "lua_ssl_verify_depth" }

describe("over lua-resty-http", function()
  local seen, connections, settings, variables, naps

  --- What a connection returns: `pieces`, one a call (a function is called instead), and
  --- then `ends`, the words of an error.
  local function new_socket(made, plan)
    local pieces, at = plan.pieces or { plan.bytes or GOOD }, 0
    local sock = {}
    function sock.settimeout(_, milliseconds) made.timeout = milliseconds end
    function sock.send(_, bytes)
      made.sent = (made.sent or "") .. bytes
      if plan.send then return unpack(plan.send) end
      return #bytes
    end
    function sock.receiveany(_, most)
      at = at + 1
      local piece = pieces[at]
      if type(piece) == "function" then piece = piece() end
      if piece == nil then return nil, plan.ends or "timeout" end
      assert(#piece > 0 and #piece <= most)
      return piece
    end
    function sock.sslhandshake(_, session, ...)
      -- As lua-resty-core does of a certificate that is refused at once.
      if plan.refused and session == false then return true end
      if plan.refused then error("assertion failed!", 0) end
      made.shaken = { session, ... }
      return true
    end
    return sock
  end

  --- Each connection is a table: `connect`, what connecting returns, or `raise`; `reused`,
  --- how often it was used before; and what its socket gives.
  local http = {}
  function http.new()
    local plan = table.remove(connections, 1) or {}
    local made = { plan = plan }
    made.sock = new_socket(made, plan)
    seen[#seen + 1] = made
    function made.set_timeouts(_, ...) made.timeouts = { ... } end
    function made.set_timeout(_, milliseconds) made.timeout = milliseconds end
    function made.connect(_, options)
      made.options = options
      if plan.raise then error(plan.raise, 0) end
      if plan.connect then return unpack(plan.connect) end
      return true
    end
    function made.get_reused_times() return plan.reused or 0 end
    function made.close() made.ended = "closed" end
    function made.set_keepalive(_, ...)
      if plan.dubious then return nil, "connection in dubious state" end
      made.ended, made.kept = "kept", { ... }
      return 1
    end
    return made
  end

  local outside
  setup(function() outside = rawget(_G, "ngx") end)
  teardown(function() rawset(_G, "ngx", outside) end)
  before_each(function()
    seen, connections, variables, naps = {}, {}, {}, 0
    rawset(_G, "ngx", {
      md5 = function(text) return "<" .. text .. ">" end,
      encode_base64 = function(text) return "base64(" .. text .. ")" end,
      sleep = function() naps = naps + 1 end,
    })
    settings = { user_agent = "lua-aom/test", max_response_bytes = answers.LIMIT,
      source = { system = { getenv = function(name) return variables[name] end } } }
  end)

  local function new_trip(options, deadline)
    local attempt = {
      method = "PUT", base = "https://aom.example.com", host = "aom.example.com", path = "/v1/a b",
      query = { { "action", "enable" } }, headers = { ["X-Project-Id"] = "p" }, body = "", connect_timeout = 5,
      date = "20260102T030405Z", signer = core.signer { ak = "AK", sk = "SK" },
    }
    for name, value in pairs(options or {}) do attempt[name] = value end
    attempt.host = attempt.base:match "//(.*)$"
    return nginx_resty.new(http, settings, MAX_HEAD):begin(attempt_of.new(attempt), deadline or core.now() + 30)
  end

  local function carry(options, deadline)
    local trip, trouble = new_trip(options, deadline)
    if not trip then return nil, trouble end
    return trip:run()
  end

  --- A request that was sent: its first line, its headers by lower-case name, its body.
  local function request_of(made)
    local line, head, body = made.sent:match "^(.-)\r\n(.-\r\n)\r\n(.*)$"
    local headers = {}
    for name, value in head:gmatch "([^:\r\n]+): ([^\r\n]*)\r\n" do
      assert.is_nil(headers[name:lower()], name)
      headers[name:lower()] = value
    end
    return line, headers, body
  end

  it("a request goes out as it was signed", function()
    local result, trouble = carry { body = "{}" }
    assert.is_nil(trouble)
    assert.are.same({ status = 200, headers = { ["content-length"] = "11" }, several = {},
      body = '{"success"}' }, result)
    local line, headers, body = request_of(seen[1])
    assert.are.equal("PUT /v1/a%20b?action=enable HTTP/1.1", line)
    assert.are.equal("{}", body)
    assert.are.equal("aom.example.com", headers.host)
    assert.are.equal("2", headers["content-length"])
    assert.are.equal("lua-aom/test", headers["user-agent"])
    assert.are.equal("identity", headers["accept-encoding"])
    assert.are.equal("20260102T030405Z", headers["x-sdk-date"])
    assert.matches("^SDK%-HMAC%-SHA256 Access=AK, SignedHeaders=", headers.authorization)
  end)

  for method, length in pairs { PUT = "0", POST = "0", PATCH = "0", GET = false, DELETE = false, HEAD = false } do
    it(("a %s without a body says %s of its length"):format(method, length or "nothing"), function()
      carry { method = method }
      local _, headers = request_of(seen[1])
      assert.are.equal(length or nil, headers["content-length"])
    end)
  end

  it("the caller's header precedes ours, in any case", function()
    carry { headers = { ["accept-encoding"] = "br", ["USER-AGENT"] = "mine" }, signer = false }
    local _, headers = request_of(seen[1])
    assert.are.same({ "br", "mine" }, { headers["accept-encoding"], headers["user-agent"] })
  end)

  for url, wanted in pairs {
    ["https://a.example"] = { "a.example", 443, "a.example" },
    ["http://a.example"] = { "a.example", 80 },
    ["https://a.example:8443"] = { "a.example", 8443, "a.example" },
    ["http://[::1]"] = { "[::1]", 80 },
    ["http://10.0.0.1:8080"] = { "10.0.0.1", 8080 },
  } do
    it("a connection is made to " .. url, function()
      carry { base = url }
      local options, shaken = seen[1].options, seen[1].shaken
      assert.are.same(wanted, { options.host, options.port, shaken and shaken[2] })
      assert.are.same(wanted[3] and { nil, wanted[3], true }, shaken)
      assert.is_nil(options.proxy_opts)
    end)
  end

  for _, url in ipairs { "https://[::1]:8443", "https://10.0.0.1" } do
    it("the certificate of " .. url .. " could not be verified, so nothing is sent", function()
      local result, trouble = carry { base = url }
      assert.is_nil(result)
      assert.are.same({ "config", false }, { trouble.kind, trouble.sent })
      assert.are.equal(0, #seen)
      settings.insecure = true
      assert.are.equal(200, carry({ base = url }).status)
      assert.are.same({ nil, nil, false }, seen[1].shaken)
    end)
  end

  it("a proxy tunnels https, and gets http requests itself", function()
    settings.proxy = "http://us%40er:p%3Aw@proxy:3128"
    connections = { { pieces = { "HTTP/1.1 200 Go on\r\n\r\n", GOOD } } }
    assert.are.equal(200, carry().status)
    local options = seen[1].options
    assert.are.same({ "http", "proxy", 3128 }, { options.scheme, options.host, options.port })
    local asked, request = seen[1].sent:match "^(.-\r\n\r\n)(.*)$"
    local line, headers = request_of { sent = asked }
    assert.are.equal("CONNECT aom.example.com:443 HTTP/1.1", line)
    assert.are.same({ "aom.example.com:443", "Basic base64(us@er:p:w)" },
      { headers.host, headers["proxy-authorization"] })
    assert.are.same({ nil, "aom.example.com", true }, seen[1].shaken)
    line, headers = request_of { sent = request }
    assert.are.equal("PUT /v1/a%20b?action=enable HTTP/1.1", line)
    assert.is_nil(headers["proxy-authorization"])
    carry { base = "http://aom.example.com:8080" }
    options = seen[2].options
    assert.are.same({ "http", "proxy", 3128 }, { options.scheme, options.host, options.port })
    line, headers = request_of(seen[2])
    assert.are.equal("PUT http://aom.example.com:8080/v1/a%20b?action=enable HTTP/1.1", line)
    assert.are.same({ "aom.example.com:8080", "Basic base64(us@er:p:w)" },
      { headers.host, headers["proxy-authorization"] })
    carry { no_proxy = true }
    assert.are.equal("aom.example.com", seen[3].options.host)
  end)

  it("a kept tunnel is reused", function()
    settings.proxy = "proxy:3128"
    connections = { { reused = 1 } }
    assert.are.equal(200, carry().status)
    assert.is_nil(seen[1].shaken)
    assert.are.equal("PUT /v1/a%20b?action=enable HTTP/1.1", (request_of(seen[1])))
  end)

  -- { what a proxy says to CONNECT, the kind of trouble, words }
  for _, case in ipairs {
    { "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "network", "HTTP 407" },
    { "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "network", "HTTP 302" },
    { "HTTP/1.1 200 Go on\r\n\r\n" .. GOOD, "protocol", "after its response" },
    { "SSH-2.0-x\r\n", "protocol", "the proxy's response" },
    { "HTTP/1.1 200 Go", "network", "the proxy's response", "closed" },
    { "", "timeout", "waiting for the proxy's tunnel" },
  } do
    it(("a proxy that says %q opens no tunnel"):format(case[1]:sub(1, 40)), function()
      settings.proxy = "http://user:secret@proxy:3128"
      connections = { { pieces = { case[1] ~= "" and case[1] or nil }, ends = case[4] or "timeout" } }
      local result, trouble = carry()
      assert.is_nil(result)
      assert.are.same({ case[2], false }, { trouble.kind, trouble.sent })
      assert.matches(case[3], trouble.message, 1, true)
      assert.is_nil(trouble.message:find("secret", 1, true))
      assert.are.equal("closed", seen[1].ended)
      assert.is_nil(seen[1].shaken)
      assert.are.equal(1, #seen)
    end)
  end

  it("the environment's proxy counts, and one that cannot be used is named", function()
    variables.http_proxy = "proxy:3128"
    carry { base = "http://aom.example.com" }
    assert.are.equal("proxy", seen[1].options.host)
    variables.no_proxy = "localhost,.example.com"
    carry { base = "http://aom.example.com" }
    assert.are.equal("aom.example.com", seen[2].options.host)
    variables = { https_proxy = "socks5://user:secret@proxy:1080" }
    local result, trouble = carry()
    assert.is_nil(result)
    assert.are.same({ "config", false }, { trouble.kind, trouble.sent })
    assert.matches("environment variable https_proxy", trouble.message, 1, true)
    assert.is_nil(trouble.message:find("secret", 1, true))
    assert.are.equal(2, #seen)
  end)

  it("connections are shared only by calls with the same trust and route", function()
    local function pool(change, base)
      local before = {}
      for name, value in pairs(change) do before[name], settings[name] = settings[name] or false, value end
      carry { base = base }
      for name, value in pairs(before) do settings[name] = value or nil end
      return seen[#seen].options.pool
    end
    local names = {}
    for _, name in ipairs {
      pool {}, pool { insecure = true }, pool({}, "http://a"), pool({ proxy = "http://p:1" }, "http://a"),
      pool({ proxy = "http://p:2" }, "http://a"), pool({ proxy = "http://a:b@p:1" }, "http://a"),
      pool({}, "https://aom.example.com:8443"), pool({}, "http://aom.example.com"),
      pool({}, "https://other.example.com"),
    } do
      assert.matches("^aom:<", name)
      assert.is_nil(names[name], name)
      names[name] = true
    end
    assert.are.equal(pool {}, pool {})
  end)

  it("connecting may take connect_timeout, and no more than is left", function()
    local trip = new_trip({ connect_timeout = 5 }, core.now() + 20)
    local connect_by
    local new = http.new
    http.new = function()
      local made = new()
      local connect = made.connect
      made.connect = function(...)
        connect_by = trip:due()
        return connect(...)
      end
      return made
    end
    local by = core.now() + 5
    trip:run()
    http.new = new
    assert.is_true(connect_by >= by and connect_by < by + 1)
    assert.are.equal(trip.deadline, trip:due())
    assert.are.same({ 5000, 5000, 5000 }, seen[1].timeouts)
    assert.is_true(seen[1].timeout > 19000 and seen[1].timeout <= 20000)
    carry({ connect_timeout = 5 }, core.now() + 2)
    assert.is_true(seen[2].timeouts[1] > 1000 and seen[2].timeouts[1] <= 2000)
    assert.are.equal(200, carry({ connect_timeout = 1e9 }, core.now() + 1e9).status)
    assert.are.equal(2 ^ 31 - 1, seen[3].timeouts[1])
    local result, trouble = carry({}, core.now() - 1)
    assert.is_nil(result)
    assert.are.same({ "timeout", false }, { trouble.kind, trouble.sent })
    assert.matches("^timed out after %d+%.%d s, waiting for a connection$", trouble.message)
  end)

  for _, row in ipairs(answers.rows) do
    local what, bytes, wanted, body, more = row[1], row[2], row[3], row[4], row[5] or {}
    local ends = ({ close = "closed", reset = "connection reset by peer" })[more.after] or "timeout"

    it(("%s (%s) comes whole, or by and by"):format(what, ends), function()
      local sizes = { 65536, math.min(65536, math.ceil(#bytes / 2) + 1), #bytes < 2000 and 1 or 4096 }
      for _, size in ipairs(sizes) do
        local pieces = {}
        for at = 1, #bytes, size do pieces[#pieces + 1] = bytes:sub(at, at + size - 1) end
        seen, connections = {}, { { pieces = pieces, ends = ends } }
        local result, trouble = carry { method = "GET" }
        local got = result or { status = trouble.kind }
        assert.are.same({ wanted, body }, { got.status, got.body }, trouble and trouble.message)
        if trouble then assert.is_true(trouble.sent) end
        -- In pieces, what comes behind an answer may not have come yet: nginx looks then.
        if size == 65536 or more.keeps then assert.are.equal(more.keeps and "kept" or "closed", seen[1].ended) end
        assert.are.equal(1, #seen)
      end
    end)
  end

  it("an answer to HEAD has no body, whatever its length says", function()
    connections = { { bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n" } }
    assert.are.equal("", carry({ method = "HEAD" }).body)
    assert.are.equal("kept", seen[1].ended)
  end)

  it("a connection is kept for the next call, unless nginx refuses", function()
    connections = { {}, { dubious = true } }
    carry()
    assert.are.equal("kept", seen[1].ended)
    assert.are.same({ 60000, 32 }, seen[1].kept)
    carry()
    assert.are.equal("closed", seen[2].ended)
  end)

  -- { scheme, the bytes that come last, whether it is kept }: of TLS nobody but us can tell.
  for _, case in ipairs {
    { "https", 511, true }, { "https", 512, false }, { "https", 4096, false }, { "https", 8192, false },
    { "https", 4097, true }, { "http", 512, true }, { "http", 4096, true },
  } do
    it(("a connection of %s whose last %d bytes may have filled a buffer is %s"):format(case[1], case[2],
      case[3] and "kept" or "closed"), function()
      settings.max_response_bytes = 100000
      local body = ("x"):rep(case[2])
      connections = { { pieces = { "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n", body } } }
      assert.are.equal(body, carry({ base = case[1] .. "://aom.example.com" }).body)
      assert.are.equal(case[3] and "kept" or "closed", seen[1].ended)
    end)
  end

  describe("without a light thread", function()
    it("a kept connection is taken, and kept", function()
      carry()
      connections = { { reused = 1 } }
      local done, answer = new_trip():run_kept()
      assert.is_true(done)
      assert.are.equal(200, answer.status)
      assert.are.equal(seen[1].options.pool, seen[2].options.pool)
      -- No name, so that nothing is looked up, and nothing connected to.
      assert.are.equal(":", seen[2].options.host)
      assert.are.equal("kept", seen[2].ended)
    end)

    it("an answer that does not come is late at the deadline", function()
      connections = { { reused = 1, bytes = "HTTP/1.1 200 OK\r\n" } }
      local done, answer, trouble = new_trip({}, core.now() + 0.05):run_kept()
      assert.is_true(done)
      assert.is_nil(answer)
      assert.are.equal("timeout", trouble.kind)
      assert.is_true(seen[1].timeout <= 50)
      assert.are.equal("closed", seen[1].ended)
    end)

    it("nothing long is sent, since to send it may wait for any time", function()
      for length, is_short in pairs { [0] = true, [20000] = false } do
        assert.are.equal(is_short, new_trip({ method = "POST", body = ("x"):rep(length) }):is_short(), length)
      end
    end)

    -- { what, the kept connection, the attempt, connections tried before the new one }
    for _, row in ipairs {
      { "if none is kept", { connect = { nil, "no host" } }, {}, 1 },
      { "if it had been closed", { reused = 1, pieces = {}, ends = "closed" }, {}, 1 },
      { "if the request must not run twice", nil, { fresh = true }, 0 },
    } do
      it("nothing is answered " .. row[1] .. ", and a new connection carries it", function()
        connections = { row[2] }
        local trip = new_trip(row[3])
        assert.is_false((trip:run_kept()))
        assert.are.equal(row[4], #seen)
        assert.are.equal(200, trip:run().status)
        assert.are.equal(row[4] + 1, #seen)
        assert.are.equal("aom.example.com", seen[#seen].options.host)
      end)
    end
  end)

  it("a request that must not run twice has its own connection, before and after", function()
    carry()
    carry { fresh = true }
    assert.are.equal("closed", seen[2].ended)
    assert.are_not.equal(seen[1].options.pool, seen[2].options.pool)
  end)

  it("headers have lower-case names, and the first of several values", function()
    connections = { { bytes = "HTTP/1.1 204 None\r\nX-Request-Id: one\r\nx-request-id: two\r\nDate: now\r\n\r\n" } }
    assert.are.same({ ["x-request-id"] = "one", date = "now" }, carry().headers)
  end)

  it("a certificate that is refused at once is no connection", function()
    connections = { { refused = true, bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" } }
    local result, trouble = carry()
    assert.is_nil(result)
    assert.are.equal("tls", trouble.kind)
    assert.is_false(trouble.sent)
    assert.matches("lua_ssl_trusted_certificate", trouble.hint, 1, true)
  end)

  for _, case in ipairs {
    { "timeout", "timeout", says = "s, waiting for DNS or a connection" },
    { "a.example could not be resolved (110: Operation timed out)", "timeout",
      says = "s, waiting for DNS" },
    { "18: self-signed certificate", "tls", hints = { "lua_ssl_trusted_certificate" } },
    { "20: unable to get local issuer certificate", "tls", hints = DIRECTIVES },
    { "21: unable to verify the first certificate", "tls", hints = DIRECTIVES },
    { "22: certificate chain too long", "tls", hints = { "lua_ssl_verify_depth" } },
    { "10: certificate has expired", "tls" },
    { "certificate host mismatch", "tls" },
    { "handshake failed", "tls" },
    { "no resolver defined to resolve \"a\"", "config" },
    { "connection refused", "network" },
    { "too many open files", "network", says = "all file descriptors of this process, or of the system, are in use" },
    { "a.example could not be resolved (3: Host not found)", "network" },
  } do
    it(("a connect that ends with %q is of kind %s, and nothing was sent"):format(case[1], case[2]), function()
      connections = { { connect = { nil, case[1] } } }
      local result, trouble = carry()
      assert.is_nil(result)
      assert.are.equal(case[2], trouble.kind)
      assert.is_false(trouble.sent)
      assert.matches(case.says or case[1], trouble.message, 1, true)
      local named = {}
      for _, directive in ipairs(DIRECTIVES) do
        if (trouble.hint or ""):find(directive, 1, true) then named[#named + 1] = directive end
      end
      assert.are.same(case.hints or {}, named)
      assert.are.equal(1, #seen)
      assert.are.equal("closed", seen[1].ended)
    end)
  end

  for url, kind in pairs { ["https://a.example"] = "tls", ["http://a.example"] = "network" } do
    it("a connect that raises is of kind " .. kind .. " at " .. url, function()
      connections = { { raise = "attempt to index nil" } }
      local result, trouble = carry { base = url }
      assert.is_nil(result)
      assert.are.equal(kind, trouble.kind)
      assert.is_false(trouble.sent)
      assert.are.equal("closed", seen[1].ended)
    end)
  end

  -- Of a kept connection: { what, the connection, how many are made }.
  for _, case in ipairs {
    { "was closed while it was idle", { pieces = {}, ends = "closed" }, 2 },
    { "was reset while it was idle", { pieces = {}, ends = "connection reset by peer" }, 2 },
    { "cannot be written to", { pieces = {}, send = { nil, "broken pipe" }, ends = "closed" }, 2 },
    { "was refused before all was written", { bytes = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
      send = { nil, "broken pipe" } }, 1 },
    { "brought the beginning of an answer", { bytes = "HTTP/1.1 401 N", ends = "closed" }, 1 },
    { "brought a head before the answer", { bytes = "HTTP/1.1 103 Hints\r\n\r\n", ends = "closed" }, 1 },
    { "brought what is no answer", { bytes = "hello", ends = "closed" }, 1 },
    { "is slow", { pieces = {} }, 1 },
    { "is slow to take the request", { pieces = {}, send = { nil, "timeout" } }, 1 },
  } do
    it(("a kept connection that %s is replaced %d times"):format(case[1], case[3] - 1), function()
      case[2].reused = 3
      connections = { case[2] }
      local result = carry()
      assert.are.equal(case[3], #seen)
      assert.are.equal("closed", seen[1].ended)
      if case[3] == 2 then
        assert.are.equal(200, result.status)
        assert.are.equal("aom:fresh", seen[2].options.pool)
        assert.are.equal("closed", seen[2].ended)
      end
      -- Of a new one, the same is told, and of a request that must not run twice.
      for _, fresh in ipairs { false, true } do
        seen, connections = {}, { case[2] }
        case[2].reused = fresh and 3 or 0
        carry { fresh = fresh }
        assert.are.equal(1, #seen)
      end
    end)
  end

  it("a dead connection is replaced once", function()
    connections = { { reused = 3, pieces = {}, ends = "closed" }, { pieces = {}, ends = "closed" } }
    local result, trouble = carry()
    assert.is_nil(result)
    assert.are.same({ "network", true }, { trouble.kind, trouble.sent })
    assert.are.equal(2, #seen)
  end)

  it("a body that arrives past the deadline is a timeout", function()
    local function drip()
      local start = core.now()
      repeat until core.now() >= start + 0.3
      return "x"
    end
    connections = { { pieces = { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", drip, drip, drip, drip, drip } } }
    local started = core.now()
    local _, trouble = carry({}, started + 0.6)
    assert.are.equal("timeout", trouble.kind)
    assert.are.equal("closed", seen[1].ended)
    assert.is_true(core.now() - started < 1.2)
  end)

  it("a body that arrives without a pause lets other requests run", function()
    local pieces = { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" }
    for i = 1, 1000 do pieces[i + 1] = "x" end
    connections = { { pieces = pieces } }
    assert.are.equal(1000, #carry().body)
    assert.is_true(naps >= 10, naps)
  end)

  it("a key that was wiped meanwhile sends nothing", function()
    local signer = core.signer { ak = "AK", sk = "SK" }
    signer:close()
    local result, trouble = carry { signer = signer }
    assert.is_nil(result)
    assert.are.equal("the signer is closed", trouble.message)
    assert.are.equal(0, #seen)
  end)
end)

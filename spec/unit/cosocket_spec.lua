--- What is asked of lua-resty-http, seen on one of the spec's own: the real one runs only
--- inside nginx, and where it is installed.

local attempt_of = require "aom.attempt"
local core = require "aom.core"
local cosocket = require "aom.loop.cosocket"

local unpack = table.unpack or unpack

local function answer(status, body, headers)
  local chunks = type(body) == "table" and body or { body }
  local at = 0
  return {
    status = status, headers = headers or {}, has_body = body ~= nil,
    body_reader = function()
      at = at + 1
      if type(chunks[at]) == "function" then return chunks[at]() end
      return chunks[at]
    end,
  }
end

describe("over lua-resty-http", function()
  local seen, connections, settings

  --- Each connection is a table: `connect`, what connecting returns; `reused`, how often it
  --- was used before; `request`, what a request returns.
  local http = {}
  function http.new()
    local plan = table.remove(connections, 1) or {}
    local made = { plan = plan }
    seen[#seen + 1] = made
    function made.set_timeouts(_, ...) made.timeouts = { ... } end
    function made.set_timeout(_, milliseconds) made.timeout = milliseconds end
    function made.connect(_, options)
      made.options = options
      if plan.connect then return unpack(plan.connect) end
      if plan.raise then error(plan.raise, 0) end
      return true
    end
    function made.get_reused_times() return plan.reused or 0 end
    function made.request(_, request)
      made.asked = request
      return unpack(plan.request or { answer(200, '{"success"}') })
    end
    function made.close() made.ended = "closed" end
    function made.set_keepalive(_, ...) made.ended, made.kept = "kept", { ... } end
    return made
  end

  before_each(function()
    seen, connections = {}, {}
    settings = { user_agent = "lua-aom/test", max_response_bytes = 100 }
  end)

  local function carry(options, deadline)
    local attempt = {
      method = "PUT", base = "https://aom.example.com", host = "aom.example.com", path = "/v1/a b",
      query = { { "action", "enable" } }, headers = { ["X-Project-Id"] = "p" }, body = "", connect_timeout = 5,
      date = "20260102T030405Z", signer = core.signer { ak = "AK", sk = "SK" },
    }
    for name, value in pairs(options or {}) do attempt[name] = value end
    return cosocket.new(http, settings)(attempt_of.new(attempt), deadline or core.now() + 30)
  end

  it("a request goes out as it was signed", function()
    local result, trouble = carry()
    assert.is_nil(trouble)
    assert.are.same({ status = 200, headers = {}, body = '{"success"}' }, result)
    local asked = seen[1].asked
    assert.are.equal("PUT", asked.method)
    assert.are.equal("/v1/a%20b", asked.path)
    assert.are.equal("action=enable", asked.query)
    assert.are.equal("", asked.body)
    assert.are.equal("aom.example.com", asked.headers.Host)
    assert.are.equal("0", asked.headers["Content-Length"])
    assert.are.equal("lua-aom/test", asked.headers["User-Agent"])
    assert.are.equal("20260102T030405Z", asked.headers["X-Sdk-Date"])
    assert.matches("^SDK%-HMAC%-SHA256 Access=AK, SignedHeaders=", asked.headers.Authorization)
  end)

  for url, wanted in pairs {
    ["https://a.example"] = { "https", "a.example", 443, "a.example" },
    ["http://a.example"] = { "http", "a.example", 80 },
    ["https://a.example:8443"] = { "https", "a.example", 8443, "a.example" },
    ["https://[::1]:8443"] = { "https", "[::1]", 8443, "::1" },
    ["http://[::1]"] = { "http", "[::1]", 80 },
  } do
    it("a connection is made to " .. url, function()
      carry { base = url }
      local options = seen[1].options
      assert.are.same(wanted, { options.scheme, options.host, options.port, options.ssl_server_name })
      assert.is_true(options.ssl_verify)
      assert.is_nil(options.proxy_opts)
    end)
  end

  it("a certificate goes unverified, and a proxy is used, where the options say so", function()
    settings.insecure, settings.proxy = true, "http://proxy:3128"
    carry()
    carry { no_proxy = true }
    assert.is_false(seen[1].options.ssl_verify)
    assert.are.same({ http_proxy = "http://proxy:3128", https_proxy = "http://proxy:3128" }, seen[1].options.proxy_opts)
    assert.is_nil(seen[2].options.proxy_opts)
    settings.proxy = ""
    carry()
    assert.is_nil(seen[3].options.proxy_opts)
  end)

  it("connecting may take its own time, and no more than is left", function()
    carry({ connect_timeout = 5 }, core.now() + 20)
    assert.are.equal(5000, seen[1].timeouts[1])
    assert.is_true(seen[1].timeouts[3] > 19000 and seen[1].timeouts[3] <= 20000)
    carry({ connect_timeout = 5 }, core.now() + 2)
    assert.is_true(seen[2].timeouts[1] > 1000 and seen[2].timeouts[1] <= 2000)
    local result, trouble = carry({}, core.now() - 1)
    assert.is_nil(result)
    assert.are.same({ kind = "timeout", message = "the deadline passed before the connect", sent = false }, trouble)
  end)

  it("a connection is kept for the next call", function()
    carry()
    assert.are.equal("kept", seen[1].ended)
    assert.are.same({ 60000, 32 }, seen[1].kept)
    assert.is_nil(seen[1].options.pool)
  end)

  it("a request that must not run twice has a connection of its own, before and after", function()
    carry { fresh = true }
    carry { fresh = true }
    assert.are.equal("closed", seen[1].ended)
    assert.is_string(seen[1].options.pool)
    assert.are_not.equal(seen[1].options.pool, seen[2].options.pool)
  end)

  it("headers have lower-case names, and the first of several values", function()
    connections = { { request = { answer(200, nil, { ["X-Request-Id"] = { "one", "two" }, Date = "now" }) } } }
    local result = carry()
    assert.are.same({ ["x-request-id"] = "one", date = "now" }, result.headers)
    assert.are.equal("", result.body)
  end)

  local failures = {
    { "timeout", "timeout" },
    { "18: self signed certificate", "tls" },
    { "handshake failed", "tls" },
    { "no resolver defined to resolve \"a\"", "config" },
    { "connection refused", "network" },
    { "a.example could not be resolved (3: Host not found)", "network" },
  }
  for _, case in ipairs(failures) do
    it(("a connect that ends with %q is of kind %s, and nothing was sent"):format(case[1], case[2]), function()
      connections = { { connect = { nil, case[1] } } }
      local result, trouble = carry()
      assert.is_nil(result)
      assert.are.equal(case[2], trouble.kind)
      assert.is_false(trouble.sent)
      assert.is_truthy(trouble.message:find(case[1], 1, true))
      assert.are.equal(1, #seen)
    end)
  end

  for url, kind in pairs { ["https://a.example"] = "tls", ["http://a.example"] = "network" } do
    it("a connect that raises is of kind " .. kind .. " at " .. url, function()
      connections = { { raise = "attempt to index nil" } }
      local result, trouble = carry { base = url }
      assert.is_nil(result)
      assert.are.equal(kind, trouble.kind)
      assert.is_false(trouble.sent)
    end)
  end

  for message, kind in pairs {
    ["closed"] = "network", ["timeout"] = "timeout", ["couldn't parse HTTP version from response"] = "protocol",
    ["could not parse status line"] = "protocol",
  } do
    it(("a request that ends with %q is of kind %s, and may have been sent"):format(message, kind), function()
      connections = { { request = { nil, message } } }
      local result, trouble = carry()
      assert.is_nil(result)
      assert.are.equal(kind, trouble.kind)
      assert.is_true(trouble.sent)
      assert.are.equal("closed", seen[1].ended)
      assert.are.equal(1, #seen)
    end)
  end

  it("a connection that died while it was idle is replaced by a fresh one, once", function()
    connections = { { reused = 3, request = { nil, "closed" } }, { request = { nil, "closed" } } }
    local result, trouble = carry()
    assert.is_nil(result)
    assert.are.equal("network", trouble.kind)
    assert.are.equal(2, #seen)
    assert.is_string(seen[2].options.pool)
    connections = { { reused = 3, request = { nil, "closed" } } }
    assert.are.equal(200, carry().status)
  end)

  it("a reused connection that is only slow is not replaced", function()
    connections = { { reused = 3, request = { nil, "timeout" } } }
    local _, trouble = carry()
    assert.are.equal("timeout", trouble.kind)
    assert.are.equal(1, #seen)
  end)

  it("a body comes in pieces, and one over the limit is cut", function()
    connections = { { request = { answer(200, { ("a"):rep(60), ("b"):rep(40) }) } },
      { request = { answer(200, { ("a"):rep(60), ("b"):rep(41) }) } } }
    assert.are.equal(("a"):rep(60) .. ("b"):rep(40), carry().body)
    local _, trouble = carry()
    assert.are.equal("protocol", trouble.kind)
    assert.matches("max_response_bytes", trouble.message)
    assert.are.equal("closed", seen[2].ended)
  end)

  it("a body that breaks off, or drips past the deadline, is no answer", function()
    connections = { { request = { answer(200, { "a", function() return nil, "closed" end }) } } }
    local _, trouble = carry()
    assert.are.same({ kind = "network", message = "closed", sent = true }, trouble)
    local deadline = core.now() + 0.6
    local function drip()
      local start = core.now()
      repeat until core.now() >= start + 0.3
      return "x"
    end
    connections = { { request = { answer(200, { drip, drip, drip, drip, drip }) } } }
    _, trouble = carry({}, deadline)
    assert.are.equal("timeout", trouble.kind)
    assert.are.equal("closed", seen[2].ended)
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

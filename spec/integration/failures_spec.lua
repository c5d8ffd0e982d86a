--- Proves the error kind and the number of requests for each failure below the service, over a real
--- socket.

local aom = require "aom"
local core = require "aom.core"
local finaliser = require "spec.support.finaliser"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local serial = 0
local function client(url, options)
  serial = serial + 1
  local all = {
    endpoint = url, project_id = PROJECT, ak = "FAILKEY" .. serial, sk = "fail-secret", proxy = "",
    timeout = 5, max_attempts = 1,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return aom.client(all)
end

--- One call against a server that answers with the given bytes.
local function attempt(server_options, client_options)
  local server = process.rawserver(server_options)
  local options = { ca_file = server_options.tls and server.ca_file or nil }
  for name, value in pairs(client_options or {}) do options[name] = value end
  local c = client(server.url, options)
  local started = core.now()
  local ok, result = pcall(c.enable, c, "wf-1")
  local elapsed = core.now() - started
  local requests = server.requests()
  c:close()
  server.stop()
  return ok, result, requests, elapsed
end

local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

local function answer(body, headers, status)
  local head = ("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n"):format(status or "200 OK", headers or "", #body)
  return head .. body
end

describe("an answer", function()
  local cases = {
    { "garbage", { replies = { "\1\2\3 this is not HTTP\r\n\r\n" } }, "protocol" },
    { "of HTTP/0.9", { replies = { '{"success"}' } }, "protocol" },
    { "a status line that is cut", { replies = { "HTTP/1.1 2" } }, "network" },
    { "headers that are cut", { replies = { "HTTP/1.1 200 OK\r\nContent-Len" } }, "network" },
    { "headers without the empty line at their end", { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" } },
      "network" },
    { "headers that are cut after a line of one byte",
      { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n:\n" } }, "network" },
    { "an interim answer alone", { replies = { "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" } }, "network" },
    { "a head that is cut after an interim answer",
      { replies = { "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le" } }, "network" },
    { "nothing at all", { replies = { "" } }, "network" },
    { "a reset", { replies = { "" }, ["then"] = "reset" }, "network" },
    { "a body that ends early", { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort" } }, "network" },
    { "a chunked body that ends early",
      { replies = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc" } }, "network" },
    { "a chunk size that is none",
      { replies = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc" } }, "protocol" },
    { "a chunk size that is too long",
      { replies = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. ("1"):rep(40) .. "\r\nabc" } },
      "protocol" },
    { "a chunk without the end that its size promises",
      { replies = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdefgh" } }, "protocol" },
    { "a chunked body that a reset cuts", { replies = {
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc" }, ["then"] = "reset", after = 0.1 }, "network" },
    { "gzip that is none", { replies = { answer("not gzip", "Content-Encoding: gzip\r\n") } }, "protocol" },
    { "a body over the limit", { replies = { answer(("x"):rep(2000)) } }, "protocol", { max_response_bytes = 1000 } },
    { "a body without end", { replies = { "HTTP/1.1 200 OK\r\n\r\n" .. ("y"):rep(65536) }, ["repeat"] = 100 },
      "protocol" },
    { "headers without end",
      { replies = { "HTTP/1.1 200 OK\r\n" .. ("X-Filler: " .. ("z"):rep(1000) .. "\r\n"):rep(400) }, ["repeat"] = 4 },
      "protocol" },
    { "one endless header", { replies = { "HTTP/1.1 200 OK\r\nX-Filler: " .. ("z"):rep(400000) } }, "protocol", nil,
      "a line of the response headers is too long" },
    { "an HTML page", { replies = { answer("<html>log in</html>", "Content-Type: text/html\r\n") } }, "protocol" },
    { "a redirect", { replies = { answer("", "Location: http://127.0.0.1:1/\r\n", "307 Temporary Redirect") } },
      "service" },
  }
  for _, entry in ipairs(cases) do
    it("that is " .. entry[1] .. " is a " .. entry[3] .. " error", function()
      local ok, err, requests = attempt(entry[2], entry[4])
      assert.is_false(ok)
      assert.are.equal(entry[3], err.kind, tostring(err))
      assert.matches(entry[5] or "", err.message, 1, true)
      assert.are.equal(1, #requests)
    end)
  end

  it("may be gzip", function()
    local path = process.temporary('{"success"}')
    local zipped = process.run("gzip -c " .. process.quote(path))
    os.remove(path)
    local ok, result = attempt { replies = { answer(zipped, "Content-Encoding: gzip\r\n") } }
    assert.is_true(ok, tostring(result))
    assert.are.equal('{"success"}', result.body)
  end)

  it("is measured after decompression", function()
    local path = process.temporary(("0"):rep(3000000))
    local zipped = process.run("gzip -c " .. process.quote(path))
    os.remove(path)
    assert.is_true(#zipped < 10000)
    local ok, err = attempt { replies = { answer(zipped, "Content-Encoding: gzip\r\n") } }
    assert.is_false(ok)
    assert.are.equal("protocol", err.kind)
  end)

  it("of exactly the limit passes", function()
    local body = '"' .. ("x"):rep(998) .. '"'
    local ok, result = attempt({ replies = { answer(body) } }, { max_response_bytes = 1000 })
    assert.is_true(ok, tostring(result))
    assert.are.equal(body, result.body)
  end)

  it("after a 100 Continue is the only one", function()
    local ok, result = attempt {
      replies = { "HTTP/1.1 100 Continue\r\nX-Request-Id: interim\r\n\r\n"
        .. answer('{"success"}', "X-Request-Id: final\r\n") },
    }
    assert.is_true(ok, tostring(result))
    assert.are.equal("final", result.request_id)
  end)

  it("that repeats a header means the first", function()
    local ok, result = attempt {
      replies = { answer('{"success"}', "X-Request-Id:  first \t\r\nx-request-ID: second\r\nDate: \r\n") },
    }
    assert.is_true(ok, tostring(result))
    assert.are.equal("first", result.request_id)
  end)
end)

describe("no answer", function()
  it("from a dead port is a network error", function()
    local server = process.rawserver { replies = { GOOD } }
    server.stop()
    local c = client(server.url)
    local ok, err = pcall(c.enable, c, "wf-1")
    assert.is_false(ok)
    assert.are.equal("network", err.kind)
    assert.are.equal(7, err.cause.code)
    assert.is_true(err.retryable)
    c:close()
  end)

  it("from a host that does not exist is a network error", function()
    local c = client("http://no-such-host.invalid")
    local ok, err = pcall(c.enable, c, "wf-1")
    assert.is_false(ok)
    assert.are.equal("network", err.kind)
    c:close()
  end)

  it("from a silent server is a timeout within the attempt's limit", function()
    local ok, err, requests, elapsed = attempt({ replies = { "" }, ["then"] = "hold", delay = 20 },
      { attempt_timeout = 0.3 })
    assert.is_false(ok)
    assert.are.equal("timeout", err.kind)
    assert.are.equal(1, #requests)
    assert.is_true(elapsed < patience.of(3), elapsed)
  end)

  it("from a server that never ends the TLS handshake is a timeout within the connect limit", function()
    local server = process.rawserver { replies = { "" }, ["then"] = "hold", no_read = true, delay = 50 }
    local c = client(server.url:gsub("^http:", "https:"), { connect_timeout = 0.3, attempt_timeout = 30, timeout = 40 })
    local started = core.now()
    local ok, err = pcall(c.enable, c, "wf-1")
    local elapsed = core.now() - started
    c:close()
    server.stop()
    assert.is_false(ok)
    assert.are.equal("timeout", err.kind)
    assert.is_true(elapsed >= 0.25 and elapsed < patience.of(20), elapsed)
  end)

  it("from a server that sends slowly is a timeout too", function()
    local ok, err, _, elapsed = attempt(
      { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" .. ("a"):rep(1000) }, chunk = 1, gap = 0.05 },
      { timeout = 0.5 })
    assert.is_false(ok)
    assert.are.equal("timeout", err.kind)
    assert.is_true(elapsed < patience.of(3), elapsed)
  end)

  it("is asked for again within the deadline, each try with its own limit", function()
    local ok, err, requests = attempt({ replies = { "" }, ["then"] = "hold", delay = 20 },
      { attempt_timeout = 0.2, max_attempts = 3, timeout = 10 })
    assert.is_false(ok)
    assert.are.equal("timeout", err.kind)
    assert.are.equal(3, err.attempts)
    assert.are.equal(3, #requests)
  end)
end)

describe("a connection that died while it was idle", function()
  it("sends no request twice", function()
    local server = process.rawserver { replies = { GOOD, GOOD }, keep_alive = true }
    local c = client(server.url, { max_attempts = 4 })
    for _ = 1, 6 do assert.is_true(c:enable("wf-1").success) end
    assert.are.equal(6, #server.requests())
    c:close()
    server.stop()
  end)
end)

describe("TLS", function()
  it("is verified: an unknown authority is refused", function()
    local ok, err, requests = attempt({ replies = { GOOD }, tls = true },
      { ca_file = "/etc/ssl/certs/ca-certificates.crt" })
    assert.is_false(ok)
    assert.are.equal("tls", err.kind)
    assert.are.equal(60, err.cause.code)
    assert.matches("option ca_file", err.hint)
    assert.are.equal(0, #requests)
    assert.is_false(err.retryable)
  end)

  it("passes with the right authority", function()
    assert.is_true((attempt { replies = { GOOD }, tls = true }))
  end)

  it("is verified: another host's certificate is refused", function()
    local key, cert = os.tmpname(), os.tmpname()
    process.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
      .. "-subj /CN=other.example -addext subjectAltName=DNS:other.example "
      .. "-keyout " .. key .. " -out " .. cert .. " 2>&1")
    local ok, err, requests = attempt({ replies = { GOOD }, tls = true, cert = cert, key = key }, { ca_file = cert })
    os.remove(key)
    os.remove(cert)
    assert.is_false(ok)
    assert.are.equal("tls", err.kind, tostring(err))
    assert.are.equal(0, #requests)
  end)

  it("against a server without TLS is a tls error", function()
    local server = process.rawserver { replies = { "hello there\r\n" }, no_read = true }
    local c = client("https://127.0.0.1:" .. ("%d"):format(server.port))
    local ok, err = pcall(c.enable, c, "wf-1")
    assert.is_false(ok)
    assert.are.equal("tls", err.kind)
    c:close()
    server.stop()
  end)

  it("needs a CA file that can be read", function()
    local pipe = os.tmpname()
    os.remove(pipe)
    process.run("mkfifo " .. pipe)
    for path, message in pairs { ["/nonexistent/ca.pem"] = "No such file", ["/tmp"] = "directory",
      [pipe] = "it is not a regular file" } do
      local ok, err = pcall(client, "https://127.0.0.1:1", { ca_file = path })
      assert.is_false(ok)
      assert.are.equal("config", err.kind)
      assert.matches("^option ca_file cannot be read: " .. path .. ": .*" .. message, err.message)
    end
    os.remove(pipe)
  end)

  it("needs a CA file with certificates in it", function()
    local path = process.temporary "no certificate"
    local ok, err = pcall(client, "https://127.0.0.1:1", { ca_file = path })
    os.remove(path)
    assert.is_false(ok)
    assert.are.equal("config", err.kind)
  end)
end)

describe("a proxy that refuses to connect", function()
  it("has sent nothing, so that even a request that must not run twice is retried", function()
    local proxy = process.rawserver { replies = { "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" } }
    local events = {}
    local c = client("https://one.example.com", {
      endpoint = { "https://one.example.com", "https://two.example.com" }, proxy = proxy.url, max_attempts = 2,
      on_event = function(event) events[#events + 1] = event.event end,
    })
    local ok, err = pcall(c.execute, c, "wf-1")
    c:close()
    assert.is_false(ok)
    assert.are.equal("network", err.kind)
    assert.are.same({ "request", "failover", "request", "done" }, events)
    assert.are.equal("CONNECT two.example.com:443 HTTP/1.1", proxy.requests()[2].line)
    proxy.stop()
  end)

  for _, status in ipairs { 403, 407 } do
    it(("with %d is asked once, and named"):format(status), function()
      local proxy = process.rawserver { replies = { ("HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n"):format(status) } }
      local c = client("https://one.example.com", {
        endpoint = { "https://one.example.com", "https://two.example.com" }, proxy = proxy.url,
      })
      local ok, err = pcall(c.enable, c, "wf-1")
      c:close()
      assert.is_false(ok)
      assert.are.equal("network", err.kind)
      assert.are.equal(("the proxy refused the tunnel: HTTP %d"):format(status), err.message)
      assert.is_false(err.retryable)
      assert.matches("proxy", err.hint)
      assert.are.equal(1, err.attempts)
      assert.are.equal(1, #proxy.requests())
      proxy.stop()
    end)
  end
end)

local TRANSPORT = { max_body = 1e6, max_head = 1e6, proxy = "" }

local function get(base)
  return { method = "GET", base = base, host = "127.0.0.1", path = "/", query = {}, headers = {}, body = "",
    connect_timeout = 5 }
end

describe("an engine", function()
  it("is found empty by finalisers that use it after its own, when the Lua state closes", function()
    local server = process.rawserver { replies = { "" }, ["then"] = "hold", delay = 20 }
    local engine = core.engine()
    local id = engine:start(get(server.url), 10, TRANSPORT)
    engine:poll(0.05)
    assert.is_true(id > 0)
    assert.are.equal(1, engine:running())
    local finalise = debug.getmetatable(engine).__gc
    finalise(engine)
    finalise(engine)
    engine:poll(0)
    assert.are.equal(0, engine:running())
    assert.is_true(engine:wait(id, 1))
    assert.is_nil(engine:finished())
    for _, outcome in ipairs { { engine:collect(id) }, { engine:start(get(server.url), 1, TRANSPORT) } } do
      assert.are.same({ [2] = "cancelled", [3] = "the Lua state is closing" }, outcome)
    end
    server.stop()
  end)

  it("takes the largest limit that the options allow", function()
    local function start(limit)
      local engine = core.engine()
      engine:cancel(engine:start(get "http://127.0.0.1:1", 1, { max_body = limit, max_head = 1000 }))
    end
    start(2 ^ 31 - 1)
    assert.has_error(function() start(2 ^ 31) end)
  end)

  it("survives stale and foreign ids", function()
    local engine = core.engine()
    engine:cancel(12345)
    local status, kind = engine:collect(12345)
    assert.is_nil(status)
    assert.are.equal("cancelled", kind)
    assert.is_nil(engine:finished())
  end)

  it("refuses control characters that no signer has checked", function()
    local request = get "http://127.0.0.1:1"
    request.headers = { ["X-Auth-Token"] = "a\r\nX-Evil: b" }
    local id, kind = core.engine():start(request, 10, TRANSPORT)
    assert.is_nil(id)
    assert.are.equal("config", kind)
  end)

  it("is collected with its transfers", function()
    local server = process.rawserver { replies = { "" }, ["then"] = "hold", delay = 20 }
    for _ = 1, 5 do
      local engine = core.engine()
      engine:start(get(server.url), 10, TRANSPORT)
      engine:poll(0.01)
    end
    collectgarbage()
    collectgarbage()
    server.stop()
  end)
end)

describe("a response on a handle that was used before", function()
  local function folded(blank) return "HTTP/1.1 200 OK\r\n" .. blank .. "X: a\r\nContent-Length: 2\r\n\r\n{}" end
  -- libcurl hands on at most 16 KB at a time.
  local long = answer("{}", "X: " .. ("a" .. (" "):rep(99)):rep(400) .. "b\r\n")

  -- libcurl 7.83 to 8.0 writes to memory that it has freed where the first header is a continuation.
  for name, row in pairs {
    ["that begins with a continuation harms no memory"] = { folded " ", "nil" },
    ["that begins with a continuation after a tab harms no memory"] = { folded "\t", "nil" },
    ["that begins so after an interim one harms no memory"] = {
      "HTTP/1.1 103 Early Hints\r\n\r\n" .. folded " ", "nil" },
    ["whose first header is long arrives"] = { long, "200 {}" },
    ["without any header arrives"] = { "HTTP/1.1 204 OK\r\n\r\n", "204 " },
    ["after an interim one arrives"] = { "HTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n" .. answer("{}", "X: b\r\n"),
      "200 {}" },
  } do
    it(name, function()
      local good = answer("{}", "X: a\r\n")
      local server = process.rawserver { replies = { good, row[1], good }, by_request = true, ["then"] = "hold" }
      local path = process.temporary(([[
        local engine = require "aom.core".engine()
        for _ = 1, 3 do
          local id = engine:start({ method = "GET", base = %q, host = "x", path = "/", query = {}, headers = {},
            body = "", connect_timeout = 5 }, 5, { max_body = 1000, max_head = 100000, proxy = "" })
          while not engine:wait(id, 1) do end
          local status, _, body = engine:collect(id)
          io.write(tostring(status), status and " " .. body or "", "\n")
        end
      ]]):format(server.url))
      -- Freed memory is overwritten.
      local output, code = process.run(("env MALLOC_PERTURB_=85 LUA_CPATH=%s %s %s 2>&1"):format(
        process.quote(package.cpath), process.interpreter, process.quote(path)))
      os.remove(path)
      server.stop()
      assert.are.same({ "200 {}\n" .. row[2] .. "\n200 {}\n", 0 }, { output, code })
    end)
  end
end)

describe("taking an answer out of an engine", function()
  --- An engine that has received the response, and the transfer's id.
  local function answered(bytes)
    local server = process.rawserver { replies = { bytes } }
    local engine = core.engine()
    local id = assert(engine:start(get(server.url), 5, TRANSPORT))
    while not engine:wait(id, 1) do end
    server.stop()
    return engine, id
  end

  it("gives all of it although a finaliser cancels or collects the same id meanwhile", function()
    for _, name in ipairs { "cancel", "collect" } do
      local engine, id = answered(answer(("x"):rep(50000), "X-Request-Id: r\r\n"))
      local status, headers, body
      local is_taken = false
      finaliser.always(function() status, headers, body = engine:collect(id) end, function()
        -- Lua 5.1 and LuaJIT look after their garbage once before the answer is taken.
        if is_taken then engine[name](engine, id) end
        is_taken = true
        -- Another request may reuse the memory.
        local other = engine:start(get "http://127.0.0.1:1", 5, TRANSPORT)
        if other then engine:cancel(other) end
      end)
      assert.are.equal(200, status)
      assert.are.equal("r", headers["x-request-id"])
      assert.are.equal(("x"):rep(50000), body)
    end
  end)

  it("keeps a long header, and those after it", function()
    for size = 65522, 65525 do
      local long = ("r"):rep(size)
      local engine, id = answered(answer("{}", "X-Request-Id: " .. long .. "\r\nRetry-After: 7\r\n"))
      local _, kept = engine:collect(id)
      assert.are.same({ long, "7" }, { kept["x-request-id"], kept["retry-after"] })
    end
  end)
end)

describe("a proxy that cannot be reached", function()
  for _, url in ipairs { "http://user:proxy-secret@127.0.0.1:99999", "http://user:proxy-secret@127.0.0.1:1" } do
    it("is not shown with its password: " .. url, function()
      local c = client("http://aom.example.com", { proxy = url })
      local ok, err = pcall(c.enable, c, "wf-1")
      c:close()
      assert.is_false(ok)
      assert.is_nil((tostring(err) .. err.message .. err.cause.message):find("proxy-secret", 1, true))
      assert.matches("option proxy", err.hint)
    end)
  end
end)

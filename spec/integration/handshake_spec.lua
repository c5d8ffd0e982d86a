--- Proves that a TLS handshake that fails is a tls error, and one that breaks off a network error.

local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local function alert(description, level) return "\21\3\3\0\2" .. string.char(level or 2, description) end
local SERVER_HELLO_BEGINS = "\22\3\3\0\90\2\0\0\86\3\3"

local ROWS = {
  { "an alert: close notify", { alert(0, 1) }, "network" },
  { "an alert: unexpected message", { alert(10) }, "tls" },
  { "an alert: handshake failure", { alert(40) }, "tls" },
  { "an alert: bad certificate", { alert(42) }, "tls" },
  { "an alert: certificate expired", { alert(45) }, "tls" },
  { "an alert: unknown authority", { alert(48) }, "tls" },
  { "an alert: access denied", { alert(49) }, "tls" },
  { "an alert: protocol version", { alert(70) }, "tls" },
  { "an alert: internal error", { alert(80) }, "tls" },
  { "an alert: unrecognized name", { alert(112) }, "tls" },
  { "an alert: no application protocol", { alert(120) }, "tls" },
  { "an end", { "" }, "network" },
  { "a reset", { "" }, "network", "reset" },
  { "an end in the middle of a message", { SERVER_HELLO_BEGINS }, "network" },
  { "a reset in the middle of a message", { SERVER_HELLO_BEGINS }, "network", "reset" },
  { "an end within a record's head", { "\22\3" }, "network" },
  { "plain HTTP", { "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n" }, "tls" },
  { "the greeting of another protocol", { "220 mail.example ESMTP\r\n" }, "tls" },
  { "bytes that mean nothing", { ("\255\0\170"):rep(30) }, "tls" },
}

--- One attempt; returns kind, message and whether the request was sent.
local function attempt(base, host, more)
  local transport = { max_body = 1000, max_head = 10000, proxy = "" }
  for name, value in pairs(more or {}) do transport[name] = value end
  local engine, limit = core.engine(), patience.of(10)
  local id = assert(engine:start({ method = "GET", base = base, host = host, path = "/", query = {}, headers = {},
    body = "", connect_timeout = limit / 2 }, limit, transport))
  local started = core.now()
  while not engine:wait(id, 1) do assert(core.now() - started < limit + 2) end
  engine:finished()
  local status, kind, message, _, sent = engine:collect(id)
  assert.is_nil(status)
  return kind, message, sent
end

for _, row in ipairs(ROWS) do
  describe("in place of a handshake " .. row[1] .. " is " .. row[3] .. ", sent nothing,", function()
    local server
    setup(function()
      server = process.rawserver { replies = row[2], hello = true, ["then"] = row[4] or "close", after = 0.05 }
    end)
    teardown(function() server.stop() end)

    -- On most machines the second name has one more address, which refuses connections.
    for _, host in ipairs { "127.0.0.1", "localhost" } do
      it("at " .. host, function()
        local kind, message, sent = attempt(("https://%s:%d"):format(host, server.port), host)
        assert.are.equal(row[3], kind, message)
        assert.is_false(sent)
      end)
    end
  end)
end

describe("a certificate", function()
  local server
  setup(function() server = process.rawserver { replies = { "" }, tls = true } end)
  teardown(function() server.stop() end)

  it("of an untrusted authority is a tls error, and nothing was sent", function()
    local kind, _, sent = attempt(server.url, "127.0.0.1")
    assert.are.equal("tls", kind)
    assert.is_false(sent)
  end)

  it("that is trusted makes a broken connection a network error, as any other", function()
    local kind, message, sent = attempt(server.url, "127.0.0.1", { ca_file = server.ca_file })
    assert.are.equal("network", kind, message)
    assert.is_true(sent)
  end)
end)

-- The queue belongs to the thread: the host would treat errors left there as its own.
local ffi = rawget(_G, "jit") and require "ffi"
if ffi then
  describe("OpenSSL's error queue", function()
    ffi.cdef "unsigned long ERR_peek_error(void);"
    local crypto = ffi.load "libcrypto.so.3"

    it("is empty after handshakes that failed, a request that is refused and the end of an engine", function()
      local server = process.rawserver { replies = { alert(40) }, hello = true }
      for _ = 1, 3 do
        attempt(server.url:gsub("^http:", "https:"), "127.0.0.1")
        assert.are.equal(0, tonumber(crypto.ERR_peek_error()))
      end
      server.stop()
      local other = process.rawserver { replies = { "" }, tls = true }
      assert.are.equal("tls", (attempt(other.url, "127.0.0.1")))
      assert.are.equal(0, tonumber(crypto.ERR_peek_error()))
      assert.are.equal("config", (attempt(other.url, "127.0.0.1", { ca_file = "/nonexistent" })))
      other.stop()
      assert.are.equal(0, tonumber(crypto.ERR_peek_error()))
    end)
  end)
end

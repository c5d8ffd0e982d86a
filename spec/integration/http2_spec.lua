--- Proves that an attempt over HTTP/2 is one request, and comes to the same as over HTTP/1.1.

local aom = require "aom"
local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local REFUSED, BROKEN = "the server refused the HTTP/2 stream", "HTTP/2"

local serial = 0
local function client(server, options)
  serial = serial + 1
  local all = {
    endpoint = server.url, project_id = PROJECT, ak = "H2KEY" .. serial, sk = "h2-secret", proxy = "",
    ca_file = server.ca_file, timeout = 30, attempt_timeout = math.min(8, patience.of(0.5)), max_attempts = 3,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return aom.client(all)
end

--- One call; returns its result or error, and the requests as "connection/stream".
local function attempt(row, operation, options)
  local server = process.h2server { steps = row.steps, hello = row.hello }
  local c = client(server, options)
  local ok, result = pcall(c[operation], c, "wf-1")
  local seen = {}
  for i, request in ipairs(server.requests()) do seen[i] = ("%d/%d"):format(request.connection, request.stream) end
  c:close()
  server.stop()
  return ok, result, seen
end

-- What an idempotent call comes to; what `execute`, which must not run twice, comes to as
-- far as that differs; and how many attempts each makes. `seen`: the requests of the first.
-- A request that follows a GOAWAY may stay unsent.
local ROWS = {
  { "an answer", steps = { "answer" }, ok = true, attempts = 1 },
  { "a refused stream", steps = { "rst=7" }, kind = "network", message = REFUSED, attempts = 3, runs = 3,
    seen = { "1/1", "2/1", "3/1" } },
  { "a refused stream, then an answer", steps = { "rst=7", "answer" }, ok = true, attempts = 2, runs = 2 },
  { "a stream that is reset", steps = { "rst=2" }, kind = "network", message = BROKEN, attempts = 3 },
  { "a stream that is cancelled", steps = { "rst=8" }, kind = "network", message = BROKEN, attempts = 3 },
  { "a stream that wants HTTP/1.1", steps = { "rst=13" }, kind = "network", attempts = 3 },
  { "a reset in the body", steps = { "half+rst=2" }, kind = "network", message = BROKEN, attempts = 3 },
  { "a refusal in the body", steps = { "half+rst=7" }, kind = "network", attempts = 3 },
  { "an end in the body", steps = { "half+close" }, kind = "network", attempts = 3 },
  { "GOAWAY before any request", hello = "goaway=0", steps = { "answer" }, kind = "network", attempts = 3 },
  { "GOAWAY with an error before any request", hello = "goaway=0:11", steps = { "answer" }, kind = "network",
    attempts = 3 },
  { "GOAWAY that leaves the stream out", steps = { "goaway=before" }, kind = "network", attempts = 3 },
  { "GOAWAY that leaves it out, then an answer", steps = { "goaway=before+close", "answer" }, ok = true, attempts = 2,
    execute_kind = "network" },
  { "GOAWAY and an end in mid-flight", steps = { "goaway=this+close" }, kind = "network", attempts = 3 },
  { "GOAWAY with an error in mid-flight", steps = { "goaway=this:2+close" }, kind = "network", attempts = 3 },
  { "GOAWAY that lets the stream end", steps = { "goaway=this+answer+close" }, ok = true, attempts = 1 },
  { "a graceful GOAWAY", steps = { "goaway=2147483647+answer+goaway=this+close" }, ok = true, attempts = 1 },
  { "an end without an answer", steps = { "close" }, kind = "network", attempts = 3 },
  { "a reset of the connection", steps = { "reset" }, kind = "network", attempts = 3 },
  { "silence", steps = { "hold" }, kind = "timeout", attempts = 3, seen = { "1/1", "2/1", "3/1" } },
  { "silence in the body", steps = { "half" }, kind = "timeout", attempts = 3, seen = { "1/1", "2/1", "3/1" } },
  { "503, then an answer", steps = { "answer=503", "answer" }, ok = true, attempts = 2, execute_kind = "service",
    seen = { "1/1", "1/3" } },
}

local function goes_away(row) return (row.hello or row.steps[1]):find "^goaway" ~= nil end

for _, row in ipairs(ROWS) do
  describe("over HTTP/2 " .. row[1], function()
    it(("is %s after %d attempts"):format(row.kind or "fine", row.attempts), function()
      local ok, result, seen = attempt(row, "enable")
      assert.are.equal(row.ok or false, ok, tostring(result))
      assert.are.equal(row.kind, result.kind, tostring(result))
      assert.are.equal(row.attempts, result.attempts)
      assert.is_true(#seen == row.attempts or goes_away(row) and #seen < row.attempts, #seen)
      if row.message then assert.is_truthy(result.message:find(row.message, 1, true), result.message) end
      if row.seen then assert.are.same(row.seen, seen) end
      if not ok then assert.is_true(result.retryable) end
    end)

    it("makes `execute` run " .. (row.runs and "again" or "once at most"), function()
      local ok, result, seen = attempt(row, "execute")
      local kind = row.execute_kind or row.kind
      assert.are.equal(kind, result.kind, tostring(result))
      assert.are.equal(row.runs or 1, result.attempts)
      assert.is_true(#seen == (row.runs or 1) or row.hello and #seen == 0, #seen)
      if not ok then assert.are.equal(row.runs ~= nil, result.retryable) end
    end)

    it("is asked for once with max_attempts = 1", function()
      local _, result, seen = attempt(row, "enable", { max_attempts = 1 })
      assert.are.equal(1, result.attempts)
      assert.is_true(#seen <= 1, #seen)
    end)
  end)
end

describe("over HTTP/2 a call that takes too long", function()
  --- Starts a request that never gets an answer, and runs it into its time-out.
  local function engine_of(server)
    local engine = core.engine()
    local transport = { max_body = 1000, max_head = 10000, proxy = "", ca_file = server.ca_file }
    local function start(seconds)
      return assert(engine:start({ method = "GET", base = server.url, host = "127.0.0.1", path = "/", query = {},
        headers = {}, body = "", connect_timeout = 5 }, seconds, transport))
    end
    local function finish(id)
      while not engine:wait(id, 1) do end
      return engine:collect(id)
    end
    return start, finish
  end

  it("leaves a connection alone on which others are answered meanwhile", function()
    local server = process.h2server { steps = { "answer", "hold", "pause=1.6+answer", "answer" } }
    local start, finish = engine_of(server)
    assert.are.equal(200, (finish(start(5))))
    local late, other = start(2), start(10)
    assert.are.equal(200, (finish(other)))
    assert.are.equal("timeout", (select(2, finish(late))))
    assert.are.equal(200, (finish(start(5))))
    assert.are.equal(1, server.requests()[4].connection)
    server.stop()
  end)

  it("ends no other that waits on a connection which is silent for a moment", function()
    local server = process.h2server { steps = { "answer", "hold", "pause=0.8+answer" } }
    local start, finish = engine_of(server)
    assert.are.equal(200, (finish(start(5))))
    local late, other = start(0.3), start(5)
    assert.are.equal("timeout", (select(2, finish(late))))
    assert.are.equal(200, (finish(other)))
    server.stop()
  end)
end)

--- The engine's answers: which headers are kept, and how a request without a body ends.

local core = require "aom.core"
local process = require "spec.support.process"

local MAX_HEAD = 20000
local TRANSPORT = { max_body = 1000, max_head = MAX_HEAD, proxy = "" }

--- The first answer of a server that sends given bytes.
local function ask(bytes, changes, options)
  options = options or {}
  local server = process.rawserver { replies = { bytes }, ["then"] = options.after or "hold" }
  local engine = assert(core.engine())
  local attempt = { base = server.url, method = "GET", host = "127.0.0.1", path = "/", connect_timeout = 5 }
  for name, value in pairs(changes or {}) do attempt[name] = value end
  local id = assert(engine:start(attempt, options.seconds or 5, TRANSPORT))
  local give_up = core.now() + 10
  while not engine:wait(id, 1) do assert(core.now() < give_up) end
  local answer = { engine:collect(id) }
  server.stop()
  return answer[1], answer[2], answer[3], answer[4]
end

local function head(...) return "HTTP/1.1 200 OK\r\n" .. table.concat({ ... }, "\r\n") .. "\r\n\r\n" end

local long = ("x"):rep(15000)

describe("all headers of an answer", function()
  local rows = {
    { "in lower case", head("Content-Length: 0", "X-One: 1"), { ["content-length"] = "0", ["x-one"] = "1" } },
    { "repeated", head("Content-Length: 0", "Set-Cookie: a", "X-One: 1", "SET-COOKIE: b", "Set-Cookie: a"),
      { ["content-length"] = "0", ["set-cookie"] = "a", ["x-one"] = "1" }, { ["set-cookie"] = { "a", "b", "a" } } },
    { "that are empty, or hold colons and tabs", head("Content-Length: 0", "A:", "B: x:y\tz", "C: \t "),
      { ["content-length"] = "0", a = "", b = "x:y\tz", c = "" } },
    { "over several lines", head("Content-Length: 0", "A: x", "\ty", " z", "B: 1"),
      { ["content-length"] = "0", a = "x y z", b = "1" } },
    { "but lines that have no name", head("Content-Length: 0", ": x", "a b: c", " d", "E: f"),
      { ["content-length"] = "0", e = "f" } },
    { "but those of interim answers", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" .. head("Content-Length: 0"),
      { ["content-length"] = "0" } },
    { "but trailers", head("Transfer-Encoding: chunked") .. "0\r\nX-Sum: 1\r\n\r\n",
      { ["transfer-encoding"] = "chunked" } },
    { "but trailers that pass for an answer", head("Transfer-Encoding: chunked")
      .. "2\r\n{}\r\n0\r\nHTTP/1.1: 200 OK\r\nX-Sum: 1\r\n\r\n", { ["transfer-encoding"] = "chunked" } },
    { "that are long", head("Content-Length: 0", "A: " .. long), { ["content-length"] = "0", a = long } },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local status, headers, _, several = ask(row[2], { all_headers = true })
      assert.are.equal(200, status)
      assert.are.same(row[3], headers)
      assert.are.same(row[4], several)
    end)
  end

  it("are limited", function()
    local status, kind = ask(head("Content-Length: 0", "A: " .. long, "B: " .. long), { all_headers = true })
    assert.are.same({ nil, "protocol" }, { status, kind })
  end)

  it("are a thousand", function()
    local lines = { "Content-Length: 0" }
    for i = 1, 1000 do lines[i + 1] = "S: " .. i end
    local _, headers, _, several = ask(head((table.unpack or unpack)(lines)), { all_headers = true })
    assert.are.equal("1", headers.s)
    assert.are.equal(1000, #several.s)
    assert.are.equal("1000", several.s[1000])
  end)

  it("are kept only where they are asked for, and else the first of those that matter", function()
    local answer = head("Content-Length: 0", "X-One: 1", "Retry-After: 2", " 3", "X-Two: 4", " 5", "Retry-After: 9")
    local _, headers, _, several = ask(answer)
    assert.are.same({ ["retry-after"] = "2 3" }, headers)
    assert.is_nil(several)
  end)
end)

describe("an answer without a body", function()
  local rows = {
    { "HEAD", { method = "HEAD" }, head("Content-Length: 5", "X-Request-Id: r"), 200 },
    { "HEAD, refused", { method = "HEAD" }, "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\n", 404 },
    { "HEAD, with chunks", { method = "HEAD" }, head "Transfer-Encoding: chunked", 200 },
    { "HEAD, compressed", { method = "HEAD" }, head("Content-Encoding: gzip", "Content-Length: 20"), 200 },
    { "DELETE", { method = "DELETE" }, "HTTP/1.1 204 No Content\r\n\r\n", 204 },
    { "PATCH", { method = "PATCH", body = "{}" }, "HTTP/1.1 204 No Content\r\n\r\n", 204 },
    { "GET", {}, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304 },
  }
  for _, row in ipairs(rows) do
    it("ends at its head: " .. row[1], function()
      local status, _, body = ask(row[3], row[2])
      assert.are.same({ row[4], "" }, { status, body })
    end)
  end
end)

describe("a slot of the engine", function()
  it("carries each method after each other", function()
    local replies, methods = {}, { "HEAD", "GET", "HEAD", "PUT", "HEAD", "POST", "GET", "DELETE", "HEAD" }
    for i, method in ipairs(methods) do
      replies[i] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" .. (method == "HEAD" and "" or "{}")
    end
    local server = process.rawserver { replies = replies, keep_alive = true, ["then"] = "hold" }
    local engine = assert(core.engine())
    for i, method in ipairs(methods) do
      local id = assert(engine:start({ base = server.url, method = method, host = "127.0.0.1", path = "/" .. i,
        connect_timeout = 5, body = (method == "PUT" or method == "POST") and "x" or "" }, 5, TRANSPORT))
      repeat until engine:wait(id, 1)
      local status, _, body = engine:collect(id)
      assert.are.same({ 200, method == "HEAD" and "" or "{}" }, { status, body })
    end
    local seen = {}
    for i, request in ipairs(server.requests()) do seen[i] = request.line:match "^%u+" end
    server.stop()
    assert.are.same(methods, seen)
  end)
end)

describe("the headers that the engine adds", function()
  local rows = {
    { "stand beside the request's", {}, { ["user-agent"] = "agent/1", ["accept-encoding"] = "gzip", ["x-one"] = "1" } },
    { "give way to the request's", { ["uSER-agent"] = "mine", ["Accept-ENCODING"] = "identity" },
      { ["user-agent"] = "mine", ["accept-encoding"] = "identity", ["x-one"] = "1" } },
    { "give way to an empty one", { ["User-Agent"] = "" },
      { ["user-agent"] = "", ["accept-encoding"] = "gzip", ["x-one"] = "1" } },
    { "have no agent where there is none", {}, { ["accept-encoding"] = "gzip", ["x-one"] = "1" }, agent = false },
    { "reach a proxy for plain HTTP", {},
      { ["user-agent"] = "agent/1", ["accept-encoding"] = "gzip", ["x-one"] = "1" }, base = "http://one.example.com" },
    { "are told to the proxy of a tunnel as far as they are the agent's", { ["User-Agent"] = "mine" },
      { ["user-agent"] = "agent/1" }, base = "https://one.example.com" },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local server = process.rawserver { replies = { "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" } }
      local engine = assert(core.engine())
      local headers = { ["X-One"] = "1" }
      for name, value in pairs(row[2]) do headers[name] = value end
      local agent = row.agent ~= false and "agent/1" or nil
      engine:fetch({ base = row.base or server.url, method = "GET", host = "h", path = "/", connect_timeout = 5,
        headers = headers }, 5, { max_body = 1000, max_head = 1000, proxy = row.base and server.url or "",
        user_agent = agent }, 5)
      local seen = server.requests()[1].headers
      server.stop()
      local found = {}
      for _, name in ipairs { "user-agent", "accept-encoding", "x-one" } do found[name] = seen[name] end
      assert.are.same(row[3], found)
    end)
  end
end)

it("an agent with a line end is refused", function()
  local id, kind = core.engine():start({ base = "http://127.0.0.1:1", method = "GET", host = "h", path = "/",
    connect_timeout = 5 }, 5, { max_body = 1000, max_head = 1000, user_agent = "a\r\nX-B: c" })
  assert.are.same({ nil, "config" }, { id, kind })
end)

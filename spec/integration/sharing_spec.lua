--- What clients share: an engine and its connections, where they travel in the same way. And
--- what they do not: the calls of each.

local aom = require "aom"
local core = require "aom.core"
local process = require "spec.support.process"
local soaked = require "spec.support.soaked"

local PROJECT = ("0123456789abcdef"):rep(2)
local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

local function open(server, options)
  local all = { endpoint = server.url, project_id = PROJECT, ak = "SHAREKEY", sk = "share-secret", proxy = "",
    max_attempts = 1, timeout = 10 }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  return aom.client(all)
end

local function serve(more)
  local all = { replies = { GOOD }, by_request = true, ["then"] = "hold" }
  for name, value in pairs(more or {}) do all[name] = value end
  return process.rawserver(all)
end

--- How many connections carried the server's requests.
local function connections(server)
  local count, seen = 0, {}
  for _, request in ipairs(server.requests()) do
    if not seen[request.connection] then seen[request.connection], count = true, count + 1 end
  end
  return count
end

--- How many sockets this process has open.
local function sockets()
  local pipe = assert(io.popen "ls -l /proc/$PPID/fd")
  local _, count = pipe:read("*a"):gsub("socket:", "")
  pipe:close()
  return count
end

describe("two clients use the same connection", function()
  for what, options in pairs {
    ["with the same options"] = {},
    ["with other credentials and time limits"] = { ak = "SHAREKEY2", timeout = 5, connect_timeout = 1 },
    ["with another limit of the response"] = { max_response_bytes = 11 },
    ["after the first one was closed"] = { close = true },
  } do
    it(what, function()
      local server = serve()
      local first = open(server)
      first:enable "wf-1"
      if options.close then first:close() end
      options.close = nil
      local second = open(server, options)
      for _ = 1, 3 do second:enable "wf-1" end
      assert.are.equal(4, #server.requests())
      assert.are.equal(1, connections(server))
      server.stop()
    end)
  end

  it("and each keeps its own limit of the response", function()
    local server = serve()
    local small, large = open(server, { max_response_bytes = 10 }), open(server)
    for _ = 1, 2 do
      local ok, err = pcall(small.enable, small, "wf-1")
      assert.is_false(ok)
      assert.matches("max_response_bytes", err.message)
      assert.is_true(large:enable("wf-1").success)
    end
    server.stop()
  end)
end)

describe("two clients use connections of their own", function()
  local rows = {
    { "with and without a proxy in the environment", { proxy = false } },
    { "with another file of CA certificates", { ca_file = "/etc/ssl/certs/ca-certificates.crt" } },
    { "one of them insecure", { insecure = true } },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local server = serve()
      local first, second = open(server), open(server, row[2])
      for _ = 1, 2 do
        first:enable "wf-1"
        second:enable "wf-1"
      end
      assert.are.equal(4, #server.requests())
      assert.are.equal(2, connections(server))
      server.stop()
    end)
  end
end)

--- Begins a request over plain HTTP, with transport number `i` of many.
local function start(engine, server, i)
  return assert(engine:start({ method = "GET", base = server.url, host = "x", path = "/", query = {}, headers = {},
    body = "", connect_timeout = 5 }, 5,
    { max_body = 1000, max_head = 1000, proxy = "", ca_file = "/nonexistent/" .. i }))
end

local function finish(engine, id)
  while not engine:wait(id, 1) do end
  assert.are.equal(200, (engine:collect(id)))
end

local function send(engine, server, i) finish(engine, start(engine, server, i)) end

describe("the clients of a loop", function()
  it("keep the connections of the eight transports that were used last", function()
    local server, engine = serve(), core.engine()
    collectgarbage()
    local before = sockets()
    for i = 1, 12 do send(engine, server, i) end
    assert.are.equal(12, connections(server))
    -- Each has a connection, and a pair by which libcurl wakes itself.
    assert.are.equal(before + 8 * 3, sockets())
    for i = 5, 12 do send(engine, server, i) end
    assert.are.equal(12, connections(server))
    send(engine, server, 4)
    send(engine, server, 6)
    assert.are.equal(13, connections(server))
    send(engine, server, 5)
    assert.are.equal(14, connections(server))
    server.stop()
  end)

  it("keep more while they are in use", function()
    local slow, engine, ids = serve { delay = 0.3 }, core.engine(), {}
    for i = 1, 12 do ids[i] = start(engine, slow, i) end
    for i = 12, 1, -1 do finish(engine, ids[i]) end
    send(engine, slow, 12)
    assert.are.equal(12, connections(slow))
    slow.stop()
  end)

  it("cost no descriptor before their first call", function()
    local server = serve()
    collectgarbage()
    local before, clients = sockets(), {}
    for i = 1, 50 do clients[i] = open(server, { proxy = "http://127.0.0.1:" .. i }) end
    assert.are.equal(before, sockets())
    assert.are.equal(50, #clients)
    server.stop()
  end)
end)

describe("a CA file", function()
  it("that was replaced is read anew, by a client that is open", function()
    local one, other = serve { tls = true }, serve { tls = true }
    local path = os.tmpname()
    local function put(ca_file)
      os.execute(("cp %s %s.new && mv %s.new %s"):format(process.quote(ca_file), path, path, path))
    end
    put(one.ca_file)
    local client = open(one, { ca_file = path })
    assert.is_true(client:enable("wf-1").success)
    for _ = 1, 2 do
      put(other.ca_file)
      local ok, err = pcall(client.enable, client, "wf-1")
      assert.is_false(ok)
      assert.are.equal("tls", err.kind)
      put(one.ca_file)
      assert.is_true(client:enable("wf-1").success)
    end
    assert.is_true(client:enable("wf-1").success)
    -- The file has another inode each time.
    assert.are.equal(3, connections(one))
    os.remove(path)
    one.stop()
    other.stop()
  end)
end)

describe("closing a client", function()
  it("ends its calls alone", function()
    local server = serve { delay = 0.2 }
    -- It answers the first request alone.
    local silent = serve { replies = { GOOD, "" } }
    local ids = { "wf-1", "wf-2", "wf-3" }
    local one, other = open(server), open(silent)
    one:enable "wf-1" -- a new key goes out alone
    local inner
    local outer = one:trigger_all(ids, "enable", {
      concurrency = 2,
      on_result = function()
        inner = inner or other:trigger_all(ids, "enable", { concurrency = 3, on_result = function() other:close() end })
      end,
    })
    assert.are.same({ 3, 0 }, { outer.succeeded, outer.failed })
    assert.are.same({ 1, 2 }, { inner.succeeded, inner.failed })
    for _, entry in ipairs(inner) do assert.is_true(not entry.error or entry.error.kind == "cancelled") end
    server.stop()
    silent.stop()
  end)
end)

describe("2,000 clients, each used once and dropped,", function()
  it("need no more than 256 descriptors, and share a connection", function()
    local lua = process.interpreter:match "[^/]*$"
    local requests, over, output = soaked.clients(lua, 2000)
    assert.are.same({ 2000, 1 }, { requests, over }, output)
  end)
end)

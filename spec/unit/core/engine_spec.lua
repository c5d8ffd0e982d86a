--- The engine without a client: what it refuses, and the order in which it is asked.

local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local function attempt(changes)
  local all = { base = "http://127.0.0.1:1", method = "GET", host = "127.0.0.1", path = "/", connect_timeout = 1 }
  for name, value in pairs(changes or {}) do all[name] = value end
  return all
end

local TRANSPORT = { max_body = 1000, max_head = 10000, proxy = "", insecure = true }

describe("an engine starts nothing", function()
  local headers = {}
  for i = 1, 65 do headers["x-" .. i] = "v" end
  local bad_header = "libcurl refused the request's settings"
  local rows = {
    { "with too many headers", { headers = headers }, "argument", "headers: expected at most 64" },
    { "with a control byte in the target", { base = "http://127.0.0.1:1/\n" }, "config", bad_header },
    { "with a control byte in a header", { headers = { a = "b\nc" } }, "config", bad_header },
    { "with a URL of more than 64 KiB", { path = "/" .. ("x"):rep(65536) }, "argument", "too large to send" },
    { "with headers of more than 256 KiB", { headers = { a = ("x"):rep(300000) } }, "argument", "too large to send" },
    { "with a body of more than 12 MiB", { method = "POST", body = ("x"):rep(13 * 1024 * 1024) }, "argument",
      "too large to send" },
    { "with a path of more than 16 MiB", { path = ("x"):rep(17 * 1024 * 1024) }, "argument", "too large to sign" },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local e = core.engine()
      local id, kind, message = e:start(attempt(row[2]), 1, TRANSPORT)
      assert.is_nil(id)
      assert.are.equal(row[3], kind)
      assert.matches(row[4], message, 1, true)
      assert.are.equal(0, e:running())
      assert.is_number(e:start(attempt(), 1, TRANSPORT))
    end)
  end

  it("without a base that is a string", function()
    local e = core.engine()
    assert.has_error(function() e:start(attempt { base = {} }, 1, TRANSPORT) end, "attempt.base: expected a string")
  end)
end)

describe("a transfer", function()
  -- { what the server does, the scheme, whether the request goes out }
  for _, row in ipairs {
    { "is sent once its connection is there", {}, "http", true },
    { "is not sent while the handshake lasts", { hello = true }, "https", false },
  } do
    it(row[1], function()
      row[2].replies = { "" }
      local server = process.rawserver(row[2])
      local e = core.engine()
      local id = assert(e:start(attempt { base = (server.url:gsub("^%w+", row[3], 1)) }, 5, TRANSPORT))
      assert.is_false(e:is_sent(id))
      local deadline = core.now() + (row[4] and 5 or 0.2)
      while not e:is_sent(id) and core.now() < deadline do e:poll(0.01) end
      assert.are.equal(row[4], e:is_sent(id))
      e:cancel(id)
      assert.is_false(e:is_sent(id))
      server.stop()
    end)
  end
end)

describe("an answer that came in time", function()
  local server
  before_each(function()
    server = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }, delay = 1.2 }
  end)
  after_each(function() server.stop() end)

  -- A process that was stopped, or whose event loop was kept busy, comes back with each of these.
  for name, come_back in pairs {
    ["a poll"] = function(e) e:poll(0) end,
    ["the time-out of an event loop"] = function(e) e:on_timeout() end,
    ["an event of another socket"] = function(e) e:on_socket(9999, true, false) end,
  } do
    it("is read after its deadline, by " .. name, function()
      local e, limit = core.engine(), 1.9 + patience.of(0.1)
      local id = assert(e:start(attempt { base = server.url, connect_timeout = 0.6 }, limit, TRANSPORT))
      local deadline = core.now() + limit
      while not e:is_sent(id) and core.now() < deadline do e:poll(0.001) end
      -- Then no timer of libcurl is left, which would make it read.
      local quiet = core.now() + 0.8
      while core.now() < quiet do e:poll(0.1) end
      while core.now() < deadline + 0.1 do os.execute "sleep 0.1" end
      come_back(e)
      assert.are.equal(200, (e:collect(id)))
    end)
  end
end)

describe("finished transfers", function()
  local server, e
  before_each(function()
    server = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" } }
    e = core.engine()
  end)
  after_each(function() server.stop() end)

  local function start_three()
    local ids = {}
    for i = 1, 3 do ids[i] = assert(e:start(attempt { base = server.url }, 5, TRANSPORT)) end
    local deadline = core.now() + 5
    while e:running() > 0 and core.now() < deadline do
      local id = ids[1]
      for _, other in ipairs(ids) do
        if not e:wait(other, 0) then id = other end
      end
      e:wait(id, 0.1)
      e:poll(0.01)
    end
    assert.are.equal(0, e:running())
    return ids
  end

  for _, order in ipairs { { 1, 2, 3 }, { 3, 2, 1 }, { 2, 3, 1 }, { 2, 1, 3 } } do
    it("are collected in any order: " .. table.concat(order, ", "), function()
      local ids = start_three()
      for _, i in ipairs(order) do assert.are.equal(200, (e:collect(ids[i]))) end
      assert.is_nil(e:finished())
    end)

    it("are forgotten in any order: " .. table.concat(order, ", "), function()
      local ids = start_three()
      for _, i in ipairs(order) do
        e:cancel(ids[i])
        assert.are.equal("cancelled", select(2, e:collect(ids[i])))
      end
      assert.is_nil(e:finished())
    end)
  end

  it("are not collected while they are in flight, and end without any time", function()
    local silent = process.rawserver { replies = { "" }, ["then"] = "hold", delay = 20 }
    local id = e:start(attempt { base = silent.url }, 0, TRANSPORT)
    assert.has_error(function() e:collect(id) end, "the transfer is still in flight")
    e:wait(id, 1)
    silent.stop()
    assert.are.equal("timeout", select(2, e:collect(id)))
  end)
end)

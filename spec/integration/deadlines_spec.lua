--- Proves that deadlines hold in every state of a transfer, and that no call waits for another's
--- response.

local aom = require "aom"
local core = require "aom.core"
local each = require "aom.util.each"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local SLOWER = (os.getenv "BUILD" or ""):find "valgrind" and 20 or (os.getenv "BUILD" or ""):find "asan" and 4 or 1

local TRANSPORT = { max_body = 100000, max_head = 100000, proxy = "", insecure = true }

local function request(base, more)
  local all = { method = "GET", base = base, host = "127.0.0.1", path = "/", query = {}, headers = {}, body = "",
    connect_timeout = 10 }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

--- Accepts connections and sends nothing, over TLS neither.
local function silent() return process.rawserver { replies = { "" }, ["then"] = "hold", delay = 30 } end

local function secure(server) return (server.url:gsub("^http:", "https:")) end

--- How the engine is driven: by polling, or by the events of a loop, including its timer.
local DRIVES = {
  polled = function(engine) engine:poll(0.05) end,
  ["driven by events"] = function(engine)
    local watched = {}
    engine:watch()
    return function()
      local fd, read, write = engine:wish()
      while fd do
        watched[fd] = (read or write) and { read, write } or nil
        fd, read, write = engine:wish()
      end
      local ms = engine:timer()
      if ms and ms > 0 then process.sleep(math.min(ms, 20) / 1000) end
      if ms then engine:on_timeout() end
      -- Not pairs: LuaJIT may spin for ever in a loop over it that it has compiled (see util/each).
      for number, wish in each.pair(watched) do engine:on_socket(number, wish[1], wish[2]) end
    end
  end,
}

--- Ends all of `ids`; returns each one's kind, message and whether it was sent, and how long after `began`.
local function finish(engine, ids, drive, began)
  local ended, started, count = {}, core.now(), 0
  local step = drive(engine) or function() drive(engine) end
  while count < #ids do
    assert(core.now() - started < 10 * SLOWER, "a transfer outlives its deadline")
    step()
    local id = engine:finished()
    while id do
      local _, kind, message, _, sent = engine:collect(id)
      ended[id] = { kind = kind, message = message, sent = sent, after = core.now() - (began or started) }
      count = count + 1
      id = engine:finished()
    end
  end
  return ended
end

describe("an engine that waits for one transfer", function()
  it("goes on with it beside another one that has ended", function()
    local reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    local quick = process.rawserver { replies = { reply } }
    local slow = process.rawserver { replies = { reply }, delay = 0.3 }
    local engine = core.engine()
    local first = assert(engine:start(request(quick.url), 20, TRANSPORT))
    local second = assert(engine:start(request(slow.url), 20, TRANSPORT))
    local rounds = 0
    while not engine:wait(second, 0.05) and rounds < 1e7 do rounds = rounds + 1 end
    assert.are.equal(200, (engine:collect(second)))
    assert.are.equal(200, (engine:collect(first)))
    quick.stop()
    slow.stop()
  end)
end)

for how, drive in pairs(DRIVES) do
  describe("an engine that is " .. how, function()
    it("ends each transfer at its own deadline, also those behind another one's connection", function()
      local server = silent()
      local engine = core.engine()
      local began, ids, due = core.now(), {}, { 1.2, 0.3, 0.15, 0.6, 0.45, 0.9, 0.15, 0.7 }
      for i, seconds in ipairs(due) do ids[i] = assert(engine:start(request(secure(server)), seconds, TRANSPORT)) end
      assert.are.equal(#due, engine:running())
      local ended = finish(engine, ids, drive, began)
      for i, seconds in ipairs(due) do
        local one = ended[ids[i]]
        assert.are.equal("timeout", one.kind)
        assert.is_false(one.sent)
        assert.is_true(one.after > seconds - 0.02 and one.after < seconds + patience.of(0.4), one.after)
      end
      assert.matches("another call", ended[ids[3]].message)
      assert.matches("TLS handshake", ended[ids[1]].message)
      assert.matches("TLS handshake", ended[ids[6]].message)
      assert.are.equal(0, engine:running())
      server.stop()
    end)

    it("ends held-back transfers when they are cancelled, and when the engine is closed", function()
      local server = silent()
      local engine = core.engine()
      local ids = {}
      for i = 1, 6 do ids[i] = assert(engine:start(request(secure(server)), 5, TRANSPORT)) end
      local step = drive(engine) or function() drive(engine) end
      step()
      engine:cancel(ids[1])
      engine:cancel(ids[4])
      assert.are.equal(4, engine:running())
      step()
      server.stop()
    end)
  end)
end

describe("an engine that cannot poll", function()
  it("gets answers, ends what is late in time, and does not spin", function()
    local shim = process.shim "failing_poll"
    local server = silent()
    local other = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" } }
    local path = process.temporary(([[
      local core = require "aom.core"
      local engine = core.engine()
      local function start(base, seconds)
        return assert(engine:start({ method = "GET", base = base, host = "x", path = "/", query = {}, headers = {},
          body = "", connect_timeout = 10, fresh = true }, seconds,
          { max_body = 1000, max_head = 1000, proxy = "" }))
      end
      for _ = 1, 5 do start(%q, 1) end
      local answered = start(%q, 5)
      local started, kinds = core.now(), {}
      while #kinds < 6 and core.now() - started < 10 do
        engine:poll(0.2)
        local id = engine:finished()
        while id do
          local status, kind = engine:collect(id)
          kinds[#kinds + 1] = status and id == answered and "answered" or kind
          id = engine:finished()
        end
      end
      print(table.concat(kinds, " "), os.clock() < (tonumber(%q) or 1) * 0.5 or os.clock())
    ]]):format(server.url, other.url, SLOWER))
    local lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
    local output = process.run(("env LD_PRELOAD=%s LUA_CPATH=%s %s %s 2>&1"):format(process.quote(shim),
      process.quote(package.cpath), lua, process.quote(path)))
    os.remove(path)
    server.stop()
    other.stop()
    assert.are.equal("answered timeout timeout timeout timeout timeout\ttrue\n", output)
  end)
end)

describe("a timeout says what the call was waiting for:", function()
  local HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
  for _, row in ipairs {
    { "the handshake", { replies = { "" }, delay = 30 }, "TLS handshake", true },
    { "the answer", { replies = { HEAD }, delay = 30 }, "first byte of the response" },
    { "the body", { replies = { HEAD .. "a part" }, ["then"] = "hold" }, "rest of the response" },
    { "the headers", { replies = { "HTTP/1.1 200 OK\r\n" }, ["then"] = "hold" }, "rest of the response" },
  } do
    it(row[1], function()
      local server = process.rawserver(row[2])
      local engine = core.engine()
      local id = assert(engine:start(request(row[4] and secure(server) or server.url), 0.3, TRANSPORT))
      local ended = finish(engine, { id }, DRIVES.polled)[id]
      assert.are.equal("timeout", ended.kind)
      assert.matches(row[3], ended.message, 1, true)
      assert.matches("0%.[3-9] s", ended.message)
      assert.are.equal(not row[4], ended.sent)
      server.stop()
    end)
  end

  it("a connect that takes longer than connect_timeout", function()
    local server = silent()
    local engine = core.engine()
    local id = assert(engine:start(request(secure(server), { connect_timeout = 0.3 }), 5, TRANSPORT))
    local ended = finish(engine, { id }, DRIVES.polled)[id]
    assert.are.equal("timeout", ended.kind)
    assert.matches("TLS handshake", ended.message)
    assert.is_true(ended.after < 1 * SLOWER)
    server.stop()
  end)
end)

describe("a crowd", function()
  local function client(url, more)
    local all = { endpoint = url, project_id = PROJECT, token = "a-token", loop = "blocking", proxy = "" }
    for name, value in pairs(more or {}) do all[name] = value end
    return aom.client(all)
  end

  local function ids(count)
    local list = {}
    for i = 1, count do list[i] = ("wf-%d"):format(i) end
    return list
  end

  --- How many connections have carried requests.
  local function connections(simulator)
    local seen, count = {}, 0
    for _, sent in ipairs(simulator.state().requests) do
      if not seen[sent.connection] then seen[sent.connection], count = true, count + 1 end
    end
    return count
  end

  for _, kind in ipairs { "http", "HTTP/1.1 over TLS", "HTTP/2 over TLS" } do
    it("does not wait for one slow answer over " .. kind, function()
      local simulator = process.simulator { token = "a-token", project = PROJECT, auto_create = true,
        tls = kind ~= "http", http_version = kind:find "1.1" and 1.1 or nil }
      simulator.script { { delay = 2 } }
      local c = client(simulator.url, { ca_file = simulator.ca_file })
      local order = {}
      local report = c:trigger_all(ids(12), "enable", { concurrency = 12,
        on_result = function(entry) order[#order + 1] = entry end })
      assert.are.equal(12, #order)
      assert.is_true(order[12].result.elapsed >= 2)
      for i = 1, 11 do assert.is_true(order[i].result.elapsed < patience.of(1.5) * SLOWER, order[i].result.elapsed) end
      assert.is_truthy(report)
      c:close()
      simulator.stop()
    end)
  end

  -- On a busy machine calls may stop waiting for a connection before it is open. One for each
  -- call beyond the first hundred would be 151.
  it("opens no connection for each call that finds those of HTTP/2 full", function()
    local least, most = math.huge, patience.of(1) < 1.5 and 4 or 120
    for _ = 1, 5 do
      local simulator = process.simulator { token = "a-token", project = PROJECT, auto_create = true, tls = true,
        latency = 0.1 }
      local c = client(simulator.url, { ca_file = simulator.ca_file })
      c:trigger("wf-1", "enable")
      assert.are.equal(250, c:trigger_all(ids(250), "enable", { concurrency = 250 }).succeeded)
      least = math.min(least, connections(simulator))
      c:close()
      simulator.stop()
      if least <= most then break end
    end
    assert.is_true(least <= most, least)
  end)

  it("ends at each call's own deadline when a server accepts and says nothing", function()
    local server = silent()
    local c = client(secure(server), { insecure = true, timeout = 1.5, connect_timeout = 1, max_attempts = 10 })
    local count = 0
    c:trigger_all(ids(8), "enable", { concurrency = 8, rate = 10, on_result = function(entry)
      count = count + 1
      assert.are.equal("timeout", entry.error.kind)
      assert.is_true(entry.error.elapsed < patience.of(1.5) + 0.4 * SLOWER, entry.error.elapsed)
    end })
    assert.are.equal(8, count)
    c:close()
    server.stop()
  end)

  for _, case in ipairs {
    { "one connection over HTTP/2", nil, 200, 50, 1 },
    { "no more connections than calls at once over HTTP/1.1, and keeps them", 1.1, 64, 16, 16 },
  } do
    it("uses " .. case[1], function()
      local simulator = process.simulator { token = "a-token", project = PROJECT, auto_create = true,
        tls = true, http_version = case[2] }
      local c = client(simulator.url, { ca_file = simulator.ca_file })
      for _ = 1, 2 do
        c:trigger_all(ids(case[3]), "enable", { concurrency = case[4] })
      end
      local count = connections(simulator)
      assert.is_true(count <= case[5], count)
      c:close()
      simulator.stop()
    end)
  end
end)

--- Proves what the library requires of a user's adapter, what it accepts from one, and that the
--- example adapter for cqueues works.

local adapter = require "aom.loop.adapter"
local aom = require "aom"
local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local safe = require "aom.safe"

local SK, PROJECT = "adapter-secret", ("0123456789abcdef"):rep(2)

local serial = 0
local function options(loop)
  serial = serial + 1
  return { endpoint = "https://aom.example.com", project_id = PROJECT, ak = ("ADAPTER%d"):format(serial), sk = SK,
    loop = loop, max_attempts = 1 }
end

--- A loop whose clock does not move, and whose fetch is `fetch`.
local function loop_with(fetch)
  return {
    fetch = fetch, sleep = function() end, now = function() return 1 end, waiter = function() end,
    run = function(list) for _, body in ipairs(list) do body() end end,
  }
end

local function trigger(fetch)
  return safe.client(options(loop_with(fetch))):trigger("wf-1", "enable")
end

describe("an adapter", function()
  it("is refused if a required function is missing or not a function", function()
    for _, name in ipairs { "fetch", "sleep", "now", "waiter", "run" } do
      local loop = loop_with(function() end)
      loop[name] = nil
      local _, err = safe.client(options(loop))
      assert.are.equal("argument", err.kind)
      assert.matches(name, err.message)
    end
    local loop = loop_with(function() end)
    loop.spawn = true
    local _, err = safe.client(options(loop))
    assert.matches("spawn", err.message)
  end)

  it("returns a status, headers in any case, and a body", function()
    local result = trigger(function(attempt, deadline)
      assert(deadline > 1)
      local method, url, headers, body = attempt:signed()
      assert(method == "PUT" and url:find "^https://aom.example.com/v1/" and headers.Authorization and body == "")
      return { status = 200, headers = { ["X-Request-ID"] = { "id-1", "id-2" } }, body = '{"success"}' }
    end)
    assert.are.equal("id-1", result.request_id)
    assert.is_true(trigger(function() return { status = "204" } end).success)
  end)

  it("reports failures as a string or a table", function()
    local cases = {
      { function() return nil, "connection refused" end, "network", "connection refused" },
      { function() return nil, { kind = "timeout", message = "slow" } end, "timeout", "slow" },
      { function() return nil, { kind = "odd", message = "strange" } end, "network", "strange" },
      { function() return nil end, "network", "neither a response nor an error" },
      { function() return "200" end, "protocol", "no status" },
      { function() return { status = 200, body = {} } end, "protocol", "not a string" },
      { function() return { status = 200, body = ("x"):rep(2 ^ 20 + 1) } end, "protocol", "max_response_bytes" },
    }
    for _, case in ipairs(cases) do
      local _, err = trigger(case[1])
      assert.are.equal(case[2], err.kind)
      assert.matches(case[3], err.message, 1, true)
    end
  end)

  it("may say why no call can be made here", function()
    local loop = loop_with(function() error "sent" end)
    function loop.enter(later) return later and "not later" or "not now" end
    local client = safe.client(options(loop))
    local _, err = client:trigger("wf-1", "enable")
    assert.are.equal("argument", err.kind)
    assert.are.equal("not now", err.message)
    _, err = client:trigger("wf-1", "enable", function() error "called back" end)
    assert.are.equal("not later", err.message)
  end)

  it("runs the callback form with run if it has no spawn, and needs no cancel", function()
    local loop = loop_with(function() return { status = 200, body = "" } end)
    local seen
    local handle = aom.client(options(loop)):trigger("wf-1", "enable", function(_, result) seen = result end)
    handle:cancel()
    assert.is_true(seen.success)
  end)

  it("is not given with options that could have no effect", function()
    local bundle = core.authorities()
    for name, value in pairs { proxy = "http://127.0.0.1:9", insecure = true, ca_file = bundle } do
      local all = options(loop_with(function() error "sent" end))
      all[name] = value
      local client, err = safe.client(all)
      assert.is_nil(client, name)
      local message = ("option %s has no effect with an adapter, which makes the connections"):format(name)
      assert.are.same({ "config", message }, { err.kind, err.message })
    end
    local all = options(loop_with(function() return { status = 200, body = "" } end))
    all.proxy, all.insecure, all.connect_timeout = "", false, 2
    assert.is_true(safe.client(all):trigger("wf-1", "enable").success)
  end)

  it("is not modified", function()
    local given = loop_with(function() return nil, "x" end)
    local fetch = given.fetch
    local loop = adapter.new(given, { max_response_bytes = 1 })
    assert.are.equal(given.now, loop.now)
    assert.are.equal(fetch, given.fetch)
    assert.are_not.equal(fetch, loop.fetch)
  end)
end)

-- Debian has lua-http for LuaJIT and Lua 5.1, which cannot yield through pcall.
if not rawget(_G, "jit") then return end

describe("the adapter for cqueues", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = "A", sk = SK, project = PROJECT, workflows = { "wf-1", "wf-2", "任务" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function in_controller(body)
    local controller = require("cqueues").new()
    local loop = dofile(process.root .. "/examples/cqueues.lua")(controller)
    serial = serial + 1
    local ak = ("CQUEUES%d"):format(serial)
    simulator.set { keys = { [ak] = { sk = SK } } }
    local client = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = ak, sk = SK, loop = loop }
    controller:wrap(body, client, loop)
    assert(controller:loop(20))
    client:close()
  end

  it("runs concurrent calls, with retries, errors and callbacks", function()
    simulator.set { latency = 0.2 }
    local done, elapsed, retried, missing = 0, nil, nil, nil
    in_controller(function(client, loop)
      assert(client:trigger("任务", "enable").success)
      simulator.script { { status = 503 } }
      retried = client:trigger("wf-1", "enable").attempts
      local list = {}
      local function call()
        if client:trigger("wf-2", "disable").success then done = done + 1 end
      end
      for i = 1, 10 do list[i] = call end
      local started = loop.now()
      loop.run(list, 10)
      elapsed = loop.now() - started
      client:trigger("nobody", "enable", function(err) missing = err end)
    end)
    assert.are.equal(2, retried)
    assert.are.equal(10, done)
    assert.is_true(elapsed < patience.of(1), elapsed)
    assert.are.equal(404, missing.status)
  end)

  it("sends the calls of a new key one at a time", function()
    simulator.set { latency = 0.05 }
    local left = 5
    in_controller(function(client)
      for _ = 1, 5 do client:trigger("wf-1", "enable", function(err) left = left - (err and 0 or 1) end) end
    end)
    assert.are.equal(0, left)
    local requests = simulator.state().requests
    assert.is_true(requests[2].at - requests[1].at >= 0.04)
  end)

  it("times out, and reports a server that is not there", function()
    simulator.set { latency = 3 }
    local client = safe.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = SK, timeout = 0.4,
      loop = dofile(process.root .. "/examples/cqueues.lua")(require("cqueues").new()) }
    local _, err = client:trigger("wf-1", "enable")
    assert.are.equal("timeout", err.kind)
    client = safe.client { endpoint = "http://127.0.0.1:1", project_id = PROJECT, ak = "B", sk = SK, max_attempts = 1,
      loop = dofile(process.root .. "/examples/cqueues.lua")(require("cqueues").new()) }
    _, err = client:trigger("wf-1", "enable")
    assert.are.equal("network", err.kind)
  end)

  -- What a raw server sends before it closes the connection -> kind, or the body and the headers with a capital X.
  local answers = {
    ["a body that is cut short"] = { 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":', kind = "network" },
    ["a chunk that is cut short"] = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
      kind = "network" },
    ["a head that is cut short"] = { "HTTP/1.1 200 OK\r\nContent-", kind = "network" },
    ["headers that repeat"] = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-B: z\r\nX-A: 2\r\n\r\n{}",
      body = "{}", headers = { ["content-length"] = "2", ["x-a"] = { "1", "2" }, ["x-b"] = "z" } },
    ["a body without a length"] = { "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n{}", body = "{}", headers = { ["x-a"] = "1" } },
    ["no body"] = { "HTTP/1.1 204 No Content\r\n\r\n", body = "", headers = {} },
    ["hints before"] = { "HTTP/1.1 103 Early\r\nX-H: h\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
      body = "{}", headers = { ["content-length"] = "2" } },
  }
  for name, row in pairs(answers) do
    it("reads " .. name, function()
      -- In a process of its own, which may never end.
      local server = process.rawserver { replies = { row[1] } }
      local script = process.temporary(([[
        local controller = require("cqueues").new()
        local client = require("aom.safe").client { endpoint = %q, project_id = %q, ak = "A", sk = "S",
          max_attempts = 1, loop = dofile(%q)(controller) }
        controller:wrap(function()
          local result, err = client:request { method = "GET", path = "/v1/{project_id}/x" }
          print(require("cjson").encode(result and { body = result.body, headers = result.headers }
            or { kind = err.kind }))
        end)
        assert(controller:loop(20))
      ]]):format(server.url, PROJECT, process.root .. "/examples/cqueues.lua"))
      local output, code = process.run("timeout 20 luajit " .. process.quote(script))
      os.remove(script)
      server.stop()
      assert.are.equal(0, code)
      local got = require("cjson").decode(output)
      assert.are.same({ row.kind, row.body, row.headers }, { got.kind, got.body, got.headers })
    end)
  end

  it("waits for a server that is not there yet, also with what must not run twice", function()
    local err, waited
    in_controller(function(_, loop)
      local client = safe.client { endpoint = "http://127.0.0.1:1", project_id = PROJECT, ak = "AWAY", sk = SK,
        outage_timeout = 0.7, loop = loop }
      local started = loop.now()
      _, err = client:execute "wf-1"
      waited = loop.now() - started
    end)
    assert.are.same({ "network", true, 0 }, { err.kind, err.retryable, err.attempts })
    assert.is_true(waited >= 0.7, waited)
  end)

  it("calls a body that does not come in time a timeout", function()
    local server = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{" },
      ["then"] = "hold" }
    local err
    in_controller(function(_, loop)
      _, err = safe.client({ endpoint = server.url, project_id = PROJECT, ak = "SLOW", sk = SK, max_attempts = 1,
        attempt_timeout = 0.4, loop = loop }):trigger("wf-1", "enable")
    end)
    server.stop()
    assert.are.equal("timeout", err.kind)
  end)

  it("is a script too", function()
    simulator.set { latency = 0.1 }
    local output, code = process.run(("HUAWEICLOUD_SDK_AK=A HUAWEICLOUD_SDK_SK=%s HUAWEICLOUD_SDK_PROJECT_ID=%s "
      .. "HUAWEICLOUD_SDK_AOM_ENDPOINT=%s luajit %s disable wf-1 wf-2 2>&1"):format(SK, PROJECT, simulator.url,
      process.quote(process.root .. "/examples/cqueues.lua")))
    assert.are.equal(0, code, output)
    assert.matches("workflow wf-1: disabled\n", output, 1, true)
    assert.matches("workflow wf-2: disabled\n", output, 1, true)
    assert.is_true(tonumber(output:match "(%d+) ticks") >= 10)
  end)
end)

--- Proves how many wrong signatures reach a gateway, and how often a source is asked for other
--- credentials, counted at the server.

local accounts = require "spec.support.accounts"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local HTML = { status = 403, headers = { ["Content-Type"] = "text/html" }, body = "<html>blocked</html>" }
local REFUSED_BEHIND = { status = 401, headers = { ["Content-Type"] = "application/json" },
  body = '{"error_code":"AOM.31009003","error_msg":"auth failed."}' }
local EMPTY = { status = 401, body = "" }

local ids = {}
for i = 1, 100 do ids[i] = ("wf-%03d"):format(i) end

-- The process remembers keys beyond the simulator's reset, so each spec has its own.
local serial = 0
local function new_secret()
  serial = serial + 1
  return ("wrong-%d-%s"):format(serial, tostring {})
end

local function with(entry, more)
  local copy = {}
  for name, value in pairs(entry) do copy[name] = value end
  for name, value in pairs(more) do copy[name] = value end
  return copy
end

local function bulk(state, list, concurrency, options)
  return assert(methods.trigger_all(state, list, "enable", with(options or {}, { concurrency = concurrency })))
end

describe("a wrong key", function()
  local simulator
  setup(function()
    simulator = process.simulator { ak = "K", sk = "right", project = PROJECT, workflows = ids }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function options(sk)
    return { endpoint = simulator.url, project_id = PROJECT, ak = "K", sk = sk, proxy = "" }
  end

  local function open(sk) return assert(client.open(options(sk))) end

  local function total() return simulator.state().counts.total end

  it("sends two signatures in a bulk, with a concurrency of sixteen", function()
    simulator.set { latency = 0.02 }
    local report = bulk(open(new_secret()), ids, 16)
    assert.are.equal(100, report.failed)
    assert.are.equal(2, total())
  end)

  it("sends two signatures from all clients of the process", function()
    local sk = new_secret()
    for _ = 1, 5 do
      local state = open(sk)
      methods.trigger(state, "wf-001", "enable")
      client.close(state)
    end
    assert.are.equal(2, total())
  end)

  it("sends two signatures even if the library is reloaded", function()
    local sk = new_secret()
    local function unload()
      local loaded = {}
      for name, module in pairs(package.loaded) do
        if name:find "^aom%f[%W]" then loaded[name] = module end
      end
      for name in pairs(loaded) do package.loaded[name] = nil end
      return loaded
    end
    local before = unload()
    for _ = 1, 5 do
      local safe = require "aom.safe"
      local _, err = assert(safe.client(options(sk))):trigger("wf-001", "enable")
      assert.are.equal("APIGW.0301", err.code)
      assert.are.equal(401, err.status)
      unload()
    end
    for name, module in pairs(before) do package.loaded[name] = module end
    assert.are.equal(2, total())
  end)

  it("sends two signatures although a firewall's page answers every other request", function()
    local script = {}
    for i = 1, 50 do
      script[2 * i - 1] = { delay = 0 }
      script[2 * i] = HTML
    end
    simulator.script(script)
    local report = bulk(open(new_secret()), ids, 1)
    assert.are.equal(100, report.failed)
    local refused = 0
    for _, request in ipairs(simulator.state().requests) do
      if request.status == 401 then refused = refused + 1 end
    end
    assert.are.same({ 2, 3 }, { refused, total() })
  end)

  -- A process forked after the library was loaded shares the memory of keys.
  it("sends two signatures from a process and all its children", function()
    local chunk = ([[
      local ffi = require "ffi"
      ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"
      local safe = require "aom.safe"
      local pids = {}
      for i = 1, 6 do
        pids[i] = ffi.C.fork()
        if pids[i] == 0 then
          local client = safe.client { endpoint = %q, project_id = %q, ak = "K", sk = %q, proxy = "" }
          for _ = 1, 4 do client:trigger("wf-001", "enable") end
          ffi.C._exit(0)
        end
      end
      for i = 1, 6 do ffi.C.waitpid(pids[i], nil, 0) end
      print "done"
    ]]):format(simulator.url, PROJECT, new_secret())
    simulator.set { latency = 0.05 }
    local path = process.temporary(chunk)
    local output = process.run(("LUA_PATH=%s LUA_CPATH=%s luajit %s"):format(
      process.quote(process.root .. "/lua/?.lua;;"),
      process.quote(process.root .. "/build/luajit/?.so;;"), process.quote(path)))
    os.remove(path)
    assert.are.equal("done\n", output)
    assert.are.equal(2, total())
  end)
end)

describe("a right key", function()
  local simulator
  setup(function()
    simulator = process.simulator { ak = "K", sk = "right", project = PROJECT, workflows = ids }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function open(project)
    return assert(client.open { endpoint = simulator.url, project_id = project, ak = "K", sk = "right", proxy = "" })
  end

  it("keeps working when the service refuses it for some workflows", function()
    local state = open(PROJECT)
    simulator.script {
      with(REFUSED_BEHIND, { match = ids[10], times = 9 }), with(REFUSED_BEHIND, { match = ids[11], times = 9 }),
    }
    local report = bulk(state, ids, 4)
    assert.are.equal(98, report.succeeded)
    for i, entry in ipairs(report) do
      if entry.error then assert.are.same({ true, 1 }, { i == 10 or i == 11, entry.error.attempts }) end
    end
    assert.are.equal(100, simulator.state().counts.total)
  end)

  for name, answer in pairs {
    ["a missing workflow"] = { status = 404, body = "" },
    ["a gateway that knows no such path"] = { status = 404, body = '{"error_code":"APIGW.0101","error_msg":"no"}' },
    ["a firewall"] = HTML,
    ["a portal"] = { status = 200, headers = { ["Content-Type"] = "text/html" }, body = "<html>log in</html>" },
    ["a service that refuses it"] = REFUSED_BEHIND,
  } do
    it("does not give one call's response to those that wait while it is new: " .. name, function()
      -- Its own key, which was not accepted before.
      local sk = new_secret()
      local account = process.simulator { ak = "NEW", sk = sk, project = PROJECT, workflows = ids }
      account.script { with(answer, { delay = 0.1 }) }
      local state = assert(client.open { endpoint = account.url, project_id = PROJECT, ak = "NEW", sk = sk,
        proxy = "" })
      local report = bulk(state, ids, 16)
      account.stop()
      assert.are.equal(99, report.succeeded)
      assert.are.equal(1, report[1].error.attempts)
    end)
  end

  it("is used for one project after it was refused for another", function()
    local other = ("fedcba9876543210"):rep(2)
    simulator.set { projects = { [PROJECT] = {}, [other] = {} } }
    simulator.script { with(REFUSED_BEHIND, { match = other, times = 5 }) }
    local a, b = open(other), open(PROJECT)
    for _ = 1, 3 do
      local _, err = methods.trigger(a, ids[1], "enable")
      assert.are.same({ "AOM.31009003", 1 }, { err.code, err.attempts })
    end
    assert.is_true(assert(methods.trigger(b, ids[1], "enable")).success)
  end)
end)

describe("a token that is refused", function()
  local TOKENS = "POST /v3/auth/tokens"
  local USER = { username = "alice", password = "correct-horse", domain_name = "acme", project_id = accounts.PROJECT }
  local simulator

  setup(function() simulator = accounts.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.provision()
    simulator.set { auto_create = true }
  end)

  local function requests() return accounts.counts(simulator)[TOKENS] end

  for name, answer in pairs { ["by the service"] = REFUSED_BEHIND, ["without a word"] = EMPTY,
    ["by a firewall"] = with(HTML, { status = 401 }) } do
    it("is renewed once, and the call succeeds: " .. name, function()
      local state = assert(accounts.open(simulator, USER))
      assert(accounts.trigger(state))
      simulator.script { with(answer, { match = "trigger/action" }) }
      assert.are.equal(2, assert(accounts.trigger(state)).attempts)
      assert.are.equal(2, requests())
    end)

    it("causes one renewal for a whole bulk: " .. name, function()
      local state = assert(accounts.open(simulator, USER))
      assert(accounts.trigger(state))
      -- As after the token's end: all calls in flight are refused at first.
      simulator.script { with(answer, { match = "trigger/action", times = 8 }) }
      local list = {}
      for i = 1, 50 do list[i] = ids[i] end
      assert.are.equal(50, bulk(state, list, 8).succeeded)
      assert.are.equal(2, requests())
    end)

    for _, concurrency in ipairs { 1, 16 } do
      it(("makes no storm of token requests, %d at a time: %s"):format(concurrency, name), function()
        local state = assert(accounts.open(simulator, USER))
        simulator.script { with(answer, { match = "trigger/action", times = 1000 }) }
        local report = bulk(state, ids, concurrency)
        assert.are.equal(100, report.failed)
        for _, entry in ipairs(report) do assert.are.equal(401, entry.error.status) end
        assert.are.equal(2, requests())
      end)
    end
  end

  it("is not renewed if it was given as an option", function()
    local state = assert(accounts.open(simulator, { token = "t-option", project_id = accounts.PROJECT }))
    simulator.script { with(EMPTY, { match = "trigger/action", times = 1000 }) }
    local _, err = accounts.trigger(state)
    assert.are.same({ 401, 1 }, { err.status, err.attempts })
    assert.are.equal(1, simulator.state().counts.total)
  end)
end)

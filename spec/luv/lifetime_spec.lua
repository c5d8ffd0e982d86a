--- Proves what happens around calls under luv: errors in callbacks, dead coroutines, cancellation at any
--- moment, unused clients, scripts that end early.

local aom = require "aom"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local uv = require "luv"
local uvloop = require "spec.support.uvloop"

local AK, SK, PROJECT = "LIFEKEY", "life-secret", ("0123456789abcdef"):rep(2)

--- What `run` writes to standard error.
local function stderr_of(run)
  local lines = {}
  local real = io.stderr
  -- luacheck: push ignore 122
  io.stderr = { write = function(_, ...) lines[#lines + 1] = table.concat { ... } end }
  local fine, err = pcall(run)
  io.stderr = real
  -- luacheck: pop
  assert(fine, err)
  return table.concat(lines)
end

local function collect()
  for _ = 1, 4 do collectgarbage() end
end

describe("under luv", function()
  local simulator
  local serial = 0

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function options(more)
    local all = { endpoint = simulator.url, project_id = PROJECT, proxy = "", ak = AK, sk = SK, loop = "uv" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end
  local function open(more) return aom.client(options(more)) end

  local function fresh_key()
    serial = serial + 1
    local ak = ("LIFEKEY%d"):format(serial)
    simulator.set { keys = { [ak] = { sk = SK } } }
    return ak
  end

  local function after_a_call(c)
    local result
    c:enable("wf-1", function(_, r) result = r end)
    uvloop.run()
    assert.is_true(result.success)
  end

  it("an error in a callback is reported, and affects no other call", function()
    local c = open()
    local done = 0
    local text = stderr_of(function()
      for i = 1, 10 do
        c:enable("wf-1", function(err)
          if i % 2 == 0 then error("in callback " .. i) end
          if not err then done = done + 1 end
        end)
      end
      c:enable("wf-1", function() error { "a table" } end)
      uvloop.run()
    end)
    assert.are.equal(5, done)
    for i = 2, 10, 2 do assert.matches("in callback " .. i, text, 1, true) end
    assert.matches("lifetime_spec.lua", text, 1, true)
    after_a_call(c)
    c:close()
  end)

  it("an error in a coroutine is reported", function()
    local c = open()
    local text = stderr_of(function()
      coroutine.wrap(function()
        c:enable "wf-1"
        error "after the call"
      end)()
      uvloop.run()
    end)
    assert.matches("after the call", text, 1, true)
    c:close()
  end)

  it("an error in on_event or in a provider affects only its call", function()
    local text = stderr_of(function()
      local c = open { on_event = function() error "the hook" end }
      after_a_call(c)
      c:close()
    end)
    assert.matches("the hook", text, 1, true)
    -- Lua 5.1 cannot yield through a pcall, so there is none around a provider there.
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end
    local c = aom.client { endpoint = simulator.url, project_id = PROJECT, loop = "uv", proxy = "",
      credentials = function() error "the provider" end }
    local failure
    c:enable("wf-1", function(err) failure = err end)
    uvloop.run()
    assert.are.equal("credentials", failure.kind)
    c:close()
  end)

  -- Two refused requests would block the key: each case has a client whose key is accepted.
  local function cancelled_within(seconds, c, start, ready)
    local failure, at
    local handle = start(c, function(err) failure, at = err, uv.hrtime() end)
    local asked
    ready = ready or function() return true end
    local function cancel()
      if not ready() then return uvloop.after(0.02, cancel) end
      asked = uv.hrtime()
      handle:cancel()
      handle:cancel()
      assert.is_nil(failure)
    end
    uvloop.after(0.2, cancel)
    uvloop.run()
    assert.are.equal("cancelled", failure.kind)
    assert.is_true((at - asked) / 1e9 < patience.of(seconds), (at - asked) / 1e9)
    handle:cancel()
    assert.are.equal("cancelled", failure.kind)
  end

  it("cancelling ends a call at once: before it starts, in a transfer, in a back-off", function()
    local waits = false
    local c = open { on_event = function(event) waits = waits or event.event == "retry" end }
    after_a_call(c)
    local seen
    c:enable("wf-1", function(err) seen = err end):cancel()
    uvloop.run()
    assert.are.equal("cancelled", seen.kind)
    assert.are.equal(0, seen.attempts)
    assert.are.equal(1, simulator.state().counts.total)

    simulator.set { latency = 5 }
    cancelled_within(0.1, c, function(object, callback) return object:enable("wf-1", callback) end)
    simulator.set { latency = 0 }
    simulator.script { { status = 503, headers = { ["Retry-After"] = "20" } } }
    cancelled_within(0.1, c, function(object, callback) return object:enable("wf-1", callback) end,
      function() return waits end)
    after_a_call(c)
    c:close()
  end)

  it("cancelling ends the wait for another call with the same new key", function()
    local c = open { ak = fresh_key() }
    simulator.set { latency = 1 }
    local first, third
    c:enable("wf-1", function(_, result) first = result end)
    cancelled_within(0.1, c, function(object, callback)
      local handle = object:enable("wf-1", callback)
      object:enable("wf-1", function(_, result) third = result end)
      return handle
    end)
    assert.is_true(first.success)
    assert.is_true(third.success)
    c:close()
  end)

  it("closing ends the wait for a key and for credentials", function()
    local kinds = {}
    local function note(err) kinds[#kinds + 1] = err and err.kind or "success" end
    simulator.set { latency = 5 }
    local c = open { ak = fresh_key() }
    local waits
    local slow = aom.client { endpoint = simulator.url, project_id = PROJECT, loop = "uv", proxy = "",
      credentials = function(context)
        waits = true
        context.loop.sleep(4)
        return { ak = AK, sk = SK }
      end }
    for _ = 1, 3 do
      c:enable("wf-1", note)
      slow:enable("wf-1", note)
    end
    uvloop.after(0.2, function()
      assert.is_true(waits)
      c:close()
      slow:close()
    end)
    uvloop.run(2)
    assert.are.same({ "cancelled", "cancelled", "cancelled", "cancelled", "cancelled", "cancelled" }, kinds)
  end)

  it("a callback may close the client, cancel others, and call again", function()
    local c = open()
    after_a_call(c)
    local log = {}
    c:enable("wf-1", function()
      local other = c:enable("wf-1", function(err) log[#log + 1] = err and err.kind or "success" end)
      other:cancel()
      local again = c:disable "wf-1"
      log[#log + 1] = again.action
      c:close()
    end)
    uvloop.run()
    assert.are.same({ "cancelled", "disable" }, log)
  end)

  it("an unused idle client is collected", function()
    local weak = setmetatable({}, { __mode = "k" })
    for _ = 1, 3 do
      local state = assert(client.open(options()))
      weak[state] = true
      weak[state.loop] = true
      local result
      methods.enable(state, "wf-1", function(_, r) result = r end)
      uvloop.run()
      assert.is_true(result.success)
    end
    collect()
    assert.is_nil(next(weak))
  end)

  it("an unused client lives until its calls end, and is collected then", function()
    simulator.set { latency = 0.3 }
    local weak = setmetatable({}, { __mode = "k" })
    local result
    do
      local state = assert(client.open(options()))
      weak[state] = true
      methods.enable(state, "wf-1", function(_, r) result = r end)
    end
    uvloop.after(0.1, collect)
    uvloop.after(0.2, function()
      collect()
      assert.is_not_nil(next(weak))
    end)
    uvloop.run()
    assert.is_true(result.success)
    collect()
    assert.is_nil(next(weak))
  end)

  it("an abandoned or closed coroutine that waits leaves nothing behind", function()
    simulator.set { latency = 0.2 }
    local weak = setmetatable({}, { __mode = "k" })
    local c = open()
    after_a_call(c) -- as long as a key is new, whoever tries it out holds up the others
    local thread = coroutine.create(function() c:enable "wf-1" end)
    weak[thread] = true
    assert(coroutine.resume(thread))
    if coroutine.close then coroutine.close(thread) end -- luacheck: ignore
    thread = nil -- luacheck: ignore
    uvloop.run(3)
    collect()
    assert.is_nil(next(weak))
    after_a_call(c)
    c:close()
  end)

  it("a coroutine that another scheduler resumes continues to wait", function()
    simulator.set { latency = 0.2 }
    local c = open()
    after_a_call(c)
    local result
    local thread = coroutine.create(function() result = c:enable "wf-1" end)
    coroutine.resume(thread)
    coroutine.resume(thread, "nonsense")
    uvloop.after(0.1, function() coroutine.resume(thread) end)
    uvloop.run()
    assert.is_true(result.success)
    c:close()
  end)

  it("a stalled call times out while others keep the loop busy", function()
    local c = open { attempt_timeout = 0.5, max_attempts = 1 }
    after_a_call(c)
    simulator.script { { delay = 5 } }
    local failure, at
    local started = uv.hrtime()
    c:enable("wf-1", function(err) failure, at = err, (uv.hrtime() - started) / 1e9 end)
    local function more()
      if not failure then c:enable("wf-1", more) end
    end
    uvloop.after(0.1, more)
    uvloop.run(5)
    assert.are.equal("timeout", failure.kind)
    assert.is_true(at < patience.of(1.2), at)
    c:close()
  end)

  local SCRIPTS = {
    ["with calls in flight"] = "start() uv.run 'nowait'",
    ["with calls never begun"] = "start()",
    ["after closing mid-flight"] = "start() for _ = 1, 20 do uv.run 'nowait' uv.sleep(5) end c:close()",
    ["closed before the loop runs"] = "start() c:close()",
    ["after blocking calls"] = "for _ = 1, 3 do assert(c:enable('wf-1').success) end",
    ["after blocking calls beside others"] = "start() for _ = 1, 3 do assert(c:enable('wf-1').success) end",
    ["after an error that nobody caught"] = "start() uv.run 'nowait' pcall(error, 'x')",
    ["with a dead client's garbage"] = "start() c = nil collectgarbage() collectgarbage()",
  }
  -- Nobody runs the loop that the calls wait for.
  local LOST = {
    ["with calls never begun"] = true, ["after blocking calls beside others"] = true,
    ["with a dead client's garbage"] = true,
  }
  for name, script in pairs(SCRIPTS) do
    it("a script may end " .. name, function()
      simulator.set { latency = 0.2 }
      local path = process.temporary(([[
        local uv, aom = require "luv", require "aom"
        local c = aom.client { endpoint = %q, project_id = %q, ak = %q, sk = %q, loop = "uv", proxy = "" }
        local function start()
          for _ = 1, 5 do c:enable("wf-1", function() end) end
          coroutine.wrap(function() c:enable "wf-1" end)()
        end
        %s
      ]]):format(simulator.url, PROJECT, AK, SK, script))
      local lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
      local output, code = process.run(lua .. " " .. process.quote(path) .. " 2>&1")
      os.remove(path)
      if LOST[name] then assert.matches("^aom: 6 calls never ended", output) else assert.are.equal("", output) end
      assert.are.equal(0, code)
    end)
  end

  it("a client that is closed while its calls look the project up ends them at once", function()
    local iam = process.rawserver { replies = { "" }, delay = 20 }
    local given = options { region = "cn-north-4", iam_endpoint = iam.url, timeout = 3 }
    given.project_id = nil
    local c, kinds = aom.client(given), {}
    for _ = 1, 4 do
      c:enable("wf-1", function(err) kinds[#kinds + 1] = err.kind end)
    end
    local timer = uv.new_timer()
    uv.timer_start(timer, 200, 0, function()
      uv.close(timer)
      c:close()
    end)
    local started = uv.hrtime()
    uvloop.run()
    iam.stop()
    assert.are.same({ "cancelled", "cancelled", "cancelled", "cancelled" }, kinds)
    assert.is_true((uv.hrtime() - started) / 1e9 < patience.of(2))
  end)
end)

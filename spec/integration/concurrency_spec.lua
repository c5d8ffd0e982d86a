--- Proves that many calls share one engine, and that calls with a new key go out one at a time.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local serial = 0
local function open(url, options)
  serial = serial + 1
  local all = { endpoint = url, project_id = PROJECT, ak = "MANYKEY" .. serial, sk = "many-secret", proxy = "" }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(client.open(all))
end

--- Runs `count` calls as tasks; returns the results and errors in order.
local function run(state, count, concurrency)
  local results, failures, list = {}, {}, {}
  for i = 1, count do
    list[i] = function() results[i], failures[i] = methods.trigger(state, "wf-1", "enable") end
  end
  state.loop.run(list, concurrency)
  return results, failures
end

describe("many calls at once", function()
  local simulator
  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  it("all succeed, overlapping", function()
    simulator.set { latency = 0.1 }
    local state = open(simulator.url, { ak = "A", sk = "S" })
    methods.trigger(state, "wf-1", "enable")
    local started = state.loop.now()
    local results = run(state, 40, 20)
    local elapsed = state.loop.now() - started
    for i = 1, 40 do assert.is_true(results[i].success) end
    assert.are.equal(41, simulator.state().counts.total)
    -- Two rounds of 0.1 s; sequentially they would take 4 s.
    assert.is_true(elapsed < patience.of(2), elapsed)
    methods.close(state)
  end)

  it("with a wrong key cause two requests in a thousand calls", function()
    local state = open(simulator.url, { ak = "A", sk = "wrong" })
    local _, failures = run(state, 1000, 100)
    for i = 1, 1000 do assert.are.equal(401, failures[i].status) end
    assert.are.equal(2, simulator.state().counts.total)
    methods.close(state)
  end)

  it("with a new key go out one at a time until it is accepted", function()
    simulator.set { latency = 0.1, keys = { NEWKEY = { sk = "s" } } }
    local state = open(simulator.url, { ak = "NEWKEY", sk = "s" })
    local results = run(state, 10, 10)
    for i = 1, 10 do assert.is_true(results[i].success) end
    local requests = simulator.state().requests
    assert.is_true(requests[2].at - requests[1].at >= 0.09)
    -- Sequentially, these would be 0.8 s apart.
    assert.is_true(requests[10].at - requests[2].at < patience.of(0.4))
    methods.close(state)
  end)

  it("share the error of the first when it gets no answer", function()
    local server = process.rawserver { replies = { "" } }
    local state = open(server.url, { max_attempts = 2 })
    local _, failures = run(state, 50, 50)
    assert.are.equal(2, failures[1].attempts)
    for i = 2, 50 do
      assert.are.equal("network", failures[i].kind)
      assert.are.equal(0, failures[i].attempts)
    end
    assert.are.equal(2, #server.requests())
    methods.close(state)
    server.stop()
  end)

  it("correct a wrong clock with at most one refusal each", function()
    simulator.set { clock_offset = 1200, keys = { SKEWKEY = { sk = "s" } } }
    local state = open(simulator.url, { ak = "SKEWKEY", sk = "s" })
    local results = run(state, 10, 10)
    for i = 1, 10 do assert.is_true(results[i].success) end
    assert.are.equal(11, simulator.state().counts.total)
    methods.close(state)
  end)

  it("wait for their retries concurrently", function()
    local state = open(simulator.url, { ak = "A", sk = "S" })
    methods.trigger(state, "wf-1", "enable")
    simulator.script { { status = 429, headers = { ["Retry-After"] = "1" }, times = 10 } }
    local started = state.loop.now()
    local results = run(state, 10, 10)
    local elapsed = state.loop.now() - started
    for i = 1, 10 do assert.are.equal(2, results[i].attempts) end
    assert.is_true(elapsed >= 1 and elapsed < patience.of(3), elapsed)
    methods.close(state)
  end)

  it("raise what a task raises, after all have ended", function()
    local state = open(simulator.url, { ak = "A", sk = "S" })
    local done = 0
    local function fine()
      methods.trigger(state, "wf-1", "enable")
      done = done + 1
    end
    local ok, err = pcall(state.loop.run, { fine, function() error({ "mine" }, 0) end, fine }, 3)
    assert.is_false(ok)
    assert.are.same({ "mine" }, err)
    assert.are.equal(2, done)
    methods.close(state)
  end)
end)

--- Proves how waiting for an execution ends, how often it asks, and which errors it ignores.

local cjson = require "cjson"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local operations = require "aom.api.operations"
local results = require "aom.api.result"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local function shows(status) return { status = 200, body = cjson.encode { execution_id = "e", status = status } } end

describe("waiting for an execution", function()
  local function wait(answers, options, execution)
    local world = world_of.new()
    local loop = scripted.new(world, answers)
    local state = assert(client.open(scripted.options(loop), world))
    local result, err = methods.wait(state, execution or { workflow_id = "w", id = "e" }, options)
    return result, err, loop
  end

  for _, status in ipairs { "success", "fail", "cancel", "approvalFailed" } do
    it("ends with " .. status, function()
      local execution, err, loop = wait { shows "executing", shows(status) }
      assert.is_nil(err)
      assert.are.equal(status, execution.status)
      assert.are.equal(2, #loop.attempts)
      assert.matches("/workflow/w/executions/e/status$", loop.attempts[1].wire.url)
    end)
  end

  for _, status in ipairs { "executing", "waitExecute", "waitApproval", "pausing", "canceling", "Success", "done" } do
    it("continues with " .. status, function()
      local execution, err = wait({ shows(status) }, { timeout = 3 })
      assert.is_nil(execution)
      assert.are.equal("timeout", err.kind)
      assert.matches(status, err.hint)
    end)
  end

  it("ends with a status in option final", function()
    assert.are.equal("done", wait({ shows "done" }, { final = { "done" } }).status)
  end)

  it("sends requests less and less often", function()
    local _, _, loop = wait({ shows "executing" }, { timeout = 60, interval = 2 })
    assert.are.same({ 2, 3, 4.5, 6.75, 10.125, 15, 15 }, { (table.unpack or unpack)(loop.slept, 1, 7) })
  end)

  it("keeps a long interval", function()
    local _, _, loop = wait({ shows "executing" }, { timeout = 61, interval = 20 })
    assert.are.same({ 20, 20, 20, 1 }, loop.slept)
  end)

  it("never takes longer than its timeout", function()
    local _, err, loop = wait({ shows "executing" }, { timeout = 5 })
    assert.are.equal("timeout", err.kind)
    assert.are.equal(5, loop.now())
    _, err, loop = wait({ { status = 200, takes = 1000 } }, { timeout = 5 })
    assert.are.equal("timeout", err.kind)
    assert.are.equal(5, loop.now())
  end)

  it("reports progress", function()
    local seen = {}
    local function note(...) seen[#seen + 1] = { ... } end
    local _, _, loop = wait({ shows "waitExecute", shows "executing", shows "success" }, {
      timeout = 60, interval = 2, on_progress = note,
    })
    for i, row in ipairs { { 0, "waitExecute" }, { 2, "executing" }, { 5, "success" } } do
      local done, total, execution = seen[i][1], seen[i][2], seen[i][3]
      assert.are.same({ row[1], 60, row[2], 3 }, { done, total, execution.status, #seen[i] })
      assert.are.equal("e", execution.execution_id)
    end
    assert.are.equal(3, #seen)
    assert.are.equal(5, loop.now())
  end)

  it("ignores retryable errors until its timeout", function()
    local execution = wait({ { status = 503 }, { status = 503 }, { status = 503 }, { status = 503 },
      shows "success" }, { timeout = 60 })
    assert.are.equal("success", execution.status)
  end)

  it("ends with an error that is not retryable", function()
    local execution, err = wait { { status = 404, body = '{"error_code":"AOM.1","error_msg":"gone"}' } }
    assert.is_nil(execution)
    assert.are.equal(404, err.status)
  end)

  for name, case in pairs {
    ["no execution"] = { "e", nil, "expected an execution" },
    ["an execution without a workflow"] = { { id = "e" }, nil, "^workflow_id: " },
    ["an execution without an id"] = { { workflow_id = "w" }, nil, "got a table without execution_id$" },
    ["a workflow"] = { { id = "w", name = "nightly", workflow_id = "f" }, nil, "got a workflow$" },
    ["a workflow that names no other"] = { { id = "w", name = "nightly" }, nil, "got a workflow$" },
    ["a result of another call"] = { results.printable({ workflow_id = "w", success = true }, operations.trigger), nil,
      "^wait: expected an execution, as client:execute returns it, got a result without execution_id$" },
    ["an unknown option"] = { { workflow_id = "w", id = "e" }, { timeuot = 1 }, "unknown option" },
    ["a bad option"] = { { workflow_id = "w", id = "e" }, { timeout = "1" },
      'wait: timeout: expected a finite number of seconds above 0, got "1"' },
  } do
    it("refuses " .. name, function()
      local result, err, loop = wait({ shows "success" }, case[2], case[1])
      assert.is_nil(result)
      assert.are.equal("argument", err.kind)
      assert.matches(case[3], err.message)
      assert.are.equal(0, #loop.attempts)
    end)
  end
end)

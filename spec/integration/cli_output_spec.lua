--- Proves what becomes of `aom` where its standard output takes nothing: the work is done to
--- its end, and the exit status tells.

local command = require "spec.support.command"
local process = require "spec.support.process"

local FULL = "^aom: standard output cannot be written: No space left on device\n$"

describe("aom, whose output", function()
  local simulator

  setup(function() simulator = command.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function() command.arrange(simulator) end)

  local function states()
    local workflows, list = simulator.state().workflows, {}
    for i = 1, 3 do list[i] = workflows["id-" .. i].trigger_status end
    return table.concat(list, " ")
  end

  for _, words in ipairs {
    "list", "list --json", "list --type event", "completion zsh", "doctor", "doctor --json",
    "request GET '/v1/{project_id}/cms/workflow/id-2/executions'", "sign GET /x", "enable id-2", "enable id-2 --json",
    "run id-1", "run id-1 --json", "pause --match '' --dry-run",
  } do
    it("is full: " .. words, function()
      local _, code, errors = command.call(simulator.url, words, "/dev/full")
      assert.matches(FULL, errors)
      assert.are.equal(1, code)
    end)
  end

  for _, words in ipairs { "list", "--help", "pause --help", "--version" } do
    it("is full, of a process: " .. words, function()
      local _, code, errors = command.run(simulator.url, words .. " >/dev/full")
      assert.matches(FULL, errors)
      assert.are.equal(1, code)
    end)
  end

  it("is full keeps the status of what went wrong", function()
    local _, code, errors = command.run(simulator.url, "enable nobody --json >/dev/full")
    assert.are.equal(3, code)
    assert.matches("^aom: nobody: service: .*\naom: standard output cannot be written", errors)
  end)

  -- What nobody reads, and what holds after it.
  for _, case in ipairs {
    { "is full", ">/dev/full", 1 },
    { "nobody reads", "| :", 0 },
    { "nobody reads, where that is no signal", "| :", 0, "trap '' PIPE; " },
    { "is closed", ">&-", 0 },
  } do
    it(case[1] .. " ends no work that has begun", function()
      simulator.set { latency = 0.1 }
      local before = #simulator.state().requests
      local output, code = process.run(("%senv %s bash -c %s"):format(case[4] or "", command.environment(simulator.url),
        process.quote(command.line("disable id-1 id-2 id-3 --concurrency 1 " .. case[2]) .. "; exit ${PIPESTATUS[0]}")))
      simulator.set { latency = 0 }
      assert.are.equal("", output)
      assert.are.equal(case[3], code)
      assert.are.equal("disable disable disable", states())
      assert.are.equal(before + 3, #simulator.state().requests)
    end)
  end

  it("is closed, and its errors too: they are not sent to the service", function()
    local words = command.line "disable nobody id-1 id-2 id-3 --concurrency 1"
    local before = simulator.state()
    local _, code = process.run(("env %s %s <&- >&- 2>&-"):format(command.environment(simulator.url), words))
    assert.are.equal(1, code)
    assert.are.equal("disable disable disable", states())
    local after = simulator.state()
    assert.are.equal(#before.requests + 4, #after.requests)
    -- A request that is garbage ends its connection.
    assert.are.equal(before.connections.opened + 1, after.connections.opened)
  end)

  it("is read in part is quiet", function()
    local output, code, errors = command.run(simulator.url, "list | head -n 1")
    assert.matches("^NAME [^\n]*\n$", output)
    assert.are.equal("", errors)
    assert.are.equal(0, code)
  end)
end)

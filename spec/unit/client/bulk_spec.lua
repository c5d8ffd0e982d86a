--- Proves that a bulk has one entry for each id, and keeps its order, limits and options.

local bulk = require "aom.client.bulk"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local errors = require "aom.util.errors"
local scopes = require "aom.loop.scope"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = '{"success"}' }
local LIST = { status = 200,
  body = '{"elements":[{"id":"1","name":"b"},{"id":"2","name":"a"}],"total_elements":2}' }

local function answer(status, headers) return { status = status, headers = headers, body = "" } end

local function open(answers, options)
  local world = world_of.new()
  local loop = scripted.new(world, answers)
  return assert(client.open(scripted.options(loop, options), world)), loop
end

describe("a bulk", function()
  it("has one entry for each id, in order", function()
    local state, loop = open { OK, answer(404), OK }
    local seen = {}
    local report = assert(methods.trigger_all(state, { "a", "b", "c" }, "disable", {
      on_result = function(entry, done, total) seen[#seen + 1] = ("%s %d/%d"):format(entry.id, done, total) end,
    }))
    assert.are.equal(2, report.succeeded)
    assert.are.equal(1, report.failed)
    assert.are.equal("a", report[1].id)
    assert.are.equal("disable", report[1].result.action)
    assert.are.equal(404, report[2].error.status)
    assert.is_nil(report[2].result)
    assert.are.equal("c", report[3].result.workflow_id)
    assert.are.same({ "a 1/3", "b 2/3", "c 3/3" }, seen)
    assert.are.equal(3, #loop.attempts)
  end)

  it("may be empty", function()
    local state, loop = open { OK }
    local report = assert(methods.trigger_all(state, {}, "enable"))
    assert.are.equal(0, #report)
    assert.are.equal(0, report.succeeded + report.failed)
    assert.are.equal(0, #loop.attempts)
  end)

  -- { name = os.getenv "NAME" } is empty, too, where the variable is not set.
  for name, ids in pairs {
    ["an empty list"] = {}, ["a selection without its name"] = { name = nil },
    ["a selection that may match nothing"] = { name = "c", allow_none = true },
  } do
    it("of " .. name .. " prints that nothing was meant", function()
      local state = open { LIST, LIST }
      local report = assert(methods.trigger_all(state, ids, "enable"))
      assert.matches("; nothing was given or selected$", tostring(report))
    end)
  end

  it("sends a repeated id once", function()
    local state, loop = open { OK }
    local report = assert(methods.trigger_all(state, { "a", "b", "a" }, "enable"))
    assert.are.equal(2, #loop.attempts)
    assert.are.equal(3, report.succeeded)
    assert.are.equal(report[1].result, report[3].result)
  end)

  it("accepts workflows as ids", function()
    local state = open { OK }
    local report = assert(methods.trigger_all(state, { { id = "a", name = "A" } }, "enable"))
    assert.are.equal("A", report[1].name)
    assert.are.equal("a", report[1].result.workflow_id)
  end)

  for name, case in pairs {
    ["a malformed id"] = { { { "a", "b/c" }, "enable" }, "^ids%[2%]: expected an id" },
    ["an id that is none"] = { { { 5 }, "enable" }, "^ids%[1%]: expected a string" },
    ["a selection in a list"] = { { { { name = "x" } }, "enable" },
      "^ids%[1%]: expected an id or a workflow, got a table without id$" },
    ["a list in a list"] = { { { "a", { "b" } }, "enable" }, "^ids%[2%]: expected an id or a workflow, got a table" },
    ["a hole"] = { { { [1] = "a", [3] = "c" }, "enable" }, "without holes" },
    ["a text for a list"] = { { "a", "enable" }, "^ids: expected a list" },
    ["an action"] = { { { "a" }, "toggle" }, "^action: " },
    ["an option's name"] = { { { "a" }, "enable", { concurency = 1 } }, "unknown option" },
    ["an option's value"] = { { { "a" }, "enable", { concurrency = 0 } },
      "^trigger_all: concurrency: expected a whole number from 1 to 2147483647, got 0$" },
    ["a rate"] = { { { "a" }, "enable", { rate = 0 } }, "^trigger_all: rate: " },
    ["options"] = { { { "a" }, "enable", 5 }, "^trigger_all: expected a table of options, got 5" },
    ["an option of a kind that shows nothing"] =
      { { { "a" }, "enable", { on_result = {} } }, "^trigger_all: on_result: expected a function, got a table$" },
    ["a pattern"] = { { { match = "[" }, "enable" }, "is not a Lua pattern" },
    ["a selection without a pattern"] = { { { search = "x" }, "enable" },
      "^selection: expected exactly one of name, names or match .*, got none$" },
    ["a selection"] = { { { match = "a", typ = "cron" }, "enable" }, "unknown field" },
    ["a filter"] = { { { match = "a", type = "daily" }, "enable" }, "type: expected" },
  } do
    it("refuses " .. name .. " before anything is sent", function()
      local state, loop = open { OK }
      local report, err = methods.trigger_all(state, case[1][1], case[1][2], case[1][3])
      assert.is_nil(report)
      assert.are.equal("argument", err.kind)
      assert.matches(case[2], err.message)
      assert.are.equal(0, #loop.attempts)
    end)
  end

  -- Lua finds the fault only in a name that begins with "a".
  it("refuses a pattern whose fault shows late, before anything is switched", function()
    local state, loop = open { LIST, OK }
    local report, err = methods.trigger_all(state, { match = "^a[" }, "enable")
    assert.is_nil(report)
    assert.are.equal("argument", err.kind)
    assert.matches('^match: "%^a%[" is not a Lua pattern: ', err.message)
    assert.are.equal(1, #loop.attempts)
  end)

  it("accepts a predicate that returns more than one value", function()
    local state = open { LIST, OK }
    local report = assert(methods.trigger_all(state,
      { match = function(workflow) return workflow.name:find "a" end }, "enable"))
    assert.are.equal(1, #report)
    assert.are.equal("2", report[1].id)
  end)

  it("stops at an error if asked to, and says so in the remaining entries", function()
    local state, loop = open { OK, answer(403), OK }
    local report = assert(methods.trigger_all(state, { "a", "b", "c", "d" }, "enable", { stop_on_error = true }))
    assert.are.equal(2, #loop.attempts)
    assert.are.equal(1, report.succeeded)
    assert.are.equal(3, report.failed)
    assert.are.equal(403, report[2].error.status)
    for i = 3, 4 do
      assert.are.equal("cancelled", report[i].error.kind)
      assert.are.equal(0, report[i].error.attempts)
    end
  end)

  it("continues after errors by default", function()
    local state = open { answer(403), answer(403), OK }
    local report = assert(methods.trigger_all(state, { "a", "b", "c" }, "enable"))
    assert.are.equal(1, report.succeeded)
  end)

  it("keeps to a rate", function()
    local state, loop = open { OK }
    methods.trigger_all(state, { "a", "b", "c", "d", "e" }, "enable", { rate = 4 })
    local starts = {}
    for i, attempt in ipairs(loop.attempts) do starts[i] = attempt.at end
    assert.are.same({ 0, 0.25, 0.5, 0.75, 1 }, starts)
  end)

  it("holds back all calls after a 429", function()
    local state, loop = open({ answer(429, { ["retry-after"] = "7" }), OK }, { max_attempts = 1 })
    local report = assert(methods.trigger_all(state, { "a", "b", "c" }, "enable"))
    assert.are.equal(429, report[1].error.status)
    assert.are.equal(0, loop.attempts[1].at)
    assert.are.equal(7, loop.attempts[2].at)
    assert.are.equal(7, loop.attempts[3].at)
  end)

  it("counts each timeout from its own start", function()
    local state = open({ { status = 200, body = '{"success"}', takes = 2 } }, { timeout = 3 })
    assert.are.equal(5, assert(methods.trigger_all(state, { "a", "b", "c", "d", "e" }, "enable")).succeeded)
  end)

  it("raises what on_result raises, when all have ended", function()
    local world = world_of.new()
    local loop = scripted.new(world, { OK })
    function loop.run(list)
      local failure
      for _, body in ipairs(list) do
        local fine, err = pcall(body)
        if not fine then failure = failure or { err } end
      end
      if failure then error(failure[1], 0) end
    end
    local state = assert(client.open(scripted.options(loop), world))
    local ok, err = pcall(methods.trigger_all, state, { "a", "b" }, "enable", {
      on_result = function() error("mine", 0) end,
    })
    assert.is_false(ok)
    assert.are.equal("mine", err)
    assert.are.equal(2, #loop.attempts)
  end)

  it("hands its report to a callback", function()
    local state = open { OK }
    local seen
    methods.trigger_all(state, { "a" }, "enable", function(err, report) seen = { err, report } end)
    assert.is_nil(seen[1])
    assert.are.equal(1, seen[2].succeeded)
  end)

  it("is refused on a closed client", function()
    local state = open { OK }
    methods.close(state)
    local report, err = methods.trigger_all(state, { "a" }, "enable")
    assert.is_nil(report)
    assert.is_true(errors.is_error(err))
  end)
end)

describe("a bulk whose service asks for an extremely long wait", function()
  for _, seconds in ipairs { "86400", ("9"):rep(30), ("9"):rep(500) } do
    for _, rate in ipairs { 0, 100 } do
      it(("ends: %.12s… seconds, rate %d"):format(seconds, rate), function()
        local state, loop = open { answer(429, { ["retry-after"] = seconds }) }
        local report = assert(methods.trigger_all(state, { "a", "b", "c" }, "enable",
          { rate = rate > 0 and rate or nil }))
        assert.are.equal(3, report.failed)
        assert.are.equal(1, #loop.attempts)
        assert.are.equal("timeout", report[3].error.kind)
        assert.is_true(loop.now() < 1)
      end)
    end
  end
end)

describe("a bulk of ids from elsewhere", function()
  it("has an error for an invalid one", function()
    local state, loop = open { OK }
    local report = bulk.switch(state, scopes.new(), { { id = "a/b" }, { id = "c" } }, "enable", {})
    assert.are.equal("argument", report[1].error.kind)
    assert.are.equal(0, report[1].error.attempts)
    assert.is_true(report[2].result.success)
    assert.are.equal(1, #loop.attempts)
  end)
end)

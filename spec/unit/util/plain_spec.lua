--- Proves how tables with a metatable are read, wherever a caller may give one.

local bulk = require "aom.client.bulk"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local options = require "aom.config.options"
local containers = require "aom.util.containers"
local scripted = require "spec.support.scripted"
local signing = require "aom.http.sign"
local world = require "spec.support.world"


--- A table that holds nothing itself: all is behind `__index`, as a table or a function,
--- which counts how often each name is asked for.
local function behind(values)
  local asked = {}
  return {
    { "a table", setmetatable({}, { __index = values }) },
    { "a function", setmetatable({}, { __index = function(_, name)
      asked[name] = (asked[name] or 0) + 1
      return values[name]
    end }), asked },
    { "a table, where the metatable hides itself", setmetatable({}, { __index = values, __metatable = false }) },
    { "two tables, one behind the other", setmetatable({}, { __index = setmetatable({}, { __index = values }) }) },
  }
end

local function raising()
  return setmetatable({}, { __index = function(_, name) error("no " .. tostring(name), 0) end })
end

--- Lists that hold less than they show, on some Lua versions.
local function veiled_lists(full)
  local count = #full
  return {
    { "elements behind __index", setmetatable({}, { __index = full }) },
    { "elements behind __index and a length", setmetatable({}, { __index = full,
      __len = function() return count end }) },
    { "elements behind a function", setmetatable({}, { __index = function(_, i) return full[i] end }) },
    { "a length alone", setmetatable({}, { __len = function() return count end }) },
    { "a metatable that hides itself", setmetatable({}, { __index = full, __metatable = "no" }) },
    { "an __index that raises", raising() },
    { "a metatable with nothing in it", setmetatable({}, {}) },
    { "some elements, and more behind __index", setmetatable({ full[1] }, { __index = { full[1], full[1] } }) },
    { "some elements, and an __index that raises", setmetatable({ full[1] }, getmetatable(raising())) },
  }
end

--- Maps that may hold more than they show.
local function veiled_maps(full)
  return {
    { "__index", setmetatable({}, { __index = full }) },
    { "entries and __index", setmetatable({ a = "b" }, { __index = full }) },
    { "a function for __index", setmetatable({}, { __index = function(_, name) return full[name] end }) },
    { "__pairs", setmetatable({}, { __pairs = function() return next, full, nil end }) },
    { "__len", setmetatable({}, { __len = function() return 1 end }) },
    { "a metatable that hides itself", setmetatable({}, { __index = full, __metatable = {} }) },
  }
end

-- A list class's own methods are no elements.
local Class = {}
Class.__index = Class
function Class.push() end

local function open(answers)
  local w = world.new()
  local loop = scripted.new(w, answers or { { status = 200, body = '{"success"}' } })
  return assert(client.open(scripted.options(loop), w)), loop
end

describe("client options behind a metatable", function()
  local all = { region = "cn-north-4", ak = "A", sk = "S", timeout = 7, insecure = false }

  it("count, and each is read once", function()
    for _, case in ipairs(behind(all)) do
      local copy = assert(options.check(case[2]))
      assert.are.same(all, copy)
      assert.is_nil(getmetatable(copy))
      for name, times in pairs(case[3] or {}) do assert.are.equal(1, times, name) end
    end
  end)

  it("come after the table's own", function()
    local copy = assert(options.check(setmetatable({ timeout = 5, insecure = true }, { __index = all })))
    assert.are.same({ 5, true, "A" }, { copy.timeout, copy.insecure, copy.ak })
  end)

  it("are checked like the others", function()
    local copy, err = options.check(setmetatable({}, { __index = { timeout = -1 } }))
    assert.is_nil(copy)
    assert.matches("^option timeout: expected ", err.message)
  end)

  it("that cannot be read are an argument error", function()
    local copy, err = options.check(raising())
    assert.is_nil(copy)
    assert.are.equal("argument", err.kind)
    assert.matches("^option [%l_]+: reading it raised an error: no [%l_]+$", err.message)
  end)

  it("may be misspelt unseen; visible unknown ones are refused", function()
    assert(options.check(setmetatable({}, { __index = { regoin = "x" } })))
    local copy, err = options.check(setmetatable({ regoin = "x" }, { __index = all }))
    assert.is_nil(copy)
    assert.are.equal('did you mean "region"?', err.hint)
  end)

  it("are refused if they are misspelt and hidden from pairs", function()
    local given = setmetatable({ regoin = "x" }, { __pairs = function() return next, {}, nil end })
    local copy, err = options.check(given)
    assert.is_nil(copy)
    assert.are.equal('unknown option "regoin"', err.message)
  end)

  for _, case in ipairs(veiled_lists { "https://a" }) do
    it("have no list of endpoints with " .. case[1], function()
      local copy, err = options.check { endpoint = case[2] }
      assert.is_nil(copy)
      assert.matches("^option endpoint: expected ", err.message)
    end)
  end
end)

describe("a list with a metatable", function()
  for _, case in ipairs(veiled_lists { "wf-1", "wf-2" }) do
    it("is no list of ids with " .. case[1], function()
      local state, loop = open()
      local report, err = methods.trigger_all(state, case[2], "disable")
      assert.is_nil(report)
      assert.are.equal("argument", err.kind)
      assert.are.equal(0, #loop.attempts)
    end)

    it("is no list of statuses with " .. case[1], function()
      local result, err = methods.wait(open(), { workflow_id = "w", execution_id = "e" }, { final = case[2] })
      assert.is_nil(result)
      assert.matches("^wait: final: expected a list", err.message)
    end)

    it("is no list of spellings with " .. case[1], function()
      local result, err = methods.pause(open(), { match = "", dry_run = true, states = { on = case[2] } })
      assert.is_nil(result)
      assert.matches("^states: ", err.message)
    end)

    it("is no list of names to sign with " .. case[1], function()
      local signed, err = signing.sign({ method = "GET", host = "h", path = "/" },
        { ak = "A", sk = "S", signed_headers = case[2] })
      assert.is_nil(signed)
      assert.matches("^credentials.signed_headers: expected a list", err.message)
    end)

    it("is no field of a workflow with " .. case[1], function()
      local result, err = methods.create_workflow(open(), { name = "n", type = "cron", template_id = "t", input = {},
        task_type = "job", quote = case[2] })
      assert.is_nil(result)
      assert.matches("^create_workflow: quote: expected a list", err.message)
    end)
  end

  it("is accepted if all its elements are visible", function()
    local ids = setmetatable({ "wf-1", "wf-2" }, Class)
    assert.are.same({ "wf-1", "wf-2" }, containers.list(ids))
    assert.are.equal(2, assert(methods.trigger_all(open(), ids, "enable")).succeeded)
  end)

  it("is not needed for an empty list", function()
    local report = assert(methods.trigger_all(open(), {}, "enable"))
    assert.are.same({ 0, 0 }, { report.succeeded, report.failed })
  end)
end)

describe("a map with a metatable", function()
  local request = { method = "GET", host = "h", path = "/" }

  for _, case in ipairs(veiled_maps { a = "c" }) do
    for _, name in ipairs { "headers", "query" } do
      it(("is no %s to sign with %s"):format(name, case[1]), function()
        local given = { [name] = case[2] }
        for field, value in pairs(request) do given[field] = value end
        local signed, err = signing.sign(given, { ak = "A", sk = "S" })
        assert.is_nil(signed)
        assert.are.equal("argument", err.kind)
        assert.matches("^request." .. name .. ": ", err.message)
      end)
    end

    local values = { tags = case[2], input = case[2], ["an input deep inside"] = { x = { 1, { y = case[2] } } } }
    for what, value in pairs(values) do
      it(("is no %s with %s"):format(what, case[1]), function()
        local name = what:match "^%l+$" or "input"
        local given = { name = "n", type = "cron", template_id = "t", task_type = "job", input = {} }
        given[name] = value
        local state, loop = open()
        local result, err = methods.create_workflow(state, given)
        assert.is_nil(result)
        assert.matches("^create_workflow: " .. name .. ": expected ", err.message)
        assert.are.equal(0, #loop.attempts)
      end)
    end

    it("is no filter's tags with " .. case[1], function()
      for _, call in ipairs {
        function(state) return methods.all_workflows(state, { tags = case[2] }) end,
        function(state) return methods.pause(state, { match = "", dry_run = true, tags = case[2] }) end,
        function(state) return methods.trigger_all(state, { match = "", tags = case[2] }, "disable") end,
      } do
        local state, loop = open()
        local result, err = call(state)
        assert.is_nil(result)
        assert.are.equal("argument", err.kind)
        assert.are.equal(0, #loop.attempts)
      end
    end)
  end

  it("is accepted if the metatable changes nothing in it", function()
    local tags = setmetatable({ a = "b" }, { __tostring = function() return "tags" end })
    local list = { status = 200, body = '{"elements":[],"total":0}' }
    assert.are.same({}, assert(methods.all_workflows(open { list }, { tags = tags })))
  end)
end)

describe("the options of a method behind a metatable", function()
  local LIST = { status = 200, body = '{"elements":[{"id":"w1","name":"a","trigger_status":"enable"}],"total":1}' }

  -- Whether a value behind a metatable was seen, by its effect.
  local cases = {
    { "stop_on_error of trigger_all", { stop_on_error = 7 }, function(given)
      return methods.trigger_all(open(), { "w" }, "enable", given)
    end, "^trigger_all: stop_on_error: expected true or false, got 7" },
    { "interval of wait", { interval = -7 }, function(given)
      return methods.wait(open(), { workflow_id = "w", execution_id = "e" }, given)
    end, "^wait: interval: expected" },
    { "concurrency of pause", { concurrency = -7 }, function(given) return methods.pause(open(), given) end,
      "^pause: concurrency: expected" },
    { "dry_run of resume", { dry_run = 7 }, function(given) return methods.resume(open(), "f", given) end,
      "^resume: dry_run: expected" },
    { "the type of a filter", { type = "corn" }, function(given) return methods.all_workflows(open(), given) end,
      "^list_workflows: type: expected" },
    { "the type of one page", { type = "corn" }, function(given) return methods.list_workflows(open(), given) end,
      "^list_workflows: type: expected" },
    { "the size of a walk", { size = 7000 }, function(given) return methods.all_workflows(open(), given) end,
      "^list_workflows: size: expected" },
    { "the name of a workflow", { name = "a b" }, function(given) return methods.create_workflow(open(), given) end,
      "^create_workflow: name: expected" },
    { "the method of a request to sign", { method = "A B", host = "h", path = "/" }, function(given)
      return signing.sign(given, { ak = "A", sk = "S" })
    end, "^request.method: expected" },
    { "the key to sign with", { ak = "A", sk = 7 }, function(given)
      return signing.sign({ method = "GET", host = "h", path = "/" }, given)
    end, "^credentials.sk: expected" },
    { "the spellings of pause", { on = 7 }, function(given)
      return methods.pause(open(), { match = "", dry_run = true, states = given })
    end, "^states: on: expected a list of strings, got 7$" },
    { "a spelling of both states", { on = { "Live" }, off = { "LIVE" } }, function(given)
      return methods.pause(open(), { match = "", dry_run = true, states = given })
    end, '^states: "L[Ii][Vv][Ee]" cannot mean both on and off$' },
    { "a spelling that is known of the other state", { off = { "enabled" } }, function(given)
      return methods.pause(open(), { match = "", dry_run = true, states = given })
    end, '^states: "enabled" cannot mean both on and off$' },
    { "the type of a selection", { match = "", type = "corn" }, function(given)
      return methods.trigger_all(open(), given, "enable")
    end, "^list_workflows: type: expected" },
  }
  for _, case in ipairs(cases) do
    it(("count: %s"):format(case[1]), function()
      for _, given in ipairs(behind(case[2])) do
        local result, err = case[3](given[2])
        assert.is_nil(result, given[1])
        assert.are.equal("argument", err.kind)
        assert.matches(case[4], err.message)
      end
    end)

    it(("that cannot be read are an argument error: %s"):format(case[1]), function()
      local fine, result, err = pcall(case[3], raising())
      assert.is_true(fine, tostring(result))
      assert.is_nil(result)
      assert.are.equal("argument", err.kind)
      assert.matches("reading it raised an error", err.message)
    end)
  end

  it("reach the service", function()
    for _, given in ipairs(behind { type = "cron", search = "night", tags = { a = "b" } }) do
      local state, loop = open { LIST }
      assert(methods.all_workflows(state, given[2]))
      local body = loop.attempts[1].wire.body
      for _, member in ipairs { '"type":"cron"', '"search":"night"', '"tags":{"a":"b"}' } do
        assert.is_truthy(body:find(member, 1, true), body)
      end
    end
  end)

  it("select those workflows, and no others", function()
    for _, given in ipairs(behind { match = "^none" }) do
      local state, loop = open { LIST }
      local report = methods.trigger_all(state, given[2], "disable")
      assert.are.equal(1, #loop.attempts)
      assert.are.equal(0, report and report.succeeded or 0)
    end
  end)
end)

describe("a returned value given back behind a metatable", function()
  local takers = {
    { "an execution to wait for", function(given) return methods.wait(open(), given) end },
    { "a window to resume", function(given) return methods.resume(open(), given) end },
    { "a workflow to switch", function(given) return methods.trigger_all(open(), { given }, "enable") end },
    { "a provider of credentials", function(given)
      return client.open({ endpoint = "http://127.0.0.1:1", project_id = ("0"):rep(32), credentials = given },
        world.new())
    end },
  }
  for _, taker in ipairs(takers) do
    it("is an argument error if it cannot be read: " .. taker[1], function()
      local fine, result, err = pcall(taker[2], raising())
      assert.is_true(fine, tostring(result))
      assert.is_nil(result)
      assert.are.equal("argument", err.kind)
      assert.matches("reading it raised an error", err.message)
    end)
  end

  it("counts", function()
    for _, given in ipairs(behind { id = "wf-1", name = "one" }) do
      local report = assert(methods.trigger_all(open(), { given[2] }, "enable"))
      assert.are.same({ "wf-1", "one" }, { report[1].id, report[1].name })
    end
  end)
end)

it("a bulk of an empty list does not select all", function()
  local prepared, err = bulk.prepare({}, setmetatable({}, { __index = { "wf-1" } }), "disable")
  assert.is_nil(prepared)
  assert.matches("^ids: expected a plain list, got a table with a metatable$", err.message)
end)

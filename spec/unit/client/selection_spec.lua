--- Proves that find, trigger_all and pause select workflows alike.

local cjson = require "cjson"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local errors = require "aom.util.errors"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local FILE = "paused.json"

local WORKFLOWS = {
  { id = "1", name = "nightly-backup" }, { id = "2", name = "nightly-sync" }, { id = "3", name = "db" },
  { id = "4", name = "db-main" }, { id = "5", name = "daily.report" }, { id = "6", name = "twin" },
  { id = "7", name = "twin" }, { id = "8", name = "off", trigger_status = "disable" }, { id = "9" },
}

--- A client of a service with these workflows; what it listed and what it switched.
local function open(workflows, search)
  local world = world_of.new()
  local listed, switched = {}, {}
  local loop = scripted.new(world, { function(attempt)
    local id = attempt.path:match "/workflow/(%w+)/trigger"
    if id then
      switched[#switched + 1] = id
      return { status = 200, headers = {}, body = '{"success"}' }
    end
    local body = cjson.decode(attempt.body)
    listed[#listed + 1] = body
    local found = {}
    for _, workflow in ipairs(workflows or WORKFLOWS) do
      if not body.search or search ~= false and (workflow.name or ""):find(body.search, 1, true) then
        found[#found + 1] = cjson.encode { id = workflow.id, name = workflow.name, type = "cron",
          trigger_status = workflow.trigger_status or "enable" }
      end
    end
    return { status = 200, headers = {}, body = ('{"elements":[%s],"total_elements":%d}'):format(
      table.concat(found, ","), #found) }
  end })
  return assert(client.open(scripted.options(loop), world)), listed, switched, world
end

local function with(selection, more)
  local new = {}
  for _, part in ipairs { selection, more } do
    for name, value in pairs(part) do new[name] = value end
  end
  return new
end

local users = {
  trigger_all = {
    run = function(state, selection) return methods.trigger_all(state, selection, "disable") end,
    count = function(report) return report.succeeded end, noun = "workflow",
  },
  pause = {
    run = function(state, selection) return methods.pause(state, with(selection, { file = FILE })) end,
    count = function(paused) return paused.paused end, noun = "scheduled workflow",
  },
}

local function named_twin(workflow) return workflow.name == "twin" end

for method, user in pairs(users) do
  describe("a selection of " .. method, function()
    -- What is selected, and the ids that are switched, sorted.
    for name, case in pairs {
      ["by a name"] = { { name = "db" }, "3" },
      ["by a name with a hyphen"] = { { name = "nightly-backup" }, "1" },
      ["by a name that would be a pattern"] = { { name = "daily.report" }, "5" },
      ["by several names"] = { { names = { "nightly-sync", "nightly-backup" } }, "1 2" },
      ["by a name that is there twice"] = { { names = { "db", "db" } }, "3" },
      ["by names in a list that counts itself"] =
        { { names = setmetatable({ "db", "db-main" }, { __len = function() return 1 end }) }, "3 4" },
      ["by one of several names"] = { { names = { "db-main" } }, "4" },
      ["by a pattern"] = { { match = "^nightly" }, "1 2" },
      ["by a pattern with an escaped hyphen"] = { { match = "^db%-" }, "4" },
      ["by a pattern with quantifiers"] = { { match = "^.-%-[a-z]-main$" }, "4" },
      ["by a pattern with a shortest match"] = { { match = "^n.-%-b" }, "1" },
      ["by a function"] = { { match = named_twin }, "6 7" },
      ["by a function that returns more than one value"] =
        { { match = function(workflow) return (workflow.name or ""):find "db" end }, "3 4" },
      ["by a name and a filter"] = { { name = "db", tags = { a = "b" } }, "3" },
      ["by a name and another search"] = { { name = "db", search = "d" }, "3" },
      ["of what is not there, when that is allowed"] = { { name = "nobody", allow_none = true }, "" },
      ["of names that are not there, when that is allowed"] = { { names = { "x", "y" }, allow_none = true }, "" },
      ["of a pattern that matches none, when that is allowed"] = { { match = "^x", allow_none = true }, "" },
      ["of no names, when that is allowed"] = { { names = {}, allow_none = true }, "" },
    } do
      it(name .. " is exact", function()
        local state, _, switched = open()
        local result, err = user.run(state, case[1])
        table.sort(switched)
        assert.is_nil(err)
        local _, count = case[2]:gsub("%d", "")
        assert.are.equal(count, user.count(result))
        assert.are.equal(case[2], table.concat(switched, " "))
      end)
    end

    -- What is selected; the message; the hint.
    for name, case in pairs {
      ["a name that is not there"] = { { name = "nightly-bakup" }, '^no NOUN is named "nightly%-bakup"; nothing',
        '^similar names: "nightly%-backup" %(1%)' },
      ["a name of other case"] = { { name = "DB" }, '^no NOUN is named "DB"; nothing', '^similar names: "db" %(3%)' },
      ["an id for a name"] = { { name = "4" }, '^no NOUN is named "4"; nothing',
        '^"4" is an id, of the workflow named "db%-main"$' },
      ["an id among names"] = { { names = { "db", "3" } }, '^no NOUN is named "3"; nothing',
        '^"3" is an id, of the workflow named "db"$' },
      ["a name that is like none"] = { { name = "quarterly" }, "^no NOUN is named", nil },
      ["a part of a name"] = { { name = "nightly" }, '^no NOUN is named "nightly"; nothing',
        'similar names: "nightly%-backup" %(1%), "nightly%-sync" %(2%)$' },
      ["a name of two"] = { { name = "twin" }, '^2 NOUNs are named "twin": 6, 7; nothing', nil, 2 },
      ["names of which one is not there"] = { { names = { "db", "dbmain" } }, '^no NOUN is named "dbmain"; nothing',
        '"db%-main" %(4%)' },
      ["names of which one is not there, when none is allowed"] =
        { { names = { "db", "x" }, allow_none = true }, '^no NOUN is named "x"; nothing' },
      ["names of which two are not there"] = { { names = { "x", "db", "y" } }, '^no NOUN is named "x", "y"; nothing' },
      ["twelve names that are not there"] = {
        { names = { "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12" } },
        '^no NOUN is named "q1", "q2", .*"q10" and 2 more; nothing' },
      ["names of which one is there twice"] =
        { { names = { "db", "twin" } }, '^2 NOUNs are named "twin": 6, 7; nothing', nil, 2 },
      ["names of both faults"] = { { names = { "db", "twin", "x" } },
        '^no NOUN is named "x"; 2 NOUNs are named "twin": 6, 7; nothing', nil, 2 },
      ["a pattern that matches none"] = { { match = "^nigthly" },
        '^no NOUN matches "^nigthly"; the service lists 9; nothing',
        '^similar names: "nightly%-backup" %(1%), "nightly%-sync" %(2%)$' },
      ["a function that means none"] = { { match = function() return false end },
        "^no NOUN matches the function match; the service lists 9; nothing", nil },
    } do
      it("refuses " .. name .. ", and changes nothing", function()
        local state, listed, switched, world = open()
        local result, err = user.run(state, case[1])
        assert.is_nil(result)
        assert.are.equal("argument", err.kind)
        assert.are.equal(method, err.operation)
        assert.matches(case[2]:gsub("NOUN", user.noun):gsub("%^nig", "%%^nig"), err.message)
        assert.matches("; nothing was changed$", err.message)
        if case[3] then assert.matches(case[3], err.hint) else assert.is_nil(err.hint) end
        assert.are.equal(case[4], err.matches and #err.matches)
        assert.is_true(#listed > 0)
        assert.are.same({}, switched)
        assert.is_nil(world.files[FILE])
      end)
    end

    it("refuses a pattern if there is no workflow at all", function()
      local state = open {}
      local _, err = user.run(state, { match = "" })
      assert.are.equal(('no %s matches ""; the service lists none; nothing was changed'):format(user.noun), err.message)
    end)

    -- What is selected; the message.
    for name, case in pairs {
      ["a pattern with a hyphen for a quantifier"] = { { match = "nightly-backup" },
        '^match: in "nightly%-backup" the "%-" after a letter or digit' },
      ["a pattern that ends with a hyphen"] = { { match = "db-" }, '^match: in "db%-" the "%-"' },
      ["no pattern"] = { { match = "[" }, "is not a Lua pattern" },
      ["a number for a pattern"] = { { match = 5 }, "^match: expected a Lua pattern or a function, got 5" },
      ["a name and a pattern"] = { { name = "db", match = "db" }, "exactly one of name, names or match" },
      ["a name and names"] = { { name = "db", names = { "db" } }, "exactly one of name, names or match" },
      ["an empty name"] = { { name = "" }, "^name: expected a non%-empty string" },
      ["a table for a name"] = { { name = { "db" } }, "^name: expected a non%-empty string, got a table" },
      ["a name that is too long"] = { { name = ("x"):rep(65) }, "^name: expected a string of 1 to 64 UTF%-8" },
      ["a text for names"] = { { names = "db" }, "^names: expected a list of names, got \"db\"" },
      ["no names"] = { { names = {} }, "^names: expected at least one name, got an empty list$" },
      ["a number among names"] = { { names = { "db", 5 } }, "^names%[2%]: expected a non%-empty string, got 5" },
      ["names with a hole"] = { { names = { [1] = "db", [3] = "x" } }, "^names: expected a list without holes" },
      ["names that a metatable supplies"] = { { names = setmetatable({}, { __index = { "db" } }) },
        "^names: expected a plain list, got a table with a metatable$" },
      ["names with a key"] = { { names = { "db", x = "y" } }, '^names: .*the key "x"' },
      ["something else for allow_none"] = { { match = "db", allow_none = 1 }, "allow_none: expected true or false" },
    } do
      it("refuses " .. name .. " before anything is sent", function()
        local state, listed = open()
        local result, err = user.run(state, case[1])
        assert.is_nil(result)
        assert.are.equal("argument", err.kind)
        assert.matches(case[2], err.message)
        assert.are.same({}, listed)
      end)
    end

    it("says how a hyphen is written", function()
      local _, err = user.run(open(), { match = "^nightly-backup$" })
      assert.are.equal('for a literal name use name instead of match; in a pattern a hyphen is written %-, '
        .. 'as in "^nightly%-backup$"', err.hint)
    end)
  end)
end

describe("a selection of many", function()
  it("is in the order of its names", function()
    local state = open()
    local selection = { names = { "db-main", "nightly-backup", "db" } }
    local report = assert(methods.trigger_all(state, selection, "enable"))
    assert.are.same({ "4", "1", "3" }, { report[1].id, report[2].id, report[3].id })
    assert.are.equal("db-main", report[1].name)
  end)

  it("lets the service search for a single name", function()
    local state, listed = open()
    assert(methods.trigger_all(state, { name = "db" }, "enable"))
    assert.are.equal(1, #listed)
    assert.are.equal("db", listed[1].search)
  end)

  it("accepts an incomplete list if that is allowed", function()
    local world = world_of.new()
    local loop = scripted.new(world, { function(attempt)
      if attempt.path:find "trigger" then return { status = 200, headers = {}, body = '{"success"}' } end
      local elements = cjson.decode(attempt.body).page == 1 and '{"id":"1","name":"a"}' or ""
      return { status = 200, headers = {}, body = ('{"elements":[%s],"total_elements":3}'):format(elements) }
    end })
    local state = assert(client.open(scripted.options(loop), world))
    local report, err = methods.trigger_all(state, { match = "a" }, "enable")
    assert.is_nil(report)
    assert.are.equal("protocol", err.kind)
    report = assert(methods.trigger_all(state, { match = "a", allow_partial = true }, "enable"))
    assert.are.equal(1, report.succeeded)
    report, err = methods.find(state, "a")
    assert.is_nil(report)
    assert.are.equal("protocol", err.kind)
    assert.is_nil(err.hint)
  end)
end)

describe("a pause", function()
  it("of disabled workflows pauses none, and counts what it matched", function()
    local state, _, switched, world = open()
    local paused = assert(methods.pause(state, { name = "off", file = FILE }))
    assert.are.equal(0, paused.paused)
    assert.are.equal(1, paused.matched)
    assert.are.same({}, switched)
    assert.truthy(world.files[FILE])
    assert.are.equal("resumed", assert(methods.resume(state, paused)).stage)
  end)

  it("of nothing, if that is allowed, can be resumed", function()
    local state = open()
    local paused = assert(methods.pause(state, { match = "^x", allow_none = true, file = FILE }))
    assert.are.equal("paused", paused.stage)
    assert.are.equal(0, paused.matched)
    assert.are.equal(0, assert(methods.resume(state, FILE)).resumed)
  end)

  it("counts what it matched in a dry run too", function()
    local paused = assert(methods.pause(open(), { match = "^n", dry_run = true }))
    assert.are.equal(2, paused.matched)
    assert.are.equal(2, #paused.workflows)
    local _, err = methods.pause(open(), { match = "^x", dry_run = true })
    assert.are.equal("argument", err.kind)
  end)
end)

describe("finding a workflow by its name", function()
  it("returns the one of exactly that name", function()
    local state, listed = open()
    assert.are.equal("3", assert(methods.find(state, "db")).id)
    assert.are.equal(1, #listed)
    assert.are.equal("db", listed[1].search)
  end)

  it("does not rely on the service's search", function()
    local state, listed = open(nil, false)
    assert.are.equal("1", assert(methods.find(state, "nightly-backup")).id)
    assert.are.equal(2, #listed)
    assert.is_nil(listed[2].search)
  end)

  for name, case in pairs {
    ["daily_report"] = { 'no workflow is named "daily_report"', '^similar names: "daily%.report" %(5%)$' },
    ["nightly-"] = { 'no workflow is named "nightly-"', '"nightly%-backup" %(1%), "nightly%-sync" %(2%)$' },
    ["twin"] = { '2 workflows are named "twin": 6, 7', nil, 2 },
  } do
    it("says what is wrong with " .. name, function()
      local found, err = methods.find(open(), name)
      assert.is_nil(found)
      assert.is_true(errors.is_error(err))
      assert.are.equal("argument", err.kind)
      assert.are.equal("find", err.operation)
      assert.are.equal(case[1], err.message)
      if case[2] then assert.matches(case[2], err.hint) else assert.is_nil(err.hint) end
      assert.are.equal(case[3], err.matches and #err.matches)
    end)
  end

  for _, name in ipairs { "", 5, ("x"):rep(65), false, {} } do
    it("refuses " .. (type(name) == "string" and #name .. " bytes" or tostring(name):gsub(":.*", "")), function()
      local state, listed = open()
      local found, err = methods.find(state, name)
      assert.is_nil(found)
      assert.matches("^name: expected", err.message)
      assert.are.same({}, listed)
    end)
  end
end)

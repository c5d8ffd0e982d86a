--- Proves that a call's arguments are checked, and become a request, before anything is sent.

local errors = require "aom.util.errors"
local operations = require "aom.api.operations"
local request = require "aom.api.input"

local function build(id, action) return request.build(operations.trigger, id, action) end

local function label(value)
  if type(value) == "string" and #value > 40 then return "an id of " .. #value .. " bytes" end
  return errors.show(value)
end

describe("a request", function()
  it("is made of an operation's row and the arguments", function()
    local made = assert(build("wf-1", "enable"))
    assert.are.equal(operations.trigger, made.operation)
    assert.are.equal("/cms/workflow/wf-1/trigger/action", made.path)
    assert.are.same({ { "action", "enable" } }, made.query)
    assert.are.equal("", made.body)
    assert.are.same({ workflow_id = "wf-1", action = "enable" }, made.values)
  end)

  it("shares nothing with the next one", function()
    local one, two = build("a", "enable"), build("b", "disable")
    assert.are.same({ { "action", "enable" } }, one.query)
    assert.are.same({ workflow_id = "a", action = "enable" }, one.values)
    assert.are.same({ { "action", "disable" } }, two.query)
  end)

  for _, row in ipairs {
    { path = { "/list" }, arguments = {}, wanted = "/list" },
    { path = { "/job/", "a" }, arguments = { "a" }, wanted = "/job/1" },
    { path = { "/w/", "a", "/e/", "b", "/op" }, arguments = { "a", "b" }, wanted = "/w/1/e/2/op" },
  } do
    it("may have the path " .. row.wanted, function()
      row.name, row.query, row.parameters = "x", {}, { a = { kind = "id" }, b = { kind = "id" } }
      assert.are.equal(row.wanted, assert(request.build(row, "1", "2")).path)
    end)
  end
end)

describe("an id", function()
  local good = {
    "a", "-", "_", "7", "...", ".a", "a.", "a..b", ("x"):rep(64), "wf-1", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "a+b", "a:b", "a@b", "a&b", "a=b", "a;b,c", "a!b$c'd(e)f*g", "~", "{id}", '"', "<>", "|", "^", "`", "[1]",
    "工作流", "é", "\255\254", "\128",
  }
  for _, id in ipairs(good) do
    it("may be " .. label(id), function()
      local made, err = build(id, "enable")
      assert.is_nil(err)
      assert.are.equal("/cms/workflow/" .. id .. "/trigger/action", made.path)
      assert.are.equal(id, made.values.workflow_id)
    end)
  end

  local bad = {
    "", ("x"):rep(65), ("é"):rep(33), ".", "..", 1, 1.5, true, false, {}, print,
    setmetatable({}, { __tostring = function() return "wf" end }),
  }
  for byte in ("/\\%?# \t\n\r\v\f\1\27\31\127\0"):gmatch "." do
    bad[#bad + 1] = byte
    bad[#bad + 1] = "a" .. byte
    bad[#bad + 1] = byte .. "a"
    bad[#bad + 1] = "a" .. byte .. "b"
  end
  bad[#bad + 1] = "../../projects"
  bad[#bad + 1] = "%2e%2e"
  for _, id in ipairs(bad) do
    it("may not be " .. label(id), function()
      local made, err = build(id, "enable")
      assert.is_nil(made)
      assert.are.equal("argument", err.kind)
      assert.are.equal("trigger", err.operation)
      assert.matches("^workflow_id: expected an? .*, got .", err.message)
      assert.is_false(err.retryable)
      assert.is_nil(err.message:find("[%z\1-\31\127]"))
    end)
  end

  it("may not be missing", function()
    local made, err = build(nil, "enable")
    assert.is_nil(made)
    assert.are.equal("workflow_id: expected a string of 1 to 64 bytes, got nil", err.message)
  end)

  it("is checked before the action", function()
    local _, err = build("a/b", "start")
    assert.matches("^workflow_id: ", err.message)
  end)
end)

describe("an action", function()
  for _, action in ipairs { "enable", "disable" } do
    it("may be " .. action, function() assert.are.same({ { "action", action } }, build("w", action).query) end)
  end

  for _, action in ipairs { "", "Enable", "ENABLE", "enable ", " enable", "enabled", "start", "enable\n", "enable\0",
    "enable&x=y", 1, true, false, {}, print } do
    it("may not be " .. label(action), function()
      local made, err = build("w", action)
      assert.is_nil(made)
      assert.are.equal("argument", err.kind)
      assert.are.equal('action: expected "enable" or "disable", got ' .. label(action), err.message)
    end)
  end

  it("may not be missing", function()
    local made, err = build "w"
    assert.is_nil(made)
    assert.are.equal('action: expected "enable" or "disable", got nil', err.message)
  end)
end)

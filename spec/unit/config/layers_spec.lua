--- Proves the order in which options, environment and profile supply a setting.

local source = require "aom.config.layers"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"
local VARIABLES = {
  region = "HUAWEICLOUD_SDK_REGION",
  endpoint = "HUAWEICLOUD_SDK_AOM_ENDPOINT",
  project_id = "HUAWEICLOUD_SDK_PROJECT_ID",
}

describe("a setting", function()
  for name, variable in pairs(VARIABLES) do
    local function new(given, env, text)
      local w = world.new { env = { HOME = "/h", [variable] = env }, files = { [PATH] = text } }
      return source.new(given, w), w
    end

    it(name .. " comes from the option first, and nothing else is asked", function()
      local from, w = new({ [name] = "arg" }, "env", "[basic]\n" .. name .. " = file")
      local value, where, err = from:lookup(name)
      assert.are.same({ "arg", "option " .. name }, { value, where })
      assert.is_nil(err)
      assert.are.same({}, w.read)
    end)

    it(name .. " comes from the environment next, and no file is read", function()
      local from, w = new({}, "env", "[basic]\n" .. name .. " = file")
      assert.are.same({ "env", "environment variable " .. variable }, { from:lookup(name) })
      assert.are.same({}, w.read)
    end)

    it(name .. " comes from the profile last", function()
      local from = new({}, nil, "[basic]\n" .. name .. " = file")
      assert.are.same({ "file", name .. " in " .. PATH }, { from:lookup(name) })
    end)

    it(name .. " may be nowhere", function()
      local from = new({}, nil, "[basic]\nak = A")
      local value, where, err = from:lookup(name)
      assert.is_nil(value)
      assert.is_nil(where)
      assert.is_nil(err)
      assert.are.equal(("option %s, environment variable %s, %s under [basic] in %s"):format(
        name, variable, name, PATH), from:searched(name))
    end)
  end

  it("was not searched for in a file if there is no home directory", function()
    local from = source.new({}, world.new {})
    assert.is_nil(from:lookup "region")
    assert.are.equal("option region, environment variable HUAWEICLOUD_SDK_REGION", from:searched "region")
  end)
end)

describe("the profile of a source", function()
  local w, from

  before_each(function()
    w = world.new { env = { HOME = "/h" }, files = { [PATH] = "[basic]\nregion = one" } }
    from = source.new({}, w)
  end)

  it("is not read before it is needed", function() assert.are.same({}, w.read) end)

  it("is read once", function()
    from:lookup "region"
    from:lookup "project_id"
    assert.are.same({ PATH }, w.read)
  end)

  it("is also read once if it is malformed", function()
    w.files[PATH] = "nonsense"
    local _, _, first = from:lookup "region"
    local _, _, second = from:lookup "endpoint"
    assert.are.equal("config", first.kind)
    assert.matches("line 1", first.message)
    assert.are.equal(first.message, second.message)
    assert.are.same({ PATH }, w.read)
  end)

  it("is read again when it was forgotten", function()
    assert.are.equal("one", (from:lookup "region"))
    w.files[PATH] = "[basic]\nregion = two"
    assert.are.equal("one", (from:lookup "region"))
    from:forget_profile()
    assert.are.equal("two", (from:lookup "region"))
  end)
end)

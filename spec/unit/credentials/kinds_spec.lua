--- The table of credential kinds, row by row: each kind can be given in every place that has
--- it, and a field that is missing is named there as the user knows it.

local client = require "aom.client.state"

local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local scripted = require "spec.support.scripted"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"

local function value_of(name)
  if name == "credentials" then return function() return { token = "T" } end end
  return "value-of-" .. name
end

-- The places: what a field is called there, and how the values of some fields get there.
local places = {
  option = {
    call = function(name) return "option " .. name end,
    put = function(_, options, name) options[name] = value_of(name) end,
  },
  environment = {
    call = function(name) return kinds.variables[name] end,
    put = function(w, _, name) w.env[kinds.variables[name]] = value_of(name) end,
  },
  sample = {
    call = function(name) return kinds.samples[name] end,
    put = function(w, _, name) w.env[kinds.samples[name]] = value_of(name) end,
  },
  profile = {
    call = function(name) return name end,
    put = function(w, _, name)
      w.files[PATH] = (w.files[PATH] or "[basic]\n") .. name .. " = " .. value_of(name) .. "\n"
    end,
  },
}

local function has_place(kind, place)
  if place == "option" then return true end
  if place == "sample" then return kinds.samples[kind.required[1]] ~= nil end
  return kind.rank ~= nil
end

local function open(place, names)
  local w = world.new { env = { HOME = "/h" } }
  local options = scripted.options(scripted.new(w, { { status = 200 } }), { ak = false, sk = false })
  for _, name in ipairs(names) do places[place].put(w, options, name) end
  return client.open(options, w)
end

local function without(names, absent)
  local rest = {}
  for _, name in ipairs(names) do
    if name ~= absent then rest[#rest + 1] = name end
  end
  return rest
end

for place, calls in pairs(places) do
  for _, kind in ipairs(kinds.list) do
    if has_place(kind, place) then
      describe(("%s in the place %s"):format(kind.noun, place), function()
        it("makes a client of this kind, with all fields or the required ones", function()
          for _, names in ipairs(place == "sample" and { kind.required } or { kind.fields, kind.required }) do
            local state, err = open(place, names)
            assert.is_nil(err)
            local provider = state.credentials.provider
            assert.are.equal(kind, provider.kind)
            assert.are.equal(kind.exchanged, provider.asks_iam)
            assert.are.equal(kind.window, provider.window)
            if not provider.lazy then assert.are.equal(kind, state.credentials.current.kind) end
          end
        end)

        for _, absent in ipairs(#kind.required > 1 and kind.required or {}) do
          it(("is refused without %s, which the error names"):format(absent), function()
            local state, err = open(place, without(kind.required, absent))
            assert.is_nil(state)
            assert.are.equal("config", err.kind)
            assert.is_truthy(err.message:find(calls.call(absent), 1, true), err.message)
            assert.is_nil(tostring(err):find("value-of", 1, true), tostring(err))
          end)
        end

        it("is named where nothing was found", function()
          local state, err = open(place, {})
          assert.is_nil(state)
          assert.are.equal("credentials", err.kind)
          for i = 1, math.min(2, #kind.required) do
            local name = place == "option" and kind.required[i] or calls.call(kind.required[i])
            assert.is_truthy(err.hint:find(name, 1, true), err.hint)
          end
        end)
      end)
    end
  end
end

describe("of two kinds in one place", function()
  for _, one in ipairs(kinds.list) do
    for _, other in ipairs(kinds.list) do
      if one.rank and other.rank and one.rank < other.rank then
        for _, place in ipairs { "environment", "profile" } do
          it(("%s counts before %s in the place %s"):format(one.noun, other.noun, place), function()
            local both = {}
            for _, name in ipairs(other.fields) do both[#both + 1] = name end
            for _, name in ipairs(one.fields) do both[#both + 1] = name end
            assert.are.equal(one, assert(open(place, both)).credentials.provider.kind)
          end)
        end
      end
      if one ~= other then
        it(("%s and %s are refused as options"):format(one.noun, other.noun), function()
          local state, err = open("option", { one.required[1], other.required[1] })
          assert.is_nil(state)
          assert.are.equal("argument", err.kind)
          assert.matches("cannot be combined", err.message)
        end)
      end
    end
  end
end)

describe("the table of kinds", function()
  it("knows each field of each kind, and nothing else", function()
    local used = {}
    for _, kind in ipairs(kinds.list) do
      assert.are.equal(kind, kinds[kind.name])
      for _, name in ipairs(kind.fields) do
        assert.is_table(kinds.fields[name], name)
        used[name] = true
      end
      for i, name in ipairs(kind.required) do assert.are.equal(name, kind.fields[i]) end
    end
    for name in pairs(kinds.fields) do assert.is_true(used[name], name) end
  end)

  it("gives no field of an option's name that a client does not take", function()
    for name in pairs(kinds.fields) do
      local _, err = client.open({ [name] = 5 }, world.new {})
      assert.is_true(errors.is_error(err))
      assert.matches("^option " .. name .. ": expected", err.message)
    end
  end)
end)

describe("what is wrong with credentials comes before what else is not set", function()
  local PROJECT, EP = ("0123456789abcdef"):rep(2), "http://127.0.0.1:1"
  local ENV = { HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S", HUAWEICLOUD_SDK_PROJECT_ID = PROJECT,
    HUAWEICLOUD_SDK_AOM_ENDPOINT = EP, HUAWEICLOUD_SDK_IAM_ENDPOINT = EP }
  local given = {
    { { ak = "A" }, "option ak is set, but option sk is not" },
    { { sk = "S" }, "option sk is set, but option ak is not" },
    { { security_token = "T" }, "option security_token is set, but option ak is not" },
    { { username = "u" }, "option username is set, but option password is not" },
    { { username = "u", password = "p" }, "option username is set, but option domain_name is not" },
    { { idp_id = "i" }, "option idp_id is set, but option id_token_file is not" },
    { { metadata = true, ak = "A" }, "option ak is set, but option sk is not" },
    { { ak = "A", sk = "S", token = "T" }, "options ak and sk, token cannot be combined" },
    { { token = "T", username = "u" }, "options token, username and password cannot be combined" },
    { { credentials = { ak = "A", sk = "S" } }, "option credentials: the object has no refresh method" },
    { { credentials = {} }, "option credentials: the object has no refresh method" },
  }
  for _, case in ipairs(given) do
    for place, env in pairs { ["a simulator's variables"] = ENV, ["no variables"] = {} } do
      it(("with %s: %s"):format(place, case[2]), function()
        local state, err = client.open(case[1], world.new { env = env })
        assert.is_nil(state)
        assert.are.equal(case[2], err.message:sub(1, #case[2]))
      end)
    end
  end

  local stored = {
    { { HUAWEICLOUD_SDK_AK = "A" }, nil,
      "environment variable HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not" },
    { { CLOUD_SDK_SK = "S" }, nil, "environment variable CLOUD_SDK_SK is set, but CLOUD_SDK_AK is not" },
    { {}, "[basic]\nak = A\n", "profile " .. PATH .. ": [basic] has ak but no sk" },
  }
  for _, case in ipairs(stored) do
    for _, url in ipairs { EP, false } do
      it(("%s an endpoint: %s"):format(url and "with" or "without", case[3]), function()
        local w = world.new { env = { HOME = "/h" }, files = { [PATH] = case[2] } }
        for name, value in pairs(case[1]) do w.env[name] = value end
        local _, err = client.open({ endpoint = url or nil }, w)
        assert.are.equal(case[3], err.message)
      end)
    end
  end

  it("but whole ones leave the project to be told of", function()
    local _, err = client.open({ ak = "A", sk = "S" }, world.new { env = ENV })
    assert.are.equal("no project id is set, and no region to look it up for", err.message)
  end)

  it("and none at all are told of together with the project", function()
    local _, err = client.open({ endpoint = EP }, world.new {})
    assert.are.equal("no project id is set, and no region to look it up for, and no credentials were found",
      err.message)
    assert.matches("^to begin, set HUAWEICLOUD_SDK_AK", err.hint)
  end)
end)

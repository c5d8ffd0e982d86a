--- Proves what the JSON library works, with each codec and without any.

local cjson = require "cjson"
local json = require "aom.util.json"

local math_type = math.type or function() return "integer" end

describe("JSON text", function()
  local cases = {
    { '{"a":1}', { a = 1 } },
    { " [1, 2] \n", { 1, 2 } },
    { '"text"', "text" },
    { '"\\u4e00\\n\\""', '一\n"' },
    { "0", 0 },
    { "-1.5e2", -150 },
    { "1.5", 1.5 },
    { "true", true },
    { "false", false },
    { "{}", {} },
    { "[]", {} },
    { '{"a":null,"b":{"c":null,"d":2},"e":[{"f":null}]}', { b = { d = 2 }, e = { {} } } },
    { '{"1":null,"2":"x"}', { ["2"] = "x" } },
    { '{"a":""}', { a = "" } },
    { '\239\187\191{"a":1}', { a = 1 } },
  }
  for _, case in ipairs(cases) do
    it(("%s is read"):format(case[1]:gsub("%s+", " ")), function()
      local value, why = json.decode(case[1])
      assert.is_nil(why)
      assert.are.same(case[2], value)
    end)
  end

  for _, text in ipairs { "", " ", "{", "}", '{"success"}', "{'a':1}", '{"a":1}x', "[1,]", "success", "<html>", "\0",
    "NaN", "[nan]", "-Infinity", "0x10", '"open', "[" .. ("["):rep(5000), "\255\254", "tru",
    "\239\187\191", "\239\187{}", "\239\187\191\239\187\191{}" } do
    it(("%q is none"):format(text:sub(1, 20)), function()
      local value, why = json.decode(text)
      assert.is_nil(value)
      assert.is_string(why)
    end)
  end

  it("has integers if the Lua version has them", function()
    local value = json.decode '{"a":1,"b":[2,3.5],"c":{"d":1784692800000},"e":-7,"f":2.0,"g":1e300}'
    assert.are.equal("integer", math_type(value.a))
    assert.are.equal("integer", math_type(value.b[1]))
    assert.are.equal("1", tostring(value.a))
    assert.are.equal("1784692800000", ("%d"):format(value.c.d))
    assert.are.equal("integer", math_type(value.c.d))
    assert.are.equal("integer", math_type(value.e))
    assert.are.equal("integer", math_type(value.f))
    assert.are.equal(3.5, value.b[2])
    assert.are.equal(1e300, value.g)
    assert.are.equal("12", tostring(json.decode "12"))
  end)

  it("keeps null inside a list, so that later elements keep their positions", function()
    local value = json.decode "[1,null,3]"
    assert.are.same({ 1, cjson.null, 3 }, value)
  end)

  it("is not null itself, which is a value", function()
    assert.are.equal(cjson.null, (json.decode "null"))
    assert.is_not_nil(cjson.null)
  end)
end)

describe("a value", function()
  it("becomes JSON text", function()
    assert.are.equal('{"a":1}', json.encode { a = 1 })
    assert.are.equal("[1,2]", json.encode { 1, 2 })
    assert.are.equal('"a\\nb"', json.encode "a\nb")
    assert.are.equal("[null]", json.encode { cjson.null })
    assert.are.equal("{}", json.encode {})
  end)

  local huge = 2 ^ 53 - 1
  for _, row in ipairs {
    { "a marked list", json.list {}, "[]" },
    { "a marked list with elements", json.list { 1, "a" }, '[1,"a"]' },
    { "lists and objects in each other", { b = { json.list {}, {} }, a = { c = json.list { {} } } },
      '{"a":{"c":[{}]},"b":[[],{}]}' },
    { "names in order", { d = 1, a = 2, c = 3, b = 4 }, '{"a":2,"b":4,"c":3,"d":1}' },
    { "whole numbers to the last digit", { 1784692800000, huge, -huge, 3.0, 1.5 },
      "[1784692800000,9007199254740991,-9007199254740991,3,1.5]" },
    { "null", { a = cjson.null }, '{"a":null}' },
    { "a name that needs escapes", { ['a"\n'] = false }, '{"a\\"\\n":false}' },
  } do
    it("is written: " .. row[1], function() assert.are.equal(row[3], json.encode(row[2])) end)
  end

  it("is written as a list that the codec has marked", function()
    local codec = require "cjson"
    if codec.empty_array_mt then assert.are.equal("[]", json.encode(setmetatable({}, codec.empty_array_mt))) end
    if codec.empty_array then assert.are.equal('{"a":[]}', json.encode { a = codec.empty_array }) end
  end)

  it("is the same after encoding and decoding", function()
    local value = { name = "工作流", list = { 1, 2 }, nested = { flag = false, number = 1.5 } }
    assert.are.same(value, json.decode(json.encode(value)))
  end)

  for name, value in pairs { ["a function"] = print, ["a sparse list"] = { [1] = 1, [10000] = 2 },
    ["a list with names"] = { 1, a = 2 }, ["a table of numbers without the first"] = { [5] = 1 },
    ["a NaN"] = 0 / 0, ["a circle"] = (function() local a = {}; a[1] = a; return a end)(),
    ["infinity"] = 1 / 0 } do
    it(("cannot be %s"):format(name), function()
      local text, why = json.encode { value }
      assert.is_nil(text)
      assert.is_string(why)
    end)
  end

  local good, holed, long = { 1, { deep = { "x" } } }, { 1, [3] = 3 }, ("n"):rep(50)
  for where, value in pairs {
    [""] = print, ["f: "] = { before = good, f = print }, ["list[3]: "] = { list = { "a", good, 0 / 0 } },
    ["a.b[2].c: "] = { a = { b = { {}, { b = good, c = print } } } }, ['["odd key"]: '] = { ["odd key"] = print },
    ["a[1]: "] = { a = { print, good } }, ["a.b: "] = { a = { b = holed } }, ["[2][1]: "] = { good, { print } },
    ["a.c: "] = { a = { b = good, c = { [true] = 1 } } },
    ['a["' .. ("n"):rep(40) .. '…"]: '] = { a = { [long] = print } },
  } do
    it("says what in a table cannot be: " .. where, function()
      local _, why = json.encode(value)
      assert.are.equal(where, why:sub(1, #where))
      assert.is_nil(why:find(": .*: .*: "), why)
    end)
  end

  it("does not depend on what others set in the same codec", function()
    local host = require "cjson.safe"
    local before = host.decode_max_depth()
    host.decode_max_depth(2)
    local value = json.decode '{"a":{"b":{"c":1}}}'
    host.decode_max_depth(before)
    assert.are.same({ a = { b = { c = 1 } } }, value)
  end)
end)

describe("the codec", function()
  -- A copy of the module without lua-cjson, and with the given `vim`.
  local function without_cjson(vim, body)
    local before = { cjson = package.loaded["cjson.safe"], vim = rawget(_G, "vim") }
    package.loaded["cjson.safe"] = nil
    package.preload["cjson.safe"] = function() error "not here" end
    rawset(_G, "vim", vim)
    local fine, err = pcall(function()
      local loaded = {}
      for _, name in ipairs { "aom.util.codec", "aom.util.json" } do
        loaded[name], package.loaded[name] = package.loaded[name], nil
      end
      local codec, copy = require "aom.util.codec", require "aom.util.json"
      for name, module in pairs(loaded) do package.loaded[name] = module end
      body(copy, codec)
    end)
    rawset(_G, "vim", before.vim)
    package.preload["cjson.safe"] = nil
    package.loaded["cjson.safe"] = before.cjson
    assert(fine, err)
  end

  local NIL = {}
  local vim = { NIL = NIL, json = {
    decode = function(text)
      if text == "broken" then error("Expected value but found invalid token", 0) end
      return text == "null" and NIL or { a = NIL, b = text }
    end,
    encode = function(value)
      if value == print then error("Cannot serialise function", 0) end
      return "text"
    end,
  } }

  it("is Neovim's own if lua-cjson is not installed", function()
    without_cjson(vim, function(copy, codec)
      assert.are.equal(NIL, (copy.decode "null"))
      assert.are.same({ b = "nullx" }, copy.decode "nullx")
      assert.are.equal('{text:[text,text]}', copy.encode { a = { NIL, "x" } })
      assert.is_nil(codec.missing())
    end)
  end)

  it("may raise instead of returning an error", function()
    without_cjson(vim, function(copy)
      assert.are.same({ nil, "Expected value but found invalid token" }, { copy.decode "broken" })
      assert.are.same({ nil, "Cannot serialise function" }, { copy.encode(print) })
    end)
  end)

  for name, global in pairs { ["no Neovim"] = false, ["an old Neovim"] = {} } do
    it("is named in the error if there is none, in " .. name, function()
      without_cjson(global or nil, function(copy, codec)
        local missing = codec.missing()
        assert.are.equal("config", missing.kind)
        assert.matches("^lua%-cjson cannot be loaded, and nothing can be sent without it: .*not here$", missing.message)
        assert.matches("luarocks install lua%-cjson", missing.hint)
        assert.are.same({ nil, missing.message }, { copy.decode "{}" })
        assert.are.same({ nil, missing.message }, { copy.encode {} })
      end)
    end)
  end
end)

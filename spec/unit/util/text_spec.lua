--- Proves that texts are trimmed and percent-decoded, in linear time, that values become the same text in each Lua,
--- and that the case of letters is that of ASCII.

local text = require "aom.util.text"

describe("blanks around a text", function()
  for given, wanted in pairs { [""] = "", [" \n"] = "", ["a"] = "a", [" a b\r\n"] = "a b" } do
    it(("go: %q"):format(given), function() assert.are.equal(wanted, text.trim(given)) end)
  end

  it("are removed in linear time", function()
    local blanks = (" "):rep(2 ^ 18)
    local started = os.clock()
    assert.are.equal("", text.trim(blanks))
    assert.are.equal("a" .. blanks .. "b", text.trim(blanks .. "a" .. blanks .. "b" .. blanks))
    assert.is_true(os.clock() - started < 2)
  end)
end)

describe("percent-encoding", function()
  for given, wanted in pairs {
    [""] = "", ["plain"] = "plain", ["a%20b"] = "a b", ["%2f%2F"] = "//", ["100%"] = "100%", ["%zz"] = "%zz",
    ["%2541"] = "%41", ["%e4%b8%80"] = "一", ["a+b"] = "a+b",
  } do
    it(("%q is taken off once"):format(given), function() assert.are.equal(wanted, text.percent_decode(given)) end)
  end
end)

describe("a value as text", function()
  local list = { 1, 2 }
  for _, case in ipairs {
    { "a b", "a b" }, { "", "" }, { true, "true" }, { false, "false" }, { 0, "0" }, { -0.0, "0" }, { 5, "5" },
    { 5.0, "5" }, { -7, "-7" }, { 0.5, "0.5" }, { -1.25, "-1.25" }, { 2 ^ 53, "9007199254740992" },
    { 1e16, "10000000000000000" }, { 17e17, "1700000000000000000" }, { 1e300, "1e+300" }, { 1e-7, "1e-07" },
    { 0 / 0 }, { 1 / 0 }, { -1 / 0 }, { nil }, { list }, { print },
  } do
    it(("%s is %s"):format(tostring(case[1]), tostring(case[2])), function()
      assert.are.equal(case[2], text.of(case[1]))
    end)
  end
end)

describe("the case of letters", function()
  for given, wanted in pairs {
    [""] = { "", "" }, ["ID"] = { "id", "ID" }, ["x-Request-Id_9"] = { "x-request-id_9", "X-REQUEST-ID_9" },
    ["[@Z`az{"] = { "[@z`az{", "[@Z`AZ{" }, ["\201É\0"] = { "\201É\0", "\201É\0" },
  } do
    it(("%q"):format(given), function()
      assert.are.equal(wanted[1], text.lower(given))
      assert.are.equal(wanted[2], text.upper(given))
    end)
  end
end)

--- Proves that texts are trimmed and percent-decoded, in linear time.

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

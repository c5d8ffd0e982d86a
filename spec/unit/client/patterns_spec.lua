--- Proves which Lua patterns hold a hyphen by mistake, and which literal text a pattern needs.

local patterns = require "aom.client.patterns"

describe("a hyphen of a Lua pattern", function()
  -- The pattern; the same with literal hyphens.
  local mistaken = {
    ["nightly-backup"] = "nightly%-backup",
    ["db-"] = "db%-",
    ["^db-"] = "^db%-",
    ["db-$"] = "db%-$",
    ["a-b-c"] = "a%-b%-c",
    ["x--y"] = "x%--y",
    ["7-11"] = "7%-11",
    ["(db-)"] = "(db%-)",
    [".*db-.-x"] = ".*db%-.-x",
    ["%%a-"] = "%%a%-",
    ["%-a-"] = "%-a%-",
    ["[a-z]a-z"] = "[a-z]a%-z",
    ["%b()a-"] = "%b()a%-",
    ["%f[%w]db-"] = "%f[%w]db%-",
    ["a+b-c"] = "a+b%-c",
    ["%1a-"] = "%1a%-",
    ["備份-夜"] = "備份%-夜",
    ["[]a-]x-"] = "[]a-]x%-",
    ["[^]]x-"] = "[^]]x%-",
    ["a-["] = "a%-[",
    ["a-%"] = "a%-%",
  }
  for pattern, meant in pairs(mistaken) do
    it("is mistaken in " .. pattern, function() assert.are.equal(meant, patterns.with_hyphens(pattern)) end)
  end

  for _, pattern in ipairs {
    "", "^nightly", "nightly%-backup", "^nightly%-", ".-", "a.-b", "%a-b", "%w-", "%d-x", "[a-z]", "^[a-z]+$",
    "[a-z]-x", "[%w-]", "[x-]", "[-x]", "[^a-z]", "[]a-z]", "[%]a-z]", "(a)-b", "(%a-)-", "-", "^-a", "--a", "a*-b",
    "a+-b", "a?-b", "%b()-", "%bab-", "%f[a-z]-", "%--a", "%.-x", " -x", "_-x", "%1-", "[", "[a-", "%", "a%", "%f",
    "%fa-", "%b", "[%", "(", "a%-b%-c",
  } do
    it("is none, or intended, in " .. (pattern == "" and "nothing" or pattern), function()
      assert.is_nil(patterns.with_hyphens(pattern))
    end)
  end

  it("is mistaken if the text does not match itself, and not in the suggested pattern", function()
    for pattern, meant in pairs(mistaken) do
      if not pattern:find "[%%%[%.%(%$%^%+]" then
        assert.is_nil(pattern:find("^" .. pattern .. "$"))
        assert.truthy(pattern:find("^" .. meant .. "$"))
      end
    end
  end)
end)

describe("the longest text of a pattern", function()
  for pattern, text in pairs {
    ["^nightly"] = "nightly", ["nightly%-backup$"] = "nightly-backup", ["^(db).+backup"] = "backup",
    ["a?bc*de+f"] = "de", ["[abc]xy%d+"] = "xy", [".*"] = "", [""] = "", ["ab["] = "ab",
  } do
    it("is " .. text .. " in " .. pattern, function() assert.are.equal(text, patterns.longest_text(pattern)) end)
  end
end)

--- Proves how the profile file is found and parsed, and which of its keys count.

local profile = require "aom.config.profile"
local world = require "spec.support.world"

local SECRET = "s3cr3t-value"

describe("a profile's text", function()
  local cases = {
    { "nothing", "", {} },
    { "an empty section", "[basic]", { basic = {} } },
    { "a key", "[basic]\nak = A", { basic = { ak = "A" } } },
    { "a colon", "[basic]\nak: A", { basic = { ak = "A" } } },
    { "no blanks", "[basic]\nak=A", { basic = { ak = "A" } } },
    { "many blanks", "  [ basic ]  \n\t ak \t=  A b  \t", { basic = { ak = "A b" } } },
    { "CRLF line ends", "[basic]\r\nak = A\r\nsk = S\r\n", { basic = { ak = "A", sk = "S" } } },
    { "a byte order mark", "\239\187\191[basic]\nak = A", { basic = { ak = "A" } } },
    { "comments", "# one\n; two\n[basic]\n # three\nak = A\n", { basic = { ak = "A" } } },
    { "marks of a comment inside a value", "[basic]\nsk = a#b;c", { basic = { sk = "a#b;c" } } },
    { "equals signs inside a value", "[basic]\nsk = a=b==", { basic = { sk = "a=b==" } } },
    { "an empty value", "[basic]\nak =", { basic = { ak = "" } } },
    { "empty lines", "\n\n[basic]\n\n\nak = A\n\n", { basic = { ak = "A" } } },
    { "two sections", "[basic]\nak = A\n[global]\nak = B", { basic = { ak = "A" }, global = { ak = "B" } } },
    { "a section in two parts", "[basic]\nak = A\n[global]\n[basic]\nsk = S", { basic = { ak = "A", sk = "S" },
      global = {} } },
  }
  for _, case in ipairs(cases) do
    it("may hold " .. case[1], function()
      local sections, err = profile.parse(case[2], "/p")
      assert.is_nil(err)
      assert.are.same(case[3], sections)
    end)
  end

  local faults = {
    { "a line that is no setting", "[basic]\nak = A\n" .. SECRET .. "\n", 3,
      "expected %[section%] or key = value" },
    { "a key before any section", "# x\nsk = " .. SECRET, 2, "key before the first %[section%]" },
    { "a key given twice", "[basic]\r\nsk = " .. SECRET .. "\r\nsk = x", 3, "duplicate key sk" },
    { "a key given twice in two parts", "[basic]\nsk = " .. SECRET .. "\n[basic]\nsk = x", 4, "duplicate key sk" },
    { "a section without a name", "\n[]", 2, "no name" },
    { "a section that does not close", "[basic\nsk = " .. SECRET, 1, "expected %[section%]" },
    { "a value without a key", "[basic]\n= " .. SECRET, 2, "expected" },
    { "a NUL in a name", "[basic]\na\0k = " .. SECRET, 2, "expected" },
  }
  for _, case in ipairs(faults) do
    it("may not hold " .. case[1], function()
      local sections, err = profile.parse(case[2], "/home/u/p")
      assert.is_nil(sections)
      assert.are.equal("config", err.kind)
      assert.matches("^profile /home/u/p, line " .. case[3] .. ": ", err.message)
      assert.matches(case[4], err.message)
      assert.is_nil(tostring(err):find(SECRET, 1, true))
    end)
  end
end)

describe("the profile", function()
  local function load(given) return profile.load(world.new(given)) end

  for name, case in pairs {
    ["HOME"] = { env = { HOME = "/h" }, path = "/h/.huaweicloud/credentials" },
    ["USERPROFILE without HOME"] = { env = { USERPROFILE = "/u" }, path = "/u/.huaweicloud/credentials" },
    ["HOME before USERPROFILE"] = { env = { HOME = "/h", USERPROFILE = "/u" },
      path = "/h/.huaweicloud/credentials" },
    ["the variable before HOME"] = { env = { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/x", HOME = "/h" }, path = "/x" },
  } do
    it("is found by " .. name, function()
      local values, err, path = load { env = case.env, files = { [case.path] = "[basic]\nak = A" } }
      assert.is_nil(err)
      assert.are.same({ ak = "A" }, values)
      assert.are.equal(case.path, path)
    end)
  end

  it("may be absent at its usual place", function()
    local values, err, path = load { env = { HOME = "/h" } }
    assert.are.same({}, values)
    assert.is_nil(err)
    assert.are.equal("/h/.huaweicloud/credentials", path)
  end)

  it("may have no place at all", function()
    local values, err, path = load {}
    assert.are.same({}, values)
    assert.is_nil(err)
    assert.is_nil(path)
  end)

  it("may not be absent if the variable names it", function()
    local values, err = load { env = { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/x" } }
    assert.is_nil(values)
    assert.are.equal("config", err.kind)
    assert.matches("^environment variable HUAWEICLOUD_SDK_CREDENTIALS_FILE cannot be read: /x: No such file",
      err.message)
  end)

  local function basic(text)
    return load { env = { HOME = "/h" }, files = { ["/h/.huaweicloud/credentials"] = text } }
  end

  it("gives the keys of [basic] that are known and not empty", function()
    local values = assert(basic("[basic]\nak = A\nsk =\nsecurity_token = s\nregion = r\nendpoint = e\ntoken = t\n"
      .. "project_id = p\ncolour = blue\n[global]\nsk = S"))
    assert.are.same({ ak = "A", security_token = "s", region = "r", endpoint = "e", token = "t", project_id = "p" },
      values)
  end)

  it("may lack [basic]", function() assert.are.same({}, (basic "[global]\nak = A")) end)

  for name, byte in pairs { NUL = "\0", TAB = "\t", ESC = "\27", DEL = "\127" } do
    it(("may not hold %s in a value that is used"):format(name), function()
      local values, err = basic("[basic]\nsk = " .. SECRET .. byte .. "x")
      assert.is_nil(values)
      assert.are.equal("config", err.kind)
      assert.matches("^profile /h/%.huaweicloud/credentials, line 2: sk contains a "
        .. (name == "TAB" and "space, a tab or a line end$" or "control character$"), err.message)
    end)

    it(("may hold %s in a value that is not"):format(name), function()
      assert.are.same({ ak = "A" }, (basic("[basic]\nak = A\nnote = x" .. byte .. "y")))
    end)
  end
end)

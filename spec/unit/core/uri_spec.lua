--- Proves percent-encoding and the order of the query, on the wire and in the signature.
local core = require "aom.core"

local signer = core.signer { ak = "AccessKey", sk = "SecretKey" }

-- The second and third line of the canonical request.
local function canonical(path, query)
  local signed = assert(core.sign({ method = "GET", host = "h", path = path, query = query,
    date = "20260102T030405Z" }, signer))
  return signed.canonical_request:match("^GET\n([^\n]*)\n([^\n]*)\n")
end

describe("a path", function()
  local cases = {
    { "", "/", "/" },
    { "/", "/", "/" },
    { "//", "//", "//" },
    { "/a", "/a", "/a/" },
    { "/a/", "/a/", "/a/" },
    { "a", "/a", "/a/" },
    { ".evil.example/a", "/.evil.example/a", "/.evil.example/a/" },
    { "/a b/c", "/a%20b/c", "/a%20b/c/" },
    { "/a+b", "/a%2Bb", "/a%2Bb/" },
    { "/a%2Fb", "/a%252Fb", "/a%252Fb/" },
    { "/a?b#c", "/a%3Fb%23c", "/a%3Fb%23c/" },
    { "/../.", "/../.", "/.././" },
    { "/任务", "/%E4%BB%BB%E5%8A%A1", "/%E4%BB%BB%E5%8A%A1/" },
    { "/\0\255", "/%00%FF", "/%00%FF/" },
    { "/%", "/%25", "/%25/" },
    { "/abc%", "/abc%25", "/abc%25/" },
    { "/abcd%%efg%h", "/abcd%25%25efg%25h", "/abcd%25%25efg%25h/" },
  }
  for _, case in ipairs(cases) do
    it(("%q goes out as %s"):format(case[1], case[2]), function()
      assert.equal(case[2], core.target(case[1]))
      assert.equal(case[3], (canonical(case[1])))
    end)
  end
end)

describe("every byte", function()
  for byte = 0, 255 do
    local char = string.char(byte)
    local bare = byte < 128 and char:find("[%w%-._~]") ~= nil
    local encoded = bare and char or ("%%%02X"):format(byte)

    it(("%d is %s"):format(byte, encoded), function()
      -- At each place of the groups of four that are looked up at once.
      for before = 0, 4 do
        local text, expected = ("a"):rep(before) .. char .. "bcd", ("a"):rep(before) .. encoded .. "bcd"
        assert.equal("/" .. (char == "/" and text or expected), core.target("/" .. text))
        assert.equal("/?" .. expected .. "=" .. expected, core.target("/", { { text, text } }))
      end
    end)
  end
end)

describe("a query", function()
  local cases = {
    { "of nothing", {}, "" },
    { "without a value", { { "a" } }, "a=" },
    { "with an empty value", { { "a", "" } }, "a=" },
    { "with an empty name", { { "", "v" } }, "=v" },
    { "by name", { { "b", "1" }, { "a", "2" }, { "B", "3" } }, "B=3&a=2&b=1" },
    { "by value, as text", { { "n", "9" }, { "n", "10" }, { "n", "" }, { "n", "9" } }, "n=&n=10&n=9&n=9" },
    { "shorter names first", { { "ab", "1" }, { "a", "2" }, { "abc", "3" } }, "a=2&ab=1&abc=3" },
    { "before encoding: '{' is after 'z', '%7B' would not be", { { "{", "1" }, { "z", "2" } }, "z=2&%7B=1" },
    { "by bytes without sign", { { "é", "1" }, { "z", "2" } }, "z=2&%C3%A9=1" },
    { "by value where a name ends in '='", { { "a", "=b" }, { "a=", "b" } }, "a=%3Db&a%3D=b" },
    { "of everything",
      { { "limit", "1" }, { "enable", "true" }, { "test", "一 (&=?!#%.*)" }, { "path", "/a/123" },
        { "multi", "1" }, { "multi", "2" }, { "multi", "3" } },
      "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Fa%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29" },
  }
  for _, case in ipairs(cases) do
    it("is sorted " .. case[1], function()
      local expected = case[3]
      assert.equal(expected == "" and "/p" or "/p?" .. expected, core.target("/p", case[2]))
      assert.equal(expected, select(2, canonical("/p", case[2])))
    end)
  end

  it("may be very long", function()
    local query, expected = {}, {}
    for i = 1, 20000 do
      query[i] = { ("n%05d"):format(20000 - i), "a b" }
      expected[i] = ("n%05d=a%%20b"):format(i - 1)
    end
    query[20001], expected[20001] = { "z", ("+"):rep(300000) }, "z=" .. ("%2B"):rep(300000)
    local text = table.concat(expected, "&")
    assert.equal("/?" .. text, core.target("/", query))
    assert.equal(text, select(2, canonical("/", query)))
  end)

  it("is the same on the wire and in the signature", function()
    local signed = core.sign({ method = "GET", host = "h", path = "/a b", query = { { "q", "ü" }, { "p", "/" } },
      date = "20260102T030405Z" }, signer)
    assert.equal("/a%20b?p=%2F&q=%C3%BC", signed.target)
    assert.equal(core.target("/a b", { { "q", "ü" }, { "p", "/" } }), signed.target)
  end)
end)

describe("core.target", function()
  it("raises for wrong types", function()
    assert.has_error(function() core.target() end)
    assert.has_error(function() core.target(1) end)
    assert.has_error(function() core.target("/", "a=b") end)
    assert.has_error(function() core.target("/", { { "a", 1 } }) end)
    assert.has_error(function() core.target("/", { "a" }) end)
  end)

  it("refuses paths that no URL can hold", function()
    local target, message, code = core.target(("%"):rep(30 * 1024 * 1024))
    assert.is_nil(target)
    assert.is_string(message)
    assert.equal("memory", code)
  end)
end)

describe("core.random", function()
  it("spreads over [0, 1)", function()
    local low, high, sum = 1, 0, 0
    for _ = 1, 4000 do
      local number = core.random()
      low, high, sum = math.min(low, number), math.max(high, number), sum + number
    end
    assert.is_true(low >= 0 and low < 0.01)
    assert.is_true(high < 1 and high > 0.99)
    assert.is_true(math.abs(sum / 4000 - 0.5) < 0.05)
  end)
end)

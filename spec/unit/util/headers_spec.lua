--- Proves which headers a user may give, and how two sets of them become one.

local headers = require "aom.util.headers"

describe("headers beside those of the library", function()
  for _, row in ipairs {
    { "none", nil, {} },
    { "text", { ["X-One"] = "1", x_two = "a b" }, { ["X-One"] = "1", x_two = "a b" } },
    { "numbers and booleans", { A = 1, B = 2.5, C = true }, { A = "1", B = "2.5", C = "true" } },
    { "blanks around a value", { A = " \tx \t", B = " " }, { A = "x", B = "" } },
    { "a tab inside a value", { A = "x\ty" }, { A = "x\ty" } },
    { "names that look like reserved ones", { Hosts = "1", ["X-Sdk"] = "2", Proxy = "3" },
      { Hosts = "1", ["X-Sdk"] = "2", Proxy = "3" } },
  } do
    it("are read: " .. row[1], function() assert.are.same(row[3], (headers.read_own(row[2], "h"))) end)
  end

  for _, name in ipairs { "Authorization", "host", "X-Auth-Token", "x-security-token", "X-PROJECT-ID", "X-Sdk-Date",
    "x-sdk-anything", "Content-Length", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    "Expect", "Proxy-Authorization", "proxy-connection" } do
    it("are refused: " .. name, function()
      local copy, err = headers.read_own({ [name] = "hush" }, "h")
      assert.is_nil(copy)
      assert.are.equal(("h: the library sets %q, so it cannot be given"):format(name), err.message)
      assert.are.equal("argument", err.kind)
    end)
  end

  for _, row in ipairs {
    { "a line end", { A = "hush\nB: 1" }, 'h: "A": expected a value without control characters' },
    { "a NUL", { A = "hush\0" }, 'h: "A": expected a value without control characters' },
    { "a table", { A = {} }, 'h: "A": expected a string, finite number or boolean, got a table' },
    { "no name", { "hush" }, "h: expected a header name, got 1" },
    { "a name with a line end", { ["A\n"] = "hush" }, 'h: expected a header name, got "A\\10"' },
    { "a name with a blank", { ["A b"] = "hush" }, 'h: expected a header name, got "A b"' },
  } do
    it("are refused: " .. row[1], function()
      assert.are.equal(row[3], (select(2, headers.read_own(row[2], "h"))).message)
    end)
  end

  it("are refused: names that differ in case alone", function()
    local _, err = headers.read_own({ ["X-One"] = "1", ["x-one"] = "1" }, "h")
    assert.matches("differ only in case", err.message)
  end)
end)

describe("two sets of headers", function()
  for _, row in ipairs {
    { nil, nil, nil }, { { A = "1" }, nil, { A = "1" } }, { nil, { A = "1" }, { A = "1" } },
    { { A = "1", B = "2" }, { a = "3", C = "4" }, { a = "3", B = "2", C = "4" } },
  } do
    it("become one: " .. tostring(row[3] and row[3].C), function()
      assert.are.same(row[3], headers.merge(row[1], row[2]))
    end)
  end

  it("stay as they are", function()
    local first, second = { A = "1" }, { a = "2" }
    headers.merge(first, second)
    assert.are.same({ { A = "1" }, { a = "2" } }, { first, second })
  end)
end)

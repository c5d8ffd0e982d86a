--- What is said of a value that is not what its row wants.

local check = require "aom.util.check"

local huge, nan = math.huge, 0 / 0
local HIDING = setmetatable({}, { __index = { "x" } })
local integer = { kind = "integer", min = -2, max = 2 ^ 31 - 1 }
local from_one = { kind = "integer", min = 1, max = 100 }
local amount = { kind = "number", unit = "calls a second" }
local delay = { kind = "number", unit = "seconds", min = 0 }
local text = { kind = "text", min = 0, max = 3 }
local exact = { kind = "text", min = 2, max = 2 }
local names = { kind = "list", max = 2, item_min = 1, item_max = 3 }
local map = { kind = "map", max = 1, texts = true }
local own = { test = function(value) return value ~= 7 and "seven" or nil end }

-- A row, values it takes, values it refuses, and what it then wants.
local cases = {
  { integer, { -2, 0, 2 ^ 31 - 1 }, { -3, 2 ^ 31, 0.5, huge, -huge, nan, "1", true },
    "a whole number from -2 to 2147483647" },
  { from_one, { 1, 100 }, { 0, 101 }, "a whole number from 1 to 100" },
  { amount, { 0.001, 1e9 }, { 0, -1, huge, nan, "1" }, "a finite number of calls a second above 0" },
  { delay, { 0, 0.5 }, { -0.1, huge, nan, {} }, "a finite number of seconds, 0 or more" },
  { { kind = "boolean" }, { true, false }, { 0, "true" }, "true or false" },
  { { kind = "function" }, { print }, { "print", {} }, "a function" },
  { { kind = "choice", choices = { "a", "b" } }, { "a", "b" }, { "", "A", 1, {} }, '"a" or "b"' },
  { { kind = "string" }, { " ", "é" }, { "", "a\n", "\127", 1 }, "a non-empty string without control characters" },
  { { kind = "string", max = 2 }, { "a", "ab" }, { "", "abc", "a\0" },
    "a string of 1 to 2 bytes without control characters" },
  { text, { "", "éé\n", "工作流" }, { "abcd", "\255", 1 }, "a string of 0 to 3 UTF-8 characters" },
  { exact, { "éé" }, { "e", "eee" }, "a string of 2 UTF-8 characters" },
  { { kind = "label", min = 1, max = 4 }, { "a-_1", "é" }, { "", "a b", "abcde" },
    'a string of 1 to 4 letters, digits, "-" and "_"' },
  { { kind = "id" }, { "a", "...", ("x"):rep(64) }, { "", ("x"):rep(65), 1 }, "a string of 1 to 64 bytes" },
  { { kind = "id" }, { "a:b" }, { "a/b", "a b", "a\n", "%2f" },
    "an id without / \\ % ? #, spaces or control characters" },
  { names, { {}, { "a", "abc" } }, { { "" }, { "a", "b", "c" }, { a = "b" }, { "a", 1 } },
    "a list of at most 2 strings of 1 to 3 characters" },
  { names, {}, { HIDING },
    "a list of at most 2 strings of 1 to 3 characters (a plain table, without a metatable)" },
  { { kind = "list" }, { {}, { "", ("x"):rep(999) } }, { "a", { 1 }, { a = "b" }, { "a", x = "c" } },
    "a list of strings" },
  { { kind = "list" }, {}, { HIDING }, "a list of strings (a plain table, without a metatable)" },
  { names, {}, { "a" }, "a list of at most 2 strings of 1 to 3 characters" },
  { map, { {}, { a = "b" } }, { { a = 1 }, { "a" }, { a = "b", c = "d" }, 1 },
    "a table of strings with string keys, at most 1 of them" },
  { own, { 7 }, { 8, "7" }, "seven" },
}

describe("a row", function()
  for i, case in ipairs(cases) do
    local row, wanted = case[1], case[4]
    for j, value in ipairs(case[2]) do
      it(("%d (%s) takes value %d"):format(i, wanted, j), function()
        assert.is_nil(check.value("x", value, row))
        assert.is_true(check.is(value, row))
      end)
    end
    for j, value in ipairs(case[3]) do
      it(("%d (%s) refuses value %d"):format(i, wanted, j), function()
        local err = check.value("x", value, row)
        assert.are.equal("argument", err.kind)
        assert.are.equal("x: expected " .. wanted .. ", got ", err.message:sub(1, #wanted + 18))
        assert.is_false(check.is(value, row))
      end)
    end
  end
end)

describe("what stands in a value", function()
  local VEILED = { deep = { 1, HIDING } }
  for _, case in ipairs {
    { names, { "a", 1 }, '1 as item 2' }, { names, { "a", "abcd" }, '"abcd" as item 2' },
    { names, { "a", "b", "c" }, "a table" }, { { kind = "list" }, { "a", "b", {} }, "a table as item 3" },
    { map, { env = 1 }, '1 for "env"' }, { map, { ["odd key"] = {} }, 'a table for "odd key"' },
    { map, { "a" }, "the key 1" }, { { kind = "map" }, { [true] = 1 }, "the key true" },
    { { kind = "map" }, { input = VEILED }, "one with a metatable as input.deep[2]" },
    { { kind = "map" }, { ["a.b"] = HIDING }, 'one with a metatable as ["a.b"]' },
    { { kind = "map" }, HIDING, "a table" },
  } do
    it("is named, if it is what is wrong: " .. case[3], function()
      assert.matches(", got " .. case[3] .. "\0", check.value("x", case[2], case[1]).message .. "\0", 1, true)
    end)
  end
end)

describe("a secret", function()
  local row = { kind = "string", secret = true, max = 8 }
  for value, shown in pairs {
    [""] = "an empty string", ["a-secret\n"] = "a string with a control character",
    ["a-secret-key"] = "a string of 12 bytes",
    [123456] = "a number", [true] = "true", [{}] = "a table",
  } do
    it("is only outlined: " .. shown, function()
      local err = check.value("sk", value, row)
      assert.are.equal("sk: expected a string of 1 to 8 bytes without control characters, got " .. shown, err.message)
    end)
  end
end)

describe("a table of values", function()
  local rows = { a = { kind = "boolean", required = true }, b = from_one, c = { kind = "boolean" } }
  local label = check.label("wait", "option")

  for given, message in pairs {
    [{ a = true }] = "",
    [{ a = true, b = 1, c = false }] = "",
    [{}] = "wait: a: expected true or false, got nil",
    [{ a = true, b = 101 }] = "wait: b: expected a whole number from 1 to 100, got 101",
    [{ a = 1, b = 0, c = "x" }] = "wait: a: expected true or false, got 1",
    [{ a = true, b = 0, c = "x" }] = "wait: b: expected a whole number from 1 to 100, got 0",
    [{ a = true, d = 1 }] = 'wait: unknown option "d"',
    [{ a = true, true }] = "wait: unknown option 1",
    ["text"] = 'wait: expected a table of options, got "text"',
    [setmetatable({}, { __index = { a = 5 } })] = "wait: a: expected true or false, got 5",
    [setmetatable({}, { __index = function() error("no", 0) end })] = "reading it raised an error: no",
  } do
    it(message == "" and "passes" or "is refused: " .. message, function()
      local copy, err = check.table(given, rows, label)
      assert.are.equal(message == "", copy ~= nil)
      if err then assert.is_truthy(err.message:find(message, 1, true), err.message) end
    end)
  end
end)

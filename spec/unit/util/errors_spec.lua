--- Proves what an error holds, and how it and the values in its message are shown.

local errors = require "aom.util.errors"

local KINDS = {
  argument = false, config = false, credentials = false, network = true, timeout = true, tls = false,
  protocol = false, service = false, cancelled = false,
}

describe("an error", function()
  it("is one that was made before the library was loaded anew", function()
    local name = "aom.util.errors"
    local loaded = package.loaded[name]
    package.loaded[name] = nil
    local again = require(name)
    package.loaded[name] = loaded
    assert.are_not.equal(loaded, again)
    assert.is_true(again.is_error(errors.new("tls", "no")))
    assert.is_true(errors.is_error(again.new("tls", "no")))
    for _, value in ipairs { {}, setmetatable({}, {}), setmetatable({}, { __name = "aom.result" }), "aom.error", 1,
      setmetatable({}, { __metatable = "aom.error" }) } do
      assert.is_false(again.is_error(value))
    end
  end)

  for kind, retryable in pairs(KINDS) do
    it(("of kind %s is %s by default"):format(kind, retryable and "retryable" or "final"), function()
      local err = errors.new(kind, "it failed")
      assert.are.equal(kind, err.kind)
      assert.are.equal("it failed", err.message)
      assert.are.equal(retryable, err.retryable)
      assert.are.equal("aom: " .. kind .. ": it failed", tostring(err))
    end)
  end

  it("keeps an explicit value of retryable", function()
    assert.is_true(errors.new("service", "busy", { retryable = true }).retryable)
    assert.is_false(errors.new("network", "over", { retryable = false }).retryable)
  end)

  it("prints what identifies it, then the hint", function()
    local err = errors.new("service", "no", {
      status = 401, code = "APIGW.0301", request_id = "r-1", operation = "trigger", attempts = 2,
      hint = "look there",
    })
    assert.are.equal("aom: service: no (HTTP 401, APIGW.0301, request r-1, trigger, 2 attempts); look there",
      tostring(err))
  end)

  it("names its operation once", function()
    for message, line in pairs {
      ["list_jobs: name: expected a list"] = "aom: argument: list_jobs: name: expected a list",
      ["list_jobs_of: no"] = "aom: argument: list_jobs_of: no (list_jobs)",
      ["no list_jobs: x"] = "aom: argument: no list_jobs: x (list_jobs)",
    } do
      assert.are.equal(line, tostring(errors.new("argument", message, { operation = "list_jobs" })))
    end
  end)

  it("does not mention a single attempt", function()
    local err = errors.new("service", "no", { status = 400, attempts = 1 })
    assert.are.equal("aom: service: no (HTTP 400)", tostring(err))
  end)

  for name, byte in pairs { NUL = "\0", LF = "\n", CRLF = "\r\n", ESC = "\27", DEL = "\127", TAB = "\t" } do
    it("prints one line when the service's text holds " .. name, function()
      local err = errors.new("service", "a" .. byte .. "b", { code = "c" .. byte, hint = "h" .. byte .. "i",
        request_id = "r" .. byte })
      assert.is_nil(tostring(err):find("[%z\1-\31\127]"))
      assert.are.equal("aom: service: a b (c , request r ); h i", tostring(err))
    end)
  end

  it("prints neither url, cause nor details, which may be long", function()
    local err = errors.new("network", "reset", {
      url = "https://u", cause = { code = 56, message = "lower" }, details = { { message = "more" } },
    })
    assert.are.equal("aom: network: reset", tostring(err))
  end)

  it("can be concatenated from both sides", function()
    local err = errors.new("tls", "no")
    assert.are.equal("x aom: tls: no", "x " .. err)
    assert.are.equal("aom: tls: no y", err .. " y")
    assert.are.equal("aom: tls: noaom: tls: no", err .. err)
  end)

  it("is distinguished from any other value", function()
    assert.is_true(errors.is_error(errors.new("tls", "no")))
    assert.is_true(errors.is_error(errors.copy(errors.new("tls", "no"))))
    for _, value in ipairs { "text", 1, true, {}, { kind = "tls", message = "no" }, print,
      setmetatable({}, { __metatable = "hidden" }) } do
      assert.is_false(errors.is_error(value))
    end
    assert.is_false(errors.is_error(nil))
  end)

  it("of a bad argument or configuration has a short constructor", function()
    local err = errors.argument("%s: expected %d", "x", 5)
    assert.are.same({ "argument", "x: expected 5" }, { err.kind, err.message })
    err = errors.config("nothing set", "set it")
    assert.are.same({ "config", "nothing set", "set it" }, { err.kind, err.message, err.hint })
  end)

  it("has an independent copy", function()
    local err = errors.new("network", "reset", { attempts = 2 })
    local copy = errors.copy(err)
    copy.attempts, copy.hint = 0, "new"
    assert.are.equal(2, err.attempts)
    assert.is_nil(err.hint)
    assert.are.equal("reset", copy.message)
  end)
end)

describe("a value in a message", function()
  local cases = {
    { "text", '"text"' },
    { "", '""' },
    { 12, "12" },
    { true, "true" },
    { {}, "a table" },
    { print, "a function" },
    { "a\nb\0c\127", '"a\\10b\\0c\\127"' },
    { ("x"):rep(40), '"' .. ("x"):rep(40) .. '"' },
    { ("x"):rep(41), '"' .. ("x"):rep(40) .. '…"' },
    { ("x"):rep(39) .. "é" .. "z", '"' .. ("x"):rep(39) .. '…"' },
    { ("x"):rep(39) .. "é", '"' .. ("x"):rep(39) .. '…"' },
    { ("x"):rep(38) .. "é", '"' .. ("x"):rep(38) .. 'é"' },
  }
  for _, case in ipairs(cases) do
    it("is shown as " .. case[2], function() assert.are.equal(case[2], errors.show(case[1])) end)
  end

  it("is shown as nil if there is none", function() assert.are.equal("nil", errors.show(nil)) end)

  it("may hold format directives", function()
    assert.are.equal('got "%d%s"', errors.argument("got %s", errors.show "%d%s").message)
  end)
end)

describe("what was raised", function()
  local CJSON = "Memory allocation error in CJSON protected call"
  local cases = {
    { "not enough memory", true }, { "out of memory", true }, { CJSON, true },
    { "/usr/share/lua/5.2/aom/util/json.lua:182: " .. CJSON, true },
    { "the service is out of memory", false }, { "out of memory: try later", false }, { "", false },
    { 12, false }, { {}, false },
  }
  for _, case in ipairs(cases) do
    it(("%s a lack of memory: %s"):format(case[2] and "is" or "is not", tostring(case[1]):gsub("0x%x+", "")), function()
      assert.are.equal(case[2], errors.is_memory(case[1]))
    end)
  end
  it("may be nothing", function() assert.is_false(errors.is_memory(nil)) end)
end)

--- Proves which requests are retried, and how long each retry waits.

local errors = require "aom.util.errors"
local retry = require "aom.http.retry"

local IDEMPOTENT, OTHER = true, false
local SENT, UNSENT = true, false

local KINDS = { "argument", "config", "credentials", "tls", "protocol", "cancelled" }
local STATUSES = {
  301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 414, 422, 425, 429, 431, 494,
  500, 501, 502, 503, 504, 505, 520, 599,
}
local TRANSIENT = { [408] = true, [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }

describe("a request", function()
  for _, kind in ipairs(KINDS) do
    it("is never repeated after an error of kind " .. kind, function()
      for _, idempotent in ipairs { IDEMPOTENT, OTHER } do
        for _, sent in ipairs { SENT, UNSENT } do
          assert.is_false(retry.may_repeat(errors.new(kind, "x"), idempotent, sent))
        end
      end
    end)
  end

  for _, kind in ipairs { "network", "timeout" } do
    it(("is repeated after an error of kind %s, unless it may run twice that must not"):format(kind), function()
      local err = errors.new(kind, "x")
      assert.is_true(retry.may_repeat(err, IDEMPOTENT, SENT))
      assert.is_true(retry.may_repeat(err, IDEMPOTENT, UNSENT))
      assert.is_false(retry.may_repeat(err, OTHER, SENT))
      assert.is_true(retry.may_repeat(err, OTHER, UNSENT))
    end)
  end

  for _, status in ipairs(STATUSES) do
    it(("%s repeated after status %d"):format(TRANSIENT[status] and "is" or "is not", status), function()
      local err = errors.new("service", "x", { status = status })
      assert.are.equal(TRANSIENT[status] == true, retry.is_transient(status))
      assert.are.equal(TRANSIENT[status] == true, retry.may_repeat(err, IDEMPOTENT, SENT))
      assert.are.equal(status == 429, retry.may_repeat(err, OTHER, SENT))
    end)
  end

  it("is not repeated after an answer over a limit, whatever its status", function()
    assert.is_false(retry.may_repeat(errors.new("protocol", "x", { status = 503 }), IDEMPOTENT, SENT))
  end)
end)

describe("Retry-After", function()
  local NOW = 784111777 -- Sun, 06 Nov 1994 08:49:37 GMT
  local cases = {
    { "0", 0 }, { "1", 1 }, { "120", 120 }, { "007", 7 }, { "99999999", 99999999 },
    { "Sun, 06 Nov 1994 08:49:38 GMT", 1 },
    { "Sun, 06 Nov 1994 08:59:37 GMT", 600 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
    { "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "", 0 }, { "soon", 0 }, { "-5", 0 }, { "1.5", 2 }, { "0.2", 1 }, { "7.", 7 }, { ".5", 0 }, { "1.5.2", 0 },
    { "1e3", 0 }, { "0x10", 0 }, { "5 seconds", 0 },
    { "nan", 0 },
    { "Sun, 31 Feb 1994 08:49:37 GMT", 0 },
  }
  for _, case in ipairs(cases) do
    it(("%q is %d seconds"):format(case[1], case[2]), function()
      assert.are.equal(case[2], retry.after({ ["retry-after"] = case[1] }, NOW))
    end)
  end

  it("counts a date from the response's own, or from this machine's time without one", function()
    local headers = { ["retry-after"] = "Sun, 06 Nov 1994 08:59:37 GMT", date = "Sun, 06 Nov 1994 08:59:17 GMT" }
    assert.are.equal(20, retry.after(headers, NOW))
    headers.date = "yesterday"
    assert.are.equal(600, retry.after(headers, NOW))
  end)

  it("may be absent", function() assert.are.equal(0, retry.after({}, NOW)) end)

  it("may be longer than any number of digits", function()
    assert.is_true(retry.after({ ["retry-after"] = ("9"):rep(500) }, NOW) > 1e9)
  end)
end)

describe("the wait before a retry", function()
  local NEXT_TO_ONE = 1 - 2 ^ -53
  local ceilings = { 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5 }
  for attempts, ceiling in ipairs(ceilings) do
    it(("after %d attempts lies below %g seconds"):format(attempts, ceiling), function()
      assert.are.equal(0, retry.delay(attempts, 0, 0))
      assert.are.equal(0.5 * ceiling, retry.delay(attempts, 0.5, 0))
      assert.are.equal(NEXT_TO_ONE * ceiling, retry.delay(attempts, NEXT_TO_ONE, 0))
      assert.is_true(retry.delay(attempts, NEXT_TO_ONE, 0) <= ceiling)
    end)
  end

  it("stays capped however many attempts there were", function()
    assert.are.equal(2.5, retry.delay(100000, 0.5, 0))
  end)

  it("is never below Retry-After, and may exceed the cap for it", function()
    assert.are.equal(7, retry.delay(1, 0.5, 7))
    assert.are.equal(120, retry.delay(9, NEXT_TO_ONE, 120))
    assert.are.equal(2.5, retry.delay(9, 0.5, 2))
  end)
end)

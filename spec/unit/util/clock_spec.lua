--- Proves how times are written and read, and how a wrong clock is corrected.

local clock = require "aom.util.clock"
local times = require "aom.util.times"
local world = require "spec.support.world"

local NOON = 1639724274 -- 2021-12-17T06:57:54Z

local STAMPS = {
  { "19700101T000000Z", 0 },
  { "19700101T000001Z", 1 },
  { "19691231T235959Z", -1 },
  { "20000228T235959Z", 951782399 },
  { "20000229T000000Z", 951782400 },  -- a leap year, as a multiple of 400
  { "20000301T000000Z", 951868800 },
  { "21000228T000000Z", 4107456000 }, -- none, as a multiple of 100
  { "21000301T000000Z", 4107542400 },
  { "20240229T120000Z", 1709208000 },
  { "20231231T235959Z", 1704067199 },
  { "20240101T000000Z", 1704067200 },
  { "20380119T031408Z", 2147483648 }, -- past 32 bits
  { "20260102T030405Z", 1767323045 },
  { "20260731T235960Z", 1785542400 }, -- a leap second
  { "20211217T065754Z", NOON },
}

local NO_STAMPS = {
  "", "20240101", "20240101T000000", "2024-01-01T00:00:00Z", " 20240101T000000Z", "20240101T000000Z ",
  "20241301T000000Z", "20240001T000000Z", "20240100T000000Z", "20240132T000000Z", "20240431T000000Z",
  "20241232T000000Z",
  "20230229T000000Z", "21000229T000000Z", "20240101T240000Z", "20240101T006000Z", "20240101T000061Z",
  "20240101t000000Z", "20240101T000000z", "020240101T000000Z", "2024010aT000000Z",
}

describe("a stamp", function()
  for _, case in ipairs(STAMPS) do
    it(case[1] .. " is read", function() assert.are.equal(case[2], times.parse_stamp(case[1])) end)
  end

  for _, text in ipairs(NO_STAMPS) do
    it(("is not %q"):format(text), function() assert.is_nil(times.parse_stamp(text)) end)
  end

  it("is the clock's output", function()
    for _, case in ipairs(STAMPS) do
      if case[1]:sub(-3) ~= "60Z" and case[2] >= 0 then
        assert.are.equal(case[1], clock.new(world.new { time = case[2] }):stamp())
      end
    end
  end)
end)

describe("an HTTP date", function()
  local dates = {
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Fri, 17 Dec 2021 06:57:54 GMT", NOON },
    { "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
    { "Sun, 6 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
  }
  for _, case in ipairs(dates) do
    it(case[1] .. " is read", function() assert.are.equal(case[2], times.parse_http_date(case[1])) end)
  end

  it("knows every month", function()
    local number = 0
    for month in ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"):gmatch "%a+" do
      number = number + 1
      assert.are.equal(times.parse_stamp(("2025%02d15T010203Z"):format(number)),
        times.parse_http_date(("Mon, 15 %s 2025 01:02:03 GMT"):format(month)))
    end
  end)

  for _, text in ipairs {
    "", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT", "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
    "06 Nov 1994 08:49:37 GMT", "x Sun, 06 Nov 1994 08:49:37 GMT",
  } do
    it(("is not %q"):format(text), function() assert.is_nil(times.parse_http_date(text)) end)
  end
end)

describe("time zones", function()
  local lua
  for index = 0, -20, -1 do lua = rawget(_G, "arg") and arg[index] or lua end

  for _, zone in ipairs { "UTC", "Asia/Shanghai", "America/New_York", "XYZ-13:45", "XYZ+11" } do
    it("have no effect: " .. zone, function()
      local script = [[
        local clock, times = require "aom.util.clock", require "aom.util.times"
        io.write(table.concat({
          clock.new({ time = function() return 1767323045 end }):stamp(),
          times.parse_stamp "20260702T030405Z", times.parse_http_date "Fri, 02 Jan 2026 03:04:05 GMT",
        }, " "))]]
      local name = os.tmpname()
      local file = assert(io.open(name, "w"))
      file:write(script)
      file:close()
      local pipe = assert(io.popen(("TZ=%s '%s' %s 2>&1"):format(zone, lua, name)))
      local printed = pipe:read("*a")
      pipe:close()
      os.remove(name)
      assert.are.equal("20260102T030405Z 1782961445 1767323045", printed)
    end)
  end
end)

describe("a clock", function()
  local w, c

  before_each(function()
    w = world.new { time = NOON }
    c = clock.new(w)
  end)

  it("follows the machine's", function()
    assert.are.equal("20211217T065754Z", c:stamp())
    assert.are.equal("20211217T065754Z", c:stamp())
    w.advance(1)
    assert.are.equal("20211217T065755Z", c:stamp())
    w.advance(86400)
    assert.are.equal("20211218T065755Z", c:stamp())
    w.advance(-86400)
    assert.are.equal("20211217T065755Z", c:stamp())
  end)

  it("is made at the next call where there was no memory for it", function()
    local late, date = clock.new(world.new { time = NOON }), os.date
    os.date = function() error("not enough memory", 0) end -- luacheck: ignore
    local made = pcall(late.stamp, late)
    os.date = date -- luacheck: ignore
    assert.are.same({ false, "20211217T065754Z" }, { made, late:stamp() })
  end)

  local EXPIRED = "Incorrect IAM authentication information: verify aksk signature fail, signature expired"
  local WRONG = "Incorrect IAM authentication information: verify aksk signature fail"

  -- What the refusal says, in its message and its Date; the gap that results and the
  -- offset that is kept from then on.
  local function stated(offset) return EXPIRED .. ", signature time:x,server time:"
    .. os.date("!%Y%m%dT%H%M%SZ", NOON + offset) end
  local function date(offset) return os.date("!%a, %d %b %Y %H:%M:%S GMT", NOON + offset) end

  local cases = {
    { "a server 15 minutes ahead, in so many words", stated(900), nil, 900, 900 },
    { "a server far ahead", stated(86400 * 400), nil, 86400 * 400, 86400 * 400 },
    { "a server behind", stated(-3600), nil, -3600, -3600 },
    { "the stated time before the Date", stated(1000), date(5000), 1000, 1000 },
    { "the Date when no time is stated", EXPIRED, date(1000), 1000, 1000 },
    { "the Date when the stated time is none", EXPIRED .. ",server time:20219999T999999Z", date(1000), 1000, 1000 },
    { "a small gap, when the signature expired", stated(6), nil, 6, 6 },
    { "noise, when the signature expired", stated(5), nil, 5, 0 },
    { "noise the other way", stated(-5), nil, -5, 0 },
    { "no time at all, when the signature expired", EXPIRED, nil, 0, 0 },
    { "a Date that is none, when the signature expired", EXPIRED, "yesterday", 0, 0 },
    { "a wrong signature, 15 minutes ahead", WRONG, date(900), nil, 0 },
    { "a wrong signature, 15 minutes behind", WRONG, date(-900), nil, 0 },
    { "a wrong signature, more than 15 minutes ahead", WRONG, date(901), 901, 901 },
    { "a wrong signature, more than 15 minutes behind", WRONG, date(-901), -901, -901 },
    { "a wrong signature, at the right time", WRONG, date(0), nil, 0 },
    { "a wrong signature without a Date", WRONG, nil, nil, 0 },
    { "an empty message", "", nil, nil, 0 },
  }
  for _, case in ipairs(cases) do
    it("learns from " .. case[1], function()
      c:stamp()
      assert.are.equal(case[4], c:learn(case[2], case[3], 0))
      assert.are.equal(case[5], c.offset)
      assert.are.equal(os.date("!%Y%m%dT%H%M%SZ", NOON + case[5]), c:stamp())
    end)
  end

  it("learns again, from the machine's own time", function()
    c:learn(stated(1000), nil, 0)
    w.advance(10)
    assert.are.equal("20211217T071444Z", c:stamp())
    assert.are.equal(990, c:learn(stated(2000), nil, 1000))
    assert.are.equal(1990, c.offset)
  end)

  it("makes calls that used an older offset sign again", function()
    local used = c.offset
    assert.are.equal(3600, c:learn(stated(3600), nil, used))
    assert.are.equal(3600, c:learn(stated(3600), nil, used))
    assert.are.equal(3600, c:learn(WRONG, date(3600), used))
    assert.are.equal(3600, c.offset)
  end)

  it("does not blame a clock that was right when it signed", function()
    c:learn(stated(3600), nil, 0)
    assert.is_nil(c:learn(WRONG, date(3600), 3600))
    assert.are.equal(3600, c.offset)
  end)

  it("learns nothing from a server that does not know the time", function()
    for _, stamp in ipairs { "00000101T000000Z", "00010101T000000Z", "19700101T000000Z", "21000101T000000Z",
      "99991231T235959Z" } do
      local message = "signature expired, signature time:20211217T064303Z,server time:" .. stamp
      assert.are.equal(0, c:learn(message, nil, 0))
      assert.are.equal(0, c.offset)
    end
    assert.is_nil(c:learn(WRONG, "Thu, 01 Jan 1970 00:00:00 GMT", 0))
    assert.are.equal(0, c.offset)
  end)

  it("compares a refusal with the offset that was used", function()
    c:learn(stated(3600), nil, 0)
    assert.are.equal(-3600, c:learn(stated(0), nil, 3600))
    assert.are.equal(0, c.offset)
  end)
end)

describe("a time of the identity service", function()
  local cases = {
    { "2026-01-02T03:04:05Z", 1767323045 },
    { "2026-01-02T03:04:05.574000Z", 1767323045 },
    { "2026-01-02T03:04:05.5Z", 1767323045 },
    { "2026-01-02T03:04:05+00:00", 1767323045 },
    { "2026-01-02T03:04:05", 1767323045 },
    { "2026-01-02 03:04:05.1", 1767323045 },
    { "2026-01-02T03:04:05z", 1767323045 },
    { "2026-01-02t03:04:05,25Z", 1767323045 },
    { " 2026-01-02T03:04:05Z\n", 1767323045 },
    { "2026-01-02T11:04:05+08:00", 1767323045 },
    { "2026-01-02T11:04:05.574+08:00", 1767323045 },
    { "2026-01-02 11:04:05 +0800", 1767323045 },
    { "2026-01-02T11:04:05+08", 1767323045 },
    { "2026-01-01T23:34:05-03:30", 1767323045 },
    { "2026-01-02T03:04:05-00:00", 1767323045 },
    { "2026-01-02T03:04:05+24:00" }, { "2026-01-02T03:04:05+08:60" }, { "2026-01-02T03:04:05+8" },
    { "2026-01-02T03:04:05+08:0" }, { "2026-01-02T03:04:05 CST" }, { "2026-01-02T03:04:05Z+08:00" },
    { "2026-01-02T03:04:05." }, { "2026-13-02T03:04:05Z" }, { "2026-02-30T03:04:05Z" },
    { "2026-01-02T24:04:05Z" }, { "2026-01-02" }, { "" }, { "x2026-01-02T03:04:05Z" }, { "2026-01-02T03:04:05Zx" },
    { 1767323045 }, { nil }, { true },
  }
  for i = 1, #cases do
    local text, seconds = cases[i][1], cases[i][2]
    it(("%s is %s"):format(tostring(text), seconds and "read" or "none"), function()
      assert.are.equal(seconds, (times.parse_time(text)))
    end)
  end
end)

--- Proves what the signer accepts and refuses, and that it never shows a secret.
local core = require "aom.core"
local finaliser = require "spec.support.finaliser"

local SK = "SecretKeyThatNobodyMaySee"
local TOKEN = "TokenThatNobodyMaySee"

local function signer(changes)
  local made = { ak = "AccessKey", sk = SK }
  for name, value in pairs(changes or {}) do
    made[name] = value
  end
  return core.signer(made)
end

local function sign(changes, key)
  local made = { method = "GET", host = "h.example.com", path = "/p", date = "20260102T030405Z" }
  for name, value in pairs(changes) do
    made[name] = value
  end
  return core.sign(made, key or signer())
end

-- The message of the error that `call` raises.
local function raised(call, ...)
  local ok, message = pcall(call, ...)
  assert.is_false(ok)
  return message
end

local function assert_refused(code, changes, key)
  local signed, message, got = sign(changes, key)
  assert.is_nil(signed)
  assert.is_string(message)
  assert.equal(code, got)
end

describe("signing refuses", function()
  local dates = { "", "20260102", "2026-01-02T03:04:05Z", "20260102T030405", "20260102t030405Z", "20260102T030405z",
    "20260102T030405Z ", " 20260102T030405Z", "20260102T0304056Z", "20261302T030405Z", "20260002T030405Z",
    "20260100T030405Z", "20260132T030405Z", "20260431T030405Z", "20260229T030405Z", "21000229T030405Z",
    "20260102T240405Z", "20260102T036005Z", "20260102T030461Z", "2026O102T030405Z", "20260102T03040\0Z",
    "20260102T0304/5Z", "20260102T0304:5Z", "20260102T\t30405Z" }
  for _, date in ipairs(dates) do
    it(("the date %q"):format(date), function()
      assert_refused("date", { date = date })
    end)
  end

  it("a date in a header only", function()
    assert_refused("date", { date = "", headers = { ["X-Sdk-Date"] = "20260102T030405" } })
    assert_refused("date", { date = "", headers = { ["X-Sdk-Date"] = "" } })
  end)

  for _, date in ipairs { "20240229T000000Z", "20000229T235960Z", "19700101T000000Z", "99991231T235959Z" } do
    it("an impossible date: " .. date, function()
      assert.is_table(sign { date = date })
    end)
  end

  local conflicts = {
    ["another host"] = { headers = { Host = "other.example.com" } },
    ["a host in other case"] = { headers = { Host = "H.example.com" } },
    ["another date"] = { headers = { ["x-sdk-date"] = "20260102T030406Z" } },
    ["an empty date header"] = { headers = { ["x-sdk-date"] = "" } },
  }
  for title, changes in pairs(conflicts) do
    it(title, function()
      assert_refused("conflict", changes)
    end)
  end

  it("another security token", function()
    assert_refused("conflict", { headers = { ["X-Security-Token"] = "x" } }, signer { security_token = TOKEN })
  end)

  local twice = {
    { ["X-A"] = "1", ["x-a"] = "1" },
    { ["X_A"] = "1", ["x_a"] = "2" },
    { Authorization = "1", authorization = "1" },
    { Host = "h.example.com", host = "h.example.com" },
  }
  for _, headers in ipairs(twice) do
    it("two headers that differ in case: " .. next(headers), function()
      assert_refused("duplicate", { headers = headers })
    end)
  end

  it("two headers that differ in case among hundreds", function()
    local headers = {}
    for i = 1, 300 do
      headers["X-H" .. i] = "v"
    end
    assert.is_table(sign { headers = headers })
    headers["x-h150"] = "v"
    assert_refused("duplicate", { headers = headers })
  end)

  it("nothing that another signer made from it would not refuse too", function()
    local key = { ak = "AK", sk = "SK", security_token = "t", algorithm = "V11-HMAC-SHA256", region = "r",
      service = "s" }
    local first = core.signer(key)
    local second = first:scoped("r-2", "s-2")
    first:close()
    key.region, key.service = "r-2", "s-2"
    local request = { method = "GET", host = "h", path = "/", date = "20260102T030405Z" }
    assert.are.same(core.sign(request, core.signer(key)), core.sign(request, second))
    assert.are.equal(core.signer(key):fingerprint(), second:fingerprint())
    for _, scope in ipairs { { "", "s" }, { "r", "" }, { "r\n", "s" } } do
      local made, _, code = second:scoped(scope[1], scope[2])
      assert.are.same({ nil, "key" }, { made, code })
    end
    assert.has_error(function() first:scoped("r", "s") end)
  end)

  -- A value is scanned eight bytes at a time: the position must not matter.
  it("a control byte anywhere in a value, but a tab", function()
    for byte = 0, 255 do
      for _, text in ipairs { "%s", "a%sb", "abcdefg%s", "abcdefg%sh", "%sbcdefghi", ("x"):rep(30) .. "%syz" } do
        local value = text:gsub("%%s", function() return string.char(byte) end)
        local signed, _, code = sign { headers = { ["X-Value"] = value } }
        if (byte < 0x20 or byte == 0x7f) and byte ~= 9 then
          assert.equal("control", code)
        else
          assert.is_table(signed)
        end
      end
    end
  end)

  it("a control byte in a value that is not signed", function()
    assert_refused("control", { headers = { ["User-Agent"] = "a\r\nX: y" } })
    assert_refused("control", { headers = { X_under = "a\nb" } })
  end)

  it("a control byte in the host", function()
    assert_refused("control", { host = "h\r\nX-Evil: 1" })
  end)

  it("invalid header names", function()
    for byte = 0, 255 do
      local char = string.char(byte)
      local signed, _, code = sign { headers = { ["X" .. char .. "Y"] = "v" } }
      if byte < 0x20 or byte == 0x7f then
        assert.equal("control", code)
      elseif char:find("[%w!#$%%&'*+%-.^_`|~]") and byte < 0x80 then
        assert.is_table(signed)
      else
        assert.equal("name", code)
      end
    end
    assert_refused("name", { headers = { [""] = "v" } })
  end)

  it("invalid methods", function()
    for _, method in ipairs { "GET\nX", "GET ", "G:T", "\255" } do
      assert_refused("name", { method = method })
    end
    assert.equal("PATCH\n", sign({ method = "patcH" }).canonical_request:sub(1, 6))
  end)

  it("unsuitable lists of signed headers", function()
    assert_refused("no_date", { signed_headers = {} })
    assert_refused("no_date", { signed_headers = { "host" } })
    assert_refused("not_given", { signed_headers = { "x-sdk-date", "content-type" } })
    assert_refused("not_given", { signed_headers = { "x-sdk-date", "" } })
    assert_refused("not_given", { signed_headers = { "x-sdk-date", "a b" } })
    assert_refused("not_given", { signed_headers = { "x-sdk-date", ("long"):rep(1000) } })
    assert_refused("not_given", { headers = { Authorization = "old" },
      signed_headers = { "x-sdk-date", "authorization" } })
    assert_refused("not_given", { signed_headers = { "x-sdk-date", "x-security-token" } })
  end)

  it("a request that needs too much memory", function()
    assert_refused("too_large", { query = { { "q", ("x"):rep(17 * 1024 * 1024) } } })
    assert_refused("too_large", { headers = { Big = ("x"):rep(17 * 1024 * 1024) } })
  end)
end)

describe("a request with a wrong type in it", function()
  local cases = {
    { "request.method: expected a string, got nil", { method = false } },
    { "request.host: expected a string, got nil", { host = false } },
    { "request.path: expected a string, got nil", { path = false } },
    { "request.method: expected a non-empty string", { method = "" } },
    { "request.host: expected a non-empty string", { host = "" } },
    { "request.method: expected a string, got a number", { method = 1 } },
    { "request.body: expected a string, got a table", { body = {} } },
    { "request.date: expected a string, got a number", { date = 20260102 } },
    { "request.query: expected a table, got a string", { query = "a=b" } },
    { "request.query[2]: expected a { name, value } pair, got a string", { query = { { "a" }, "b" } } },
    { "the name of a query pair: expected a string, got a nil", { query = { {} } } },
    { "the value of a query pair: expected a string, got a number", { query = { { "a", 1 } } } },
    { "request.headers: expected a table, got a boolean", { headers = true } },
    { "request.headers: expected a string as a name, got a number", { headers = { "X: y" } } },
    { "request.headers: X-A: expected a string, got a number", { headers = { ["X-A"] = 1 } } },
    { "request.signed_headers: expected a table, got a string", { signed_headers = "host" } },
    { "an entry of request.signed_headers: expected a string, got a number", { signed_headers = { 1 } } },
  }
  for _, case in ipairs(cases) do
    it("raises: " .. case[1], function()
      local request = { method = "GET", host = "h", path = "/", date = "20260102T030405Z" }
      for name, value in pairs(case[2]) do
        request[name] = value or nil
      end
      assert.truthy(raised(core.sign, request, signer()):find(case[1], 1, true))
    end)
  end

  it("raises for lists that are far too long", function()
    local many = {}
    for i = 1, 65537 do
      many["h" .. i] = "v"
      many[i] = "v"
    end
    assert.truthy(raised(sign, { query = many }):find("expected at most 65536 entries", 1, true))
    assert.truthy(raised(sign, { headers = many }):find("expected at most 65536 entries", 1, true))
    assert.truthy(raised(sign, { signed_headers = many }):find("expected at most 65536 entries", 1, true))
  end)

  it("raises without a request or a signer", function()
    assert.has_error(function() core.sign() end)
    assert.has_error(function() core.sign("GET", signer()) end)
    assert.has_error(function() sign({}, {}) end)
    assert.has_error(function() sign({}, io.stdout) end)
  end)

  it("changes nothing in the caller's tables", function()
    local query = { { "b", "2" }, { "a", "1" } }
    local headers = { B = " 2 ", A = "1" }
    sign { query = query, headers = headers }
    assert.same({ { "b", "2" }, { "a", "1" } }, query)
    assert.same({ B = " 2 ", A = "1" }, headers)
  end)
end)

describe("a signer", function()
  it("has a tostring without secrets", function()
    local key = signer { security_token = TOKEN, algorithm = "SDK-SM2-SM3" }
    assert.equal("aom.signer (SDK-SM2-SM3)", tostring(key))
    assert.equal("AccessKey", key:ak())
    assert.equal("aom.signer (SDK-SM2-SM3)", tostring(key))
    assert.equal("aom.signer (SDK-HMAC-SHA256)", tostring(signer()))
    assert.is_false(getmetatable(key))
    assert.has_error(function() key.sk = "x" end)
    assert.is_nil(key.sk)
  end)

  local bad = {
    { "credentials.ak: expected a non-empty string", { ak = "" } },
    { "credentials.sk: expected a non-empty string", { sk = "" } },
    { "credentials.ak: expected a string, got a number", { ak = 1 } },
    { "credentials.sk: expected a string, got a table", { sk = { SK } } },
    { "credentials.security_token: expected a string, got a boolean", { security_token = true } },
    { "credentials.algorithm: expected a known algorithm", { algorithm = SK } },
    { "credentials.algorithm: expected a known algorithm", { algorithm = "" } },
    { "credentials.algorithm: expected a known algorithm", { algorithm = "sdk-hmac-sha256" } },
    { "credentials.region: expected a non-empty string", { algorithm = "V11-HMAC-SHA256", service = "s" } },
    { "credentials.service: expected a non-empty string", { algorithm = "V11-HMAC-SHA256", region = "r" } },
  }
  for _, case in ipairs(bad) do
    it("is not made: " .. case[1], function()
      local message = raised(signer, case[2])
      assert.truthy(message:find(case[1], 1, true))
      assert.is_nil(message:find(SK, 1, true))
    end)
  end

  it("is not made of texts with control bytes", function()
    for _, field in ipairs { "ak", "security_token", "region", "service" } do
      local made, message, code = signer { [field] = "a" .. SK .. "\n" }
      assert.is_nil(made)
      assert.equal("key", code)
      assert.is_nil(message:find(SK, 1, true))
    end
  end)

  it("reads its fields through __index too", function()
    local fields = setmetatable({}, { __index = function(_, name)
      return ({ ak = "A" .. "K", sk = SK .. name })[name]
    end })
    assert.equal("AK", core.signer(fields):ak())
  end)

  it("has a fingerprint of the pair and of nothing else", function()
    local print = signer():fingerprint()
    assert.truthy(print:find("^%x+$"))
    assert.equal(32, #print)
    assert.equal(print, signer({ algorithm = "SDK-SM2-SM3", security_token = TOKEN }):fingerprint())
    assert.not_equal(print, signer({ ak = "AccessKez" }):fingerprint())
    assert.not_equal(print, signer({ sk = SK .. "x" }):fingerprint())
  end)

  it("puts no secret into its output, except the token in its own header and line", function()
    local signed = sign({ headers = { ["X-A"] = "b" } }, signer { security_token = TOKEN })
    assert.equal(TOKEN, signed.headers["X-Security-Token"])
    signed.headers["X-Security-Token"] = nil
    signed.canonical_request = signed.canonical_request:gsub("x%-security%-token:[^\n]+", "")
    for _, part in ipairs { signed.headers.Authorization, signed.target, signed.canonical_request,
      signed.string_to_sign, signed.signed_headers } do
      assert.is_nil(part:find(SK, 1, true))
      assert.is_nil(part:find(TOKEN, 1, true))
    end
  end)

  it("closes permanently", function()
    local key = signer()
    key:close()
    key:close()
    assert.equal("aom.signer (SDK-HMAC-SHA256, closed)", tostring(key))
    for name, call in pairs {
      ak = function() return key:ak() end,
      fingerprint = function() return key:fingerprint() end,
    } do
      assert.truthy(raised(call):find("the signer is closed", 1, true), name)
    end
  end)

  it("that is closed during a call signs nothing, and masks all of a text", function()
    local key = signer()
    key:close()
    local signed, why = sign({}, key)
    assert.is_nil(signed)
    assert.equal("the signer is closed", why)
    assert.equal("***", key:mask "whatever it was")
  end)

  it("is collected in great numbers", function()
    for i = 1, 2000 do
      local key = signer { sk = SK .. i, algorithm = i % 100 == 0 and "SDK-SM2-SM3" or nil }
      assert.is_table(sign({}, key))
    end
    collectgarbage()
  end)

  -- The finalizer sets itself up again, so it runs in every cycle of the collector,
  -- and most allocations of this loop are those of core.sign.
  it("survives a finalizer that closes it while it signs", function()
    local key, armed, closings = signer(), true, 0
    local function arm()
      local function run()
        key:close()
        closings = closings + 1
        return armed and arm()
      end
      if _G.newproxy then
        getmetatable(_G.newproxy(true)).__gc = run
      else
        setmetatable({}, { __gc = run })
      end
    end
    local request = { method = "GET", host = "h", path = ("/p"):rep(2000), date = "20260102T030405Z" }
    local expected = core.sign(request, key)
    arm()
    -- The length of a cycle depends on the other objects of this Lua state.
    local rounds = 0
    while (closings < 5 or rounds < 3000) and rounds < 100000 do
      rounds = rounds + 1
      key = signer()
      local signed, why = core.sign(request, key)
      if signed then
        assert.equal(expected.string_to_sign, signed.string_to_sign)
        assert.equal(expected.signed_headers, signed.signed_headers)
        assert.equal(expected.headers.Authorization, signed.headers.Authorization)
      else
        assert.equal("the signer is closed", why)
      end
    end
    armed = false
    assert.is_true(closings > 0)
  end)
end)

describe("a signer's mask", function()
  local cases = {
    { "hides the secret key", "a sk b", "a *** b", "sk" },
    { "hides it at both ends", "skask", "***a***", "sk" },
    { "hides each of two in a row", "sksk", "******", "sk" },
    { "hides the token too", "sk tok", "*** ***", "sk", "tok" },
    { "hides the longer one where one starts with the other", "secret-token!", "***!", "secret", "secret-token" },
    { "hides what two cover together", "abcde", "***", "abc", "cde" },
    { "hides overlapping repeats whole", "aaaaa", "***", "aaa" },
    { "leaves other text alone", "nothing here, s k", "nothing here, s k", "sk" },
    { "leaves the empty text empty", "", "", "sk" },
    { "sees through NUL bytes", "\0s\0k\0", "\0***\0", "s\0k" },
    { "does not look past the end", "xs", "xs", "sk" },
    { "knows what JSON makes of a slash", '{"a":"x\\/y=="}', '{"a":"***"}', "x/y==" },
    { "knows what JSON makes of a quote", 'x\\"y', "***", 'x"y' },
    { "does not look past an end with a backslash", "x\\", "x\\", "x/" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      assert.equal(case[3], signer({ sk = case[4], security_token = case[5] }):mask(case[2]))
    end)
  end

  local access_keys = {
    { "an access key", "HPUAABCDEFGH12345678", true },
    { "a long access key", ("A9"):rep(16), true },
    { "a short word", "my-key1", true },
    { "a secret key", "MySecret0123456789abcdefghijklmnopqrstuv", false },
    { "a secret key of capitals", ("SECRET7X"):rep(5), false },
    { "a key that is a byte too long", ("A9"):rep(16) .. "A", false },
    { "a password", "pass-w0rd", false },
    { "an access key with a blank", "HPUAABCDEFGH 12345678", false },
  }
  for _, case in ipairs(access_keys) do
    it((case[3] and "shows " or "hides ") .. case[1] .. " that is given as access key", function()
      local key = signer { ak = case[2], sk = "sk" }
      local text = "failed,ak:%s,err:ak not exist"
      assert.equal(text:format(case[3] and case[2] or "***"), key:mask(text:format(case[2])))
    end)
  end

  it("takes long texts", function()
    local text = ("x"):rep(100000) .. SK .. ("y"):rep(100000)
    assert.equal(("x"):rep(100000) .. "***" .. ("y"):rep(100000), signer():mask(text))
  end)

  it("accepts only strings", function()
    assert.has_error(function() signer():mask(1) end)
    assert.has_error(function() signer():mask() end)
  end)
end)

it("headers that a finaliser changes while they are read are refused", function()
  local key, headers, added = signer(), {}, 0
  local given = { method = "GET", host = "h", path = "/", headers = headers, date = "20260102T030405Z" }
  local fine, why
  finaliser.always(function() fine, why = pcall(core.sign, given, key) end, function()
    added = added + 1
    for i = 1, 100 do headers[("X-%d-%d"):format(added, i)] = "value" end
  end)
  -- Lua decides when a finaliser runs: most of these run at the critical moment.
  assert.is_true(fine and type(why) == "table" or why:find("changed while it was read", 1, true) ~= nil)
end)

it("what a finaliser signs during a signature does not mix with it", function()
  local function request(path)
    return { method = "GET", host = "h", path = path, headers = {}, date = "20260102T030405Z" }
  end
  local key, long, nested, mixed = signer(), request("/" .. ("p"):rep(100000)), false, 0
  local tries, met = 0, 0
  finaliser.always(function()
    while tries < 300 and met < 40 do
      tries, nested = tries + 1, true
      local signed = core.sign(request "/x", key)
      if signed.target ~= "/x" or #signed.canonical_request > 500 then mixed = mixed + 1 end
    end
  end, function()
    if not nested then return end
    nested, met = false, met + 1
    core.sign(long, key)
  end)
  assert.are.equal(0, mixed)
  assert.is_true(met > 0)
end)

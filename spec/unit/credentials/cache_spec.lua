--- Proves when credentials are renewed, for whom, and what requests carry of them.

local cache = require "aom.credentials.cache"
local config = require "aom.config.resolve"
local core = require "aom.core"
local errors = require "aom.util.errors"
local grants = require "aom.credentials.grants"
local lockout = require "aom.credentials.lockout"
local world = require "spec.support.world"

local PROJECT = ("0123456789abcdef"):rep(2)
local HEADERS = { ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT }
local NOW = 1767323045

local w, loop

local function open(options)
  local given = { region = "cn-north-4", project_id = PROJECT }
  for name, value in pairs(options or {}) do given[name] = value end
  if given.endpoint then given.region = options.region end
  return cache.new(assert(config.resolve(given, w)))
end

local function get(id, deadline, expires) return id:get(loop, deadline or 1000, expires or 1000) end

before_each(function()
  w = world.new { time = NOW }
  loop = w.loop()
end)

describe("the authenticator of a key pair", function()
  it("has a signer, the headers, and the key's record", function()
    local id = assert(open { ak = "A", sk = "hush-key", security_token = "hush-token" })
    local authenticator = assert(get(id))
    assert.are.same(HEADERS, authenticator.headers)
    assert.are.equal("A", authenticator.signer:ak())
    assert.are.equal("aom.signer (SDK-HMAC-SHA256)", tostring(authenticator.signer))
    assert.are.equal(lockout.record(authenticator.signer:fingerprint(), "key",
      "https://aom.cn-north-4.myhuaweicloud.com"), authenticator.record)
    assert.are.equal("a *** b *** A", authenticator.mask "a hush-key b hush-token A")
    assert.are.equal(authenticator, get(id))
  end)

  it("signs with the token of a temporary key", function()
    local signer = get(assert(open { ak = "A", sk = "S", security_token = "T" })).signer
    local signed = assert(core.sign({ method = "PUT", host = "h", path = "/", date = "20260102T030405Z" }, signer))
    assert.are.equal("T", signed.headers["X-Security-Token"])
  end)

  it("shares the record of its key with other clients, but not of another key", function()
    local one, two = get(assert(open { ak = "A", sk = "S" })), get(assert(open { ak = "A", sk = "S" }))
    assert.are.equal(one.record, two.record)
    assert.are_not.equal(one.record, get(assert(open { ak = "A", sk = "S2" })).record)
  end)

  it("keeps no secret in Lua", function()
    local id = assert(open { ak = "A", sk = "hush", security_token = "hush" })
    local seen = {}
    local function search(value)
      if type(value) == "string" then assert.is_nil(value:find("hush", 1, true)) end
      if type(value) ~= "table" or seen[value] then return end
      seen[value] = true
      for key, member in pairs(value) do
        search(key)
        search(member)
      end
    end
    search(id)
    assert.is_nil(tostring(id.current.signer):find("hush", 1, true))
  end)

  for _, algorithm in ipairs { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3",
    "V11-HMAC-SHA256" } do
    it("may sign by " .. algorithm, function()
      local id, err = open { ak = "A", sk = "S", algorithm = algorithm }
      assert.is_nil(err)
      assert.are.equal("aom.signer (" .. algorithm .. ")", tostring(get(id).signer))
    end)
  end

  it("signs for a region if the algorithm needs one", function()
    local options = { ak = "A", sk = "S", algorithm = "V11-HMAC-SHA256", endpoint = "https://aom.example.com" }
    local id, err = open(options)
    assert.is_nil(id)
    assert.are.equal("config", err.kind)
    assert.matches("needs a region", err.message)
    options.region = "r"
    assert(open(options))
  end)
end)

describe("the authenticator of a token", function()
  it("has its header beside the others", function()
    local authenticator = assert(get(assert(open { token = "hush" })))
    assert.are.same({ ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT, ["X-Auth-Token"] = "hush" },
      authenticator.headers)
    assert.is_nil(authenticator.signer)
    assert.is_nil(authenticator.record)
  end)

  local masks = {
    { "tok", "a tok b", "a *** b" },
    { "tok", "toktok", "******" },
    { "tok", "to", "to" },
    { "tok", "", "" },
    { "a.b+c%d", "x a.b+c%d y aXb", "x *** y aXb" },
    { "*", "a*b**", "a***b******" },
    { "**", "a**b", "a***b" },
    { 'q"w\\e', [[{"p":"q\"w\\e"} q"w\e]], '{"p":"***"} ***' },
    { "a/b", [[a/b a\/b]], "*** ***" },
    { [[a\b/c]], [[a\\b\/c]], "***" },
  }
  it("masks a text of only secrets in linear time", function()
    local mask = get(assert(open { token = "0123456789" })).mask
    local started = os.clock()
    assert.are.equal(("***"):rep(100000), mask(("0123456789"):rep(100000)))
    assert.is_true(os.clock() - started < 2)
  end)

  for _, case in ipairs(masks) do
    it(("masks %q in %q"):format(case[1], case[2]), function()
      assert.are.equal(case[3], get(assert(open { token = case[1] })).mask(case[2]))
    end)
  end

  for url, allowed in pairs {
    ["https://aom.example.com"] = true, ["http://127.0.0.1:8080"] = true, ["http://localhost"] = true,
    ["http://[::1]:9"] = true, ["http://aom.example.com"] = false, ["http://127.0.0.1.example.com"] = false,
    ["http://10.0.0.1"] = false,
  } do
    it(("%s cross to %s"):format(allowed and "may" or "may not", url), function()
      local id, err = open { token = "hush", endpoint = url }
      if allowed then
        assert.is_nil(err)
      else
        assert.is_nil(id)
        assert.are.equal("config", err.kind)
        assert.matches("unencrypted", err.message)
        assert.matches("allow_http", err.hint)
      end
    end)
  end

  it("may cross a network unencrypted if that is allowed", function()
    assert(open { token = "hush", endpoint = "http://aom.example.com", allow_http = true })
    assert.is_nil((open { token = "hush", endpoint = "http://aom.example.com", allow_http = false }))
  end)

  it("may not cross a network unencrypted either if a provider supplies it later", function()
    local function give() return { token = "t" } end
    local id = assert(open { credentials = give, endpoint = "http://aom.example.com" })
    local authenticator, err = get(id)
    assert.is_nil(authenticator)
    assert.are.equal("config", err.kind)
  end)

  it("does not matter for a key pair, which is never sent", function()
    assert(open { ak = "A", sk = "S", endpoint = "http://aom.example.com" })
  end)
end)

describe("what a request carries of an account", function()
  local function open_without_project(options)
    options.region = "cn-north-4"
    local settings = assert(config.resolve(options, w))
    return get(assert(cache.new(settings))), settings
  end

  for name, case in pairs {
    ["a key pair"] = { function() return { ak = "A", sk = "S" } end },
    ["a token"] = { function() return { token = "hush" } end, "hush" },
  } do
    it(("follows the project id, with %s, and is made once"):format(name), function()
      local authenticator, settings = open_without_project(case[1]())
      local before = { ["Content-Type"] = "application/json", ["X-Auth-Token"] = case[2] }
      assert.are.same(before, grants.of(authenticator, false).headers)
      assert.are.same(before, grants.of(authenticator, true).headers)
      settings.project_id = PROJECT
      before["X-Project-Id"] = PROJECT
      local grant = grants.of(authenticator, false)
      assert.are.same(before, grant.headers)
      assert.are.equal(grant.headers, grants.of(authenticator, false).headers)
      assert.are.equal(grant, grants.of(authenticator, false))
    end)
  end

  it("is signed for the identity service by a signer of its own where the algorithm names a service", function()
    local authenticator = open_without_project { ak = "A", sk = "S", algorithm = "V11-HMAC-SHA256" }
    assert.are.equal("aom.signer (V11-HMAC-SHA256)", tostring(grants.of(authenticator, false).signer))
    assert.are.equal("aom.signer (SDK-HMAC-SHA256)", tostring(grants.of(authenticator, true).signer))
    authenticator:close()
    assert.has_error(function() authenticator.signer:ak() end)
    assert.has_error(function() authenticator.lookup_signer:ak() end)
  end)
end)

describe("what a provider gives", function()
  local bad = {
    { "a token with a line break", { token = "hush\n" }, "token" },
    { "an empty token", { token = "" }, "token" },
    { "a token that is too long", { token = "hush-" .. ("t"):rep(40956) }, "token" },
    { "a token that is a number", { token = 5 }, "token" },
    { "nothing", {}, "ak: expected" },
    { "half a pair", { ak = "A" }, "sk: expected" },
    { "the other half", { sk = "hush" }, "ak: expected" },
    { "an empty half", { ak = "A", sk = "" }, "sk: expected" },
    { "a key with a line break", { ak = "A", sk = "hush\r" }, "sk: expected" },
    { "a key that is a table", { ak = "A", sk = {} }, "sk: expected" },
    { "an empty security token", { ak = "A", sk = "S", security_token = "" }, "security_token: expected" },
    { "a security token with a NUL", { ak = "A", sk = "S", security_token = "hush\0" }, "security_token: expected" },
    { "a time that is not a number", { token = "hush", expires_at = 0 / 0 }, "expires_at" },
    { "a duration instead of a time", { token = "hush", expires_at = 3600 }, "expires_at: expected a time in seconds" },
    { "a time before any credentials", { ak = "A", sk = "hush", expires_at = -1 }, "expires_at: expected a time" },
    { "a time as text", { token = "hush", expires_at = "2026-01-02T03:04:05Z" }, "expires_at" },
  }
  for _, case in ipairs(bad) do
    it("is not " .. case[1], function()
      local id = assert(open { credentials = function() return case[2] end })
      local authenticator, err = get(id)
      assert.is_nil(authenticator)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      assert.is_nil(tostring(err):find("hush", 1, true))
    end)
  end

  it("may be a token of the longest documented length", function()
    assert(get(assert(open { credentials = function() return { token = ("t"):rep(40960) } end })))
  end)
end)

describe("a renewal", function()
  local asked, gives

  local function provider()
    asked = asked + 1
    return gives(asked)
  end

  before_each(function()
    asked = 0
    gives = function(n) return { token = "t" .. n, expires_at = w.time() + 3600 } end
  end)

  local function token(authenticator) return authenticator and authenticator.headers["X-Auth-Token"] end

  it("waits until it is needed, and until less than five minutes are left", function()
    local id = assert(open { credentials = provider })
    assert.are.equal(0, asked)
    assert.are.equal("t1", token(get(id)))
    w.advance(3299)
    assert.are.equal("t1", token(get(id)))
    w.advance(1)
    assert.are.equal("t2", token(get(id)))
    assert.are.equal("t2", token(get(id)))
    assert.are.equal(2, asked)
  end)

  it("never comes for what does not expire", function()
    gives = function() return { ak = "A", sk = "S" } end
    local id = assert(open { credentials = provider })
    local first = get(id)
    w.advance(1e9)
    assert.are.equal(first, get(id))
    assert.are.equal(1, asked)
  end)

  it("passes the loop and the deadline to the provider", function()
    local seen
    local id = assert(open { credentials = function(context)
      seen = context
      return { token = "t" }
    end })
    get(id, 77)
    assert.are.same({ loop = loop, deadline = 77 }, seen)
  end)

  it("is made once for all that wait", function()
    gives = function(n)
      loop.sleep(2)
      return { token = "t" .. n }
    end
    local id = assert(open { credentials = provider })
    local tasks = {}
    for i = 1, 20 do tasks[i] = w.go(function() return get(id) end) end
    assert.are.equal(1, asked)
    w.advance(2)
    for _, task in ipairs(tasks) do assert.are.equal("t1", token(task.results[1])) end
    assert.are.equal(1, asked)
  end)

  it("that fails, fails for all that wait, each with its own error", function()
    local failure = errors.new("network", "no route")
    gives = function()
      loop.sleep(2)
      return nil, failure
    end
    local id = assert(open { credentials = provider })
    local tasks = {}
    for i = 1, 3 do tasks[i] = w.go(function() return get(id) end) end
    w.advance(2)
    local seen = {}
    for _, task in ipairs(tasks) do
      local err = task.results[2]
      assert.are.equal("no route", err.message)
      assert.is_nil(seen[err])
      seen[err] = true
    end
    assert.are.equal(1, asked)
  end)

  it("that failed is repeated by the next call", function()
    gives = function(n)
      if n == 1 then return nil, errors.new("network", "no route") end
      return { token = "t" .. n }
    end
    local id = assert(open { credentials = provider })
    assert.is_nil((get(id)))
    assert.are.equal("t2", token(get(id)))
  end)

  it("that fails is ignored until the credentials expire", function()
    gives = function(n)
      if n > 1 then
        if coroutine.running() and n == 3 then loop.sleep(1) end
        return nil, errors.new("network", "no route")
      end
      return { token = "t1", expires_at = NOW + 600 }
    end
    local id = assert(open { credentials = provider })
    get(id)
    w.advance(400)
    assert.are.equal("t1", token(get(id)))
    assert.are.equal(2, asked)
    -- The next attempt comes after an eighth of the remaining time.
    assert.are.equal("t1", token(get(id)))
    assert.are.equal(2, asked)
    w.advance(25)
    local one, two = w.go(function() return get(id) end), w.go(function() return get(id) end)
    w.advance(1)
    assert.are.same({ "t1", "t1" }, { token(one.results[1]), token(two.results[1]) })
    assert.are.equal(3, asked)
    w.advance(173)
    assert.are.equal("t1", token(get(id)))
    w.advance(1)
    local authenticator, err = get(id)
    assert.is_nil(authenticator)
    assert.are.equal("no route", err.message)
  end)

  it("of short-lived credentials does not happen at every call", function()
    gives = function(n) return { token = "t" .. n, expires_at = w.time() + 80 } end
    local id = assert(open { credentials = provider })
    for _ = 1, 100 do get(id) end
    assert.are.equal(1, asked)
    w.advance(9)
    assert.are.equal("t1", token(get(id)))
    w.advance(1)
    assert.are.equal("t2", token(get(id)))
    assert.are.equal(2, asked)
  end)

  it("is not waited for while the old credentials last", function()
    gives = function(n)
      if n == 2 then loop.sleep(5) end
      return { token = "t" .. n, expires_at = w.time() + 600 }
    end
    local id = assert(open { credentials = provider })
    get(id)
    w.advance(400)
    local first = w.go(function() return get(id) end)
    assert.are.equal("t1", token(get(id)))
    w.advance(5)
    assert.are.equal("t2", token(first.results[1]))
    assert.are.equal(2, asked)
  end)

  it("happens when the service refuses the credentials, and returns whether there are others", function()
    local id = assert(open { credentials = provider })
    local first = get(id)
    assert.is_true(id:replace(first, loop, 1000, 1000))
    assert.are.equal("t2", token(get(id)))
    -- Another call that was refused with the first ones finds the second ones.
    assert.is_true(id:replace(first, loop, 1000, 1000))
    assert.are.equal(2, asked)
    gives = function() return { token = "t2", expires_at = w.time() + 3600 } end
    id.current.substitute = false
    assert.is_false(id:replace(id.current, loop, 1000, 1000))
    assert.are.equal("t2", token(get(id)))
    assert.are.equal(3, asked)
  end)

  it("is not repeated for a minute if the new credentials are refused too", function()
    local id = assert(open { credentials = provider })
    assert.is_true(id:replace(get(id), loop, 1000, 1000))
    assert.is_false(id:replace(get(id), loop, 1000, 1000))
    w.advance(59)
    assert.is_false(id:replace(get(id), loop, 1000, 1000))
    assert.are.equal(2, asked)
    w.advance(1)
    assert.is_true(id:replace(get(id), loop, 1000, 1000))
    assert.are.equal("t3", token(get(id)))
    assert.is_false(id:replace(get(id), loop, 1000, 1000))
    assert.are.equal(3, asked)
  end)

  it("happens again after the replaced credentials have worked", function()
    local id = assert(open { credentials = provider })
    for n = 2, 4 do
      assert.is_true(id:replace(get(id), loop, 1000, 1000))
      assert.are.equal("t" .. n, token(get(id)))
      id.current.substitute = false
    end
    id:spare_source(id.current, loop)
    assert.is_false(id:replace(get(id), loop, 1000, 1000))
    assert.are.equal(4, asked)
  end)

  it("happens for expiring credentials even during that minute", function()
    local id = assert(open { credentials = provider })
    get(id)
    id:spare_source(id.current, loop)
    w.advance(3301)
    assert.are.equal("t2", token(get(id)))
  end)

  for name, case in pairs {
    ["gives the same ones"] = { 60, function() return { token = "t1" } end },
    ["cannot be reached"] = { 5, function() return nil, errors.new("network", "no route") end },
    ["raises an error"] = { 5, function() error "oops" end },
  } do
    it("does not happen at every refusal if the source " .. name, function()
      local id = assert(open { credentials = provider })
      local first = get(id)
      gives = case[2]
      for _ = 1, 100 do assert.is_false(id:replace(first, loop, 1000, 1000)) end
      assert.are.equal(2, asked)
      w.advance(case[1])
      for _ = 1, 100 do assert.is_false(id:replace(first, loop, 1000, 1000)) end
      assert.are.equal(3, asked)
    end)
  end

  it("reads a file again at each refusal, since the user may be editing it", function()
    w.env.HUAWEICLOUD_SDK_AK, w.env.HUAWEICLOUD_SDK_SK = "A", "S1"
    local id = assert(open {})
    local first = get(id)
    assert.is_false(id:replace(first, loop, 1000, 1000))
    w.env.HUAWEICLOUD_SDK_SK = "S2"
    assert.is_true(id:replace(first, loop, 1000, 1000))
    assert.are_not.equal(first.mark, get(id).mark)
  end)

  it("does not happen for options, which hold no others", function()
    local id = assert(open { token = "t" })
    assert.is_false(id:replace(get(id), loop, 1000, 1000))
    assert.are.equal("t", token(get(id)))
  end)
  it("that supplies credentials expired by our clock lets the service decide", function()
    gives = function(n) return { token = "t" .. n, expires_at = NOW - 1 } end
    local id = assert(open { credentials = provider })
    assert.are.equal("t1", token(get(id)))
    assert.are.equal("t2", token(get(id)))
  end)

  it("is not waited for if nothing else can run during the wait", function()
    gives = function(n)
      if n == 1 then loop.sleep(100) end
      return { token = "t" .. n }
    end
    local id = assert(open { credentials = provider })
    w.go(function() return get(id) end)
    assert.are.equal("t2", token(get(id)))
  end)

  it("that hangs is replaced by the next call's", function()
    gives = function(n)
      if n == 1 then loop.sleep(1e6) end
      return { token = "t" .. n }
    end
    local id = assert(open { credentials = provider })
    local first = w.go(function() return get(id, 1e7, 30) end)
    local second = w.go(function() return get(id, 1e7, 60) end)
    w.kill(first)
    w.advance(29)
    assert.is_false(second.done)
    w.advance(1)
    assert.are.equal("t2", token(second.results[1]))
  end)

  it("that is cancelled is made by the next call that waits for it", function()
    gives = function(n)
      loop.sleep(2)
      if n == 1 then return nil, errors.cancelled() end
      return { token = "t" .. n }
    end
    local id = assert(open { credentials = provider })
    local first, second = w.go(function() return get(id) end), w.go(function() return get(id) end)
    w.advance(2)
    assert.are.equal("cancelled", first.results[2].kind)
    assert.is_false(second.done)
    w.advance(2)
    assert.are.equal("t2", token(second.results[1]))
  end)

  it("that the closing of the client ends cancels all that wait for it", function()
    gives = function()
      loop.sleep(2)
      return nil, errors.cancelled()
    end
    local id = assert(open { credentials = provider })
    local first, second = w.go(function() return get(id) end), w.go(function() return get(id) end)
    id:close()
    w.advance(2)
    for _, task in ipairs { first, second } do assert.are.equal("cancelled", task.results[2].kind) end
    assert.are.equal(1, asked)
  end)

  it("is not waited for past a call's deadline", function()
    gives = function()
      loop.sleep(100)
      return { token = "t" }
    end
    local id = assert(open { credentials = provider })
    w.go(function() return get(id) end)
    local hasty = w.go(function() return get(id, 5) end)
    w.advance(5)
    assert.are.equal("timeout", hasty.results[2].kind)
    assert.are.equal(1, asked)
  end)

  it("changes the key, the signer and what is known of it", function()
    gives = function(n) return { ak = "A" .. n, sk = "S" .. n, expires_at = w.time() + 600 } end
    local id = assert(open { credentials = provider })
    local one = get(id)
    w.advance(300)
    local two = get(id)
    assert.are.same({ "A1", "A2" }, { one.signer:ak(), two.signer:ak() })
    assert.are_not.equal(one.record, two.record)
  end)
end)

describe("a cache that is closed", function()
  it("has its key no more, and may be closed again", function()
    local id = assert(open { ak = "A", sk = "S" })
    local signer = get(id).signer
    id:close()
    assert.has_error(function() signer:ak() end)
    assert.is_false(id.current)
    id:close()
  end)

  it("supplies nothing, and keeps nothing that a renewal brings late", function()
    local id
    id = assert(open { credentials = function()
      id:close()
      return { ak = "A", sk = "S" }
    end })
    for _ = 1, 2 do
      local authenticator, err = get(id)
      assert.is_nil(authenticator)
      assert.are.equal("cancelled", err.kind)
      assert.is_false(id.current)
    end
  end)

  it("may have had none", function()
    assert(open { credentials = function() end }):close()
    assert(open { token = "t" }):close()
  end)
end)

describe("a cache without credentials", function()
  it("is none", function()
    local id, err = open {}
    assert.is_nil(id)
    assert.are.equal("credentials", err.kind)
  end)
end)

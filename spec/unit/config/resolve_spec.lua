--- Proves how a client's settings are found, and what is said of wrong or missing ones.

local config = require "aom.config.resolve"
local endpoints = require "aom.config.endpoint"
local world = require "spec.support.world"

local PROJECT = ("0123456789abcdef"):rep(2)
local PATH = "/h/.huaweicloud/credentials"
local BEIJING = "https://aom.cn-north-4.myhuaweicloud.com"

local function resolve(given, env, text)
  local w = world.new { env = env or {}, files = { [PATH] = text } }
  w.env.HOME = w.env.HOME or "/h"
  local settings, err = config.resolve(given, w)
  return settings, err, w
end

describe("an endpoint", function()
  local good = {
    { "https://aom.example.com", "https", "aom.example.com", "" },
    { "http://aom.example.com", "http", "aom.example.com", "" },
    { "aom.example.com", "https", "aom.example.com", "" },
    { "aom.example.com:8443/x", "https", "aom.example.com:8443", "/x" },
    { "localhost:8080", "https", "localhost:8080", "", true },
    { "HTTPS://AOM.Example.COM/Path", "https", "aom.example.com", "/Path" },
    { "https://aom.example.com/", "https", "aom.example.com", "" },
    { "https://aom.example.com///", "https", "aom.example.com", "" },
    { "https://aom.example.com/a/b/", "https", "aom.example.com", "/a/b" },
    { "https://aom.example.com/a%20b", "https", "aom.example.com", "/a b" },
    { "https://aom.example.com/%e4%B8%80%3F%23", "https", "aom.example.com", "/一?#" },
    { "https://aom.example.com/a.b/..c/...", "https", "aom.example.com", "/a.b/..c/..." },
    { "https://aom.example.com:443", "https", "aom.example.com", "" },
    { "https://aom.example.com:0443", "https", "aom.example.com", "" },
    { "https://aom.example.com:80", "https", "aom.example.com:80", "" },
    { "http://aom.example.com:80/", "http", "aom.example.com", "" },
    { "http://aom.example.com:443", "http", "aom.example.com:443", "" },
    { "https://aom.example.com:1", "https", "aom.example.com:1", "" },
    { "https://aom.example.com:65535", "https", "aom.example.com:65535", "" },
    { "https://under_score.example.com", "https", "under_score.example.com", "" },
    { "https://[2001:DB8::1]:8443/p", "https", "[2001:db8::1]:8443", "/p" },
    { "https://[::1]", "https", "[::1]", "", true },
    { "http://[::1]:80", "http", "[::1]", "", true },
    { "http://[::2]", "http", "[::2]", "" },
    { "http://localhost", "http", "localhost", "", true },
    { "http://LOCALHOST:8080", "http", "localhost:8080", "", true },
    { "http://127.0.0.1:8080", "http", "127.0.0.1:8080", "", true },
    { "http://127.3.2.1", "http", "127.3.2.1", "", true },
    { "http://127.0.0.256", "http", "127.0.0.256", "" },
    { "http://127.0.0.1000", "http", "127.0.0.1000", "" },
    { "http://127.1", "http", "127.1", "" },
    { "http://2130706433", "http", "2130706433", "" },
    { "http://128.0.0.1", "http", "128.0.0.1", "" },
    { "http://127.0.0.1.example.com", "http", "127.0.0.1.example.com", "" },
    { "http://localhost.example.com", "http", "localhost.example.com", "" },
    { "http://a127.0.0.1", "http", "a127.0.0.1", "" },
  }
  for _, case in ipairs(good) do
    it("may be " .. case[1], function()
      local endpoint, problem = endpoints.parse(case[1])
      assert.is_nil(problem)
      assert.are.same({
        scheme = case[2], host = case[3], path = case[4], loopback = case[5] == true,
        base = case[2] .. "://" .. case[3],
      }, endpoint)
    end)
  end

  local bad = {
    { "user information", "https://user:pw@aom.example.com", "user name or password" },
    { "a user without a password", "https://user@aom.example.com", "user name or password" },
    { "empty user information", "https://@aom.example.com", "user name or password" },
    { "a query", "https://aom.example.com/?a=b", "query" },
    { "an empty query", "https://aom.example.com?", "query" },
    { "a fragment", "https://aom.example.com/#x", "fragment" },
    { "a blank", "https://aom.example.com/a b", "space" },
    { "a blank in front", " https://aom.example.com", "space" },
    { "a tab", "https://aom.example.com\t", "control" },
    { "a line break", "https://aom.example.com\r\nX: y", "control" },
    { "a NUL", "https://aom.example.com\0.evil.com", "control" },
    { "a backslash", "https://aom.example.com\\x", "backslash" },
    { "a dot segment", "https://aom.example.com/a/./b", "%.%." },
    { "a double dot segment", "https://aom.example.com/a/../b", "%.%." },
    { "a dot segment at the end", "https://aom.example.com/a/..", "%.%." },
    { "an escaped dot segment", "https://aom.example.com/%2e%2E/b", "%.%." },
    { "an escaped slash", "https://aom.example.com/a%2Fb", "escaped slash" },
    { "an escaped slash in lower case", "https://aom.example.com/a%2fb", "escaped slash" },
    { "an escaped backslash", "https://aom.example.com/a%5cb", "backslash" },
    { "an escaped line break", "https://aom.example.com/a%0ab", "control" },
    { "an escaped NUL", "https://aom.example.com/%00", "control" },
    { "a percent sign that escapes nothing", "https://aom.example.com/100%", "not an escape" },
    { "a percent sign before other digits", "https://aom.example.com/%zz", "not an escape" },
    { "port 0", "https://aom.example.com:0", "port" },
    { "port 65536", "https://aom.example.com:65536", "port" },
    { "an endless port", "https://aom.example.com:" .. ("9"):rep(400), "port" },
    { "a negative port", "https://aom.example.com:-1", "port" },
    { "a port in words", "https://aom.example.com:https", "port" },
    { "an empty port", "https://aom.example.com:", "port" },
    { "two ports", "https://aom.example.com:1:2", "port" },
    { "text after an IPv6 host", "https://[::1]x", "port" },
    { "an IPv6 host without brackets", "https://::1", "no host" },
    { "an IPv6 zone", "https://[fe80::1%25eth0]", "host" },
    { "a bracket that does not close", "https://[::1", "host" },
    { "a bracket without colons", "https://[abc", "host" },
    { "names in brackets", "https://[example.com]", "host" },
    { "an escaped host", "https://aom%2eexample.com", "host" },
    { "a host that is not ASCII", "https://aöm.example.com", "host" },
    { "no host", "https://", "no host" },
    { "no host before a path", "https:///path", "no host" },
    { "no host before a port", "https://:8080", "no host" },
    { "another scheme", "ftp://aom.example.com", "neither http" },
    { "a scheme with a socket's name", "unix://x", "neither http" },
    { "half a scheme", "https:/aom.example.com", "port" },
    { "nothing", "", "no host" },
    { "a scheme without its colon", "http//127.0.0.1:1", "two slashes" },
    { "a path that begins with two slashes", "https://aom.example.com//v1", "two slashes" },
    { "a placeholder", "https://aom.example.com/v1/{project_id}/cms", "{ or }" },
    { "half a placeholder", "aom.example.com/x}", "{ or }" },
    { "an escaped placeholder", "https://aom.example.com/%7Bid%7d", "{ or }" },
  }
  for _, case in ipairs(bad) do
    it("may not hold " .. case[1], function()
      local endpoint, problem = endpoints.parse(case[2])
      assert.is_nil(endpoint)
      assert.matches(case[3], problem)
    end)
  end

  it("that is wrong is not shown, but its source is", function()
    for _, entry in ipairs {
      { { endpoint = "https://user:hunter2@aom.example.com" }, {}, "option endpoint" },
      { {}, { HUAWEICLOUD_SDK_AOM_ENDPOINT = "https://user:hunter2@aom.example.com" },
        "environment variable HUAWEICLOUD_SDK_AOM_ENDPOINT" },
    } do
      entry[1].project_id = PROJECT
      local settings, err = resolve(entry[1], entry[2])
      assert.is_nil(settings)
      assert.are.equal("config", err.kind)
      assert.are.equal("the endpoint from " .. entry[3] .. " contains a user name or password", err.message)
      assert.is_nil(tostring(err):find("hunter2", 1, true))
    end
  end)
end)

describe("the place to call", function()
  local ENV = { region = "HUAWEICLOUD_SDK_REGION", endpoint = "HUAWEICLOUD_SDK_AOM_ENDPOINT" }
  local OVERRIDE = "HUAWEICLOUD_SDK_REGION_AOM_CN_NORTH_4"
  local E, R = "endpoint", "region"

  -- What each source has; the resulting base and region.
  local cases = {
    { "a region's", { arg = { [R] = "cn-north-4" } }, BEIJING, "cn-north-4" },
    { "an endpoint's", { arg = { [E] = "https://a" } }, "https://a", nil },
    { "an endpoint's, with a region to sign for", { arg = { [E] = "https://a", [R] = "cn-east-2" } }, "https://a",
      "cn-east-2" },
    { "an endpoint's, with a region nobody knows", { arg = { [E] = "https://a", [R] = "private-1" } }, "https://a",
      "private-1" },
    { "an endpoint's, with a region from the environment", { arg = { [E] = "https://a" },
      env = { [R] = "cn-east-2" } }, "https://a", "cn-east-2" },
    { "the environment's region", { env = { [R] = "cn-east-2" } }, "https://aom.cn-east-2.myhuaweicloud.com",
      "cn-east-2" },
    { "the environment's endpoint", { env = { [E] = "https://b" } }, "https://b", nil },
    { "the environment's endpoint, beside an option region", { arg = { [R] = "cn-north-4" },
      env = { [E] = "https://b" } }, "https://b", "cn-north-4" },
    { "the option endpoint before the environment's", { arg = { [E] = "https://a" }, env = { [E] = "https://b" } },
      "https://a", nil },
    { "the option region before the environment's", { arg = { [R] = "cn-north-4" }, env = { [R] = "cn-east-2" } },
      BEIJING, "cn-north-4" },
    { "the profile's region", { file = { [R] = "cn-north-4" } }, BEIJING, "cn-north-4" },
    { "the profile's endpoint", { file = { [E] = "https://c", [R] = "cn-north-4" } }, "https://c", "cn-north-4" },
    { "the environment's region before the profile's endpoint", { env = { [R] = "cn-north-4" },
      file = { [E] = "https://c" } }, BEIJING, "cn-north-4" },
    { "the option region before the profile's endpoint", { arg = { [R] = "cn-north-4" },
      file = { [E] = "https://c" } }, BEIJING, "cn-north-4" },
    { "a region's override", { arg = { [R] = "cn-north-4" }, override = "https://o" }, "https://o", "cn-north-4" },
    { "the first of several overrides", { arg = { [R] = "cn-north-4" }, override = " https://o/ , https://p" },
      "https://o", "cn-north-4" },
    { "the first override that is there", { arg = { [R] = "cn-north-4" }, override = ",https://p" }, "https://p",
      "cn-north-4" },
    { "an override without a scheme", { arg = { [R] = "cn-north-4" }, override = "o.example.com" },
      "https://o.example.com", "cn-north-4" },
    { "a region's own, when the override is blank", { arg = { [R] = "cn-north-4" }, override = " , " }, BEIJING,
      "cn-north-4" },
    { "an endpoint's, whatever the override", { arg = { [E] = "https://a", [R] = "cn-north-4" },
      override = "https://o" }, "https://a", "cn-north-4" },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[1], function()
      local says = case[2]
      local given, env, lines = { project_id = PROJECT }, { [OVERRIDE] = says.override }, { "[basic]" }
      for name, value in pairs(says.arg or {}) do given[name] = value end
      for name, value in pairs(says.env or {}) do env[ENV[name]] = value end
      for name, value in pairs(says.file or {}) do lines[#lines + 1] = name .. " = " .. value end
      local settings = assert(resolve(given, env, table.concat(lines, "\n")))
      assert.are.equal(case[3], settings.endpoint.base)
      assert.are.equal(case[4], settings.region)
    end)
  end

  it("may be a region that only an override defines", function()
    local settings = assert(resolve({ region = "private-1", project_id = PROJECT },
      { HUAWEICLOUD_SDK_REGION_AOM_PRIVATE_1 = "https://p" }))
    assert.are.equal("https://p", settings.endpoint.base)
  end)

  it("is required", function()
    local settings, err = resolve({ project_id = PROJECT })
    assert.is_nil(settings)
    assert.are.equal("config", err.kind)
    assert.are.equal("neither a region nor an endpoint is set", err.message)
    for _, place in ipairs { "option region", "HUAWEICLOUD_SDK_REGION", "region under [basic] in " .. PATH,
      "option endpoint", "HUAWEICLOUD_SDK_AOM_ENDPOINT", "endpoint under [basic] in " .. PATH } do
      assert.is_truthy(err.hint:find(place, 1, true), place)
    end
  end)

  for name, entry in pairs {
    ["option region"] = { { region = "cn-nroth-4" }, {}, "" },
    ["environment variable HUAWEICLOUD_SDK_REGION"] = { {}, { HUAWEICLOUD_SDK_REGION = "cn-nroth-4" }, "" },
    ["region in " .. PATH] = { {}, {}, "[basic]\nregion = cn-nroth-4" },
  } do
    it("is not an unknown region, from " .. name, function()
      entry[1].project_id = PROJECT
      local settings, err = resolve(entry[1], entry[2], entry[3])
      assert.is_nil(settings)
      assert.are.equal("config", err.kind)
      assert.are.equal(('unknown region "cn-nroth-4" (%s)'):format(name), err.message)
      assert.matches('^did you mean "cn%-north%-4"%? known regions: ', err.hint)
      assert.matches("cn%-north%-4, ", err.hint)
    end)
  end

  for region, hint in pairs { ["CN-NORTH-4"] = '"cn-north-4"', ["Cn-East-3"] = '"cn-east-3"', ["CN_NORTH_4"] =
    '"cn-north-4"' } do
    it(("is not in capitals: %s"):format(region), function()
      local settings, err = resolve({ region = region })
      assert.is_nil(settings)
      assert.are.equal(('unknown region "%s" (option region)'):format(region), err.message)
      assert.is_truthy(err.hint:find("did you mean " .. hint .. "? known regions: ", 1, true), err.hint)
    end)
  end

  it("is not a broken override", function()
    local settings, err = resolve({ region = "cn-north-4", project_id = PROJECT }, { [OVERRIDE] = "ftp://x" })
    assert.is_nil(settings)
    assert.are.equal("the endpoint from environment variable " .. OVERRIDE .. " is neither http:// nor https://",
      err.message)
  end)
end)

describe("the project id", function()
  local OTHER = ("f"):rep(32)
  for name, case in pairs {
    ["option project_id"] = { { project_id = PROJECT }, { HUAWEICLOUD_SDK_PROJECT_ID = OTHER },
      "[basic]\nproject_id = " .. OTHER },
    ["environment variable HUAWEICLOUD_SDK_PROJECT_ID"] = { {}, { HUAWEICLOUD_SDK_PROJECT_ID = PROJECT },
      "[basic]\nproject_id = " .. OTHER },
    ["profile"] = { {}, {}, "[basic]\nproject_id = " .. PROJECT },
  } do
    it("comes from the " .. name, function()
      case[1].region = "cn-north-4"
      assert.are.equal(PROJECT, assert(resolve(case[1], case[2], case[3])).project_id)
    end)
  end

  it("is looked up later if it is not set", function()
    local settings = assert(resolve({ region = "cn-north-4" }))
    assert.is_nil(settings.project_id)
  end)

  it("is required if no region is set", function()
    local settings, err = resolve({ endpoint = "https://aom.example.com" })
    assert.is_nil(settings)
    assert.are.equal("config", err.kind)
    assert.matches("^no project id is set, and no region", err.message)
    assert.is_truthy(err.hint:find("looked for option project_id, environment variable HUAWEICLOUD_SDK_PROJECT_ID, "
      .. "project_id under [basic] in " .. PATH, 1, true), err.hint)
  end)

  local nearer = { option = true, variable = false }
  for name, is_option in pairs(nearer) do
    it(("is looked up for the profile's region where the endpoint comes from the %s"):format(name), function()
      local url = "https://aom.example.com"
      local settings = assert(resolve({ endpoint = is_option and url or nil },
        { HUAWEICLOUD_SDK_AOM_ENDPOINT = not is_option and url or nil }, "[basic]\nregion = eu-west-101\n"))
      assert.are.equal("eu-west-101", settings.region)
      assert.are.equal("region in " .. PATH, settings.source.provenance.region.where)
      assert.are.equal("aom.example.com", settings.endpoint.host)
    end)
  end

  it("that is no key at all is refused in the environment", function()
    local settings, err = resolve({ region = "cn-north-4" }, { HUAWEICLOUD_SDK_PROJECT_ID = "{project_id}" })
    assert.is_nil(settings)
    assert.matches("^environment variable HUAWEICLOUD_SDK_PROJECT_ID contains a character", err.message)
  end)

  it("loses the line end of a variable", function()
    local settings = assert(resolve({ region = "cn-north-4" }, { HUAWEICLOUD_SDK_PROJECT_ID = PROJECT .. "\n" }))
    assert.are.equal(PROJECT, settings.project_id)
  end)

  for _, value in ipairs { PROJECT .. "0", PROJECT:sub(2), PROJECT:sub(2) .. "/" } do
    it(("is not %q in the environment"):format(value), function()
      local settings, err = resolve({ region = "cn-north-4" }, { HUAWEICLOUD_SDK_PROJECT_ID = value })
      assert.is_nil(settings)
      assert.are.equal("config", err.kind)
      assert.matches("^the project id from environment variable HUAWEICLOUD_SDK_PROJECT_ID is not 32 ", err.message)
    end)
  end
end)

describe("a malformed profile", function()
  local BROKEN = "[basic]\nak = A\nsk hush-hush\n"

  for name, given in pairs { ["a project id"] = { region = "cn-north-4" }, ["a place"] = { project_id = PROJECT },
    ["everything"] = {} } do
    it(("is reported with its line when %s is looked for in it"):format(name), function()
      local settings, err = resolve(given, {}, BROKEN)
      assert.is_nil(settings)
      assert.are.equal("config", err.kind)
      assert.matches("^profile " .. PATH:gsub("%p", "%%%0") .. ", line 3: ", err.message)
      assert.is_nil(tostring(err):find("hush", 1, true))
    end)
  end

  for name, env in pairs { options = {}, environment = { HUAWEICLOUD_SDK_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_PROJECT_ID = PROJECT } } do
    it(("harms nobody who has everything from the %s"):format(name), function()
      local given = name == "options" and { region = "cn-north-4", project_id = PROJECT } or {}
      local settings, err, w = resolve(given, env, BROKEN)
      assert.is_nil(err)
      assert.are.equal("cn-north-4", settings.region)
      assert.are.same({ "/h/.huaweicloud/regions.yaml" }, w.read)
    end)
  end
end)

describe("settings", function()
  it("have defaults", function()
    local settings = assert(resolve { region = "cn-north-4", project_id = PROJECT })
    assert.are.same({ "SDK-HMAC-SHA256", 60, 30, 5, 4, 1024 * 1024 }, {
      settings.algorithm, settings.timeout, settings.attempt_timeout, settings.connect_timeout,
      settings.max_attempts, settings.max_response_bytes,
    })
    assert.is_nil(settings.insecure)
    assert.is_nil(settings.allow_http)
  end)

  it("are the options if they are given", function()
    local settings = assert(resolve { region = "cn-north-4", project_id = PROJECT, timeout = 7, max_attempts = 1,
      insecure = false, proxy = "" })
    assert.are.same({ 7, 1, false, "" },
      { settings.timeout, settings.max_attempts, settings.insecure, settings.proxy })
  end)

  it("refuse what the options refuse", function()
    local settings, err = resolve { regoin = "cn-north-4" }
    assert.is_nil(settings)
    assert.are.equal("argument", err.kind)
    settings, err = resolve "cn-north-4"
    assert.is_nil(settings)
    assert.are.equal("argument", err.kind)
  end)

  it("hold no secret, and do not change the caller's table", function()
    local given = { region = "cn-north-4", project_id = PROJECT, ak = "A", sk = "S", security_token = "T" }
    local settings = assert(resolve(given))
    for _, name in ipairs { "ak", "sk", "security_token", "token", "credentials" } do
      assert.is_nil(settings[name], name)
    end
    assert.are.equal("S", given.sk)
    assert.are.equal("S", settings.source.given.sk)
    settings = assert(resolve { region = "cn-north-4", project_id = PROJECT, token = "T", credentials = print })
    assert.is_nil(settings.token)
    assert.is_nil(settings.credentials)
  end)
end)

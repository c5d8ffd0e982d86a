--- Proves which source supplies the credentials, and what is said of incomplete ones.

local chain = require "aom.credentials.providers.chain"
local custom = require "aom.credentials.providers.custom"
local errors = require "aom.util.errors"
local resolve = require "aom.config.resolve".resolve
local source = require "aom.config.layers"
local system = require "aom.util.platform"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"

local function setting(given, env, text)
  local w = world.new { env = env or {}, files = { [PATH] = text } }
  w.env.HOME = "/h"
  return source.new(given or {}, w), w
end

-- What the chain finds, as values; lazy providers are asked at once.
local function find(given, env, text)
  local from, w = setting(given, env, text)
  local provider, values, err = chain.find { source = from }
  if provider and not values then values, err = provider:refresh {} end
  return values, err, w, provider, from
end

local PAIR = { HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S" }

local function also(base, more)
  local both = {}
  for name, value in pairs(base) do both[name] = value end
  for name, value in pairs(more) do both[name] = value end
  return both
end

describe("credentials", function()
  local found = {
    { "a pair of options", { ak = "A", sk = "S" }, {}, "", { ak = "A", sk = "S" } },
    { "temporary options", { ak = "A", sk = "S", security_token = "T" }, {}, "",
      { ak = "A", sk = "S", security_token = "T" } },
    { "an option token", { token = "X" }, PAIR, "", { token = "X" } },
    { "options before all else", { ak = "A", sk = "S" }, { HUAWEICLOUD_SDK_AK = "B", HUAWEICLOUD_SDK_SK = "B",
      HUAWEICLOUD_SDK_SECURITY_TOKEN = "B" }, "[basic]\nsecurity_token = C", { ak = "A", sk = "S" } },
    { "a pair of variables", {}, PAIR, "", { ak = "A", sk = "S" } },
    { "temporary variables", {}, also(PAIR, { HUAWEICLOUD_SDK_SECURITY_TOKEN = "T" }), "",
      { ak = "A", sk = "S", security_token = "T" } },
    { "the samples' variables", {}, { CLOUD_SDK_AK = "A", CLOUD_SDK_SK = "S" }, "", { ak = "A", sk = "S" } },
    { "the samples' variables, without another's token", {}, { CLOUD_SDK_AK = "A", CLOUD_SDK_SK = "S",
      HUAWEICLOUD_SDK_SECURITY_TOKEN = "B" }, "", { ak = "A", sk = "S" } },
    { "the SDK's variables before the samples'", {}, also(PAIR, { CLOUD_SDK_AK = "B", CLOUD_SDK_SK = "B" }), "",
      { ak = "A", sk = "S" } },
    { "a variable with a token", {}, { HUAWEICLOUD_SDK_TOKEN = "X" }, "", { token = "X" } },
    { "a pair of variables before a token", {}, also(PAIR, { HUAWEICLOUD_SDK_TOKEN = "X" }), "",
      { ak = "A", sk = "S" } },
    { "variables before the profile, with nothing of it", {}, PAIR, "[basic]\nak = B\nsk = B\nsecurity_token = B",
      { ak = "A", sk = "S" } },
    { "the profile's pair", {}, {}, "[basic]\nak = A\nsk = S", { ak = "A", sk = "S" } },
    { "the profile's temporary pair", {}, {}, "[basic]\nak = A\nsk = S\nsecurity_token = T",
      { ak = "A", sk = "S", security_token = "T" } },
    { "the profile's token", {}, {}, "[basic]\ntoken = X", { token = "X" } },
    { "the profile's pair, without a variable's token", {}, { HUAWEICLOUD_SDK_SECURITY_TOKEN = "B" },
      "[basic]\nak = A\nsk = S", { ak = "A", sk = "S" } },
    { "a function's", { credentials = function() return { ak = "A", sk = "S" } end }, {}, "",
      { ak = "A", sk = "S" } },
    { "an object's", { credentials = { token = "X", refresh = function(self) return { token = self.token } end } },
      PAIR, "", { token = "X" } },
  }
  for _, case in ipairs(found) do
    it("are " .. case[1], function()
      local values, err = find(case[2], case[3], case[4])
      assert.is_nil(err)
      assert.are.same(case[5], values)
    end)
  end

  local AK, SK = "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"
  local halves = {
    { "option ak", { ak = "hush" }, {}, "", { "ak is set", "sk is not" } },
    { "option sk", { sk = "hush" }, {}, "", { "sk is set", "ak is not" } },
    { "option security_token", { security_token = "hush" }, PAIR, "", { "security_token is set", "ak is not" } },
    { AK, {}, { [AK] = "hush" }, "", { AK .. " is set", SK .. " is not" } },
    { SK, {}, { [SK] = "hush" }, "[basic]\nak = A\nsk = S", { SK .. " is set", AK .. " is not" } },
    { "CLOUD_SDK_AK", {}, { CLOUD_SDK_AK = "hush" }, "", { "variable CLOUD_SDK_AK is set", "CLOUD_SDK_SK is not" } },
    { "CLOUD_SDK_SK", {}, { CLOUD_SDK_SK = "hush" }, "", { "variable CLOUD_SDK_SK is set", "CLOUD_SDK_AK is not" } },
    { "one half of each pair", {}, { [AK] = "hush", CLOUD_SDK_SK = "hush" }, "",
      { AK .. " is set", SK .. " is not" } },
    { "the profile's ak", {}, {}, "[basic]\nak = hush", { PATH, "has ak but no sk" } },
    { "the profile's sk", {}, {}, "[basic]\nsk = hush\ntoken = x", { PATH, "has sk but no ak" } },
  }
  for _, case in ipairs(halves) do
    it("are not " .. case[1] .. " alone", function()
      local values, err = find(case[2], case[3], case[4])
      assert.is_nil(values)
      assert.are.equal("config", err.kind)
      for _, words in ipairs(case[5]) do assert.is_truthy(err.message:find(words, 1, true), err.message) end
      assert.is_nil(tostring(err):find("hush", 1, true))
    end)
  end

  local provider = function() return { token = "X" } end
  local several = {
    { "ak, sk and token", { ak = "A", sk = "S", token = "X" }, "ak and sk, token" },
    { "ak and token", { ak = "A", token = "X" }, "ak and sk, token" },
    { "sk and token", { sk = "S", token = "X" }, "ak and sk, token" },
    { "a security token and a token", { security_token = "T", token = "X" }, "ak and sk, token" },
    { "a token and a provider", { token = "X", credentials = provider }, "token, credentials" },
    { "a pair and a provider", { ak = "A", sk = "S", credentials = provider }, "ak and sk, credentials" },
    { "a security token and a provider", { security_token = "T", credentials = provider }, "ak and sk, credentials" },
    { "all of them", { ak = "A", sk = "S", token = "X", credentials = provider }, "ak and sk, token, credentials" },
  }
  for _, case in ipairs(several) do
    it("are not " .. case[1] .. " at once", function()
      local values, err = find(case[2])
      assert.is_nil(values)
      assert.are.equal("argument", err.kind)
      assert.matches("^options " .. case[3] .. " cannot be combined: ", err.message)
    end)
  end

  it("that are missing are an error that lists the places searched", function()
    local values, err = find({}, {}, "[basic]\nregion = cn-north-4")
    assert.is_nil(values)
    assert.are.equal("credentials", err.kind)
    for _, place in ipairs { "options ak and sk, token, credentials", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK",
      "CLOUD_SDK_AK", "CLOUD_SDK_SK", "HUAWEICLOUD_SDK_TOKEN", "[basic] in " .. PATH } do
      assert.is_truthy(err.hint:find(place, 1, true), place)
    end
  end)

  it("that are missing were not searched for in a file if there is no home directory", function()
    local _, _, err = chain.find { source = source.new({}, world.new {}) }
    assert.are.equal("credentials", err.kind)
    assert.is_nil(err.hint:find("[basic]", 1, true))
  end)

  it("that are missing were searched for in an unreadable profile, and the error says why", function()
    local w = world.new { env = { HOME = "/home/u" } }
    function w.read_file(path) return nil, path .. ": Permission denied", false end
    local _, _, err = chain.find { source = source.new({}, w) }
    assert.are.equal("credentials", err.kind)
    assert.matches("in /home/u/.huaweicloud/credentials %(it cannot be read: Permission denied%)", err.hint)
  end)

  it("that are missing, with a folder in the profile's place, are told with what it is", function()
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute(("mkdir -p '%s/.huaweicloud/credentials'"):format(path)))
    local w = setmetatable({ getenv = function(name) return name == "HOME" and path or nil end }, { __index = system })
    local _, _, err = chain.find { source = source.new({}, w) }
    local _, unset = resolve(nil, w)
    os.execute(("rm -r '%s'"):format(path))
    local profile = path .. "/.huaweicloud/credentials"
    assert.are.equal(("no credentials were found, and the profile cannot be read: %s: Is a directory"):format(profile),
      err.message)
    local looked = ("region under [basic] in %s (it cannot be read: Is a directory)"):format(profile)
    assert.is_truthy(unset.hint:find(looked, 1, true), unset.hint)
  end)

  it("in a malformed profile are a config error", function()
    local values, err = find({}, {}, "[basic]\nak = A\nhush")
    assert.is_nil(values)
    assert.are.equal("config", err.kind)
    assert.matches("line 3", err.message)
  end)

  for name, case in pairs { options = { { ak = "A", sk = "S" }, {} }, environment = { {}, PAIR },
    ["a provider"] = { { credentials = provider }, {} } } do
    it(("from %s read no file, and a malformed one harms nobody"):format(name), function()
      local values, err, w = find(case[1], case[2], "nonsense")
      assert.is_nil(err)
      assert.is_table(values)
      assert.are.same({}, w.read)
    end)
  end
end)

describe("credentials of options", function()
  it("do not stay among the options, and are passed on once", function()
    for _, given in ipairs { { ak = "A", sk = "S", security_token = "T" }, { token = "X" } } do
      local _, _, _, provider, from = find(given)
      assert.is_nil(next(from.given))
      assert.is_nil(provider.values)
      local values, err = provider:refresh {}
      assert.is_nil(values)
      assert.are.equal("credentials", err.kind)
      assert.matches("cannot be renewed", err.message)
    end
  end)
end)

describe("credentials of the profile", function()
  it("are read anew at each renewal, and do not stay in memory", function()
    local _, _, w, provider, from = find({}, {}, "[basic]\nak = A\nsk = S")
    assert.is_nil(from.values)
    w.files[PATH] = "[basic]\nak = B\nsk = C"
    assert.are.same({ ak = "B", sk = "C" }, (provider:refresh {}))
    assert.is_nil(from.values)
    w.files[PATH] = "[basic]\nbroken"
    local values, err = provider:refresh {}
    assert.is_nil(values)
    assert.are.equal("config", err.kind)
    assert.are.equal(4, #w.read)
  end)
end)

describe("a profile that others can read", function()
  local function warnings(text, mode, times)
    local from, w = setting({}, {}, text)
    w.modes[PATH] = mode
    for _ = 1, times or 1 do chain.find { source = from } end
    return w.warnings
  end

  for _, mode in ipairs { 420, 416, 388, 511 } do -- 644, 640, 604, 777
    it(("is warned of once, with mode %o"):format(mode), function()
      local list = warnings("[basic]\nak = A\nsk = hush", mode, 3)
      assert.are.equal(1, #list)
      assert.is_truthy(list[1]:find(PATH .. " is accessible to other users (mode ", 1, true))
      assert.is_truthy(list[1]:find("chmod 600", 1, true))
      assert.is_nil(list[1]:find("hush", 1, true))
    end)
  end

  for name, case in pairs {
    ["its owner alone can read it"] = { "[basic]\nak = A\nsk = S", 384 },
    ["modes are not known here"] = { "[basic]\nak = A\nsk = S", nil },
    ["it holds no secret"] = { "[basic]\nregion = cn-north-4", 420 },
  } do
    it("causes no warning if " .. name, function() assert.are.same({}, warnings(case[1], case[2])) end)
  end
end)

describe("remote credentials", function()
  -- What a chain finds, without its values.
  local function look(given, env, text)
    local from = setting(given, env, text)
    return chain.find { source = from }
  end

  local URI, FILE = "HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"
  local found = {
    { "a user of options", { username = "u", password = "p", domain_name = "d" }, {}, "options username and password" },
    { "an id token of options", { idp_id = "i", id_token_file = "/f" }, PAIR, "options idp_id and id_token_file" },
    { "an id token of the environment, before its pair",
      {}, also(PAIR, { HUAWEICLOUD_SDK_IDP_ID = "i", HUAWEICLOUD_SDK_ID_TOKEN_FILE = "/f" }), "environment variables" },
    { "an id token of the profile, before its pair", {}, {}, "the profile " .. PATH,
      "[basic]\nak = A\nsk = S\nidp_id = i\nid_token_file = /f" },
    { "a pod's", {}, { [URI] = "http://127.0.0.1:1/x?a=b", [FILE] = "/f" }, "pod identity" },
    { "a pod's, over the link", {}, { [URI] = "http://169.254.1.1/x", [FILE] = "/f" }, "pod identity" },
    { "a pod's, over the link at a port", {}, { [URI] = "http://169.254.1.1:8080/x", [FILE] = "/f" }, "pod identity" },
    { "a pod's, before metadata", { metadata = true }, { [URI] = "https://pod/x", [FILE] = "/f" }, "pod identity" },
    { "metadata, by an option", { metadata = true }, {}, "instance metadata" },
    { "metadata, by a variable", {}, { HUAWEICLOUD_SDK_METADATA = "true" }, "instance metadata" },
    { "metadata, by the profile", {}, {}, "instance metadata", "[basic]\nmetadata = true" },
    { "a pair, before metadata", { metadata = true }, PAIR, "environment variables" },
  }
  for _, case in ipairs(found) do
    it("are " .. case[1], function()
      local provider, values, err = look(case[2], case[3], case[5])
      assert.is_nil(err)
      assert.are.equal(case[4], provider.where)
      if provider.lazy then assert.is_nil(values) end
    end)
  end

  local bad = {
    { "a user without a password", { username = "u", domain_name = "d" }, {}, "option password is not" },
    { "a user without a domain", {}, { HUAWEICLOUD_SDK_USERNAME = "u", HUAWEICLOUD_SDK_PASSWORD = "p" },
      "HUAWEICLOUD_SDK_DOMAIN_NAME is not" },
    { "an identity provider without a file", { idp_id = "i" }, {}, "option id_token_file is not" },
    { "a pod's URI without a file", {}, { [URI] = "https://pod" }, FILE .. " is not" },
    { "a pod's file without a URI", {}, { [FILE] = "/f" }, URI .. " is not" },
    { "a pod's URI over a network in the clear", {}, { [URI] = "http://pod/x", [FILE] = "/f" }, "unencrypted" },
    { "a pod's URI to a name that begins like a link's address", {},
      { [URI] = "http://169.254.1.1.example.com/x", [FILE] = "/f" }, "unencrypted" },
    { "a pod's URI that is none", {}, { [URI] = "ftp://pod/x", [FILE] = "/f" }, "neither http" },
    { "a wish that is neither yes nor no", {}, { HUAWEICLOUD_SDK_METADATA = "maybe" }, 'expected "true" or "false"' },
    { "a metadata service that is none", { metadata = true, metadata_endpoint = "ftp://x" }, {}, "neither http" },
  }
  for _, case in ipairs(bad) do
    it("are not " .. case[1], function()
      local provider, _, err = look(case[2], case[3])
      assert.is_nil(provider)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find(case[4], 1, true), err.message)
    end)
  end

  it("are not a user and a token at once", function()
    local _, _, err = look { username = "u", password = "p", domain_name = "d", token = "t" }
    assert.are.equal("argument", err.kind)
  end)

  it("may be switched off by an option although a variable or the profile allows them", function()
    local _, _, err = look({ metadata = false }, { HUAWEICLOUD_SDK_METADATA = "true" })
    assert.are.equal("credentials", err.kind)
    _, _, err = look({ metadata = false }, {}, "[basic]\nmetadata = true")
    assert.are.equal("credentials", err.kind)
  end)

  it("leave no secret among the options", function()
    local from = setting { username = "u", password = "p", domain_name = "d" }
    local provider = chain.find { source = from }
    assert.is_nil(next(from.given))
    for name, value in pairs(provider) do assert.are_not.equal("p", value, name) end
  end)
end)

describe("credentials of the environment", function()
  it("are read anew at each renewal", function()
    local _, _, w, provider = find({}, also(PAIR, {}))
    w.env.HUAWEICLOUD_SDK_AK = "B"
    assert.are.same({ ak = "B", sk = "S" }, (provider:refresh {}))
    w.env.HUAWEICLOUD_SDK_SK = nil
    local values, err = provider:refresh {}
    assert.is_nil(values)
    assert.are.equal("config", err.kind)
  end)
end)

describe("a user's provider", function()
  local function refresh(run, context) return assert(custom.new(run)):refresh(context or {}) end

  it("gets the loop and the deadline", function()
    local seen
    refresh(function(context)
      seen = context
      return { token = "X" }
    end, { loop = "L", deadline = 5 })
    assert.are.same({ loop = "L", deadline = 5 }, seen)
  end)

  it("passes Ctrl-C on", function()
    local ok, raised = pcall(refresh, function() error("script.lua:7: interrupted!", 0) end)
    assert.are.same({ false, "script.lua:7: interrupted!" }, { ok, raised })
  end)

  it("is not asked before it is needed", function()
    local asked = false
    local from = setting { credentials = function() asked = true end }
    assert.is_table((chain.find { source = from }))
    assert.is_false(asked)
  end)

  it("of which a field cannot be read gives no credentials", function()
    local values, err = refresh(function()
      return setmetatable({ sk = "S" }, { __index = function() error "no such vault" end })
    end)
    assert.is_nil(values)
    assert.are.equal("config", err.kind)
    assert.matches("^the credentials provider's table: [%w_]+: reading it raised an error", err.message)
    assert.matches("no such vault$", err.message)
  end)

  for name, object in pairs { ["without refresh"] = {}, ["whose refresh is no function"] = { refresh = 1 } } do
    it("is not an object " .. name, function()
      local _, _, err = chain.find { source = (setting { credentials = object }) }
      assert.are.equal("argument", err.kind)
      assert.matches("^option credentials: ", err.message)
    end)
  end

  local odd = setmetatable({}, { __tostring = function() return "odd" end })
  local answers = {
    { "nothing", function() end, nil },
    { "nil and a reason", function() return nil, "vault is sealed" end, "vault is sealed" },
    { "false and a reason", function() return false, 404 end, "404" },
    { "an error that it raises", function() error("vault is sealed", 0) end, "vault is sealed" },
    { "a table that it raises", function() error(odd) end, "odd" },
  }
  for _, case in ipairs(answers) do
    it(("gives a credentials error for %s"):format(case[1]), function()
      local values, err = refresh(case[2])
      assert.is_nil(values)
      assert.are.equal("credentials", err.kind)
      assert.are.equal("the credentials provider returned no credentials" .. (case[3] and ": " .. case[3] or ""),
        err.message)
      assert.are.equal(case[3], err.cause and err.cause.message)
    end)
  end

  -- What follows a value is no reason: it may be the secret of a pair.
  local unfit = {
    { "a string", function() return "hunter1" end, "string" },
    { "two strings", function() return "hunter1", "hunter2" end, "string" },
    { "an empty string and a secret", function() return "", "hunter2" end, "string" },
    { "three strings", function() return "hunter1", "hunter2", "hunter3" end, "string" },
    { "a string and a table", function() return "hunter1", { sk = "hunter2" } end, "string" },
    { "a number and a secret", function() return 7, "hunter2" end, "number" },
    { "true and a secret", function() return true, "hunter2" end, "boolean" },
    { "a function and a secret", function() return print, "hunter2" end, "function" },
    { "a value and an error", function() return "hunter1", errors.new("network", "hunter2") end, "string" },
  }
  for _, case in ipairs(unfit) do
    it("shows nothing of " .. case[1], function()
      local object = { refresh = function() return case[2]() end }
      for what, provider in pairs { ["the function"] = case[2], refresh = object } do
        local values, err = refresh(provider)
        assert.is_nil(values)
        assert.are.equal("credentials", err.kind)
        assert.are.equal(("option credentials: %s must return a table { ak, sk } or { token }, got a %s"):format(what,
          case[3]), err.message)
        assert.is_nil(err.cause)
      end
    end)
  end

  it("may return or raise an error of the library", function()
    local mine = errors.new("network", "no route")
    for _, run in ipairs { function() return nil, mine end, function() error(mine) end } do
      local values, err = refresh(run)
      assert.is_nil(values)
      assert.are.equal(mine, err)
    end
  end)

  it("may wait inside a coroutine", function()
    local thread = coroutine.wrap(function()
      return refresh(function() return { token = coroutine.yield "waiting" } end)
    end)
    assert.are.equal("waiting", thread())
    assert.are.same({ token = "X" }, thread "X")
  end)
end)

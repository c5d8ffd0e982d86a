--- Proves which values of client options are accepted, and what the errors say.

local errors = require "aom.util.errors"
local similar = require "aom.util.similar"
local options = require "aom.config.options"

local PROJECT = ("0123456789abcdef"):rep(2)

local GOOD = {
  region = { "cn-north-4" },
  endpoint = { "https://aom.example.com", { "https://a", "https://b" } },
  username = { "alice" }, password = { "pass word" }, domain_name = { "acme" }, iam_endpoint = { "https://iam" },
  idp_id = { "idp" }, id_token_file = { "/run/token" },
  metadata = { true, false }, metadata_endpoint = { "http://127.0.0.1:1" },
  project_id = { PROJECT, ("Z"):rep(32) },
  ak = { "AK" },
  sk = { "SK/+= with blanks" },
  security_token = { ("t"):rep(5000) },
  token = { "t", ("t"):rep(40960) },
  credentials = { function() end, { refresh = function() end } },
  algorithm = { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3", "V11-HMAC-SHA256" },
  timeout = { 0.001, 60, 3600.5 },
  attempt_timeout = { 1 },
  connect_timeout = { 0.5 },
  max_attempts = { 1, 4, 2 ^ 31 - 1 },
  ca_file = { "/etc/ssl/ca.pem" },
  headers = { { ["X-Trace"] = "7", ["X-Tab"] = "a\tb" } },
  user_agent = { "app/1.0 (x; y)" }, token_hosts = { {}, { "ecs.example.com" } },
  insecure = { true, false },
  allow_http = { true, false },
  proxy = { "", "http://proxy:3128", "proxy:3128", "SOCKS5h://user:pass@[::1]:1080", "https://p",
    "http://u:p/@w@proxy:3128/any/path" },
  max_response_bytes = { 1, 1024 * 1024 },
  loop = { "blocking", "uv", "nginx", {} },
  transport = { "curl", "resty" },
  on_event = { print },
}

local TEXT = { "", 1, true, {}, "a\nb", "a\rb", "a\0b", "a\127", "\27[2J" }
local SECONDS = { 0, -1, 1 / 0, 0 / 0, "5", true, {} }
local COUNT = { 0, -1, 1.5, 2 ^ 31, 1 / 0, 0 / 0, "5", true, {} }
local FLAG = { 0, 1, "true", {} }

local BAD = {
  username = TEXT, password = TEXT, domain_name = TEXT, iam_endpoint = TEXT, idp_id = TEXT, id_token_file = TEXT,
  metadata = FLAG, metadata_endpoint = TEXT,
  endpoint = { "", 1, true, {}, { 1 }, { "https://a", "" },
    { "https://a", nil, "https://b" }, { "https://a", b = "https://b" }, { "https://a\nb" }, "a\nb" },
  region = TEXT, ak = TEXT, sk = TEXT, security_token = TEXT, ca_file = TEXT,
  algorithm = { "", 1, true, {}, "SDK-HMAC-SHA1", "sdk-hmac-sha256", "AWS4-HMAC-SHA256" },
  project_id = { "", PROJECT .. "0", PROJECT:sub(2), PROJECT:sub(2) .. "-", PROJECT:sub(2) .. "\n", 1, {},
    "{project_id}" },
  token = { "", ("t"):rep(40961), "a\nb", 1, {} },
  credentials = { "text", 1, true },
  timeout = SECONDS, attempt_timeout = SECONDS, connect_timeout = SECONDS,
  max_attempts = COUNT, max_response_bytes = COUNT,
  headers = { "X-A: 1", 1, true, { "X-A: 1" }, { ["X-A"] = {} },
    setmetatable({}, { __index = { ["X-A"] = "1" } }) },
  user_agent = { "", 1, true, {}, "a\nb", ("x"):rep(257) },
  token_hosts = { "ecs.example.com", 1, { 1 }, { "a", b = "c" } },
  insecure = FLAG, allow_http = FLAG,
  proxy = { 1, true, {}, "http://a\r\nb", "ftp://proxy", "://proxy", "sock5://proxy", "::::",
    "http://proxy:port", "http://", "http://[::1" },
  loop = { "epoll", "", 1, true, print },
  transport = { "cosocket", "", 1, {} },
  on_event = { "print", {}, true },
}

local function label(value)
  if type(value) == "string" and #value > 40 then return "a string of " .. #value .. " bytes" end
  return errors.show(value)
end

describe("client options", function()
  it("may be left out, or empty", function()
    assert.are.same({}, options.check(nil))
    assert.are.same({}, options.check {})
  end)

  for _, value in ipairs { "text", 1, true, print } do
    it("are not " .. label(value), function()
      local copy, err = options.check(value)
      assert.is_nil(copy)
      assert.are.equal("argument", err.kind)
    end)
  end

  for name, values in pairs(GOOD) do
    for _, value in ipairs(values) do
      it(("accept %s = %s"):format(name, label(value)), function()
        local copy, err = options.check { [name] = value }
        assert.is_nil(err)
        assert.are.same(value, copy[name])
      end)
    end
  end

  for name, values in pairs(BAD) do
    for _, value in ipairs(values) do
      it(("refuse %s = %s"):format(name, label(value)), function()
        local copy, err = options.check { [name] = value }
        assert.is_nil(copy)
        assert.are.equal("argument", err.kind)
        assert.matches("^option " .. name .. ": .-expected ", err.message)
      end)
    end
  end

  it("are all of these", function()
    for name in pairs(GOOD) do assert.is_table(BAD[name], name) end
    for name in pairs(BAD) do assert.is_table(GOOD[name], name) end
  end)

  it("are refused with what is expected and what was given", function()
    local _, err = options.check { timeout = "5" }
    assert.are.equal('option timeout: expected a finite number of seconds above 0, got "5"', err.message)
    _, err = options.check { max_attempts = 0 }
    assert.are.equal("option max_attempts: expected a whole number from 1 to 2147483647, got 0", err.message)
    _, err = options.check { loop = "libuv" }
    assert.are.equal('option loop: expected "blocking", "uv", "nginx" or an adapter table, got "libuv"', err.message)
    _, err = options.check { proxy = true }
    assert.are.equal('option proxy: expected a proxy URL of http, https, socks4, socks4a, socks5 or socks5h, '
      .. 'or "" for none, got true', err.message)
    _, err = options.check { algorithm = "sdk-hmac-sha256" }
    assert.are.equal('option algorithm: expected "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", '
      .. '"SDK-SM2-SM3" or "V11-HMAC-SHA256", got a string of 15 bytes', err.message)
    _, err = options.check { project_id = "x" }
    assert.are.equal("option project_id: expected a project id of 32 letters and digits, got a string of 1 byte",
      err.message)
    _, err = options.check { ak = "" }
    assert.matches("control characters, got an empty string$", err.message)
  end)

  it("are copied, so that the caller's table stays as it is", function()
    local given = { ak = "a", sk = "s" }
    local copy = options.check(given)
    copy.ak = nil
    assert.are.same({ ak = "a", sk = "s" }, given)
  end)

  for _, name in ipairs { "ak", "sk", "security_token", "token", "password", "endpoint", "proxy" } do
    it(("never show a %s that has a line break"):format(name), function()
      local _, err = options.check { [name] = "top-secret\n" }
      assert.is_nil(tostring(err):find("top-secret", 1, true))
      for _, field in pairs(err) do assert.is_nil(tostring(field):find("top-secret", 1, true)) end
    end)
  end
end)

describe("an unknown option", function()
  local cases = {
    { "regoin", "region" }, { "Region", "region" }, { "projectid", "project_id" }, { "project_i", "project_id" },
    { "time_out", "timeout" }, { "max_attempt", "max_attempts" }, { "secret_token", "security_token" },
    { "allow_https", "allow_http" }, { "onevent", "on_event" }, { "cafile", "ca_file" }, { "a", "ak" },
    { "connexx_timexxx", "connect_timeout" },
    { "secret", "sk" }, { "secret_key", "sk" }, { "secretKey", "sk" }, { "SECRET-KEY", "sk" },
    { "secret_access_key", "sk" }, { "aws_secret_access_key", "sk" }, { "access_key", "ak" },
    { "accessKeyId", "ak" }, { "HUAWEICLOUD_SDK_AK", "ak" }, { "CLOUD_SDK_SK", "sk" },
    { "HUAWEICLOUD_SDK_SECURITY_TOKEN", "security_token" }, { "session_token", "security_token" },
    { "project", "project_id" }, { "projectId", "project_id" }, { "HUAWEICLOUD_SDK_PROJECT_ID", "project_id" },
    { "region_name", "region" }, { "url", "endpoint" }, { "HUAWEICLOUD_SDK_AOM_ENDPOINT", "endpoint" },
    { "user", "username" }, { "domain", "domain_name" },
  }
  for _, case in ipairs(cases) do
    it(("%s is answered with %s"):format(case[1], case[2]), function()
      local copy, err = options.check { [case[1]] = "x" }
      assert.is_nil(copy)
      assert.are.equal("argument", err.kind)
      assert.are.equal(('unknown option "%s"'):format(case[1]), err.message)
      assert.are.equal(('did you mean "%s"?'):format(case[2]), err.hint)
    end)
  end

  for _, name in ipairs { "xyz", "azy_time", "connect_abcdfghk", "completely_different", "secretary", "hw_",
    "key", "id", true } do
    it(("%s has no nearest name"):format(label(name)), function()
      local _, err = options.check { [name] = "x" }
      assert.are.equal("unknown option " .. label(name), err.message)
      assert.is_nil(err.hint)
    end)
  end

  it("that is a value without a name says that each one has one", function()
    local _, err = options.check { "cn-north-4" }
    assert.are.equal("unknown option 1", err.message)
    assert.are.equal("each option has a name: { NAME = value }", err.hint)
  end)

  it("with another name is known only where that option is", function()
    for name in pairs { secret = true, access_key = true, project = true } do
      local _, err = options.check_own { [name] = "x" }
      assert.are.equal(('with: unknown option "%s"'):format(name), err.message)
      assert.is_nil(err.hint)
    end
  end)

  it("gets the same suggestion each time if two names are equally similar", function()
    assert.are.equal("aa", similar.nearest("ax", { ab = true, aa = true, ac = true }))
  end)
end)

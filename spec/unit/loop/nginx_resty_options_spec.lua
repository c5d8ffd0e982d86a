--- Proves that a client over lua-resty-http refuses the options that it cannot support, with a way out, and
--- accepts all others.

local config = require "aom.config.resolve"
local errors = require "aom.util.errors"
local resty_options = require "aom.loop.nginx_resty_options"

local PROJECT = ("0123456789abcdef"):rep(2)

--- A client's settings, in the spec's own environment.
local function check(options, environment)
  local given = { endpoint = "https://aom.example.com", project_id = PROJECT, ak = "a", sk = "s", transport = "resty" }
  for name, value in pairs(options) do given[name] = value or nil end
  local settings, err = config.resolve(given, {
    getenv = function(name) return (environment or {})[name] end,
    read_file = function(path) return path == "/ca.pem" and "pem" or nil, "absent", true end,
    file_mode = function() end, time = os.time, random = function() return 0.5 end, warn = function() end,
  })
  assert(settings, tostring(err))
  return resty_options.check(settings)
end

describe('transport "resty"', function()
  for _, case in ipairs {
    { "a CA file", { ca_file = "/ca.pem" }, nil, "option ca_file", "lua_ssl_trusted_certificate" },
    { "a proxy of socks5h", { proxy = "socks5h://u:secret@p:1" }, nil, "option proxy", "libcurl" },
    { "a proxy of https", { proxy = "https://p:1" }, nil, "option proxy", "libcurl" },
    { "a proxy of socks4 that no_proxy excepts here", { proxy = "socks4://p:1" }, { no_proxy = "*" }, "option proxy" },
    { "the environment's proxy of socks5", {}, { https_proxy = "socks5://u:secret@p:1" },
      "environment variable https_proxy", '""' },
    { "the environment's proxy for http", { endpoint = "http://aom.example.com" }, { all_proxy = "socks5://p:1" },
      "environment variable all_proxy" },
    { "a proxy for one of several endpoints", { endpoint = { "http://127.0.0.1:1", "https://aom.example.com" } },
      { https_proxy = "https://p" }, "environment variable https_proxy" },
    { "https to an address", { endpoint = "https://10.0.0.1" }, nil, "https://10.0.0.1, from option endpoint",
      "use a host name" },
    { "the environment's endpoint by its address", { endpoint = false },
      { HUAWEICLOUD_SDK_AOM_ENDPOINT = "https://10.0.0.1" }, "from environment variable HUAWEICLOUD_SDK_AOM_ENDPOINT" },
    { "https to an address and port", { endpoint = "https://10.0.0.1:8443/x" }, nil, "https://10.0.0.1:8443" },
    { "https to an address of IPv6", { endpoint = "https://[fd00::1]:8443" }, nil, "https://[fd00::1]:8443" },
    { "https to this machine's address", { endpoint = "https://127.0.0.1:1" }, nil, "https://127.0.0.1:1" },
    { "the second of two endpoints", { endpoint = "https://a.example.com,https://10.0.0.2" }, nil, "https://10.0.0.2" },
    { "an identity service by its address", { iam_endpoint = "https://10.0.0.3" }, nil, "option iam_endpoint" },
    { "the environment's identity service", {}, { HUAWEICLOUD_SDK_IAM_ENDPOINT = "https://10.0.0.3" },
      "environment variable HUAWEICLOUD_SDK_IAM_ENDPOINT" },
    { "a metadata service over https", { metadata_endpoint = "https://169.254.169.254" }, nil,
      "option metadata_endpoint" },
  } do
    it("refuses " .. case[1], function()
      local err = check(case[2], case[3])
      assert.is_true(errors.is_error(err))
      assert.are.equal("config", err.kind)
      assert.matches(case[4], err.message, 1, true)
      assert.matches(case[5] or "libcurl", err.hint, 1, true)
      assert.is_nil(tostring(err):find("secret", 1, true))
    end)
  end

  for _, case in ipairs {
    { "nothing else", {} },
    { "a proxy of http", { proxy = "http://p:1" } },
    { "a proxy without a scheme", { proxy = "p:3128" } },
    { "a proxy with user and password", { proxy = "http://u:secret@p:1" } },
    { "no proxy where the environment has one", { proxy = "" }, { https_proxy = "socks5://p" } },
    { "the environment's proxy", {}, { https_proxy = "http://p:1", no_proxy = "localhost" } },
    { "an exception from the environment's proxy", {}, { https_proxy = "socks5://p", no_proxy = ".example.com" } },
    { "a proxy that is not for this scheme", {}, { http_proxy = "socks5://p:1" } },
    { "a proxy where this machine is called", { endpoint = "http://127.0.0.1:1" }, { http_proxy = "socks5://p:1" } },
    { "http to an address", { endpoint = "http://10.0.0.1" } },
    { "https to an address that is not verified", { endpoint = "https://10.0.0.1", insecure = true } },
    { "a host that begins like an address", { endpoint = "https://10.0.0.1.example.com" } },
    { "every other option", { timeout = 9, attempt_timeout = 3, connect_timeout = 2, max_attempts = 2,
      max_response_bytes = 100, allow_http = true, algorithm = "SDK-HMAC-SM3", on_event = print } },
  } do
    it("takes " .. case[1], function()
      assert.is_nil(check(case[2], case[3]))
    end)
  end
end)

--- Proves that connections of our own use the same proxy as libcurl's.

local proxy = require "aom.loop.nginx_proxy"

describe("a proxy's URL", function()
  for text, wanted in pairs {
    ["http://proxy:3128"] = { "proxy", 3128 },
    ["proxy:3128"] = { "proxy", 3128 },
    ["proxy"] = { "proxy", 1080 },
    ["HTTP://proxy.example.com/"] = { "proxy.example.com", 1080 },
    ["http://proxy:3128/path?x"] = { "proxy", 3128 },
    ["10.0.0.1:80"] = { "10.0.0.1", 80 },
    ["[::1]:80"] = { "[::1]", 80 },
    ["http://user:password@proxy:3128"] = { "proxy", 3128, "user:password" },
    ["user:password@proxy:3128"] = { "proxy", 3128, "user:password" },
    ["http://user@proxy"] = { "proxy", 1080, "user:" },
    ["http://a%3Ab:c%40d%2Fe@[fe80::1]:8"] = { "[fe80::1]", 8, "a:b:c@d/e" },
    ["http://user:p:w@x@proxy:1"] = { "proxy", 1, "user:p:w@x" },
  } do
    it(text .. " is understood", function()
      local found = proxy.parse(text)
      assert.are.same(wanted, { found.host, found.port, found.user })
      assert.are.equal(("http://%s:%d"):format(wanted[1], wanted[2]), found.url)
    end)
  end

  for text, word in pairs {
    ["https://user:secret@proxy:443"] = "https://",
    ["socks4://proxy"] = "socks4://", ["socks4a://proxy"] = "socks4a://",
    ["socks5://secret@proxy"] = "socks5://", ["SOCKS5H://proxy"] = "socks5h://", ["ftp://proxy"] = "ftp://",
    ["http://"] = "URL", ["http://user:secret@"] = "URL", ["http://proxy:0"] = "URL", ["http://proxy:65536"] = "URL",
    ["http://pro xy"] = "URL", ["http://[fe80::1%25eth0]:1"] = "URL", ["http://proxy:port"] = "URL",
  } do
    it(text .. " is refused, without a word of its secrets", function()
      local found, problem = proxy.parse(text)
      assert.is_nil(found)
      assert.matches(word, problem, 1, true)
      assert.is_nil(problem:find("secret", 1, true))
    end)
  end
end)

describe("the exceptions of no_proxy", function()
  for _, case in ipairs {
    { "*", "a.example.com", true },
    { "example.com", "example.com", true },
    { "example.com", "a.example.com", true },
    { "example.com", "notexample.com", false },
    { ".example.com", "a.example.com", true },
    { ".example.com", "example.com", true },
    { "EXAMPLE.com", "A.Example.COM", true },
    { "example.com.", "a.example.com", true },
    { "example.com", "a.example.com.", true },
    { "a.example.com", "example.com", false },
    { "localhost, example.com", "a.example.com", true },
    { "localhost example.com", "a.example.com", true },
    { "localhost,127.0.0.1", "a.example.com", false },
    { "a,*", "example.com", false },
    { ",", "example.com", false },
    { ".", "example.com", false },
    { "example.com", "", false },
    { "10.0.0.1", "10.0.0.1", true },
    { "10.0.0.1", "10.0.0.10", false },
    { "0.0.1", "10.0.0.1", false },
    { "10.0.0.0/8", "10.200.3.4", true },
    { "10.0.0.0/8", "11.0.0.1", false },
    { "192.168.16.0/20", "192.168.31.255", true },
    { "192.168.16.0/20", "192.168.32.0", false },
    { "10.0.0.0/33", "10.0.0.0", false },
    { "0.0.0.0/0", "10.0.0.1", true },
    { "10.0.0.0/8", "a.10.0.0.1", false },
    { "::1", "[::1]", true },
    { "0:0:0:0:0:0:0:1", "[::1]", true },
    { "FE80::/10", "[fe80::1]", true },
    { "fe80::/10", "[fec0::1]", false },
    { "::ffff:10.0.0.0/104", "[::ffff:10.1.2.3]", true },
    { "10.0.0.0/8", "[::1]", false },
    { "::1", "127.0.0.1", false },
    { "::1::2", "[::1]", false },
  } do
    it(("%q %s %q"):format(case[1], case[3] and "name" or "do not name", case[2]), function()
      assert.are.equal(case[3], proxy.is_exempt(case[1], case[2]))
    end)
  end
end)

describe("the proxy of a connection", function()
  local P, Q = "http://p:1", "http://q:2"
  for _, case in ipairs {
    { "nothing said", nil, {}, "https" },
    { "the option", P, {}, "https", P },
    { "the option before the environment", P, { https_proxy = Q }, "https", P },
    { "an empty option", "", { https_proxy = Q, all_proxy = Q }, "https" },
    { "https_proxy", nil, { https_proxy = Q, HTTPS_PROXY = P, all_proxy = P }, "https", Q },
    { "HTTPS_PROXY", nil, { HTTPS_PROXY = Q, all_proxy = P }, "https", Q },
    { "http_proxy for https", nil, { http_proxy = Q }, "https" },
    { "http_proxy", nil, { http_proxy = Q, all_proxy = P }, "http", Q },
    { "HTTP_PROXY, which a request's header may have set", nil, { HTTP_PROXY = Q }, "http" },
    { "https_proxy for http", nil, { https_proxy = Q }, "http" },
    { "all_proxy", nil, { all_proxy = Q, ALL_PROXY = P }, "http", Q },
    { "ALL_PROXY", nil, { ALL_PROXY = Q }, "https", Q },
    { "no_proxy", nil, { https_proxy = Q, no_proxy = "example.com" }, "https" },
    { "no_proxy before NO_PROXY", nil, { https_proxy = Q, no_proxy = "other", NO_PROXY = "example.com" }, "https", Q },
    { "NO_PROXY beside the option", P, { NO_PROXY = "*" }, "https" },
    { "no_proxy before a proxy that cannot be used", nil, { https_proxy = "socks5://p", no_proxy = "*" }, "https" },
  } do
    it("by " .. case[1], function()
      local found, problem = proxy.choose(case[2], function(name) return case[3][name] end, case[4], "a.example.com")
      assert.is_nil(problem)
      assert.are.equal(case[5], found and found.url)
    end)
  end

  it("that cannot be used is refused, with its source", function()
    local environment = { all_proxy = "socks5://p" }
    local function getenv(name) return environment[name] end
    local found, problem = proxy.choose(nil, getenv, "http", "a.example.com")
    assert.is_nil(found)
    assert.matches("^environment variable all_proxy is a socks5:// proxy", problem)
    found, problem = proxy.choose("https://p", getenv, "http", "a.example.com")
    assert.is_nil(found)
    assert.matches("^option proxy is a https:// proxy", problem)
  end)
end)

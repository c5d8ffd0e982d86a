--- Proves whom a client trusts, by option and environment, and what is said of files that
--- cannot be what they are named for.

local config = require "aom.config.resolve"
local core = require "aom.core"
local world = require "spec.support.world"

local function pem(name, inside)
  return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(name, inside or "AA==", name)
end

local CERT, KEY = pem "CERTIFICATE", pem "PRIVATE KEY"
local FILES = {
  ["/ca"] = CERT .. "1", ["/ca2"] = CERT .. "2", ["/old"] = pem "X509 CERTIFICATE",
  ["/trusted"] = pem "TRUSTED CERTIFICATE",
  ["/dir"] = "", ["/none"] = "nothing", ["/key"] = KEY, ["/ec"] = pem "EC PRIVATE KEY", ["/both"] = CERT .. KEY,
  ["/locked"] = pem "ENCRYPTED PRIVATE KEY",
  ["/locked-rsa"] = pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAA=="),
  ["/locked-both"] = CERT .. pem "ENCRYPTED PRIVATE KEY",
}

local function resolve(given, env)
  local files = {}
  for path, text in pairs(FILES) do files[path] = text end
  local own = core.authorities()
  if own then files[own] = CERT .. "own" end
  local options = { region = "cn-north-4", project_id = ("0123456789abcdef"):rep(2), ak = "AK", sk = "sk" }
  for name, value in pairs(given) do options[name] = value end
  return config.resolve(options, world.new { env = env, files = files })
end

--- The end of what was joined, which tells the files apart.
local function tail(text) return text and text:gsub(CERT:gsub("%p", "%%%0"), ""):gsub("%s", "") end

describe("the authorities that are trusted", function()
  local rows = {
    { "are the system's", {}, nil, {} },
    { "are those of option ca_file alone", { ca_file = "/ca" }, nil,
      { ca_file = "/ca", ca_path = "", trusted = "option ca_file" } },
    { "are those of option ca_file, whatever the environment says", { ca_file = "/ca" },
      { SSL_CERT_FILE = "/missing", SSL_CERT_DIR = "/missing", CURL_CA_BUNDLE = "/missing" },
      { ca_file = "/ca", ca_path = "", trusted = "option ca_file" } },
    { "may be in an old form of PEM", { ca_file = "/old" }, nil,
      { ca_file = "/old", ca_path = "", trusted = "option ca_file" } },
    { "may be in OpenSSL's own form of PEM", { ca_file = "/trusted" }, nil,
      { ca_file = "/trusted", ca_path = "", trusted = "option ca_file" } },
    { "may be in several files", { ca_file = { "/ca", "/ca2" } }, nil,
      { pem = "12", ca_path = "", trusted = "option ca_file" } },
    { "may be the system's and others", { ca_file = { "/ca", "system" } }, nil,
      { pem = "1" .. (core.authorities() and "own" or ""), trusted = "option ca_file" } },
    { "may be those of the environment and others", { ca_file = { "system", "/ca2" } },
      { SSL_CERT_FILE = "/ca", SSL_CERT_DIR = "/dir" },
      { pem = "12", ca_path = "/dir", trusted = "option ca_file" } },
    { "are those of CURL_CA_BUNDLE", {}, { CURL_CA_BUNDLE = "/ca" },
      { ca_file = "/ca", trusted = "environment variable CURL_CA_BUNDLE" } },
    { "are those of SSL_CERT_FILE", {}, { SSL_CERT_FILE = "/ca" },
      { ca_file = "/ca", trusted = "environment variable SSL_CERT_FILE" } },
    { "are those of SSL_CERT_DIR", {}, { SSL_CERT_DIR = "/dir" },
      { ca_path = "/dir", trusted = "environment variable SSL_CERT_DIR" } },
    { "are those of both of OpenSSL's variables", {}, { SSL_CERT_FILE = "/ca", SSL_CERT_DIR = "/gone:/dir" },
      { ca_file = "/ca", ca_path = "/gone:/dir", trusted = "environment variable SSL_CERT_FILE" } },
    { "are those of curl's variable before OpenSSL's", {},
      { CURL_CA_BUNDLE = "/ca2", SSL_CERT_FILE = "/missing", SSL_CERT_DIR = "/missing" },
      { ca_file = "/ca2", trusted = "environment variable CURL_CA_BUNDLE" } },
    { "do not matter without verification", { insecure = true }, { SSL_CERT_FILE = "/missing" }, {} },
    { "are nginx's over lua-resty-http", { transport = "resty" }, { SSL_CERT_FILE = "/missing" }, {} },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local settings, err = resolve(row[2], row[3])
      assert.is_nil(err and tostring(err))
      assert.are.same(row[4], { ca_file = settings.ca_file, ca_path = settings.ca_path, pem = tail(settings.ca_pem),
        trusted = settings.trusted })
    end)
  end
end)

describe("a list of authorities", function()
  local versions = core.versions
  after_each(function() core.versions = versions end)

  -- What libcurl was built with, what runs, which of them is too old.
  for _, row in ipairs {
    { "7.76.1", "7.76.1", "7.76.1" }, { "7.76.0", "8.5.0", "7.76.0" }, { "8.5.0", "7.68.0-DEV", "7.68.0-DEV" },
    { "7.77.0", "7.77.0" }, { "8.0.0", "10.1.0" },
  } do
    it(("with libcurl %s, built with %s: %s"):format(row[2], row[1], row[3] and "refused" or "taken"), function()
      core.versions = function() return { curl_built = row[1], curl_running = row[2] } end
      local settings, err = resolve { ca_file = { "/ca", "/ca2" } }
      assert.are.equal(row[3] == nil, settings ~= nil)
      assert.are.equal(row[3] and "option ca_file: a list needs libcurl 7.77 or newer, and this is " .. row[3],
        err and err.message)
      assert.is_truthy(resolve { ca_file = "/ca" })
    end)
  end
end)

describe("a file of TLS", function()
  local rows = {
    { { ca_file = "/missing" }, nil, "^option ca_file cannot be read: /missing: No such file" },
    { { ca_file = "/none" }, nil, "^option ca_file: /none holds no certificate" },
    { { ca_file = "/key" }, nil, "^option ca_file: /key holds no certificate" },
    { { ca_file = { "/ca", "/missing" } }, nil, "^option ca_file cannot be read: /missing" },
    { { ca_file = { "/ca", "system" } }, { SSL_CERT_FILE = "/missing" },
      "^environment variable SSL_CERT_FILE cannot be read: /missing" },
    { {}, { SSL_CERT_FILE = "/missing" }, "^environment variable SSL_CERT_FILE cannot be read: /missing" },
    { {}, { CURL_CA_BUNDLE = "/none" }, "^environment variable CURL_CA_BUNDLE: /none holds no certificate" },
    { {}, { SSL_CERT_DIR = "/a:/b" }, "^environment variable SSL_CERT_DIR names no folder that exists: /a:/b" },
    { { client_cert = "/missing" }, nil, "^option client_cert cannot be read: /missing" },
    { { client_cert = "/key" }, nil, "^option client_cert: /key holds no certificate" },
    { { client_cert = "/ca" }, nil, "^option client_cert: /ca holds no private key", "client_key" },
    { { client_cert = "/ca", client_key = "/missing" }, nil, "^option client_key cannot be read: /missing" },
    { { client_cert = "/ca", client_key = "/ca" }, nil, "^option client_key: /ca holds no private key" },
    { { client_cert = "/ca", client_key = "/locked" }, nil,
      "^the private key in /locked is encrypted, and option client_key_password is not set" },
    { { client_cert = "/ca", client_key = "/locked-rsa" }, nil, "^the private key in /locked%-rsa is encrypted" },
    { { client_cert = "/locked-both" }, nil, "^the private key in /locked%-both is encrypted" },
    { { client_key = "/key" }, nil, "^option client_key needs option client_cert" },
    { { client_key_password = "secret" }, nil, "^option client_key_password needs option client_cert" },
  }
  for _, row in ipairs(rows) do
    it("that is refused: " .. row[3]:gsub("[%%^]", ""), function()
      local settings, err = resolve(row[1], row[2])
      assert.is_nil(settings)
      assert.are.equal("config", err.kind)
      assert.matches(row[3], err.message)
      if row[4] then assert.matches(row[4], err.hint) end
    end)
  end

  for title, given in pairs {
    ["a certificate and its key"] = { client_cert = "/ca", client_key = "/key" },
    ["a key of an elliptic curve"] = { client_cert = "/ca", client_key = "/ec" },
    ["both in one file"] = { client_cert = "/both" },
    ["an encrypted key and its password"] = { client_cert = "/ca", client_key = "/locked", client_key_password = "pw" },
  } do
    it("that passes: " .. title, function()
      local settings, err = resolve(given)
      assert.is_nil(err and tostring(err))
      for name, value in pairs(given) do assert.are.equal(value, settings[name]) end
    end)
  end
end)

describe("option ca_file", function()
  for title, value in pairs {
    ["an empty list"] = {}, ["a number"] = 1, ["a list with a hole"] = { "/ca", nil, "/ca" },
    ["a map"] = { file = "/ca" }, ["a list of numbers"] = { 1 }, ["an empty path"] = "",
    ["a list that may hide some"] = setmetatable({}, { __index = { "/ca" } }),
  } do
    it("is not " .. title, function()
      local settings, err = resolve { ca_file = value }
      assert.is_nil(settings)
      assert.are.equal("argument", err.kind)
      assert.matches("^option ca_file: expected a path or a list of paths", err.message)
    end)
  end

  it("shows no password that was given in its place", function()
    local _, err = resolve { client_key_password = "hunter2\n" }
    assert.is_nil(tostring(err):find("hunter2", 1, true))
  end)
end)

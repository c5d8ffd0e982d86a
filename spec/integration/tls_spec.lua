--- Proves whom a client trusts and who it says it is, in real handshakes; that each fault of
-- TLS has its own hint; and that a proxy is not taken for the service.

local aom = require "aom"
local core = require "aom.core"
local process = require "spec.support.process"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)
local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

local certs

setup(function()
  certs = process.run("mktemp -d"):match "^(%S+)\n" .. "/"
  process.run("env -u LUA_PATH -u LUA_CPATH luajit " .. quote(process.root .. "/spec/support/certificates.lua") .. " "
    .. quote(certs))
  process.run(("openssl pkey -in %sclient.key -aes256 -passout pass:hunter2 -out %slocked.key"):format(certs, certs))
  process.run(("cat %sclient.pem %sclient.key > %sboth.pem"):format(certs, certs, certs))
  process.run(("mkdir %shashed && cp %sca.pem %shashed && openssl rehash %shashed"):format(certs, certs, certs, certs))
end)

teardown(function() process.run("rm -rf " .. quote(certs)) end)

local FILES = { ca_file = true, client_cert = true, client_key = true }

local function path_of(name) return name == "system" and name or certs .. name end

--- Options, with names of certificates made paths.
local function options_of(given)
  local options = {}
  for name, value in pairs(given) do
    if FILES[name] and type(value) == "table" then
      options[name] = {}
      for i, file in ipairs(value) do options[name][i] = path_of(file) end
    else
      options[name] = FILES[name] and path_of(value) or value
    end
  end
  return options
end

local serial = 0
local function call(url, given)
  serial = serial + 1
  local options = { endpoint = url, project_id = PROJECT, ak = "TLSKEY" .. serial, sk = "tls-secret", proxy = "",
    timeout = 10, max_attempts = 3 }
  for name, value in pairs(options_of(given or {})) do options[name] = value end
  local client = aom.client(options)
  local ok, result = pcall(client.enable, client, "wf-1")
  client:close()
  return ok, result
end

local function serve(name, reply, client_ca)
  return process.rawserver { replies = { reply }, tls = true, cert = certs .. name .. ".pem",
    key = certs .. name .. ".key", client_ca = client_ca and certs .. client_ca }
end

--- One call to a server with the certificate NAME; "localhost" has one more address on most
--- machines, which refuses connections.
local function ask(name, given, client_ca)
  local server = serve(name, GOOD, client_ca)
  local ok, result = call("https://localhost:" .. ("%d"):format(server.port), given)
  local requests = server.requests()
  server.stop()
  return ok, result, requests
end

--- One call to a server that answers the first bytes with these.
local function greet(bytes)
  local server = process.rawserver { replies = { bytes }, hello = true, after = 0.05 }
  local ok, result = call("https://localhost:" .. ("%d"):format(server.port))
  server.stop()
  return ok, result
end

local function alert(description) return "\21\3\3\0\2\2" .. string.char(description) end

describe("a TLS handshake that fails", function()
  local rows = {
    { "for an authority that ca_file does not name", "good", { ca_file = "stranger.pem" },
      "no authority of option ca_file" },
    { "for an authority of which ca_file has another of that name", "good", { ca_file = "namesake.pem" },
      "no authority of option ca_file" },
    { "for an authority that no file of a list names", "good", { ca_file = { "stranger.pem", "system" } },
      "no authority of option ca_file" },
    { "for an authority that the system does not know", "good", {}, "package ca%-certificates" },
    { "for the name", "other", { ca_file = "ca.pem" }, "for other names" },
    { "for a certificate that has expired", "expired", { ca_file = "ca.pem" }, "has expired" },
    { "for a certificate that is not valid yet", "early", { ca_file = "ca.pem" }, "not valid yet" },
    { "for want of a client certificate", "good", { ca_file = "ca.pem" }, "asks for a client certificate",
      client_ca = "ca.pem" },
    { "for the client certificate", "good",
      { ca_file = "ca.pem", client_cert = "client.pem", client_key = "client.key" },
      "refuses the certificate of option client_cert", client_ca = "stranger.pem" },
    { "for the version", alert(70), nil, "TLS 1%.2" },
    { "for plain HTTP on the port", "HTTP/1.1 400 Bad Request\r\n\r\n", nil, "does not speak TLS" },
    { "for the greeting of another protocol", "220 mail.example ESMTP\r\n", nil, "does not speak TLS" },
    { "for reasons that nobody gives", alert(40), nil, nil },
  }
  for _, row in ipairs(rows) do
    it(row[1] .. " says so, once", function()
      local ok, err, requests
      if row[3] then ok, err, requests = ask(row[2], row[3], row.client_ca) else ok, err = greet(row[2]) end
      assert.is_false(ok)
      assert.are.equal("tls", err.kind, tostring(err))
      assert.are.equal(1, err.attempts)
      assert.is_false(err.retryable)
      assert.are.same({}, requests or {})
      if row[4] then assert.matches(row[4], err.hint or "none: " .. err.message) else assert.is_nil(err.hint) end
    end)
  end
end)

--- A call in a process of its own, with such an environment.
local function call_with(environment, url, ca_file)
  local script = process.temporary(([[
    local ok, result = require("aom.safe").client { endpoint = %q, project_id = %q, ak = "TLSENV", sk = "tls-secret",
      proxy = "", ca_file = %s }
    if ok then ok, result = ok:enable "wf-1" end
    print(ok and "ok" or result.kind, result and result.hint or result and result.message)
  ]]):format(url, PROJECT, ca_file and ("%q"):format(certs .. ca_file) or "nil"))
  local output = process.run(("env %s %s %s 2>&1"):format(environment, process.interpreter, quote(script)))
  os.remove(script)
  return output
end

it("what failed is told from OpenSSL's number, also behind words of libcurl 8", function()
  local shim = process.shim("newer_words", "-Wl,--no-as-needed -lcurl -ldl")
  for hint, bytes in pairs { ["TLS 1%.2"] = alert(70), ["does not speak TLS"] = "HTTP/1.1 400 Bad Request\r\n\r\n" } do
    local server = process.rawserver { replies = { bytes }, hello = true, after = 0.05 }
    local output = call_with("LD_PRELOAD=" .. quote(shim), "https://localhost:" .. ("%d"):format(server.port))
    server.stop()
    assert.matches("^tls\t.*" .. hint, output)
  end
end)

describe("a certificate is trusted", function()
  for title, files in pairs {
    ["by the one file of ca_file"] = "ca.pem", ["by one of several files"] = { "stranger.pem", "ca.pem" },
    ["beside the system's"] = { "system", "ca.pem" },
  } do
    it(title, function()
      local ok, result = ask("good", { ca_file = files })
      assert.is_true(ok, tostring(result))
    end)
  end

  for variable, file in pairs { CURL_CA_BUNDLE = "ca.pem", SSL_CERT_FILE = "ca.pem", SSL_CERT_DIR = "hashed" } do
    it("by variable " .. variable, function()
      local server = serve("good", GOOD)
      local url = "https://localhost:" .. ("%d"):format(server.port)
      local trusted = call_with(variable .. "=" .. quote(certs .. file), url)
      local missing = call_with(variable .. "=/nonexistent/file", url)
      local other = call_with(variable .. "=" .. quote(certs .. (file == "hashed" and "" or "stranger.pem")), url)
      server.stop()
      assert.matches("^ok", trusted)
      assert.matches("^config\tenvironment variable " .. variable, missing)
      assert.matches("^tls\tno authority of environment variable " .. variable, other)
    end)
  end

  it("by libcurl's own folder only where no file is named", function()
    local shim = process.shim("own_folder", "-Wl,--no-as-needed -lcurl -ldl")
    local environment = ("LD_PRELOAD=%s OWN_FOLDER=%s"):format(quote(shim), quote(certs .. "hashed"))
    local server = serve("good", GOOD)
    local url = "https://localhost:" .. ("%d"):format(server.port)
    local own, named, other = call_with(environment, url), call_with(environment, url, "ca.pem"),
      call_with(environment, url, "stranger.pem")
    server.stop()
    assert.matches("^ok", own)
    assert.matches("^ok", named)
    assert.matches("^tls\tno authority of option ca_file", other)
  end)
end)

describe("a client certificate", function()
  for title, given in pairs {
    ["with its key"] = { client_cert = "client.pem", client_key = "client.key" },
    ["with its key in the same file"] = { client_cert = "both.pem" },
    ["with an encrypted key"] = { client_cert = "client.pem", client_key = "locked.key",
      client_key_password = "hunter2" },
  } do
    it(title .. " is shown to a server that asks", function()
      given.ca_file = "ca.pem"
      local ok, result = ask("good", given, "ca.pem")
      assert.is_true(ok, tostring(result))
    end)
  end

  for title, given in pairs {
    ["a wrong password"] = { client_cert = "client.pem", client_key = "locked.key",
      client_key_password = "correct-horse" },
    ["another's key"] = { client_cert = "client.pem", client_key = "good.key" },
  } do
    it("with " .. title .. " is a config error that shows no password", function()
      given.ca_file = "ca.pem"
      local ok, err, requests = ask("good", given)
      assert.is_false(ok)
      assert.are.equal("config", err.kind, tostring(err))
      assert.matches("client_key_password", err.hint)
      assert.is_nil(tostring(err):find("correct-horse", 1, true))
      assert.are.same({}, requests)
    end)
  end

  it("asks nobody at the terminal for a password", function()
    local script = process.temporary(([[
      local engine = require("aom.core").engine()
      local id = engine:start({ method = "GET", base = arg[1], host = "x", path = "/", query = {}, headers = {},
        body = "", connect_timeout = 5 }, 10, { max_body = 1000, max_head = 1000, proxy = "",
        client_cert = %q, client_key = %q, insecure = true })
      while not engine:wait(id, 1) do end
      print("kind: " .. select(2, engine:collect(id)))
    ]]):format(certs .. "client.pem", certs .. "locked.key"))
    local server = process.rawserver { replies = { GOOD }, tls = true }
    -- `script` runs it at a terminal.
    local command = ("%s %s %s"):format(process.interpreter, quote(script), server.url)
    local output = process.run(("timeout 20 script -qec %s /dev/null </dev/null 2>&1"):format(quote(command)))
    server.stop()
    os.remove(script)
    assert.matches("kind: config", output)
    assert.is_nil(output:lower():find("pass", 1, true), output)
  end)
end)

-- OpenSSL's own configuration may allow less.
describe("a peer that speaks no TLS newer than 1.1 is refused:", function()
  local hello = "\3\2" .. ("r"):rep(32) .. "\0\192\19\0"
  local reply = "\22\3\2\0" .. string.char(#hello + 4) .. "\2\0\0" .. string.char(#hello) .. hello

  for what, options in pairs {
    server = 'endpoint = "%s", proxy = ""', proxy = 'endpoint = "https://one.example.com", proxy = "%s"',
  } do
    it("a " .. what, function()
      local config = process.temporary("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
        .. "MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n")
      local peer = process.rawserver { hello = true, replies = { reply } }
      local script = process.temporary(([[
        local client = require("aom.safe").client { project_id = %q, ak = "TLSOLD", sk = "tls-secret", %s }
        local _, err = client:enable "wf-1"
        print(err.kind, err.message)
      ]]):format(PROJECT, options:format((peer.url:gsub("^http:", "https:")))))
      local output = process.run(("env OPENSSL_CONF=%s %s %s 2>&1"):format(quote(config), process.interpreter,
        quote(script)))
      peer.stop()
      os.remove(config)
      os.remove(script)
      assert.matches("^tls\t.*unsupported protocol", output)
    end)
  end
end)

describe("a proxy", function()
  local NO = "HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>blocked</h1>"
  local WHO = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n"

  it("of https:// is verified with ca_file", function()
    for file, expected in pairs { ["ca.pem"] = "network", ["stranger.pem"] = "tls" } do
      local proxy = serve("good", NO)
      local ok, err = call("https://one.example.com",
        { ca_file = file, proxy = "https://localhost:" .. ("%d"):format(proxy.port) })
      local requests = proxy.requests()
      proxy.stop()
      assert.is_false(ok)
      assert.are.equal(expected, err.kind, tostring(err))
      assert.are.equal(1, err.attempts)
      assert.matches(expected == "tls" and "no authority of option ca_file" or "proxy does not allow", err.hint)
      assert.are.equal(expected == "tls" and 0 or 1, #requests)
    end
  end)

  it("that speaks plain HTTP at https:// is told to", function()
    local proxy = process.rawserver { replies = { "HTTP/1.1 400 Bad Request\r\n\r\n" }, hello = true }
    local ok, err = call("https://one.example.com", { proxy = proxy.url:gsub("^http:", "https:") })
    proxy.stop()
    assert.is_false(ok)
    assert.are.equal("tls", err.kind, tostring(err))
    assert.matches("https:// proxy", err.hint)
  end)

  it("that wants a password for a plain request is asked once, and named", function()
    for _, operation in ipairs { "enable", "execute" } do
      local proxy = process.rawserver { replies = { WHO } }
      serial = serial + 1
      local client = aom.client { endpoint = "http://one.example.com", project_id = PROJECT, ak = "TLSKEY" .. serial,
        sk = "tls-secret", proxy = proxy.url }
      local ok, err = pcall(client[operation], client, "wf-1")
      client:close()
      local requests = proxy.requests()
      proxy.stop()
      assert.is_false(ok)
      assert.are.equal("network", err.kind, tostring(err))
      assert.are.equal("the proxy refused the request: HTTP 407", err.message)
      assert.matches("user and password of the proxy", err.hint)
      assert.is_false(err.retryable)
      assert.are.equal(1, #requests)
    end
  end)

  it("that sends a page for a plain request says nothing of permissions", function()
    local proxy = process.rawserver { replies = { NO } }
    local ok, err = call("http://one.example.com", { proxy = proxy.url })
    proxy.stop()
    assert.is_false(ok)
    assert.are.equal(403, err.status)
    assert.is_nil((err.hint or ""):find("cms:", 1, true))
    assert.are.equal(1, err.attempts)
  end)

  it("is not there for a 407 past it", function()
    local server = process.rawserver { replies = { WHO } }
    local ok, err = call(server.url)
    server.stop()
    assert.is_false(ok)
    assert.are.equal("service", err.kind)
    assert.are.equal(407, err.status)
  end)
end)

it("the engine keeps the authorities of a text for as long as it lives", function()
  local server = serve("good", GOOD)
  local file = assert(io.open(certs .. "ca.pem"))
  local engine = core.engine()
  local transport = { max_body = 1000, max_head = 1000, proxy = "", ca_pem = file:read "*a", ca_path = "" }
  file:close()
  for _ = 1, 3 do
    collectgarbage()
    local id = engine:start({ method = "GET", base = server.url, host = "127.0.0.1", path = "/", query = {},
      headers = {}, body = "", connect_timeout = 5, fresh = true }, 10, transport)
    while not engine:wait(id, 1) do end
    assert.are.equal(200, (engine:collect(id)))
  end
  server.stop()
end)

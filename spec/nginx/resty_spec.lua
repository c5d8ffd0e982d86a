--- Proves attempts over lua-resty-http and cosockets. Responses are in
--- answers_spec.lua.

local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local AK, SK, PROJECT = "RESTYKEY", "resty-secret", ("0123456789abcdef"):rep(2)

describe("lua-resty-http in nginx", function()
  local plain, secure, names, server

  local function start(trusted, main, resolver)
    return nginx.start {
      path = nginx.resty_path(),
      main = main,
      http = ([[
        lua_ssl_trusted_certificate %s;
        init_by_lua_block {
          safe = require "aom.safe"
          function options(more)
            local all = { endpoint = %q, project_id = %q, ak = %q, sk = %q, max_attempts = 1, transport = "resty" }
            for name, value in pairs(more or {}) do all[name] = value end
            return all
          end
          secure_url = %q
          function show(result, err)
            ngx.say(result and result.action
              or ("%%s|%%s|%%d|%%s"):format(err.kind, err.message, err.attempts or 0, err.hint or ""))
          end
          pooled = safe.client(options())
        }
      ]]):format(trusted, plain.url, PROJECT, AK, SK, (secure.url:gsub("127%.0%.0%.1", "localhost"))),
      server = ([[
        resolver 127.0.0.1:%d ipv6=off;
        location = /threads {
          content_by_lua_block {
            local spawn, count = ngx.thread.spawn, 0
            ngx.thread.spawn = function(...)
              count = count + 1
              return spawn(...)
            end
            local ended
            pooled:trigger("wf-1", "enable")
            local kept = count
            pooled:trigger("wf-1", "enable")
            local quiet = count - kept
            pooled:trigger("wf-1", "enable", function() ended = true end)
            while not ended do ngx.sleep(0.001) end
            ngx.thread.spawn = spawn
            ngx.say(quiet, " ", count - kept)
          }
        }
        location = /pooled { content_by_lua_block { show(pooled:trigger("wf-1", "enable")) } }
        location = /options {
          content_by_lua_block {
            local given = {}
            for name, value in pairs(ngx.req.get_uri_args()) do given[name] = tonumber(value) or value end
            if given.secure then given.secure, given.endpoint = nil, secure_url end
            local client, err = safe.client(options(given))
            if not client then return show(nil, err) end
            show(client:trigger("wf-1", "enable"))
          }
        }
        location = /default {
          content_by_lua_block {
            assert(pcall(require, "resty.http"))
            local all = options()
            all.transport = nil
            ngx.say(require("aom.client.state").open(all).loop.transport)
          }
        }
        location = /attempts {
          content_by_lua_block {
            local client = require "aom.client.state"
            local methods = require "aom.client.methods"
            local attempt = require "aom.http.attempt"
            local state = client.open(options { transport = ngx.var.arg_transport })
            for i = 1, 3 do
              local answer = state.loop.fetch(attempt.new { method = "GET", base = state.settings.endpoint.base,
                host = state.settings.endpoint.host, path = "/nothing", query = {}, headers = {}, body = "",
                date = "", connect_timeout = 5, fresh = ngx.var.arg_fresh == "1" },
                state.loop.now() + 5)
              for name in pairs(answer.headers) do assert(name == name:lower()) end
            end
            ngx.say(state.loop.transport)
          }
        }
      ]]):format(resolver or names.info.port),
    }
  end

  setup(function()
    local options = { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
    plain = process.simulator(options)
    options.tls = true
    secure = process.simulator(options)
    names = process.start("spec/support/dns.lua", {})
    server = start(secure.ca_file)
  end)
  teardown(function()
    server:stop()
    plain.stop()
    secure.stop()
    names.stop()
  end)
  before_each(function()
    plain.reset()
    secure.reset()
  end)

  local function connections()
    local list = {}
    for i, request in ipairs(plain.state().requests) do list[i] = request.connection end
    return list
  end

  it("keeps and reuses connections", function()
    for _ = 1, 3 do assert.are.equal("enable\n", (server:get "/pooled")) end
    local list = connections()
    assert.are.equal(3, #list)
    assert.are.equal(list[1], list[3])
  end)

  it("is used if it is requested; its headers are in lower case", function()
    assert.are.equal("resty\n", (server:get "/attempts?fresh=0&transport=resty"))
    local list = connections()
    assert.are.equal(list[1], list[3])
    assert.are.equal("curl\n", (server:get "/attempts?fresh=0&transport=curl"))
  end)

  it("is not used by default", function()
    local client = server:get "/default"
    assert.are.equal("curl\n", client)
  end)

  it("sends what must not run twice on its own connection", function()
    server:get "/attempts?fresh=1&transport=resty"
    local list = connections()
    assert.are.equal(3, #list)
    assert.is_true(list[1] ~= list[2] and list[2] ~= list[3] and list[1] ~= list[3])
  end)

  it("needs a light thread for each call that can be cancelled, and for no other over a kept connection", function()
    assert.are.equal("0 2\n", (server:get "/threads"))
  end)

  it("continues when a kept connection was closed meanwhile", function()
    plain.script { { close = "after_answer", times = 1 } }
    assert.are.equal("enable\n", (server:get "/pooled"))
    process.sleep(0.1)
    assert.are.equal("enable\n", (server:get "/pooled"))
  end)

  it("verifies the server", function()
    local body = server:get "/options?secure=1"
    assert.are.equal("enable\n", body)
    -- Several times: a handshake may end at once, or after a wait.
    local other, bodies = start "/etc/ssl/certs/ca-certificates.crt", {}
    for i = 1, 12 do bodies[i] = other:get "/options?secure=1" end
    other:stop()
    for i = 1, 12 do
      assert.matches("^tls|", bodies[i])
      assert.matches("lua_ssl_trusted_certificate", bodies[i], 1, true)
    end
    assert.are.equal(1, #secure.state().requests)
  end)

  describe("through two intermediate authorities", function()
    local folder
    setup(function()
      folder = process.run "mktemp -d":match "^(%S+)\n"
      process.run("luajit spec/support/certificates.lua " .. process.quote(folder))
    end)
    teardown(function() process.run("rm -rf " .. process.quote(folder)) end)

    -- { depth, whether the root is trusted, transport, what the answer or the hint says }
    for _, row in ipairs {
      { 2, true, "resty", "^enable\n" },
      { 1, true, "resty", "^tls|.*lua_ssl_verify_depth" },
      { 2, false, "resty", "^tls|.*lua_ssl_trusted_certificate" },
      { 2, true, "curl", "^tls|.*libcurl does not read lua_ssl_trusted_certificate" },
    } do
      it(("lua_ssl_verify_depth %d, its root %s, over %s"):format(row[1], row[2] and "trusted" or "unknown", row[3]),
        function()
          local port = nginx.free_port()
          local host = nginx.start {
            path = nginx.resty_path(),
            http = ([[
              lua_ssl_trusted_certificate %s; lua_ssl_verify_depth %d;
              server {
                listen 127.0.0.1:%d ssl; ssl_certificate %s/deep.pem; ssl_certificate_key %s/deep.key;
                location / { return 200 '{"success"}'; }
              }
            ]]):format(row[2] and folder .. "/ca.pem" or secure.ca_file, row[1], port, folder, folder),
            server = ([[
              resolver 127.0.0.1:%d ipv6=off;
              location = /call { content_by_lua_block {
                local client = require "aom.safe".client { endpoint = "https://localhost:%d", project_id = %q,
                  ak = "CHAIN", sk = "S", transport = %q, max_attempts = 1, proxy = "" }
                local result, err = client:trigger("wf-1", "enable")
                ngx.say(result and result.action or ("%%s|%%s|%%s"):format(err.kind, err.message, err.hint or ""))
              } }
            ]]):format(names.info.port, port, PROJECT, row[3]),
          }
          local body
          for _ = 1, 3 do body = host:get "/call" end
          local _, told = host:log():gsub("%[warn%][^\n]*libcurl does not read", "")
          host:stop()
          assert.matches(row[4], body)
          assert.are.equal(row[3] == "curl" and 1 or 0, told)
        end)
    end
  end)

  it("limits the body and the time", function()
    local kind = server:get("/options?max_response_bytes=5"):match "^(%w+)|"
    assert.are.equal("protocol", kind)
    plain.script { { delay = 3 } }
    local body = server:get "/options?attempt_timeout=0.3"
    assert.matches("^timeout|timed out after %d+%.%d s, waiting for the first byte of the response|", body)
  end)

  it("limits a connect to connect_timeout, also if no name server answers", function()
    local silent = start(secure.ca_file, nil, nginx.free_port())
    local started = os.time()
    local body = silent:get "/options?secure=1&connect_timeout=0.3"
    silent:stop()
    assert.matches("^timeout|", body)
    assert.matches("timed out after %d+%.%d s, waiting for DNS or a connection", body)
    assert.is_true(os.time() - started < patience.of(10))
  end)

  it("sends a wrong signature at most twice, also if connections die meanwhile", function()
    server:get "/pooled"
    plain.reset()
    plain.script { { close = "after_answer", times = 1 } }
    for i = 1, 9 do
      local body = server:get "/options?sk=wrong&ak=OTHERKEY"
      assert.matches(i <= 2 and "^service|" or "^%a+|", body)
    end
    assert.are.equal(2, #plain.state().requests)
  end)

  describe("with a proxy", function()
    local log, tunnel

    -- For us@er with the password p:w.
    local function open_tunnel(greeting)
      return process.start("spec/support/tunnel.lua", { log, "dXNAZXI6cDp3", greeting })
    end

    before_each(function()
      log = process.temporary ""
      tunnel = open_tunnel()
    end)
    after_each(function()
      tunnel.stop()
      os.remove(log)
    end)

    local function requests()
      local list = {}
      for line in io.lines(log) do list[#list + 1] = line end
      return list
    end

    local function ask(words)
      return (server:get("/options?secure=1&" .. words:format(tunnel.info.port):gsub("[@:/]", {
        ["@"] = "%40", [":"] = "%3A", ["/"] = "%2F" })))
    end

    it("goes through its tunnel, as the user that the option names", function()
      assert.are.equal("enable\n", ask "proxy=http://us%%2540er:p:w@localhost:%d")
      assert.are.equal("enable\n", ask "proxy=us%%2540er:p:w@127.0.0.1:%d")
      local line = ("CONNECT localhost:%d HTTP/1.1"):format(secure.port)
      assert.are.same({ line, line }, requests())
    end)

    it("says when it is refused", function()
      local body = ask "proxy=http://nobody:secret@127.0.0.1:%d"
      assert.matches("the proxy refused the tunnel: HTTP 407", body, 1, true)
      assert.is_nil(body:find("secret", 1, true))
      assert.are.equal(0, #secure.state().requests)
    end)

    -- { what the proxy says, the kind of error, or false }
    for _, case in ipairs {
      { "HTTP/1.0 200 Connection established\r\nConnection: close\r\n\r\n", false },
      { "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 Go on\r\nContent-Length: 7\r\n\r\n", false },
      { "HTTP/1.1 200 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"success\"}", "protocol" },
      { "HTTP/1.1 403 Not there\r\nContent-Length: -1\r\n\r\n", "network" },
      { "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "network" },
      { "SSH-2.0-OpenSSH\r\n", "protocol" },
      { "HTTP/1.1 200 Go on\r\nX: " .. ("x"):rep(300 * 1024) .. "\r\n\r\n", "protocol" },
      { "HTTP/1.1 200 Go on\r\n", "timeout" },
    } do
      it(("that says %q is %s"):format(case[1]:sub(1, 60), case[2] or "taken at its word"), function()
        local path = process.temporary(case[1])
        tunnel.stop()
        tunnel = open_tunnel(path)
        local body = ask "proxy=http://us%%2540er:p:w@localhost:%d&connect_timeout=1&timeout=4"
        os.remove(path)
        assert.matches(case[2] and "^" .. case[2] .. "|" or "^enable\n", body)
        assert.are.equal(case[2] and 0 or 1, #secure.state().requests)
      end)
    end

    it("uses the environment's, if nginx's workers can see it", function()
      local path = ("/options?endpoint=http%%3A%%2F%%2Faom.example%%3A%d"):format(plain.port)
      local env = ("env http_proxy=http://127.0.0.1:%d;"):format(tunnel.info.port)
      local workers = start(secure.ca_file, env)
      local first = workers:get(path)
      workers:stop()
      assert.matches("^network|the proxy refused the request: HTTP 407|", first)
      assert.matches(("^PUT http://aom.example:%d/"):format(plain.port), requests()[1])
      workers = start(secure.ca_file, env .. " env no_proxy=.example;")
      local second = workers:get(path)
      workers:stop()
      assert.are.equal("enable\n", second)
      assert.are.equal(1, #requests())
    end)
  end)

  for words, option in pairs {
    ["ca_file=/dev/null"] = "option ca_file", ["proxy=socks5h%3A%2F%2Fp%3A1"] = "option proxy",
    ["endpoint=https%3A%2F%2F127.0.0.1%3A1"] = "https://127.0.0.1:1",
  } do
    it("refuses what it cannot support: " .. option, function()
      local body = server:get("/options?" .. words)
      assert.matches('^config|transport "resty": ', body)
      assert.matches(option, body, 1, true)
    end)
  end
end)

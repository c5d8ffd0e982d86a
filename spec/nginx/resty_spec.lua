--- Attempts over lua-resty-http and cosockets, where that library is installed. What is
--- made of each answer is in answers_spec.lua.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local AK, SK, PROJECT = "RESTYKEY", "resty-secret", ("0123456789abcdef"):rep(2)

describe("lua-resty-http in nginx", function()
  if not nginx.resty_path() then
    pending(nginx.NO_RESTY)
    return
  end
  local plain, secure, names, server

  local function start(trusted)
    return nginx.start {
      path = nginx.resty_path(),
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
            ngx.say(result and result.action or ("%%s|%%s|%%d"):format(err.kind, err.message, err.attempts or 0))
          end
          pooled = safe.client(options())
        }
      ]]):format(trusted, plain.url, PROJECT, AK, SK, (secure.url:gsub("127%.0%.0%.1", "localhost"))),
      server = ([[
        resolver 127.0.0.1:%d ipv6=off;
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
            ngx.say(require("aom.client").open(all).loop.transport)
          }
        }
        location = /attempts {
          content_by_lua_block {
            local client = require "aom.client"
            local attempt = require "aom.attempt"
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
      ]]):format(names.info.port),
    }
  end

  setup(function()
    local options = { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" }, lifetime = 120 }
    plain = process.simulator(options)
    options.tls = true
    secure = process.simulator(options)
    names = process.start("luajit " .. process.quote(process.root .. "/spec/support/dns.lua"))
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

  it("keeps connections, and uses them again", function()
    for _ = 1, 3 do assert.are.equal("enable\n", (server:get "/pooled")) end
    local list = connections()
    assert.are.equal(3, #list)
    assert.are.equal(list[1], list[3])
  end)

  it("is taken where it is asked for; its headers come in lower case", function()
    assert.are.equal("resty\n", (server:get "/attempts?fresh=0&transport=resty"))
    local list = connections()
    assert.are.equal(list[1], list[3])
    assert.are.equal("curl\n", (server:get "/attempts?fresh=0&transport=curl"))
  end)

  it("is not taken by itself", function()
    local client = server:get "/default"
    assert.are.equal("curl\n", client)
  end)

  it("sends what must not run twice on a connection of its own", function()
    server:get "/attempts?fresh=1&transport=resty"
    local list = connections()
    assert.are.equal(3, #list)
    assert.is_true(list[1] ~= list[2] and list[2] ~= list[3] and list[1] ~= list[3])
  end)

  it("goes on when a kept connection was closed meanwhile", function()
    plain.script { { close = "after_answer", times = 1 } }
    assert.are.equal("enable\n", (server:get "/pooled"))
    process.run "sleep 0.1"
    assert.are.equal("enable\n", (server:get "/pooled"))
  end)

  it("verifies the server", function()
    local body = server:get "/options?secure=1"
    assert.are.equal("enable\n", body)
    local other = start "/etc/ssl/certs/ca-certificates.crt"
    body = other:get "/options?secure=1"
    other:stop()
    assert.matches("^tls|", body)
    assert.matches("lua_ssl_trusted_certificate", body, 1, true)
  end)

  it("limits the body and the time", function()
    local kind = server:get("/options?max_response_bytes=5"):match "^(%w+)|"
    assert.are.equal("protocol", kind)
    plain.script { { delay = 3 } }
    local body = server:get "/options?attempt_timeout=0.3"
    assert.are.equal("timeout", body:match "^(%w+)|")
  end)

  it("reports a server that is not there", function()
    local kind = server:get("/options?endpoint=http://127.0.0.1:1"):match "^(%w+)|"
    assert.are.equal("network", kind)
  end)

  it("refuses a ca_file of which it would take no notice", function()
    local body = server:get "/options?ca_file=/dev/null"
    assert.matches("config|option ca_file", body, 1, true)
  end)
end)

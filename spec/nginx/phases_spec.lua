--- Proves where a call waits, blocks or is refused, for every phase of nginx.

local core = require "aom.core"
local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local AK, SK, PROJECT = "NGINXKEY", "nginx-secret", ("0123456789abcdef"):rep(2)

local REFUSED = { "set", "header_filter", "body_filter", "log", "init_worker" }

describe("in nginx", function()
  local simulator, server

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
    server = nginx.start {
      main = "env AOM_SPEC_SEEN;",
      env = "AOM_SPEC_SEEN=1 HUAWEICLOUD_SDK_AK=" .. AK,
      http = ([[
        init_by_lua_block {
          aom, safe = require "aom", require "aom.safe"
          options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "" }
          client, quiet = aom.client(options), safe.client(options)
          from_init = client:trigger("wf-1", "disable")
          local from_callback
          client:trigger("wf-1", "disable", function(err, result) from_callback = result end)
          pcall(aom.client, { region = "init-1" })
          safe.client { region = "returned-1" }
          from_init.called_back = from_callback ~= nil and from_callback.success
          refusals = {}
          function note(phase)
            local result, err = quiet:trigger("wf-1", "enable")
            local raised = { pcall(client.trigger, client, "wf-1", "enable", function() error "called back" end) }
            local examined = { pcall(aom.doctor, options) }
            refusals[phase] = err and ("%%s: %%s / %%s / %%s"):format(err.kind, err.message, tostring(raised[2]),
              tostring(examined[2])) or "sent"
          end
        }
        init_worker_by_lua_block { note "init_worker" }
        exit_worker_by_lua_block {
          note "exit_worker"
          ngx.log(ngx.NOTICE, "EXIT_WORKER ", refusals.exit_worker)
        }
      ]]):format(simulator.url, PROJECT, AK, SK),
      server = [[
        server_rewrite_by_lua_block {
          if ngx.var.uri ~= "/server_rewrite" then return end
          ngx.ctx.action = client:trigger("wf-1", "enable").action
        }
        location = /server_rewrite { content_by_lua_block { ngx.say(ngx.ctx.action) } }
        location = /init { content_by_lua_block { ngx.say(from_init.action, " ", from_init.called_back) } }
        location = /uncaught-content { content_by_lua_block { client:trigger("nobody-content", "enable") } }
        location = /uncaught-access { access_by_lua_block { client:trigger("nobody-access", "enable") } }
        location = /uncaught-log {
          content_by_lua_block { ngx.say "answered" }
          log_by_lua_block { client:trigger("nobody-log", "enable") }
        }
        location = /uncaught-timer {
          content_by_lua_block { ngx.timer.at(0, function() client:trigger("nobody-timer", "enable") end) }
        }
        location = /uncaught-thread {
          content_by_lua_block {
            ngx.thread.wait(ngx.thread.spawn(function() client:trigger("nobody-thread", "enable") end))
          }
        }
        location = /uncaught-callback {
          content_by_lua_block { client:trigger("nobody-callback", "enable", function(err) error(err) end) }
        }
        location = /uncaught-call-in-callback {
          content_by_lua_block { client:trigger("wf-1", "enable", function() client:enable "nobody-inside" end) }
        }
        location = /uncaught-on_result {
          content_by_lua_block {
            client:trigger_all({ "nobody-on_result" }, "enable", { on_result = function(entry) error(entry.error) end })
          }
        }
        location = /caught {
          content_by_lua_block {
            local ok, err = pcall(function() client:trigger("nobody-caught", "enable") end)
            ngx.say(err.kind)
            ngx.say((select(2, xpcall(function() client:trigger("nobody-caught", "enable") end,
              function(raised) return raised.kind end))))
          }
        }
        location = /content { content_by_lua_block { ngx.say(client:trigger("wf-1", "enable").action) } }
        location = /access {
          access_by_lua_block { ngx.ctx.action = client:trigger("wf-1", "enable").action }
          content_by_lua_block { ngx.say(ngx.ctx.action) }
        }
        location = /rewrite {
          rewrite_by_lua_block { ngx.ctx.action = client:trigger("wf-1", "enable").action }
          content_by_lua_block { ngx.say(ngx.ctx.action) }
        }
        location = /timer {
          content_by_lua_block {
            local answer
            ngx.timer.at(0, function() answer = client:trigger("wf-1", "disable").action end)
            while not answer do ngx.sleep(0.01) end
            ngx.say(answer)
          }
        }
        location = /others {
          set_by_lua_block $x { note "set" return "" }
          content_by_lua_block { ngx.say "x" }
          header_filter_by_lua_block { note "header_filter" }
          body_filter_by_lua_block { note "body_filter" }
          log_by_lua_block { note "log" }
        }
        location = /refusal { content_by_lua_block { ngx.print(tostring(refusals[ngx.var.arg_phase])) } }
        location = /callback {
          content_by_lua_block {
            local order, answer = {}, nil
            local handle = client:trigger("wf-1", "enable", function(err, result)
              order[#order + 1] = "callback"
              answer = result
            end)
            order[#order + 1] = "returned"
            while not answer do ngx.sleep(0.01) end
            ngx.say(table.concat(order, " "), " ", answer.action, " ", type(handle.cancel))
          }
        }
        location = /raises {
          content_by_lua_block {
            local ok, err = pcall(client.trigger, client, "nobody", "enable")
            ngx.say(err.kind, " ", err.status)
          }
        }
        location = /environment {
          content_by_lua_block {
            local _, missing = safe.client { endpoint = "http://127.0.0.1:1", ak = "a", sk = "s" }
            local _, nobody = safe.client { endpoint = "http://127.0.0.1:1", project_id = options.project_id }
            ngx.say(tostring(missing))
            ngx.say(tostring(nobody))
            ngx.say(os.getenv "AOM_SPEC_SEEN")
          }
        }
      ]],
    }
  end)
  teardown(function()
    server:stop()
    simulator.stop()
  end)

  it("init blocks, and its client works in the workers", function()
    assert.are.equal("disable true\n", (server:get "/init"))
    local before = simulator.state()
    assert.are.equal("enable\n", (server:get "/content"))
    -- The worker has its own connections.
    local requests = simulator.state().requests
    assert.are_not.equal(before.requests[1].connection, requests[#requests].connection)
  end)

  for _, phase in ipairs { "content", "access", "rewrite", "server_rewrite", "timer" } do
    it("waits in " .. phase, function()
      local body, status = server:get("/" .. phase)
      assert.are.equal(200, status)
      assert.are.equal(phase == "timer" and "disable\n" or "enable\n", body)
    end)
  end

  it("refuses before any I/O if it cannot wait, naming ngx.timer.at", function()
    server:get "/others"
    local before = simulator.state().counts.total
    server:get "/others"
    for _, phase in ipairs(REFUSED) do
      local text = server:get("/refusal?phase=" .. phase)
      local message = ("nginx cannot wait in the phase %s: make the call in ngx.timer.at(0, …)"):format(phase)
      assert.are.equal(("argument: %s / aom: argument: %s / aom: argument: %s"):format(message, message, message),
        (text:gsub(" %(at [^ ]*%)", "")))
    end
    assert.are.equal(before, simulator.state().counts.total)
  end)

  it("calls back from a light thread, after the call has returned", function()
    local before = #server:log()
    assert.are.equal("returned callback enable function\n", (server:get "/callback"))
    assert.is_nil(server:log():sub(before + 1):find("ngx.sleep", 1, true))
  end)

  it("logs with its hint what is raised while it starts, which it would show as an unknown error", function()
    server:get "/raises"
    local log = server:log()
    assert.matches('%[error%][^\n]*aom: config: unknown region "init%-1"[^\n]*known regions: [^\n]*cn%-north%-4', log)
    assert.matches("%[error%][^\n]*aom: argument: nginx cannot wait in the phase init_worker", log)
    -- What is returned is not lost, and what is raised later is the handler's.
    assert.is_nil(log:find("returned-1", 1, true))
    assert.is_nil(log:find("aom: service", 1, true))
  end)

  for phase, what in pairs {
    content = "aom: service: ", access = "aom: service: ", timer = "aom: service: ", thread = "aom: service: ",
    log = "aom: argument: nginx cannot wait in the phase log",
  } do
    it("logs what nobody catches in the phase " .. phase, function()
      local before = #server:log()
      server:get("/uncaught-" .. phase)
      local latest = core.now() + patience.of(2)
      local log
      repeat log = server:log():sub(before + 1) until log:find("[error]", 1, true) or core.now() > latest
      assert.matches("[error]", log, 1, true)
      assert.matches(what, log, 1, true)
    end)
  end

  for _, where in ipairs { "callback", "call-in-callback", "on_result" } do
    it("logs what is raised and not caught in " .. where .. ", and where", function()
      local before = #server:log()
      server:get("/uncaught-" .. where)
      local latest = core.now() + patience.of(2)
      local log
      repeat log = server:log():sub(before + 1) until log:find("content_by_lua", 1, true) or core.now() > latest
      local _, times = log:gsub("aom: service: ", "")
      assert.are.equal(1, times, log)
      assert.matches("content_by_lua", log, 1, true)
    end)
  end

  it("does not log what somebody catches", function()
    local before = #server:log()
    assert.are.equal("service\nservice\n", (server:get "/caught"))
    assert.is_nil(server:log():sub(before + 1):find("aom: service", 1, true))
  end)

  it("does not advise a timer while a worker ends, which can have none", function()
    process.run(("kill -HUP %s"):format(server.pid))
    local latest = core.now() + patience.of(5)
    local noted
    repeat
      noted = server:log():match "EXIT_WORKER ([^\n]*)"
      if not noted then process.sleep(0.05) end
    until noted or core.now() > latest
    assert.matches("^argument: nginx cannot wait in the phase exit_worker: no call can be made any more / ", noted)
    assert.is_nil(noted:find("timer", 1, true))
  end)

  it("raises errors through pcall", function()
    assert.are.equal("service 404\n", (server:get "/raises"))
  end)

  it("says why a worker does not see the environment", function()
    local text = server:get "/environment"
    local project, credentials, seen = text:match "^(.-)\n(.-)\n(.-)\n$"
    assert.matches("env HUAWEICLOUD_SDK_PROJECT_ID;", project, 1, true)
    assert.matches("init_by_lua", project, 1, true)
    assert.matches("`env HUAWEICLOUD_SDK_%u+;`", credentials)
    assert.are.equal("1", seen)
  end)
end)

--- Proves that aborted requests, killed light threads, cancelled calls and closed clients delay no later call.
--- Over libcurl and over lua-resty-http.

local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local requests = require "spec.support.load"

local now = require("aom.core").now

local AK, SK, PROJECT = "VANISHKEY", "vanish-secret", ("0123456789abcdef"):rep(2)

local serial = 0

local SERVER = [[
  lua_check_client_abort on;
  location = /call {
    content_by_lua_block {
      local started = now()
      local result, err = clients[ngx.var.arg_client]:trigger("wf-1", "enable")
      ngx.say(("%s %.3f"):format(result and "success" or err.kind, now() - started))
    }
  }
  location = /killed {
    content_by_lua_block {
      local client = clients[ngx.var.arg_client]
      local thread = ngx.thread.spawn(function() client:trigger("wf-1", "enable") end)
      ngx.sleep(0.3)
      ngx.say(tostring(ngx.thread.kill(thread)))
    }
  }
  location = /killed-new {
    content_by_lua_block {
      local client = new(ngx.var.arg_client, 40)
      -- It must not run twice, so it goes over a new connection.
      local thread = ngx.thread.spawn(function() client:execute "wf-1" end)
      ngx.sleep(0.5)
      ngx.say(tostring(ngx.thread.kill(thread)))
    }
  }
  location = /killed-many {
    content_by_lua_block {
      local client, what = clients[ngx.var.arg_client], ngx.var.arg_what
      local ids, requests, done, thread = {}, {}, 0, nil
      for i = 1, 30 do
        ids[i], requests[i] = "wf-" .. i, { method = "GET", path = "/v1/{project_id}/things/" .. i }
      end
      assert(client:trigger_all(ids, "enable"))
      local options = { concurrency = 2, on_result = function() done = done + 1 end }
      thread = ngx.thread.spawn(function()
        if what == "trigger_all" then return client:trigger_all(ids, "disable", options) end
        if what == "request_all" then return client:request_all(requests, options) end
        options.match, options.file = ".", ngx.config.prefix() .. "/window"
        client:with({ headers = { ["X-A"] = "b" } }):pause(options)
      end)
      while done < 4 do ngx.sleep(0.001) end
      ngx.say(tostring(ngx.thread.kill(thread)))
    }
  }
  location = /many {
    content_by_lua_block {
      local ids = {}
      for i = 1, 30 do ids[i] = "wf-" .. i end
      clients[ngx.var.arg_client]:trigger_all(ids, "disable", { concurrency = 10 }, function() end)
      ngx.sleep(9)
    }
  }
  location = /memory {
    content_by_lua_block {
      for _ = 1, 3 do collectgarbage() end
      ngx.say(collectgarbage "count")
    }
  }
  location = /cancel {
    content_by_lua_block {
      local client = clients[ngx.var.arg_client]
      local err, at
      local handle = client:trigger("wf-1", "enable", function(e) err, at = e or { kind = "success" }, now() end)
      ngx.sleep(tonumber(ngx.var.arg_after))
      local asked = now()
      handle:cancel()
      while not err and now() - asked < 5 do ngx.sleep(0.001) end
      ngx.say(("%s %.3f"):format(err and err.kind, at and at - asked or 99))
    }
  }
  location = /close {
    content_by_lua_block {
      local client = new(ngx.var.arg_ak)
      local kinds = {}
      for i = 1, 3 do client:trigger("wf-1", "enable", function(err) kinds[#kinds + 1] = err and err.kind end) end
      ngx.sleep(0.2)
      local asked = now()
      client:close()
      while #kinds < 3 and now() - asked < 5 do ngx.sleep(0.001) end
      ngx.say(table.concat(kinds, " "), (" %.3f"):format(now() - asked))
    }
  }
  location = /error {
    content_by_lua_block {
      local done = 0
      for i = 1, 4 do
        clients[ngx.var.arg_client]:trigger("wf-1", "enable", function()
          if i % 2 == 0 then error("in callback " .. i) end
          done = done + 1
        end)
      end
      local started = now()
      while done < 2 and now() - started < 5 do ngx.sleep(0.01) end
      ngx.say(done)
    }
  }
]]

for _, transport in ipairs { "curl", "resty" } do
  describe("in nginx over " .. transport, function()
    local simulator, server

    setup(function()
      local ids = {}
      for i = 1, 30 do ids[i] = "wf-" .. i end
      simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = ids }
      server = nginx.start {
        path = nginx.resty_path(),
        http = ([[
          init_by_lua_block {
            safe, now = require "aom.safe", require("aom.core").now
            function new(ak, seconds)
              return assert(safe.client { endpoint = %q, project_id = %q, ak = ak, sk = %q, proxy = "", transport = %q,
                attempt_timeout = seconds or 1, max_attempts = 2 })
            end
            clients = setmetatable({}, { __index = function(list, ak)
              list[ak] = new(ak)
              return list[ak]
            end })
          }
        ]]):format(simulator.url, PROJECT, SK, transport),
        server = SERVER,
      }
    end)
    teardown(function()
      server:stop()
      simulator.stop()
    end)
    before_each(function() simulator.reset() end)

    local function fresh_key()
      serial = serial + 1
      local ak = ("VANISHKEY%d"):format(serial)
      simulator.set { keys = { [ak] = { sk = SK } } }
      return ak
    end

    local function call(ak)
      local word, seconds = server:get("/call?client=" .. ak):match "^(%w+) ([%d.]+)\n"
      return word, tonumber(seconds)
    end

    for _, way in ipairs { "aborted", "killed" } do
      it("a request that is " .. way .. " delays no other, once its key is known", function()
        local ak = fresh_key()
        assert.are.equal("success", (call(ak)))
        simulator.script { { delay = 5, times = 3 } }
        for _ = 1, 3 do
          if way == "aborted" then
            server:curl("/call?client=" .. ak, "--max-time 0.5")
          else
            assert.are.equal("1\n", (server:get("/killed?client=" .. ak)))
          end
        end
        local word, seconds = call(ak)
        assert.are.equal("success", word)
        assert.is_true(seconds < patience.of(0.3), seconds)
      end)

      it("a request that is " .. way .. " while its key is new delays others for at most its attempt", function()
        local ak = fresh_key()
        simulator.script { { delay = 5 } }
        if way == "aborted" then
          server:curl("/call?client=" .. ak, "--max-time 0.5")
        else
          assert.are.equal("1\n", (server:get("/killed?client=" .. ak)))
        end
        local word, seconds = call(ak)
        assert.are.equal("success", word)
        -- A part of the attempt's one second has passed.
        assert.is_true(seconds < patience.of(1.3), seconds)
        word, seconds = call(ak)
        assert.are.equal("success", word)
        assert.is_true(seconds < patience.of(0.3), seconds)
      end)
    end

    it("a request ends as soon as the light thread has that called over a new connection", function()
      local ak = fresh_key()
      assert.are.equal("success", (call(ak)))
      simulator.script { { delay = 30 } }
      local started = now()
      assert.are.equal("1\n", (server:get("/killed-new?client=" .. ak)))
      assert.is_true(now() - started < patience.of(3), now() - started)
    end)

    for _, what in ipairs { "trigger_all", "request_all", "pause" } do
      it(what .. " sends nothing more after its light thread was killed", function()
        local ak = fresh_key()
        simulator.set { latency = 0.03 }
        assert.are.equal("1\n", (server:get(("/killed-many?client=%s&what=%s"):format(ak, what))))
        process.sleep(0.3)
        local sent = simulator.state().counts.total - 30
        assert.is_true(sent >= 4 and sent <= 9, sent)
      end)
    end

    it("nothing stays in memory of aborted requests that waited for bulks", function()
      local ak = fresh_key()
      assert.are.equal("success", (call(ak)))
      simulator.set { latency = 1.5 }
      local kilobytes = {}
      for i = 1, 4 do
        requests.at_once(("%s/many?client=%s"):format(server.url, ak), 20, 0.6)
        process.sleep(2.2)
        -- A transfer that nobody waits for is dropped a second after its deadline, beside another one.
        call(ak)
        kilobytes[i] = tonumber((server:get "/memory"))
      end
      -- In the first ones nginx makes light threads that it keeps for the next ones.
      assert.is_true(kilobytes[4] - kilobytes[2] < 40 * 30, table.concat(kilobytes, " "))
    end)

    it("cancelling ends a transfer, a back-off and the wait for a key at once", function()
      local ak = fresh_key()
      local function cancel(after)
        local word, seconds = server:get(("/cancel?client=%s&after=%s"):format(ak, after)):match "^(%w+) ([%d.]+)\n"
        assert.are.equal("cancelled", word)
        assert.is_true(tonumber(seconds) < patience.of(0.1), seconds)
      end
      simulator.script { { delay = 0.9 } }
      cancel "0"
      assert.are.equal("success", (call(ak)))
      simulator.script { { delay = 0.9 } }
      cancel "0.2"
      simulator.script { { status = 503, headers = { ["Retry-After"] = "30" } } }
      cancel "0.2"
      assert.are.equal("success", (call(ak)))
    end)

    it("closing a client ends its calls at once, also those that wait for its key", function()
      local ak = fresh_key()
      simulator.script { { delay = 0.9 } }
      local word, seconds = server:get("/close?ak=" .. ak):match "^([%w ]+) ([%d.]+)\n"
      assert.are.equal("cancelled cancelled cancelled", word)
      assert.is_true(tonumber(seconds) < patience.of(0.2), seconds)
    end)

    it("an error in a callback is logged, and affects no other call", function()
      local ak = fresh_key()
      assert.are.equal("2\n", (server:get("/error?client=" .. ak)))
      assert.matches("in callback 2", server:log(), 1, true)
      assert.matches("in callback 4", server:log(), 1, true)
      assert.are.equal("success", (call(ak)))
    end)
  end)
end

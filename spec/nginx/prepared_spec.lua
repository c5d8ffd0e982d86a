--- Proves that in nginx a call like one before goes the short way, with the same result, and when it does not.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Request-Id: r\r\n\r\n{"success"}'
local BAD = "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"

-- Each call is told as its way and what came of it.
local SERVER = [[
  location / {
    content_by_lua_block {
      local methods, prepared = require "aom.client.methods", require "aom.client.prepared"
      local states, errors = require "aom.client.state", require "aom.util.errors"
      local way
      local send = prepared.send
      prepared.send = function(...)
        local result, sent = send(...)
        way = result and "short" or sent and "handed" or "general"
        return result, sent
      end
      local state = assert(states.open { endpoint = url, project_id = project, ak = ngx.var.uri, sk = "s", proxy = "",
        transport = "TRANSPORT" })
      local function tell(result, err)
        ngx.say(way, " ", result and ("%s %s %s %s"):format(result.workflow_id, result.action, result.request_id,
          tostring(result)) or err.kind .. ": " .. err.message)
      end
      local function call()
        way = "general"
        tell(methods.trigger(state, "wf-1", "disable"))
      end
      local function call_with_callback(meanwhile)
        local ended = false
        way = "general"
        local handle = methods.trigger(state, "wf-1", "disable", function(err, result)
          ended = true
          tell(result, err)
        end)
        if meanwhile then meanwhile(handle) end
        while not ended do ngx.sleep(0.01) end
      end
      call()
      call()
      local name = state.credentials.current.record.name
      local happens = {
        ["/nothing"] = function() end,
        ["/blocked"] = function() ngx.shared.aom:set("blocked:" .. name, "\n\n\n\nrefused elsewhere") end,
        ["/closed"] = function() ngx.timer.at(0.1, function() states.close(state) end) end,
        ["/outage"] = function()
          ngx.timer.at(0.1, function()
            state.outage:note({}, { kind = "network", away = "connection" }, errors.new("network", "away"))
          end)
        end,
        ["/accepted"] = function()
          require("aom.core").lockout.refuse(name, require("aom.core").now(), nil, "certain", "\n\n\n\nrefused")
        end,
        ["/refused"] = function()
          ngx.timer.at(0.1, function()
            require("aom.core").lockout.refuse(name, require("aom.core").now(), nil, "certain", "\n\n\n\nrefused")
          end)
        end,
        ["/callback"] = function() call_with_callback() end,
        ["/cancelled_at_once"] = function() call_with_callback(function(handle) handle:cancel() end) end,
        ["/cancelled"] = function()
          call_with_callback(function(handle)
            ngx.sleep(0.05)
            handle:cancel()
          end)
        end,
        ["/killed"] = function()
          local thread = ngx.thread.spawn(call)
          ngx.sleep(0.1)
          ngx.say(tostring(ngx.thread.kill(thread)))
        end,
      }
      happens[ngx.var.uri]()
      call()
      if ngx.var.uri == "/accepted" then ngx.say(tostring(ngx.shared.aom:get("accepted:" .. name))) end
      if ngx.var.uri == "/refused" then
        ngx.say((require("aom.core").lockout.look(name, require("aom.core").now())))
      end
      if ngx.var.uri == "/outage" then ngx.say(tostring(state.outage.began)) end
      prepared.send = send
    }
  }
]]

local HTTP = "lua_shared_dict aom 1m; init_by_lua_block { url, project = %q, ('0123456789abcdef'):rep(2) }"

for _, transport in ipairs { "curl", "resty" } do
  describe("in nginx over " .. transport, function()
    local service, server

    local function start(replies, delay)
      service = process.rawserver { replies = replies, by_request = true, ["then"] = "hold", delay = delay }
      server = nginx.start { http = HTTP:format(service.url), server = (SERVER:gsub("TRANSPORT", transport)),
        path = nginx.resty_path() }
    end
    after_each(function()
      server:stop()
      service.stop()
    end)

    --- Without its way and its time.
    local function outcome(line) return (line:gsub("^%w+ ", ""):gsub("%d+%.%d+ s", "")) end

    local good = "wf%-1 disable r "
    local rows = {
      ["a call like the one before goes the short way"] = { "/nothing", "^short " .. good },
      ["no call goes it whose key another worker knows to be blocked"] = { "/blocked", "^general service" },
      ["one whose client is closed meanwhile is cancelled"] =
        { "/closed", "^handed cancelled: the client was closed\n" },
      ["one that is answered during an outage ends that"] = { "/outage", "^handed " .. good .. ".*\nfalse" },
      ["the first one of a key that was refused goes the general way, and tells other workers"] =
        { "/accepted", "^general " .. good .. ".*\ntrue" },
      ["one whose key is refused meanwhile is judged the general way"] =
        { "/refused", "^handed " .. good .. ".*\nopen" },
      ["the next one goes it after one that was killed"] = { "/killed", "^1\nshort " .. good },
      ["one with a callback goes it, too"] = { "/callback", "^short " .. good },
      ["one whose handle is cancelled at once is not sent"] =
        { "/cancelled_at_once", "^general cancelled: the call was cancelled\nshort " .. good, sent = 3 },
      ["one whose handle is cancelled ends"] =
        { "/cancelled", "^handed cancelled: the call was cancelled\nshort " .. good },
    }
    for what, row in pairs(rows) do
      it(what, function()
        start({ GOOD }, 0.2)
        local first, second, rest = server:get(row[1]):match "^([^\n]*)\n([^\n]*)\n(.*)"
        assert.matches("^general " .. good, first)
        assert.matches("^short " .. good, second)
        assert.are.equal(outcome(first), outcome(second))
        assert.matches(row[2], rest)
        if row.sent then assert.are.equal(row.sent, #service.requests()) end
      end)
    end

    -- The third answer, and what that call comes to.
    local answers = {
      ["of another status"] = { BAD, "^handed service: " },
      ["of another body"] = { (GOOD:gsub('{"success"}', '{"succeed"}')), "^handed " .. good },
      ["of another type"] = { (GOOD:gsub("X%-Req", "Content-Type: text/plain\r\nX-Req")), "^handed " .. good },
      ["with another request id"] = { (GOOD:gsub(": r", ": s")), "^short wf%-1 disable s " },
      ["without a request id"] = { (GOOD:gsub("X%-Request%-Id: r\r\n", "")), "^short wf%-1 disable nil " },
      ["after which the connection is closed"] =
        { (GOOD:gsub("X%-Req", "Connection: close\r\nX-Req")), "^short " .. good },
      ["that is no HTTP"] = { "HTTP/9.9\r\n\r\n", "^handed protocol: " },
      ["of a server that refuses the key"] = { (BAD:gsub("400", "401")), "^handed service: " },
    }
    for what, row in pairs(answers) do
      it("an answer " .. what, function()
        start { GOOD, GOOD, row[1] }
        local _, _, third = server:get("/nothing"):match "^([^\n]*)\n([^\n]*)\n(.*)"
        assert.matches(row[2], third)
      end)
    end

    it("the same is sent either way", function()
      start { GOOD }
      server:get "/nothing"
      local requests = service.requests()
      assert.are.equal(3, #requests)
      for _, request in ipairs(requests) do
        local headers = request.headers
        headers.authorization, headers["x-sdk-date"] = headers.authorization:gsub("%x+$", ""), nil
        assert.are.same(requests[1].line, request.line)
        assert.are.same(requests[1].headers, headers)
      end
    end)
  end)
end

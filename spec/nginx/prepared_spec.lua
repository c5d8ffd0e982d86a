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
        transport = ngx.var.arg_transport })
      local function call()
        way = "general"
        local result, err = methods.trigger(state, "wf-1", "disable")
        ngx.say(way, " ", result and ("%s %s %s %s"):format(result.workflow_id, result.action, result.request_id,
          tostring(result)) or err.kind .. ": " .. err.message)
        return result
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
        ["/killed"] = function()
          local thread = ngx.thread.spawn(call)
          ngx.sleep(0.1)
          ngx.say(tostring(ngx.thread.kill(thread)))
        end,
      }
      happens[ngx.var.uri]()
      call()
      if ngx.var.uri == "/accepted" then ngx.say(tostring(ngx.shared.aom:get("accepted:" .. name))) end
      if ngx.var.uri == "/outage" then ngx.say(tostring(state.outage.began)) end
      prepared.send = send
    }
  }
]]

describe("in nginx", function()
  local service, server

  before_each(function()
    service = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold", delay = 0.2 }
    server = nginx.start {
      http = ("lua_shared_dict aom 1m; init_by_lua_block { url, project = %q, ('0123456789abcdef'):rep(2) }"):format(
        service.url),
      server = SERVER, path = nginx.resty_path(),
    }
  end)
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
    ["one whose client is closed meanwhile is cancelled"] = { "/closed", "^handed cancelled: the client was closed\n" },
    ["one that is answered during an outage ends that"] = { "/outage", "^handed " .. good .. ".*\nfalse" },
    ["the first one of a key that was refused goes the general way, and tells other workers"] =
      { "/accepted", "^general " .. good .. ".*\ntrue" },
    ["the next one goes it after one that was killed"] = { "/killed", "^1\nshort " .. good },
  }
  if nginx.resty_path() then
    rows["calls over lua-resty-http have none"] =
      { "/nothing?transport=resty", "^general " .. good, second = "general" }
  end
  for what, row in pairs(rows) do
    it(what, function()
      local first, second, rest = server:get(row[1]):match "^([^\n]*)\n([^\n]*)\n(.*)"
      assert.matches("^general " .. good, first)
      assert.matches("^" .. (row.second or "short") .. " " .. good, second)
      assert.are.equal(outcome(first), outcome(second))
      assert.matches(row[2], rest)
    end)
  end

  it("another answer is handed to the general way", function()
    service.stop()
    service = process.rawserver { replies = { GOOD, GOOD, BAD }, by_request = true, ["then"] = "hold" }
    server:stop()
    server = nginx.start {
      http = ("lua_shared_dict aom 1m; init_by_lua_block { url, project = %q, ('0123456789abcdef'):rep(2) }"):format(
        service.url),
      server = SERVER,
    }
    assert.matches("\nhanded service: [^\n]*\n$", (server:get "/nothing"))
  end)
end)

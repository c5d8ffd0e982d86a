--- Proves that no error and no event shows a secret which the service echoes, however it is
--- spelled, over a real socket.

local aom = require "aom"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local SECRET = "kT7/tQpW+example="

local accounts = {
  ["secret key"] = { ak = "REDACTIONKEY", sk = SECRET },
  ["security token"] = { ak = "REDACTIONKEY", sk = "another-secret", security_token = SECRET },
  ["token"] = { token = SECRET },
  ["secret key that is given as access key"] = { ak = SECRET, sk = "REDACTIONKEY" },
}

--- As it stands in the JSON of the answer, and once that has been read.
local spellings = {
  ["as it is"] = { SECRET, SECRET },
  ["percent-encoded"] = { "kT7%2FtQpW%2Bexample%3D", "kT7%2FtQpW%2Bexample%3D" },
  ["percent-encoded in lower case, twice"] = { "kT7%252ftQpW%252bexample%253d", "kT7%252ftQpW%252bexample%253d" },
  ["escaped"] = { [[kT7\/tQpW\u002Bexample\u003d]], SECRET },
  ["escaped in JSON in JSON"] = { [[kT7\\\/tQpW\\u002bexample=]], [[kT7\/tQpW\u002bexample=]] },
  ["encoded in part"] = { [[kT7%2FtQpW+example\u003D]], "kT7%2FtQpW+example=" },
}

local BODY = '{"error_code":"AOM.%s","error_msg":"no %s","request_id":"r-%s","encoded_authorization_message":"e %s",'
  .. '"details":[{"error_code":"d %s","error_msg":"d %s"}],"other":"%s"}'

local function reply(status, spelled)
  local body = BODY:gsub("%%s", (spelled[1]:gsub("%%", "%%%%")))
  local head = "HTTP/1.1 %s\r\nConnection: close\r\nX-Request-Id: id-%s\r\nContent-Length: %d\r\n\r\n"
  return head:format(status, spelled[2], #body) .. body
end

--- All texts of a table and what is in it.
local function texts(value, list, seen)
  if type(value) == "string" then list[#list + 1] = value end
  if type(value) ~= "table" or seen[value] then return list end
  seen[value] = true
  for name, member in pairs(value) do texts(name, texts(member, list, seen), seen) end
  return list
end

local function assert_clean(value, spelled)
  local list = texts(value, { tostring(value) }, {})
  for _, text in ipairs(list) do
    for _, spelling in ipairs(spelled) do assert.is_nil(text:find(spelling, 1, true), text) end
  end
end

describe("what a service echoes", function()
  for account, values in pairs(accounts) do
    for name, spelled in pairs(spellings) do
      it(("is shown without the %s, %s"):format(account, name), function()
        local server = process.rawserver {
          replies = { reply("503 Busy", spelled), reply("400 Bad", spelled) },
        }
        local events, options = {}, { endpoint = server.url, project_id = PROJECT, proxy = "" }
        for option, value in pairs(values) do options[option] = value end
        options.on_event = function(event) events[#events + 1] = event end
        local c = aom.client(options)
        local ok, err = pcall(c.enable, c, "wf-1")
        c:close()
        server.stop()
        assert.is_false(ok)
        assert.are.same({ 400, "AOM.***", "no ***", "id-***", "e ***", "d ***" },
          { err.status, err.code, err.message, err.request_id, err.encoded_authorization_message,
            err.details[1].message })
        assert.are.equal((BODY:gsub("%%s", "***")), err.body)
        assert_clean(err, spelled)
        local seen = {}
        for _, event in ipairs(events) do
          seen[#seen + 1] = event.event
          assert_clean(event, spelled)
        end
        assert.are.same({ "request", "response", "retry", "request", "response", "done" }, seen)
      end)
    end
  end
end)

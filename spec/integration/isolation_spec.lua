--- Proves that a client does nothing that curl's users may know from the command: it follows
--- no redirect, keeps no cookie, and reads no .netrc.

local process = require "spec.support.process"
local aom = require "aom.safe"

local PROJECT = ("0123456789abcdef"):rep(2)

local function answer(status, headers)
  return ("HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n"):format(status, headers or "")
end

--- Makes two calls; returns the requests that arrived at the server, and the first error.
local function ask(replies)
  local server = process.rawserver { replies = replies, keep_alive = true }
  local client = assert(aom.client { endpoint = server.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "",
    max_attempts = 1 })
  local _, err = client:enable "w"
  client:enable "w"
  client:close()
  local requests = server.requests()
  server.stop()
  return requests, err
end

--- All that arrived, as one text.
local function text_of(value)
  if type(value) ~= "table" then return tostring(value):lower() end
  local list = {}
  for key, member in pairs(value) do list[#list + 1] = tostring(key) .. "=" .. text_of(member) end
  return table.concat(list, "\n")
end

describe("a client does not", function()
  it("follow a redirect", function()
    local other = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "w" } }
    for _, status in ipairs { "301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect" } do
      local requests, err = ask { answer(status, "Location: " .. other.url .. "/\r\n"), answer "200 OK" }
      assert.is_true(#requests >= 1)
      assert.are.equal("service", err.kind)
      assert.are.equal(tonumber(status:match "%d+"), err.status)
    end
    assert.are.equal(0, #other.state().requests)
    other.stop()
  end)

  it("send a cookie back", function()
    local requests = ask { answer("200 OK", "Set-Cookie: session=crumbs; Path=/\r\n"), answer "200 OK" }
    assert.is_true(#requests >= 1)
    assert.is_nil(text_of(requests):find("crumbs", 1, true))
  end)

  it("read .netrc", function()
    local home = process.run "mktemp -d":match "%S+"
    local file = assert(io.open(home .. "/.netrc", "w"))
    file:write "machine 127.0.0.1 login someone password from-netrc\n"
    file:close()
    local server = process.rawserver { replies = { answer "200 OK" } }
    local output, code = process.run(("env HOME=%s LUA_PATH=%s LUA_CPATH=%s %s -e %s 2>&1"):format(home,
      process.quote(package.path), process.quote(package.cpath), process.interpreter, process.quote(([[
        local client = require "aom".client { endpoint = %q, project_id = %q, token = "a token", proxy = "" }
        client:enable "w" client:close()]]):format(server.url, PROJECT))))
    local seen = text_of(server.requests())
    server.stop()
    process.run("rm -r " .. home)
    assert.are.equal(0, code, output)
    assert.truthy(seen:find("a token", 1, true), seen)
    assert.is_nil(seen:find("basic", 1, true))
  end)
end)

--- Which connections carry a second request: those on which nothing waits unread.

local aom = require "aom"
local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local serial = 0
local function client(server)
  serial = serial + 1
  return aom.client {
    endpoint = server.url, ca_file = server.ca_file, project_id = ("0123456789abcdef"):rep(2),
    ak = "REUSEKEY" .. serial, sk = "reuse-secret", proxy = "", timeout = 5, max_attempts = 1,
  }
end

local function answer(body) return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body) end

local FORGED = answer '{"forged"}'

--- The bodies of three calls, and how many connections they took. Between two of them the
--- server has the time to send what nobody has asked for: `seconds` at rest.
local function three_calls(server, seconds)
  local c, pause = client(server), patience.of(seconds)
  local bodies, connections = {}, {}
  for i = 1, 3 do
    bodies[i] = c:enable("wf-" .. i).body
    core.engine():poll(pause)
  end
  c:close()
  for _, request in ipairs(server.requests()) do connections[request.connection] = true end
  server.stop()
  return bodies, #connections
end

describe("an answer that nobody has asked for", function()
  for _, tls in ipairs { true, false } do
    for _, size in ipairs { 11, 4096, 8192, 16384, 40000 } do
      for _, gap in ipairs { 0, 0.05 } do
        it(("is not the next one's, %s, after %d bytes, %s"):format(tls and "over TLS" or "in plain HTTP", size,
          gap > 0 and "late" or "at once"), function()
          local right = '"' .. ("x"):rep(size - 2) .. '"'
          local first = answer(right)
          local server = process.rawserver {
            replies = { first .. FORGED, first, first }, keep_alive = true, tls = tls, chunk = #first, gap = gap,
          }
          local bodies, connections = three_calls(server, 0.02 + 2 * gap)
          assert.are.same({ right, right, right }, bodies)
          assert.are.equal(3, connections)
        end)
      end
    end
  end
end)

describe("an answer that nobody has asked for", function()
  -- OpenSSL decrypts a whole record, of which libcurl asks for no more than the body.
  for _, size in ipairs { 2, 11, 400, 4000 } do
    it(("is not the next one's in the TLS record of a body of %d bytes"):format(size), function()
      local right = '"' .. ("x"):rep(size - 2) .. '"'
      local head = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Pad: %s\r\n\r\n"):format(size, ("p"):rep(size + 100))
      local server = process.rawserver {
        replies = { head .. right .. FORGED, answer(right), answer(right) }, keep_alive = true, tls = true,
        chunk = #head, gap = 0.05,
      }
      local bodies, connections = three_calls(server, 0.1)
      assert.are.same({ right, right, right }, bodies)
      assert.are.equal(3, connections)
    end)
  end
end)

describe("a connection", function()
  for _, tls in ipairs { true, false } do
    it("is used again when nothing waits on it, " .. (tls and "over TLS" or "in plain HTTP"), function()
      local good = answer '{"success"}'
      local server = process.rawserver { replies = { good, good, good }, keep_alive = true, tls = tls }
      local bodies, connections = three_calls(server, 0.02)
      assert.are.same({ '{"success"}', '{"success"}', '{"success"}' }, bodies)
      assert.are.equal(1, connections)
    end)

    it("of a crowd is used again, " .. (tls and "over TLS" or "in plain HTTP"), function()
      local server = process.rawserver {
        replies = { answer '{"success"}' }, by_request = true, ["then"] = "hold", tls = tls,
      }
      local c, ids = client(server), {}
      for i = 1, 40 do ids[i] = "wf-" .. i end
      for _ = 1, 3 do
        for _, entry in ipairs(c:trigger_all(ids, "enable", { concurrency = 4 })) do assert.is_nil(entry.error) end
      end
      c:close()
      local used, seen = 0, {}
      for _, request in ipairs(server.requests()) do
        used = used + (seen[request.connection] and 0 or 1)
        seen[request.connection] = true
      end
      server.stop()
      assert.is_true(used <= 4, used .. " connections")
    end)
  end
end)

--- Passes control calls on to simulators, so that a spec, which makes hundreds of them, starts one program and not one
--- for each call.
---
---     luajit spec/support/relay.lua FIFO
---
--- Each call is a line "METHOD URL LENGTH" on standard input and a body of so many bytes; its answer goes to FIFO as a
--- line with its length and the bytes, or as a line that says what went wrong. It ends with its input. It needs
--- lua-http, as the simulator does.

local request = require "http.request"
local tls = require "http.tls"

local TIMEOUT = 60 -- seconds

-- What simulators certify is tested elsewhere.
local trusting = tls.new_client_context()
trusting:setVerify(require "openssl.ssl.context".VERIFY_NONE)

local function call(method, url, body)
  local asked = request.new_from_uri(url)
  asked.proxies, asked.ctx = false, trusting
  asked.headers:upsert(":method", method)
  asked:set_body(body)
  asked.headers:delete "expect"
  local headers, stream = asked:go(TIMEOUT)
  if not headers then return nil, stream end
  return stream:get_body_as_string(TIMEOUT)
end

local answers = assert(io.open(arg[1], "wb"))
for line in io.lines() do
  local method, url, length = line:match "^(%u+) (%S+) (%d+)$"
  local answer, failure = call(method, url, length ~= "0" and io.read(tonumber(length)) or "")
  if answer then
    answers:write(#answer, "\n", answer)
  else
    answers:write((tostring(failure):gsub("\n", " ")), "\n")
  end
  answers:flush()
end

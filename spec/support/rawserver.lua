--- A server that sends given bytes and behaves badly, for what no proper server
-- library would do: half a status line, a wrong length, an answer without end,
-- a connection that dies while it is idle.
--
-- It needs LuaJIT with cqueues. Standard output gets one line of JSON, standard
-- error a line for each connection.

local usage = [[
usage: luajit spec/support/rawserver.lua --reply FILE [options]
  --reply FILE    bytes to answer with; may be repeated: each connection, or with
                  --keep-alive each request of a connection, gets the next one,
                  and the last one is for all that come later
  --then WHAT     after the answer: close (default), hold (say nothing more), reset
  --keep-alive    answer all replies on one connection, a request each, and only
                  then do what --then says
  --by-request    each request, on whatever connection, gets the next reply; what
                  --then says is done after the first one, if it is not to hold
  --no-read       answer without waiting for a request
  --hello         answer the first bytes that come, whatever they are
  --run COMMAND   what the shell runs when the first request has come, before its answer
  --delay S       wait before each answer
  --after S       wait between the last answer and what --then says
  --chunk N       send N bytes at a time ...
  --gap S         ... with this pause between them (default 0.01)
  --repeat N      send each reply N times over
  --tls           with --cert FILE --key FILE, or with a fresh certificate
  --client-ca FILE  refuse clients without a certificate of this authority
  --log FILE      append a line of JSON for each request (with --no-read: for each
                  connection): n, connection, line, headers, body_bytes
  --port N        default 0: any free one
  --lifetime S    stop after this time (default 60)
]]

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../lua/?.lua;" .. here .. "/../../?.lua;" .. package.path

local cjson = require "cjson"
local cqueues = require "cqueues"
local listening = require "spec.support.listening"

local MAX_LINE = 256 * 1024
local MAX_BODY = 16 * 1024 * 1024

local values = {
  ["reply"] = tostring, ["then"] = tostring, ["delay"] = tonumber, ["after"] = tonumber, ["chunk"] = tonumber,
  ["gap"] = tonumber, ["repeat"] = tonumber, ["cert"] = tostring, ["key"] = tostring, ["log"] = tostring,
  ["port"] = tonumber, ["lifetime"] = tonumber, ["client-ca"] = tostring, ["run"] = tostring,
}
local switches = { ["keep-alive"] = true, ["by-request"] = true, ["no-read"] = true, ["hello"] = true, ["tls"] = true }

local function fail(message)
  io.stderr:write("rawserver: ", message, "\n", usage)
  os.exit(2)
end

local function parse(words)
  local options = { replies = {}, ["then"] = "close", delay = 0, after = 0, gap = 0.01, ["repeat"] = 1,
    port = 0, lifetime = 60 }
  local i = 1
  while words[i] do
    local name = words[i]:match("^%-%-(.+)$")
    local value = values[name] and words[i + 1] and values[name](words[i + 1])
    if switches[name] then
      options[name], i = true, i + 1
    elseif value == nil then
      fail("bad option " .. words[i])
    elseif name == "reply" then
      table.insert(options.replies, value)
      i = i + 2
    else
      options[name], i = value, i + 2
    end
  end
  if #options.replies == 0 or not ({ close = 1, hold = 1, reset = 1 })[options["then"]] then
    fail("it needs --reply, and --then close, hold or reset")
  end
  return options
end

local function write_log(options, entry)
  if options.log then
    local file = assert(io.open(options.log, "a"))
    file:write(cjson.encode(entry), "\n")
    file:close()
  end
end

local function read_headers(peer)
  local headers = {}
  for line in peer:lines("*l") do
    line = line:gsub("\r$", "")
    if line == "" then
      return headers
    end
    local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
    if name then
      headers[name:lower()] = value
    end
  end
end

-- One whole request, so that the next one starts where it should.
local function read_request(peer)
  local line = peer:read("*l")
  local headers = line and read_headers(peer)
  if not headers then
    return nil
  end
  local length = math.min(tonumber(headers["content-length"]) or 0, MAX_BODY)
  if length > 0 and not peer:read(length) then
    return nil
  end
  return { line = line:gsub("\r$", ""), headers = headers, body_bytes = length }
end

local function send_in_chunks(peer, bytes, size, gap)
  for first = 1, #bytes, size do
    if not peer:write(bytes:sub(first, first + size - 1)) or not peer:flush() then
      return nil
    end
    cqueues.sleep(gap)
  end
  return true
end

local function send_reply(peer, options, bytes)
  cqueues.sleep(options.delay)
  for _ = 1, options["repeat"] do
    local sent
    if options.chunk then
      sent = send_in_chunks(peer, bytes, options.chunk, options.gap)
    else
      sent = peer:write(bytes) and peer:flush()
    end
    if not sent then
      return nil
    end
  end
  return true
end

local function finish(peer, options)
  cqueues.sleep(options.after)
  if options["then"] == "reset" then
    listening.reset(peer)
  elseif options["then"] == "hold" then
    repeat until not peer:read(-4096) -- until the client has had enough
  end
end

local server = { connections = 0, requests = 0 }

-- Waits for a request, or does as if one had come; false when there is none.
local function await_request(options, peer, connection)
  if options.hello then return peer:read(-MAX_LINE) ~= nil end
  local request = options["no-read"] and {} or read_request(peer)
  if request then
    server.requests = server.requests + 1
    request.n, request.connection = server.requests, connection
    write_log(options, request)
    if options.run and server.requests == 1 then os.execute(options.run) end
  end
  return request ~= nil
end

local function serve_by_request(options, replies, peer, connection)
  local turn
  repeat
    if not await_request(options, peer, connection) then return end
    turn = math.min(server.requests, #replies)
    if not send_reply(peer, options, replies[turn]) then return end
  until turn == 1 and options["then"] ~= "hold"
  finish(peer, options)
end

local function serve(options, replies, peer)
  server.connections = server.connections + 1
  local connection, rounds = server.connections, options["keep-alive"] and #replies or 1
  io.stderr:write("rawserver: connection ", connection, "\n")
  if options["by-request"] then return serve_by_request(options, replies, peer, connection) end
  for round = 1, rounds do
    local turn = options["keep-alive"] and round or math.min(connection, #replies)
    if not await_request(options, peer, connection) or not send_reply(peer, options, replies[turn]) then
      return
    end
  end
  finish(peer, options)
end

local options, replies = parse(arg), {}
for i, path in ipairs(options.replies) do replies[i] = listening.read_file(path) end
listening.run(options, function(peer) serve(options, replies, peer) end)

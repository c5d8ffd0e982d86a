--- An HTTP/2 server of frames, for what no proper server does when it should: to go away,
--- to refuse a stream, to reset one in the middle of a body.
---
---     luajit spec/support/h2server.lua --step STEP ... [--hello STEP] [--log FILE]
---         [--cert FILE --key FILE] [--port N] [--lifetime S]
---
--- Each request, on whatever connection, takes the next STEP, and the last one is for all
--- that come later; each connection begins with that of --hello. A step is a list of
--- actions, joined by "+":
---
---     answer[=STATUS]      a whole answer; 200, or a status with a name of three digits
---     half                 its head, and a part of its body
---     rst=CODE             RST_STREAM with this error code
---     goaway=LAST[:CODE]   GOAWAY; LAST is the last stream that was dealt with: a number,
---                          "this" or "before" this one
---     hold                 nothing
---     pause=SECONDS
---     close, reset         ends the connection
---
--- It prints a line of JSON, and logs a line of JSON for each request: n, connection,
--- stream. It needs LuaJIT with cqueues.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../lua/?.lua;" .. here .. "/../../?.lua;" .. package.path

local bit = require "bit"
local cjson = require "cjson"
local cqueues = require "cqueues"
local listening = require "spec.support.listening"

local PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
local DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
local ACK, END_STREAM, END_HEADERS = 1, 1, 4
local BODY = '{"execution_id":"e"}'

local values = { step = tostring, hello = tostring, log = tostring, cert = tostring, key = tostring, port = tonumber,
  lifetime = tonumber }

local function parse(words)
  local options = { steps = {}, port = 0, lifetime = 60, tls = true, alpn = "h2" }
  for i = 1, #words, 2 do
    local name = words[i]:match "^%-%-(.+)$"
    local value = assert(values[name], words[i])(words[i + 1])
    if name == "step" then table.insert(options.steps, value) else options[name] = value end
  end
  assert(options.steps[1], "it needs --step")
  return options
end

local function bytes_of(number, count)
  local list = {}
  for i = count, 1, -1 do
    list[i] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(list)
end

local function number_of(bytes)
  local number = 0
  for i = 1, #bytes do number = number * 256 + bytes:byte(i) end
  return number
end

local function send(peer, kind, flags, stream, payload)
  peer:write(bytes_of(#payload, 3), string.char(kind, flags), bytes_of(stream, 4), payload)
  peer:flush()
end

--- ":status", a literal without an index whose name is that of entry 8 of HPACK's table.
local function head(status) return "\8\3" .. status end

local actions = {}

function actions.answer(peer, stream, status)
  send(peer, HEADERS, END_HEADERS, stream, head(status ~= "" and status or "200"))
  send(peer, DATA, END_STREAM, stream, BODY)
end

function actions.half(peer, stream)
  send(peer, HEADERS, END_HEADERS, stream, head "200")
  send(peer, DATA, 0, stream, BODY:sub(1, 5))
end

function actions.rst(peer, stream, code) send(peer, RST_STREAM, 0, stream, bytes_of(tonumber(code), 4)) end

function actions.goaway(peer, stream, value)
  local last, code = value:match "^(%w+):?(%d*)$"
  last = last == "this" and stream or last == "before" and math.max(0, stream - 2) or tonumber(last)
  send(peer, GOAWAY, 0, 0, bytes_of(last, 4) .. bytes_of(tonumber(code) or 0, 4))
end

function actions.hold() end

function actions.pause(_, _, seconds) cqueues.sleep(tonumber(seconds)) end

--- Bytes that nobody has read would turn the end into a reset.
function actions.close(peer)
  peer:shutdown "w"
  repeat until not peer:read(-4096)
  return "end"
end

function actions.reset(peer)
  listening.reset(peer)
  return "end"
end

local function act(peer, stream, step)
  for action in step:gmatch "[^+]+" do
    local name, value = action:match "^(%w+)=?(.*)$"
    if actions[name](peer, stream, value) == "end" then return "end" end
  end
end

local options = parse(arg)
local seen = { connections = 0, requests = 0 }

local function note(connection, stream)
  seen.requests = seen.requests + 1
  if options.log then
    local file = assert(io.open(options.log, "a"))
    file:write(cjson.encode { n = seen.requests, connection = connection, stream = stream }, "\n")
    file:close()
  end
  return options.steps[math.min(seen.requests, #options.steps)]
end

--- Reads a frame; nil at the end of the connection.
local function read_frame(peer)
  local frame = peer:read(9)
  if not frame or #frame < 9 then return nil end
  local length = number_of(frame:sub(1, 3))
  local payload = length > 0 and peer:read(length) or ""
  return frame:byte(4), frame:byte(5), number_of(frame:sub(6, 9)), payload
end

listening.run(options, function(peer)
  seen.connections = seen.connections + 1
  local connection = seen.connections
  if peer:read(#PREFACE) ~= PREFACE then return end
  send(peer, SETTINGS, 0, 0, "")
  if options.hello and act(peer, 0, options.hello) == "end" then return end
  while true do
    local kind, flags, stream, payload = read_frame(peer)
    if not kind then return end
    if (kind == SETTINGS or kind == PING) and bit.band(flags, ACK) == 0 then
      send(peer, kind, ACK, 0, kind == PING and payload or "")
    elseif kind == HEADERS and act(peer, stream, note(connection, stream)) == "end" then
      return
    end
  end
end)

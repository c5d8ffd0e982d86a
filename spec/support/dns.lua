--- A name server for specs: every name is 127.0.0.1.
---
---     luajit spec/support/dns.lua
---
--- One line of JSON says where it listens; it ends by itself after two minutes.

local uv = require "luv"

local LIFETIME_MS = 120000

--- The question as it came, and one answer (A, IN, one second, 127.0.0.1) that refers to
--- its name; other types than A have none.
local function answer(query)
  local name_ends = query:find("\0", 13, true)
  local question = query:sub(13, name_ends + 4)
  local is_a = question:sub(-4, -3) == "\0\1"
  local head = query:sub(1, 2) .. "\129\128\0\1" .. (is_a and "\0\1" or "\0\0") .. "\0\0\0\0"
  return head .. question .. (is_a and "\192\12\0\1\0\1\0\0\0\1\0\4\127\0\0\1" or "")
end

local server = uv.new_udp()
assert(server:bind("127.0.0.1", 0))
server:recv_start(function(_, data, from)
  if data and #data > 12 then server:send(answer(data), from.ip, from.port, function() end) end
end)

local timer = uv.new_timer()
timer:start(LIFETIME_MS, 0, function() os.exit(0) end)

io.stdout:write(('{"port":%d,"pid":%d}\n'):format(server:getsockname().port, uv.os_getpid()))
io.stdout:flush()
uv.run()

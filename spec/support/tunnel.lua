--- An HTTP proxy for specs that tunnels: every name is 127.0.0.1.
---
---     luajit spec/support/tunnel.lua LOG USER:PASSWORD [GREETING]
---
--- Who does not give the second word, base64 of user and password, is answered 407. A file
--- GREETING is sent in place of the answer that opens a tunnel. LOG gets the first line of
--- each request; one line of JSON says where it listens; it ends by itself after two minutes.

local uv = require "luv"

local LIFETIME_MS = 120000

local log_path, wanted = arg[1], arg[2]

local greeting = "HTTP/1.1 200 Go on\r\n\r\n"
if arg[3] then
  local file = assert(io.open(arg[3], "rb"))
  greeting = file:read "*a"
  file:close()
end

local function note(line)
  local file = assert(io.open(log_path, "a"))
  file:write(line, "\n")
  file:close()
end

local function pipe(from, to)
  from:read_start(function(_, data)
    if data then return to:write(data) end
    if not to:is_closing() then to:close() end
    if not from:is_closing() then from:close() end
  end)
end

local function refuse(peer)
  peer:write("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n", function() peer:close() end)
end

local function serve(peer, head)
  note(head:match "^[^\r]*")
  local port = tonumber(head:match "^CONNECT [^ ]*:(%d+) ")
  local given = head:match "\r\nProxy%-Authorization: Basic ([^\r]*)"
  if not port or given ~= wanted then return refuse(peer) end
  local onward = uv.new_tcp()
  onward:connect("127.0.0.1", port, function(err)
    if err then return peer:close() end
    peer:write(greeting)
    pipe(peer, onward)
    pipe(onward, peer)
  end)
end

local server = uv.new_tcp()
assert(server:bind("127.0.0.1", 0))
assert(server:listen(16, function()
  local peer, head = uv.new_tcp(), ""
  server:accept(peer)
  peer:read_start(function(_, data)
    if not data then return peer:close() end
    head = head .. data
    if not head:find("\r\n\r\n", 1, true) then return end
    peer:read_stop()
    serve(peer, head)
  end)
end))

local timer = uv.new_timer()
timer:start(LIFETIME_MS, 0, function() os.exit(0) end)

io.stdout:write(('{"port":%d,"pid":%d}\n'):format(server:getsockname().port, uv.os_getpid()))
io.stdout:flush()
uv.run()

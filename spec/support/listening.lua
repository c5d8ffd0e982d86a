--- What the helper servers that misbehave have in common: they listen on a free port of
--- 127.0.0.1, with TLS if they are told so, and say where in one line of JSON. They need
--- LuaJIT with cqueues.

local cjson = require "cjson"
local cqueues = require "cqueues"
local errno = require "cqueues.errno"
local ffi = require "ffi"
local socket = require "cqueues.socket"

ffi.cdef [[
  int getpid(void);
  unsigned alarm(unsigned seconds);
  int setsockopt(int fd, int level, int name, const void *value, unsigned size);
  struct linger { int on; int seconds; };
]]

local SOL_SOCKET, SO_LINGER = 1, 13 -- Linux
local MAX_LINE = 256 * 1024
local MAX_RECORD = 16384

local listening = {}

---@param path string
---@return string
function listening.read_file(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

--- Makes the end of a connection a reset: that is what the kernel sends when the time to
--- linger is zero.
function listening.reset(peer)
  local value = ffi.new("struct linger", 1, 0)
  ffi.C.setsockopt(peer:pollfd(), SOL_SOCKET, SO_LINGER, value, ffi.sizeof(value))
end

local function fresh_identity()
  local certificate = require "aom.simulator.certificate"
  local crt, key = certificate.create()
  return crt, key, certificate.write(crt)
end

local function selects(wanted)
  return function(_, offered)
    for _, name in ipairs(offered) do
      if name == wanted then return name end
    end
  end
end

-- The TLS context, and the file that clients trust it with.
local function tls_context(options)
  local crt, key, ca_file
  if options.cert then
    crt = require("openssl.x509").new(listening.read_file(options.cert))
    key = require("openssl.pkey").new(listening.read_file(options.key))
    ca_file = options.cert
  else
    crt, key, ca_file = fresh_identity()
  end
  local context = require("http.tls").new_server_context()
  assert(context:setPrivateKey(key))
  assert(context:setCertificate(crt))
  if options["client-ca"] then
    local store = require("openssl.x509.store").new()
    store:add(require("openssl.x509").new(listening.read_file(options["client-ca"])))
    context:setStore(store)
    context:setVerify(3) -- VERIFY_PEER and VERIFY_FAIL_IF_NO_PEER_CERT
  end
  if options.alpn then context:setAlpnSelect(selects(options.alpn)) end
  return context, ca_file
end

local function prepare(peer, context)
  peer:onerror(function(_, _, why) return why end)
  peer:setmode("b", "bf")
  peer:setmaxline(MAX_LINE)
  peer:setbufsiz(nil, MAX_RECORD) -- one record of TLS for what is sent at once
  return not context or peer:starttls(context, 10)
end

local function accept_all(loop, listener, handle)
  while true do
    local peer, err = listener:accept { nodelay = true }
    if peer then
      loop:wrap(function()
        handle(peer)
        peer:close()
      end)
    elseif err ~= errno.ETIMEDOUT then
      return
    end
  end
end

local function announce(listener, context, ca_file)
  local _, _, port = listener:localname()
  io.stdout:write(cjson.encode {
    port = port,
    pid = tonumber(ffi.C.getpid()),
    url = (context and "https" or "http") .. "://127.0.0.1:" .. port,
    ca_file = ca_file,
  }, "\n")
  io.stdout:flush()
end

--- Serves until the lifetime is over.
---@param options { port: integer, lifetime: number, tls?: boolean, cert?: string, key?: string, alpn?: string,
---  ["client-ca"]?: string }
---@param serve fun(peer: table)  one connection; it is closed afterwards
function listening.run(options, serve)
  local context, ca_file
  if options.tls then context, ca_file = tls_context(options) end
  -- The alarm ends the process in any state.
  ffi.C.alarm(math.ceil(options.lifetime))
  local loop = cqueues.new()
  local listener = socket.listen { host = "127.0.0.1", port = options.port, reuseaddr = true }
  listener:listen()
  announce(listener, context, ca_file)
  loop:wrap(accept_all, loop, listener, function(peer)
    -- A client that is refused reads why before the connection is reset.
    if prepare(peer, context) then serve(peer) else cqueues.sleep(0.2) end
  end)
  while true do
    local ok, err = loop:step()
    if not ok then io.stderr:write("server: ", tostring(err), "\n") end
  end
end

return listening

--- The server: lua-http over plain sockets or TLS, HTTP/1.1 and HTTP/2 on one port.

local http_server = require "http.server"
local http_tls = require "http.tls"
local long_headers = require "aom.simulator.long_headers"

local server = {}

local MAX_LINE = 256 * 1024 -- of a request or a header; the default of 4 KiB is too short for a token
local IDLE_TIMEOUT = 75 -- seconds; usual for gateways

-- Selects the client's first supported protocol.
local function alpn_selector(http_version)
  local offered = {
    ["h2"] = http_version ~= 1.1,
    ["http/1.1"] = http_version ~= 2,
  }
  return function(_, protocols)
    for _, protocol in ipairs(protocols) do
      if offered[protocol] then
        return protocol
      end
    end
  end
end

local function tls_context(identity, http_version)
  local context = http_tls.new_server_context()
  assert(context:setPrivateKey(identity.key))
  assert(context:setCertificate(identity.crt))
  context:setAlpnSelect(alpn_selector(http_version))
  return context
end

-- lua-http has no setting for this. Only here, after accept and before the first read, is
-- the socket accessible.
local function accept_long_lines(listener)
  local add_socket = listener.add_socket
  function listener.add_socket(self, socket)
    socket:setmaxline(MAX_LINE)
    return add_socket(self, socket)
  end
end

---@param options table host, port, identity for TLS, http_version, on_stream, on_error
---@return table listener of lua-http
function server.listen(options)
  local listener = assert(http_server.listen {
    host = options.host,
    port = options.port,
    tls = options.identity ~= nil,
    ctx = options.identity and tls_context(options.identity, options.http_version),
    version = options.http_version,
    reuseaddr = true,
    connection_setup_timeout = 30,
    intra_stream_timeout = IDLE_TIMEOUT,
    onstream = options.on_stream,
    onerror = function(_, _, operation, err)
      options.on_error(operation .. ": " .. tostring(err))
    end,
  })
  accept_long_lines(listener)
  long_headers.allow()
  assert(listener:listen())
  return listener
end

---@param listener table
---@return integer port
function server.port(listener)
  local _, _, port = listener:localname()
  return port
end

return server

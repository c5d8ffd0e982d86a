--- What this library uses of lua-resty-http, over nginx's cosockets: connections and their pools. It stands in
--- for that library where it is not installed, as in CI.

local http = { _VERSION = "stand-in" }
http.__index = http

function http.new()
  local sock, err = ngx.socket.tcp()
  if not sock then return nil, err end
  return setmetatable({ sock = sock }, http)
end

---@param options { scheme: string, host: string, port: integer, pool: string }
function http:connect(options)
  assert(options.scheme == "http", "the library makes handshakes itself")
  return self.sock:connect(options.host, options.port, { pool = options.pool })
end

function http:set_timeout(all) self.sock:settimeout(all) end

function http:set_timeouts(connect, send, read) self.sock:settimeouts(connect, send, read) end

function http:get_reused_times() return self.sock:getreusedtimes() end

function http:set_keepalive(milliseconds, size) return self.sock:setkeepalive(milliseconds, size) end

function http:close() return self.sock:close() end

return http

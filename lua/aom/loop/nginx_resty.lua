--- Carries attempts over nginx's cosockets, with HTTP/1.1. lua-resty-http connects and pools;
--- requests and responses are written and read here, because its reader may mistake leftover
--- bytes for the next response. Certificates are verified against what
--- `lua_ssl_trusted_certificate` names.

local core = require "aom.core"
local errors = require "aom.util.errors"
local http1 = require "aom.loop.nginx_http1"
local nginx_frame = require "aom.loop.nginx_frame"
local nginx_trust = require "aom.loop.nginx_trust"
local transfer = require "aom.loop.transfer"

local nginx_resty = {}

local trouble = transfer.trouble
local now = core.now

--- How long an idle connection waits for the next call, in milliseconds, and how many.
local KEEPALIVE_MS, POOL_SIZE = 60000, 32

local PIECE = 65536

--- The size of nginx's buffer (lua_socket_buffer_size, a page unless set) is a multiple of this.
local BUFFER_UNIT = 512

--- A request of this length fits into the buffer of a socket: to send it does not wait, and
--- nothing can last longer than until the deadline, once there is a connection.
local SHORT = 16384

--- A host that is none: see `take_kept`.
local NOWHERE = ":"

--- An answer that comes at full speed never waits: after so many pieces others get their turn.
local TURN = 64

---@class aom.NginxResty
---@field http table      the module resty.http
---@field settings table  a client's resolved configuration
---@field max_head integer  bytes of status line and headers
---@field frames aom.Frames
local NginxResty = {}
NginxResty.__index = NginxResty

--- One attempt on its way.
---@class aom.Trip
---@field resty aom.NginxResty
---@field attempt aom.Attempt
---@field started number
---@field deadline number
---@field connect_by? number  while it connects, when that has to be done: nginx knows no
---  deadline for name, connection, tunnel and handshake together
---@field awaited string  what it waits for now
---@field is_connected? boolean
---@field to table        { scheme, host, port }
---@field via? aom.Proxy
---@field pool string
---@field method string
---@field request string  all of it
---@field is_fresh boolean  only a new connection may carry it
local Trip = {}
Trip.__index = Trip

local function contains(text, words)
  for _, word in ipairs(words) do
    if text:find(word, 1, true) then return true end
  end
  return false
end

--- Why a connect failed. nginx reports it in words alone.
local function classify(trip, err)
  local text = tostring(err)
  if contains(text, { "timeout", "timed out" }) then
    if text:find("could not be resolved", 1, true) then trip.awaited = "DNS" end
    return trip:late()
  end
  local hint = nginx_trust.hint(text)
  if hint then return trouble("tls", text, false, hint) end
  if contains(text, { "certificate", "handshake", "SSL" }) then return trouble("tls", text, false) end
  if text:find("no resolver defined", 1, true) then
    return trouble("config", text .. " (add a resolver to nginx.conf, or leave out transport = \"resty\")", false)
  end
  if text:find("too many open files", 1, true) then return trouble("network", errors.NO_DESCRIPTORS, false) end
  local missing = text:find("could not be resolved", 1, true) and "name" or "connection"
  return nil, { kind = "network", message = text, sent = false, away = trip.is_connected and nil or missing }
end

-- nginx counts in 31 bits.
local function milliseconds(seconds) return math.min(2 ^ 31 - 1, math.max(1, math.ceil(seconds * 1000))) end

--- What waits for bytes until `due`, for a reader. After the first ones, the trip waits
--- for `rest`.
local function receiver(trip, sock, due, rest)
  local pieces = 0
  return function()
    local left = due - now()
    if left <= 0 then return trip:late() end
    pieces = pieces + 1
    if pieces % TURN == 0 then ngx.sleep(0.001) end
    sock:settimeout(milliseconds(left))
    local bytes, err = sock:receiveany(PIECE)
    if bytes then
      trip.awaited = rest
      return bytes
    end
    if err == "timeout" then return trip:late() end
    if err == "closed" then
      local message = "the connection was closed before the response was complete"
      return nil, { kind = "network", message = message, ended = true }
    end
    return trouble("network", tostring(err), true)
  end
end

local function refusal(what, status)
  return nil, { kind = "network", message = ("the proxy refused the %s: HTTP %d"):format(what, status), sent = false,
    proxy_status = status }
end

--- Opens a tunnel through a proxy.
local function tunnel(trip, sock)
  local place = ("%s:%d"):format(trip.to.host, trip.to.port)
  local login = trip.via.user and "Proxy-Authorization: " .. nginx_frame.basic(trip.via) .. "\r\n" or ""
  trip.awaited = "the proxy's tunnel"
  local sent, err = sock:send(("CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n%s\r\n"):format(place, place,
    trip.resty.settings.user_agent, login))
  if not sent then return nil, err end
  local reader = http1.reader(receiver(trip, sock, trip.connect_by, trip.awaited), trip.resty.max_head)
  local answer, failure = http1.read(reader, "CONNECT", 0)
  if not answer then
    if failure.kind == "timeout" then return nil, failure end
    return trouble(failure.kind, "the proxy's response: " .. failure.message, false)
  end
  if answer.status > 299 then return refusal("tunnel", answer.status) end
  -- It would be taken for what the server says.
  if not reader:is_empty() then
    return trouble("protocol", "the proxy sent data after its response to CONNECT", false)
  end
  return true
end

--- Connects to the server, or to the proxy before it. A kept connection has its tunnel and
--- TLS already.
local function reach(trip, client, fresh)
  local to, near = trip.to, trip.via or trip.to
  trip.awaited = nginx_frame.is_address(near.host) and "a connection" or "DNS or a connection"
  -- As "http", so that the handshake is no part of the connect. Nothing is ever put back
  -- into the pool of fresh connections.
  local ok, err = client:connect { scheme = "http", host = near.host, port = near.port,
    pool = fresh and "aom:fresh" or trip.pool }
  trip.is_connected = ok
  if not ok or to.scheme ~= "https" or (client:get_reused_times() or 0) > 0 then return ok, err end
  if trip.via then ok, err = tunnel(trip, client.sock) end
  if not ok then return nil, err end
  trip.awaited = "the TLS handshake"
  -- The name that TLS asks for; addresses have none. It must not be asked for without a
  -- session (`false`): lua-resty-core then takes a certificate that is refused at once for one
  -- that is not.
  local name = not nginx_frame.is_address(to.host) and to.host or nil
  return client.sock:sslhandshake(nil, name, not trip.resty.settings.insecure)
end

local function connect(trip, client, fresh)
  trip.connect_by = math.min(trip.deadline, now() + trip.attempt.connect_timeout)
  local left = trip.connect_by - now()
  if left <= 0 then return trip:late() end
  local all = milliseconds(left)
  client:set_timeouts(all, all, all)
  local ok, connected, err = pcall(reach, trip, client, fresh)
  if not ok then
    -- lua-resty-core raises an error, without a reason, when a handshake fails at once.
    if trip.to.scheme ~= "https" then
      return trouble("network", "the connect failed: " .. tostring(connected), false)
    end
    return trouble("tls", "the handshake failed, or the certificate is not trusted", false, nginx_trust.NO_REASON)
  end
  if connected then
    trip.connect_by = nil
    return true
  end
  if type(err) == "table" then return nil, err end
  return classify(trip, err)
end

--- nginx looks whether more has come before it pools a connection, but not whether TLS
--- has more in store. It has not, unless the last piece filled nginx's buffer.
local function is_drained(trip, reader) return trip.to.scheme ~= "https" or reader.piece % BUFFER_UNIT ~= 0 end

--- Sends the request over a connection, and reads the answer.
---@return aom.Answer|nil
---@return boolean|aom.ReadFailure  whether the connection may carry another call; or what went wrong
local function converse(trip, client, reader)
  trip.awaited = "the first byte of the response"
  client:set_timeout(milliseconds(trip.deadline - now()))
  local sent, err = client.sock:send(trip.request)
  if not sent and err == "timeout" then return trip:late() end
  -- A server that refuses a request early, and closes, has answered all the same.
  local answer, state = http1.read(reader, trip.method, trip.resty.settings.max_response_bytes)
  if not answer then return nil, state end
  return answer, state and sent ~= nil and is_drained(trip, reader)
end

--- Takes a kept connection out of its pool. nginx looks there before it looks at the host: with
--- one that is none it fails at once where it would connect, which may take long.
local function take_kept(trip, client)
  return client:connect { scheme = "http", host = NOWHERE, port = 1, pool = trip.pool }
end

--- Sends the request over a connection, and reads the answer. Without one, also returns
--- whether it may be sent again at once: over a kept connection that had been closed, on which
--- nothing came any more.
local function send_over(trip, client, fresh)
  local reused = (client:get_reused_times() or 0) > 0
  local receive = receiver(trip, client.sock, trip.deadline, "the rest of the response")
  local reader = http1.reader(receive, trip.resty.max_head)
  local answer, state = converse(trip, client, reader)
  local reusable = answer and state and not fresh
  if not (reusable and client:set_keepalive(KEEPALIVE_MS, POOL_SIZE)) then client:close() end
  if answer and answer.status == 407 and trip.via and trip.to.scheme == "http" then return refusal("request", 407) end
  if answer then return answer end
  return nil, { kind = state.kind, message = state.message, sent = true },
    reused and state.kind == "network" and not reader.begun
end

---@return boolean
function Trip:is_short() return #self.request <= SHORT end

--- Makes a connection, or takes a kept one.
---@return table|nil client
---@return aom.Trouble|nil
function Trip:connect()
  local client, why = self.resty.http.new()
  if not client then return trouble("network", "no socket: " .. tostring(why), false) end
  local connected, failure = connect(self, client, self.is_fresh)
  if connected then return client end
  client:close()
  return nil, failure
end

--- Carries the request over a connection.
---@param client table
---@return boolean done  false: it was a kept one, which had been closed; only a new one will do
---@return aom.Answer|nil
---@return aom.Trouble|nil
function Trip:run_over(client)
  local answer, failure, again = send_over(self, client, self.is_fresh)
  if not again or self.is_fresh then return true, answer, failure end
  self.is_fresh = true
  return false
end

--- Carries the request over a kept connection, if there is one.
---@return boolean done  false: there is none, or it had been closed
---@return aom.Answer|nil
---@return aom.Trouble|nil
function Trip:run_kept()
  if self.is_fresh then return false end
  local client = self.resty.http.new()
  if not client or not take_kept(self, client) then return false end
  return self:run_over(client)
end

---@return aom.Answer|nil
---@return aom.Trouble|nil
function Trip:run()
  local client, failure = self:connect()
  if not client then return nil, failure end
  local done, answer, state = self:run_over(client)
  if not done then return self:run() end
  return answer, state
end

--- When what it waits for now must have come.
---@return number
function Trip:due() return self.connect_by or self.deadline end

--- Why it ends when that has not come.
---@return nil
---@return aom.Trouble
function Trip:late() return transfer.late(self.started, self.awaited, self.connect_by == nil) end

--- A request on its way; nothing is sent before it runs.
---@param frame aom.Frame
---@param head string      what core.head writes
---@param deadline number
---@return aom.Trip
function NginxResty:trip(frame, head, deadline)
  local attempt, route = frame.attempt, frame.route
  -- A request that must not run twice never goes out on a connection that may be dead.
  return setmetatable({ resty = self, attempt = attempt, started = now(), deadline = deadline,
    awaited = "a connection", is_fresh = attempt.fresh, to = route.to, via = route.via, pool = route.pool,
    method = attempt.method, request = frame.before .. head .. frame.behind }, Trip)
end

--- Begins an attempt.
---@param attempt aom.Attempt
---@param deadline number
---@return aom.Trip|nil
---@return aom.Trouble|nil
function NginxResty:begin(attempt, deadline)
  local head, why, code = core.head(attempt)
  if not head then return trouble(transfer.kind_of(code), why, false) end
  local frame, failure = self.frames:of(attempt)
  if not frame then return nil, failure end
  return self:trip(frame, head, deadline)
end

---@param http table
---@param settings table
---@param max_head integer
---@return aom.NginxResty
function nginx_resty.new(http, settings, max_head)
  return setmetatable({ http = http, settings = settings, max_head = max_head, frames = nginx_frame.new(settings) },
    NginxResty)
end

return nginx_resty

--- Carries attempts over nginx's cosockets. lua-resty-http connects and pools. What goes
--- over a connection is written and read here, since its reader takes one answer for
--- another, and what a proxy says behind its answer for the server's. HTTP/1.1;
--- certificates are verified against what `lua_ssl_trusted_certificate` names.

local core = require "aom.core"
local http1 = require "aom.loop.nginx_http1"
local nginx_proxy = require "aom.loop.nginx_proxy"

local nginx_resty = {}

local now = core.now

--- How long an idle connection waits for the next call, in milliseconds, and how many.
local KEEPALIVE_MS, POOL_SIZE = 60000, 32

local PIECE = 65536

--- The size of nginx's buffer (lua_socket_buffer_size, a page unless set) is a multiple of this.
local BUFFER_UNIT = 512

--- What comes at full speed never waits: after so many pieces others get their turn.
local TURN = 64

local function trouble(kind, message, sent)
  return nil, { kind = kind, message = message, sent = sent }
end

local VERIFIES = " (by nginx.conf: lua_ssl_trusted_certificate names the authorities that are trusted, and "
  .. "lua_ssl_verify_depth, 1 unless set, how many intermediate ones there may be)"

local function contains(text, words)
  for _, word in ipairs(words) do
    if text:find(word, 1, true) then return true end
  end
  return false
end

--- What a connect that failed says. Only words are reported.
local function classify(err)
  local text = tostring(err)
  if contains(text, { "timeout", "timed out" }) then return trouble("timeout", text, false) end
  if contains(text, { "issuer", "self signed", "self-signed", "unable to verify", "chain too long" }) then
    return trouble("tls", text .. VERIFIES, false)
  end
  if contains(text, { "certificate", "handshake", "SSL" }) then return trouble("tls", text, false) end
  if text:find("no resolver defined", 1, true) then
    return trouble("config", text .. " (add a resolver to nginx.conf, or leave out transport = \"resty\")", false)
  end
  return trouble("network", text, false)
end

local function split(url)
  local scheme, host, port, target = url:match("^(%a+)://(%[[^%]]*%]):?(%d*)(.*)$")
  if not scheme then scheme, host, port, target = url:match("^(%a+)://([^:/]*):?(%d*)(.*)$") end
  return {
    scheme = scheme, host = host, port = tonumber(port) or (scheme == "https" and 443 or 80),
    target = target, url = url,
  }
end

--- Whether nginx can check a certificate for this host: it compares names alone.
---@param scheme string
---@param host string
---@return boolean
function nginx_resty.can_verify(scheme, host)
  return scheme ~= "https" or not (host:find "^%[" or host:find "^%d+%.%d+%.%d+%.%d+$")
end

-- Nginx counts in 31 bits.
local function milliseconds(seconds) return math.min(2 ^ 31 - 1, math.max(1, math.ceil(seconds * 1000))) end

--- Connections of ours are shared with no other code of the worker, which may leave some
--- of an answer unread, and only between calls that trust and route alike.
local function pool_name(settings, to, via)
  local route = via and via.url .. " " .. (via.user or "") or ""
  return "aom:" .. ngx.md5(table.concat({ to.scheme, to.host, to.port, tostring(settings.insecure), route }, "|"))
end

--- The name that TLS asks for; addresses have none.
local function server_name(to)
  return to.scheme == "https" and nginx_resty.can_verify(to.scheme, to.host) and to.host or nil
end

local function basic(via) return via and via.user and "Basic " .. ngx.encode_base64(via.user) or nil end

--- What waits for bytes, for a reader.
local function receiver(sock, deadline)
  local pieces = 0
  return function()
    local left = deadline - now()
    if left <= 0 then return trouble("timeout", "the answer took too long", true) end
    pieces = pieces + 1
    if pieces % TURN == 0 then ngx.sleep(0) end
    sock:settimeout(milliseconds(left))
    local bytes, err = sock:receiveany(PIECE)
    if bytes then return bytes end
    if err == "timeout" then return trouble("timeout", "the answer took too long", true) end
    if err == "closed" then
      return nil, { kind = "network", message = "the connection was closed before the answer was whole", ended = true }
    end
    return trouble("network", tostring(err), true)
  end
end

local function request_text(method, target, headers, own, body)
  local lines, given = { ("%s %s HTTP/1.1"):format(method, target), "Host: " .. headers.Host }, {}
  for name, value in pairs(headers) do
    given[name:lower()] = true
    if name ~= "Host" then lines[#lines + 1] = name .. ": " .. value end
  end
  for name, value in pairs(own) do
    if not given[name:lower()] then lines[#lines + 1] = name .. ": " .. value end
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

--- Where to connect; a proxy is asked for what lies behind it afterwards.
local function connect_options(settings, to, via, fresh)
  local options = {
    scheme = to.scheme, host = to.host, port = to.port,
    -- Nothing is ever put back into the pool of fresh ones.
    pool = fresh and "aom:fresh" or pool_name(settings, to, via),
    ssl_verify = not settings.insecure, ssl_server_name = server_name(to),
  }
  if via then options.scheme, options.host, options.port = "http", via.host, via.port end
  return options
end

--- Opens a tunnel through a proxy, and TLS in it.
local function tunnel(client, settings, trip, max_head)
  local sock, to = client.sock, trip.to
  local place = ("%s:%d"):format(to.host, to.port)
  local own = { ["User-Agent"] = settings.user_agent, ["Proxy-Authorization"] = basic(trip.via) }
  local sent, err = sock:send(request_text("CONNECT", place, { Host = place }, own, ""))
  if not sent then return nil, err end
  local reader = http1.reader(receiver(sock, trip.stage.connect_by), max_head)
  local answer, failure = http1.read(reader, "CONNECT", 0)
  if not answer then return trouble(failure.kind, "of the proxy: " .. failure.message, false) end
  if answer.status > 299 then
    return trouble("network", ("the proxy opens no tunnel: HTTP %d"):format(answer.status), false)
  end
  -- It would be taken for what the server says.
  if not reader:is_empty() then return trouble("protocol", "the proxy says more than its answer", false) end
  return sock:sslhandshake(false, server_name(to), not settings.insecure)
end

local function reach(client, settings, trip, fresh, max_head)
  local connected, err = client:connect(connect_options(settings, trip.to, trip.via, fresh))
  if connected and trip.via and trip.to.scheme == "https" and client:get_reused_times() == 0 then
    return tunnel(client, settings, trip, max_head)
  end
  return connected, err
end

local function connect(client, settings, trip, fresh, max_head)
  local left = trip.stage.connect_by - now()
  if left <= 0 then return trouble("timeout", "the deadline passed before the connect", false) end
  local all = milliseconds(left)
  client:set_timeouts(all, all, all)
  local fine, connected, err = pcall(reach, client, settings, trip, fresh, max_head)
  if not fine then
    -- lua-resty-core has been seen to trip over a handshake that fails at once.
    local kind = trip.to.scheme == "https" and "tls" or "network"
    return trouble(kind, "the connect failed: " .. tostring(connected), false)
  end
  if connected then return true end
  if type(err) == "table" then return nil, err end
  return classify(err)
end

--- Nginx looks whether more has come before it pools a connection, but not whether TLS
--- has more in store. It has not, unless the last piece filled nginx's buffer.
local function is_drained(reader, trip) return trip.to.scheme ~= "https" or reader.piece % BUFFER_UNIT ~= 0 end

--- Sends the request once. Without an answer, also returns whether it may be sent again
--- at once: over a kept connection that had been closed, of which nothing came any more.
local function exchange(http, settings, trip, fresh, max_head)
  local client, why = http.new()
  if not client then return trouble("network", "no socket: " .. tostring(why), false) end
  trip.stage.connect_by = math.min(trip.deadline, now() + trip.connect_timeout)
  local connected, failure = connect(client, settings, trip, fresh, max_head)
  trip.stage.connect_by = nil
  if not connected then
    client:close()
    return nil, failure, false
  end
  local reused = (client:get_reused_times() or 0) > 0
  local reader = http1.reader(receiver(client.sock, trip.deadline), max_head)
  client:set_timeout(milliseconds(trip.deadline - now()))
  local sent, err = client.sock:send(trip.request)
  local answer, state
  if not sent and err == "timeout" then
    state = { kind = "timeout", message = "the request could not be sent in time" }
  else
    -- A server that refuses a request early, and closes, has answered all the same.
    answer, state = http1.read(reader, trip.method, settings.max_response_bytes)
  end
  local reusable = answer and state and sent and not fresh and is_drained(reader, trip)
  if not (reusable and client:set_keepalive(KEEPALIVE_MS, POOL_SIZE)) then client:close() end
  if answer then return answer end
  return nil, { kind = state.kind, message = state.message, sent = true },
    reused and state.kind == "network" and not reader.begun
end

local has_body = { POST = true, PUT = true, PATCH = true }

--- What an attempt needs to be carried.
local function plan(settings, attempt, deadline)
  local method, url, headers, body = attempt:signed()
  if not method then return trouble("argument", url, false) end
  local to = split(url)
  if not settings.insecure and not nginx_resty.can_verify(to.scheme, to.host) then
    return trouble("config", "nginx cannot verify the certificate of an address: name the host", false)
  end
  local via, problem
  if not attempt.no_proxy then
    via, problem = nginx_proxy.choose(settings.proxy, settings.source.system.getenv, to.scheme, to.host)
  end
  if problem then return trouble("config", problem, false) end
  local own = { ["User-Agent"] = settings.user_agent, ["Accept-Encoding"] = "identity" }
  if body ~= "" or has_body[method] then own["Content-Length"] = ("%d"):format(#body) end
  local asked = via and to.scheme == "http"
  if asked then own["Proxy-Authorization"] = basic(via) end
  return {
    method = method, to = to, via = via, deadline = deadline, connect_timeout = attempt.connect_timeout,
    request = request_text(method, asked and to.url or to.target, headers, own, body),
  }
end

---@param http table     the module resty.http
---@param settings table a client's resolved configuration
---@param max_head integer  bytes of status line and headers
---@return fun(attempt: aom.Attempt, deadline: number, stage: table): aom.Answer|nil, aom.Trouble|nil
---  While it connects, `stage.connect_by` is when that has to be done: nginx knows no
---  deadline for name, connection, tunnel and handshake together.
function nginx_resty.new(http, settings, max_head)
  return function(attempt, deadline, stage)
    local trip, failure = plan(settings, attempt, deadline)
    if not trip then return nil, failure end
    trip.stage = stage
    -- A request that must not run twice never goes out on a connection that may be dead.
    local answer, again
    answer, failure, again = exchange(http, settings, trip, attempt.fresh, max_head)
    if again and not attempt.fresh then answer, failure = exchange(http, settings, trip, true, max_head) end
    return answer, failure
  end
end

return nginx_resty

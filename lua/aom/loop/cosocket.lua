--- Carries attempts over lua-resty-http and nginx's cosockets: connections, TLS and
--- timeouts are nginx's own. HTTP/1.1; certificates are verified against what
--- `lua_ssl_trusted_certificate` names.

local core = require "aom.core"

local cosocket = {}

local now = core.now

--- How long an idle connection waits for the next call, in milliseconds, and how many.
local KEEPALIVE_MS, POOL_SIZE = 60000, 32

local function trouble(kind, message, sent)
  return nil, { kind = kind, message = message, sent = sent }
end

--- lua-resty-http reports words only.
local function classify(err, sent)
  local text = tostring(err)
  if text:find("timeout", 1, true) then return trouble("timeout", text, sent) end
  if text:find("certificate", 1, true) or text:find("handshake", 1, true) or text:find("SSL", 1, true) then
    return trouble("tls", text, sent)
  end
  if text:find("header", 1, true) or text:find("status line", 1, true) or text:find("HTTP version", 1, true) then
    return trouble("protocol", text, sent)
  end
  return trouble("network", text, sent)
end

local function split(url)
  local scheme, host, port, target = url:match("^(%a+)://(%[[^%]]*%]):?(%d*)(.*)$")
  if not scheme then scheme, host, port, target = url:match("^(%a+)://([^:/]*):?(%d*)(.*)$") end
  return scheme, host, tonumber(port) or (scheme == "https" and 443 or 80), target
end

local function milliseconds(seconds) return math.max(1, math.ceil(seconds * 1000)) end

--- The body, or the trouble that kept it from arriving whole.
local function read_body(client, response, limit, deadline)
  if not response.has_body then return "" end
  local chunks, size = {}, 0
  while true do
    local left = deadline - now()
    if left <= 0 then return trouble("timeout", "the answer took too long", true) end
    client:set_timeout(milliseconds(left))
    local chunk, err = response.body_reader(65536)
    if err then return classify(err, true) end
    if not chunk then return table.concat(chunks) end
    size = size + #chunk
    if size > limit then return trouble("protocol", "the body is over the limit", true) end
    chunks[#chunks + 1] = chunk
  end
end

local function kept_headers(headers)
  local copy = {}
  for name, value in pairs(headers) do
    copy[name:lower()] = type(value) == "table" and value[1] or value
  end
  return copy
end

local function connect(client, settings, scheme, host, port, attempt, deadline)
  local left = deadline - now()
  if left <= 0 then return trouble("timeout", "the deadline passed before the connect", false) end
  client:set_timeouts(milliseconds(math.min(attempt.connect_timeout, left)), milliseconds(left), milliseconds(left))
  local connected, err = client:connect {
    scheme = scheme, host = host, port = port,
    ssl_verify = not settings.insecure,
    ssl_server_name = scheme == "https" and host:gsub("^%[(.*)%]$", "%1") or nil,
    -- A request that must not run twice never goes out on a connection that may be dead.
    pool = attempt.fresh and ("aom:fresh:" .. tostring(attempt)) or nil,
    proxy_opts = not attempt.no_proxy and settings.proxy and settings.proxy ~= "" and
      { http_proxy = settings.proxy, https_proxy = settings.proxy } or nil,
  }
  if not connected then return classify(err, false) end
  return true
end

---@param http table     the module resty.http
---@param settings table a client's resolved configuration
---@return fun(attempt: aom.Attempt, deadline: number): aom.Answer|nil, aom.Trouble|nil
function cosocket.new(http, settings)
  return function(attempt, deadline)
    local method, url, headers, body = attempt:signed()
    if not method then return trouble("argument", url, false) end
    headers["User-Agent"] = settings.user_agent
    local scheme, host, port, target = split(url)
    local client = http.new()
    local connected, failure = connect(client, settings, scheme, host, port, attempt, deadline)
    if not connected then return nil, failure end
    headers["Content-Length"] = ("%d"):format(#body)
    local path, query = target:match("^([^?]*)%??(.*)$")
    local response, err = client:request {
      method = method, path = path, query = query ~= "" and query or nil, headers = headers, body = body,
    }
    if not response then
      client:close()
      return classify(err, true)
    end
    local text, cut = read_body(client, response, settings.max_response_bytes, deadline)
    if not text then
      client:close()
      return nil, cut
    end
    client:set_keepalive(KEEPALIVE_MS, POOL_SIZE)
    return { status = response.status, headers = kept_headers(response.headers), body = text }
  end
end

return cosocket

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

local VERIFIES = " (nginx verifies against lua_ssl_trusted_certificate)"

--- lua-resty-http reports words only.
local function classify(err, sent)
  local text = tostring(err)
  if text:find("timeout", 1, true) then return trouble("timeout", text, sent) end
  if text:find("certificate", 1, true) or text:find("handshake", 1, true) or text:find("SSL", 1, true) then
    return trouble("tls", text .. VERIFIES, sent)
  end
  if text:find("no resolver defined", 1, true) then
    return trouble("config", text .. " (add a resolver to nginx.conf, or set transport = \"curl\")", sent)
  end
  for _, words in ipairs { "header", "status line", "HTTP version" } do
    if text:find(words, 1, true) then return trouble("protocol", text, sent) end
  end
  return trouble("network", text, sent)
end

local function split(url)
  local scheme, host, port, target = url:match("^(%a+)://(%[[^%]]*%]):?(%d*)(.*)$")
  if not scheme then scheme, host, port, target = url:match("^(%a+)://([^:/]*):?(%d*)(.*)$") end
  local path, query = target:match("^([^?]*)%??(.*)$")
  return {
    scheme = scheme, host = host, port = tonumber(port) or (scheme == "https" and 443 or 80),
    path = path, query = query ~= "" and query or nil,
  }
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
    if size > limit then return trouble("protocol", "the body is longer than max_response_bytes allows", true) end
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

local function connect(client, settings, to, attempt, fresh, deadline)
  local left = deadline - now()
  if left <= 0 then return trouble("timeout", "the deadline passed before the connect", false) end
  local all = milliseconds(left)
  client:set_timeouts(math.min(milliseconds(attempt.connect_timeout), all), all, all)
  local fine, connected, err = pcall(client.connect, client, {
    scheme = to.scheme, host = to.host, port = to.port,
    ssl_verify = not settings.insecure,
    ssl_server_name = to.scheme == "https" and to.host:gsub("^%[(.*)%]$", "%1") or nil,
    pool = fresh and ("aom:fresh:" .. tostring(attempt)) or nil,
    proxy_opts = not attempt.no_proxy and settings.proxy and settings.proxy ~= "" and
      { http_proxy = settings.proxy, https_proxy = settings.proxy } or nil,
  })
  if not fine then
    -- lua-resty-core has been seen to trip over a handshake that fails at once.
    local message = "the connect failed: " .. tostring(connected)
    if to.scheme == "https" then return trouble("tls", message .. VERIFIES, false) end
    return trouble("network", message, false)
  end
  if not connected then return classify(err, false) end
  return true
end

--- Sends the request once. `reused`: over a connection that had been used before.
local function exchange(client, settings, to, request, attempt, fresh, deadline)
  local connected, failure = connect(client, settings, to, attempt, fresh, deadline)
  if not connected then return nil, failure, false end
  local reused = (client:get_reused_times() or 0) > 0
  local response, err = client:request(request)
  if not response then
    client:close()
    return nil, select(2, classify(err, true)), reused
  end
  local text, cut = read_body(client, response, settings.max_response_bytes, deadline)
  if not text or fresh then client:close() else client:set_keepalive(KEEPALIVE_MS, POOL_SIZE) end
  if not text then return nil, cut, reused end
  return { status = response.status, headers = kept_headers(response.headers), body = text }
end

---@param http table     the module resty.http
---@param settings table a client's resolved configuration
---@return fun(attempt: aom.Attempt, deadline: number): aom.Answer|nil, aom.Trouble|nil
function cosocket.new(http, settings)
  return function(attempt, deadline)
    local method, url, headers, body = attempt:signed()
    if not method then return trouble("argument", url, false) end
    headers["User-Agent"] = settings.user_agent
    headers["Content-Length"] = ("%d"):format(#body)
    local to = split(url)
    local request = { method = method, path = to.path, query = to.query, headers = headers, body = body }
    -- A request that must not run twice never goes out on a connection that may be dead.
    local fresh = attempt.fresh
    local answer, failure, reused = exchange(http.new(), settings, to, request, attempt, fresh, deadline)
    if not answer and reused and failure.kind == "network" then
      -- The server had closed it while it was idle, as is its right.
      answer, failure = exchange(http.new(), settings, to, request, attempt, true, deadline)
    end
    return answer, failure
  end
end

return cosocket

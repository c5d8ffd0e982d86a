--- Chooses the proxy for a connection of our own, as libcurl does: that of option `proxy`,
--- else that of the environment, unless `no_proxy` names the host. Only proxies that speak
--- plain HTTP can be used.

local percent_decode = require "aom.util.text".percent_decode

local nginx_proxy = {}

---@class aom.Proxy
---@field host string
---@field port integer
---@field url string       without user and password
---@field user? string     "name:password", decoded

--- libcurl's, for a proxy that names none.
local DEFAULT_PORT = 1080

local function parse_user(text)
  local name, password = text:match "^([^:]*):?(.*)$"
  return percent_decode(name) .. ":" .. percent_decode(password)
end

--- Takes a proxy's URL apart; a text without a scheme is a plain HTTP proxy.
---@param text string
---@return aom.Proxy|nil
---@return string|nil problem  without a word of the URL, which may hold a password
function nginx_proxy.parse(text)
  local scheme, rest = text:match "^(%a[%w+.-]*)://(.*)$"
  if scheme and scheme:lower() ~= "http" then
    return nil, ("is a %s:// proxy; lua-resty-http supports only http:// proxies"):format(scheme:lower())
  end
  local user, place = (rest or text):match "^(.*)@(.*)$"
  place = (place or rest or text):gsub("[/?#].*$", "")
  local host, port = place:match "^(%[[%x:.]+%]):?(%d*)$"
  if not host then host, port = place:match "^([%w._-]+):?(%d*)$" end
  local number = host and (tonumber(port) or DEFAULT_PORT)
  if not number or number < 1 or number > 65535 then
    return nil, "is not a valid proxy URL"
  end
  return {
    host = host, port = number, url = ("http://%s:%d"):format(host, number), user = user and parse_user(user),
  }
end

--- The bytes of an IPv4 address, or nil.
local function ipv4(text)
  local list = { text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$" }
  for i, digits in ipairs(list) do
    list[i] = tonumber(digits)
    if list[i] > 255 then return nil end
  end
  return list[1] and list or nil
end

local function push_groups(list, text)
  for group in text:gmatch "[^:]+" do
    local tail = group:find(".", 1, true) and ipv4(group)
    local number = tonumber(group, 16)
    if not tail and (not number or number > 65535) then return nil end
    for _, byte in ipairs(tail or { math.floor(number / 256), number % 256 }) do list[#list + 1] = byte end
  end
  return true
end

--- The bytes of an IPv6 address, or nil.
local function ipv6(text)
  local before, after = text:match "^(.-)::(.*)$"
  local list, last = {}, {}
  if not text:find(":", 1, true) or not push_groups(list, before or text) or not push_groups(last, after or "") then
    return nil
  end
  while before and #list + #last < 16 do list[#list + 1] = 0 end
  for _, byte in ipairs(last) do list[#list + 1] = byte end
  return #list == 16 and list or nil
end

--- Whether two addresses agree in their first bits.
local function agree(a, b, bits)
  if #a ~= #b or bits > 8 * #a then return false end
  for i = 1, #a do
    local unit = 2 ^ math.max(0, 8 - math.max(0, bits - 8 * (i - 1)))
    if math.floor(a[i] / unit) ~= math.floor(b[i] / unit) then return false end
  end
  return true
end

local function names_address(entry, address)
  local text, bits = entry:match "^([^/]+)/?(%d*)$"
  local other = text and (ipv4(text) or ipv6(text))
  return other ~= nil and agree(address, other, tonumber(bits) or 8 * #other)
end

local function names_domain(entry, host)
  entry = entry:gsub("%.+$", ""):gsub("^%.", "")
  if entry == "" then return false end
  return host == entry or host:sub(-#entry - 1) == "." .. entry
end

--- Whether a list as in `no_proxy` names a host: by its name, a domain that it is in, its
--- address, or a network (10.0.0.0/8).
---@param list string
---@param host string
---@return boolean
function nginx_proxy.is_exempt(list, host)
  if list == "*" then return true end
  host = host:lower():gsub("^%[(.*)%]$", "%1"):gsub("%.$", "")
  local address = ipv4(host) or ipv6(host)
  for entry in list:lower():gmatch "[^%s,]+" do
    local named
    if address then named = names_address(entry, address) else named = names_domain(entry, host) end
    if named then return true end
  end
  return false
end

-- HTTP_PROXY is not read: a request header `Proxy` sets it in a CGI script.
local variables = {
  http = { "http_proxy", "all_proxy", "ALL_PROXY" },
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
}

local function from_environment(getenv, scheme)
  for _, name in ipairs(variables[scheme]) do
    local text = getenv(name)
    if text then return text, "environment variable " .. name end
  end
end

--- The proxy for a host; nothing where none is to be used.
---@param option string|nil  the option `proxy`
---@param getenv fun(name: string): string|nil
---@param scheme "http"|"https"
---@param host string
---@return aom.Proxy|nil
---@return string|nil problem  names where the proxy comes from
function nginx_proxy.choose(option, getenv, scheme, host)
  local text, where = option, "option proxy"
  if not text then text, where = from_environment(getenv, scheme) end
  if not text or text == "" then return nil end
  local exempt = getenv "no_proxy" or getenv "NO_PROXY"
  if exempt and nginx_proxy.is_exempt(exempt, host) then return nil end
  local found, problem = nginx_proxy.parse(text)
  if not found then return nil, where .. " " .. problem end
  return found
end

return nginx_proxy

--- Parses the URLs of services, and refuses those that could lead elsewhere than they seem to.

local text = require "aom.util.text"

local endpoint = {}

---@class aom.Endpoint
---@field scheme "http"|"https"
---@field host string      as the Host header has it
---@field base string      scheme and authority
---@field path string      decoded, without a slash at its end
---@field loopback boolean on this machine

-- Only a literal 127.x.x.x is loopback: 127.0.0.1.example.com is a DNS name.
local function is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local b, c, d = host:match("^127%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$")
  return b ~= nil and tonumber(b) <= 255 and tonumber(c) <= 255 and tonumber(d) <= 255
end

local default_ports = { http = "80", https = "443" }

local function split_authority(authority)
  local host, port = authority:match("^(%[[%x:%.]+%])(.*)$")
  if host then return host, port end
  host, port = authority:match("^([^:]*)(.*)$")
  return host:find("^[0-9A-Za-z._-]*$") and host, port
end

local function check_authority(authority)
  if authority:find("@", 1, true) then return "contains a user name or password" end
  local host, port = split_authority(authority)
  if host == "" then return "has no host" end
  if not host then return "has an invalid host" end
  if port ~= "" then
    local number = tonumber(port:match("^:(%d+)$"))
    if not number or number < 1 or number > 65535 then return "has an invalid port" end
    port = ("%d"):format(number)
  end
  return nil, host, port
end

--- An escaped slash would become a separator when it is decoded. The other characters are
--- not allowed in a path at all.
local function check_path(path)
  if path:find "^//" then return "has two slashes behind its host" end
  if (path:gsub("%%%x%x", "")):find("%", 1, true) then return "contains a % that is not an escape" end
  local decoded = text.percent_decode(path)
  if path:find("%%2[fF]") or decoded:find("\\", 1, true) or text.has_control(decoded) then
    return "contains an escaped slash, backslash or control character"
  end
  if decoded:find "[{}]" then return "contains { or }" end
  if (decoded .. "/"):find("/%.%.?/") then return "contains a . or .. in its path" end
  return nil, decoded
end

--- Parses an endpoint's URL into the parts that requests need.
---@param url string
---@return aom.Endpoint|nil
---@return string|nil problem
function endpoint.parse(url)
  if url:find "[ \\]" or text.has_control(url) then
    return nil, "contains a space, a control character or a backslash"
  end
  if url:find("[?#]") then return nil, "contains a query or a fragment" end
  local scheme, rest = url:match("^(%a[%w+.-]*)://(.*)$")
  if not scheme then scheme, rest = "https", url end
  scheme = text.lower(scheme)
  if not default_ports[scheme] then return nil, "is neither http:// nor https://" end
  local authority, path = rest:match("^([^/]*)(.*)$")
  local problem, host, port = check_authority(authority)
  if problem then return nil, problem end
  problem, path = check_path(path:match "^.*[^/]" or "")
  if problem then return nil, problem end
  host = text.lower(host)
  -- A Host header names the port only where it is not the scheme's own.
  local named = port ~= "" and port ~= default_ports[scheme] and host .. ":" .. port or host
  return {
    scheme = scheme, host = named, path = path, loopback = is_loopback(host),
    base = scheme .. "://" .. named,
  }
end

--- The entries of a list: a table, or a string with commas between the entries.
---@param value string|string[]
---@return string[]
function endpoint.list(value)
  if type(value) == "table" then return value end
  local list = {}
  for entry in value:gmatch("[^,]+") do
    entry = text.trim(entry)
    if entry ~= "" then list[#list + 1] = entry end
  end
  return list
end

--- Whether it is called without the environment's proxy, which would carry over the network
--- what is safe on this machine.
---@param target aom.Endpoint
---@param settings table
---@return boolean
function endpoint.is_direct(target, settings) return target.loopback and settings.proxy == nil end

return endpoint

--- Where each setting comes from: argument, then environment, then profile file.
--- Reads them once, when a client is made, and says where it looked.

local errors = require "aom.errors"
local options = require "aom.options"
local regions = require "aom.regions"
local source = require "aom.source"

local config = {}

local defaults = {
  algorithm = "SDK-HMAC-SHA256",
  timeout = 60,
  attempt_timeout = 30,
  connect_timeout = 5,
  max_attempts = 4,
  max_response_bytes = 1024 * 1024,
}

-- These stay in the source, where the credentials' provider takes them out.
local secrets = { ak = true, sk = true, security_token = true, token = true, credentials = true }

local function is_loopback(host)
  return host == "localhost" or host == "[::1]" or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

local function decode_path(path)
  return (path:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local default_ports = { http = "80", https = "443" }

local function split_authority(authority)
  local host, port = authority:match("^(%[[%x:%.]+%])(.*)$")
  if host then return host, port end
  host, port = authority:match("^([^:]*)(.*)$")
  return host:find("^[%w%.%-_]*$") and host, port
end

local function check_authority(authority)
  if authority:find("@", 1, true) then return "holds user information" end
  local host, port = split_authority(authority)
  if host == "" then return "has no host" end
  if not host then return "has no valid host" end
  if port ~= "" then
    local number = tonumber(port:match("^:(%d+)$"))
    if not number or number < 1 or number > 65535 then return "has no valid port" end
    port = ("%d"):format(number)
  end
  return nil, host, port
end

--- Decoding an escaped slash would make two segments of one; the others have no place
--- in a path at all.
local function check_path(path)
  if (path:gsub("%%%x%x", "")):find("%", 1, true) then return "holds a % that is no escape" end
  local decoded = decode_path(path)
  if path:find("%%2[fF]") or decoded:find("[%z\1-\31\127\\]") then
    return "holds an escaped slash, backslash or control character"
  end
  if (decoded .. "/"):find("/%.%.?/") then return "holds a . or .. in its path" end
  return nil, decoded
end

--- Splits an endpoint URL into what requests are built of.
---@param url string
---@return table|nil endpoint  { scheme, host, base, path, loopback }
---@return string|nil problem
function config.parse_endpoint(url)
  if url:find("[%z\1-\32\127\\]") then return nil, "holds a blank, a control character or a backslash" end
  if url:find("[?#]") then return nil, "holds a query or a fragment" end
  local scheme, rest = url:match("^(%a[%w+.-]*)://(.*)$")
  if not scheme then scheme, rest = "https", url end
  scheme = scheme:lower()
  if not default_ports[scheme] then return nil, "is neither http:// nor https://" end
  local authority, path = rest:match("^([^/]*)(.*)$")
  local problem, host, port = check_authority(authority)
  if problem then return nil, problem end
  problem, path = check_path((path:gsub("/+$", "")))
  if problem then return nil, problem end
  host = host:lower()
  -- A Host header names the port only where it is not the scheme's own.
  local named = port ~= "" and port ~= default_ports[scheme] and host .. ":" .. port or host
  return {
    scheme = scheme, host = named, path = path, loopback = is_loopback(host),
    base = scheme .. "://" .. named,
  }
end

--- The override of a region's endpoint; of a list the first entry counts.
local function override(region, from)
  local name = regions.override_variable(region)
  local list = from.system.getenv(name)
  if list then return list:match("^[%s,]*([^,%s]+)"), "environment variable " .. name end
end

local function region_url(region, region_where, from)
  local url, where = override(region, from)
  if url then return url, where end
  url = regions.endpoint(region)
  if url then return url, "region " .. region end
  return nil, errors.config(("unknown region %s (%s)"):format(errors.show(region), region_where),
    "known regions: " .. regions.list() .. "; for another one set an endpoint")
end

--- An endpoint goes before a region, but what stands nearer goes before both: with a
--- region given, an endpoint in the profile is not looked for.
local function endpoint_url(from)
  for _, look in ipairs { from.nearby, from.in_profile } do
    local url, where, err = look(from, "endpoint")
    if err then return nil, err end
    local region, region_where = look(from, "region")
    if not url and region then
      url, where = region_url(region, region_where, from)
      if not url then return nil, where end
    end
    if url then return url, where, region end
  end
  return nil, errors.config("neither a region nor an endpoint is set",
    "looked for " .. from:searched "region" .. "; and for " .. from:searched "endpoint")
end

local function find_endpoint(from)
  local url, where, region = endpoint_url(from)
  if not url then return nil, where end
  local endpoint, problem = config.parse_endpoint(url)
  if not endpoint then
    return nil, errors.config(("the endpoint from %s %s"):format(where, problem),
      "expected a URL such as https://aom.cn-north-4.myhuaweicloud.com")
  end
  endpoint.region = region
  return endpoint
end

local function find_project(from)
  local id, where, err = from:lookup "project_id"
  if err then return nil, err end
  if not id then
    return nil, errors.config("no project id is set", "looked for " .. from:searched "project_id")
  end
  if #id ~= 32 or id:find("%W") then
    return nil, errors.config(("the project id from %s is not 32 letters and digits"):format(where),
      "the console lists it under My Credentials, one for each region")
  end
  return id
end

--- Resolves everything about a client but its credentials.
---@param given table|nil  client options
---@param system aom.System
---@return table|nil settings
---@return aom.Error|nil err
function config.resolve(given, system)
  local checked, err = options.check(given)
  if not checked then return nil, err end
  local settings = {}
  for name, value in pairs(defaults) do settings[name] = value end
  for name, value in pairs(checked) do
    if not secrets[name] then settings[name] = value end
  end

  local from = source.new(checked, system)
  settings.endpoint, err = find_endpoint(from)
  if not settings.endpoint then return nil, err end
  settings.region = settings.endpoint.region
  settings.project_id, err = find_project(from)
  if not settings.project_id then return nil, err end
  settings.source = from
  return settings
end

return config

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

local function is_loopback(host)
  return host == "localhost" or host == "[::1]" or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

local function decode_path(path)
  return (path:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local default_ports = { http = "80", https = "443" }

local function check_authority(authority)
  if authority:find("@", 1, true) then return "holds user information" end
  local host, port = authority:match("^(%[[%x:%.]+%])(.*)$")
  if not host then host, port = authority:match("^([%w%.%-_]+)(.*)$") end
  if not host then return "has no host" end
  if port ~= "" then
    local digits = port:match("^:(%d+)$")
    if not digits or tonumber(digits) < 1 or tonumber(digits) > 65535 then return "has no valid port" end
    port = digits
  end
  return nil, host, port
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
  path = decode_path(path:gsub("/+$", ""))
  if (path .. "/"):find("/%.%.?/") then return nil, "holds a . or .. in its path" end
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
  if list then return list:match("^%s*([^,%s]+)"), "environment variable " .. name end
end

local function endpoint_url(from)
  local url, where, err = from:lookup "endpoint"
  if url or err then return url, where, nil, err end
  local region, region_where
  region, region_where, err = from:lookup "region"
  if err then return nil, nil, nil, err end
  if not region then
    return nil, nil, nil, errors.config("neither a region nor an endpoint is set",
      "looked for " .. from:searched "region" .. "; and for " .. from:searched "endpoint")
  end
  url, where = override(region, from)
  if url then return url, where, region end
  url = regions.endpoint(region)
  if url then return url, "region " .. region, region end
  return nil, nil, nil, errors.config(("unknown region %s (%s)"):format(errors.show(region), region_where),
    "known regions: " .. regions.list() .. "; for another one set an endpoint")
end

local function find_endpoint(from)
  local url, where, region, err = endpoint_url(from)
  if not url then return nil, err end
  local endpoint, problem = config.parse_endpoint(url)
  if not endpoint then
    return nil, errors.config(("the endpoint from %s %s"):format(where, problem),
      "expected a URL such as https://aom.cn-north-4.myhuaweicloud.com")
  end
  endpoint.region = region or from.given.region
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
  for name, value in pairs(checked) do settings[name] = value end

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

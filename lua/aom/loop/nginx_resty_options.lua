--- Refuses, when a client is made, the options that lua-resty-http cannot apply: an option
--- without effect is worse than none.

local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local nginx_frame = require "aom.loop.nginx_frame"
local nginx_proxy = require "aom.loop.nginx_proxy"

local nginx_resty_options = {}

local LIBCURL = 'leave out transport = "resty", to use libcurl'

local function refuse(what, hint) return errors.config('transport "resty": ' .. what, hint) end

--- Options without effect, and what to do.
local without_effect = {
  { "ca_file", "set lua_ssl_trusted_certificate in nginx.conf to the bundle; or " .. LIBCURL },
  { "client_cert", LIBCURL },
  { "client_key", LIBCURL },
  { "client_key_password", LIBCURL },
}

--- The service's own endpoints, and those that an option or a variable names.
local function endpoints_of(settings)
  local list = {}
  local origin = settings.source.provenance.endpoint.where
  for _, target in ipairs(settings.endpoints) do list[#list + 1] = { target, origin } end
  for _, name in ipairs { "iam_endpoint", "metadata_endpoint" } do
    -- An invalid one is refused where it is used.
    local url, where = settings.source:nearby(name)
    local target = url and endpoint.parse(url)
    if target then list[#list + 1] = { target, where } end
  end
  return list
end

local function check_endpoint(settings, target, where)
  local host = target.host:match "^%[.*%]" or target.host:match "^[^:]*"
  if not settings.insecure and not nginx_frame.can_verify(target.scheme, host) then
    return refuse(("nginx cannot verify a certificate for an IP address (https://%s, from %s)"):format(
      target.host, where), "use a host name instead; or " .. LIBCURL)
  end
  if endpoint.is_direct(target, settings) then return nil end
  local _, problem = nginx_proxy.choose(settings.proxy, settings.source.system.getenv, target.scheme, host)
  if problem then return refuse(problem, 'set option proxy to an http:// proxy, or to "" for none; or ' .. LIBCURL) end
end

---@param settings table  a client's resolved configuration
---@return aom.Error|nil
function nginx_resty_options.check(settings)
  for _, row in ipairs(without_effect) do
    if settings[row[1]] ~= nil then return refuse(("option %s has no effect"):format(row[1]), row[2]) end
  end
  local option = settings.proxy
  local _, problem
  if option and option ~= "" then _, problem = nginx_proxy.parse(option) end
  if problem then return refuse("option proxy " .. problem, 'use an http:// proxy; or ' .. LIBCURL) end
  for _, entry in ipairs(endpoints_of(settings)) do
    local err = check_endpoint(settings, entry[1], entry[2])
    if err then return err end
  end
end

return nginx_resty_options

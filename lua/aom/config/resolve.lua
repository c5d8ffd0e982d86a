--- Resolves the settings of a client once, when it is made: from options, then environment,
--- then profile. Errors say where it looked.

local check = require "aom.util.check"
local credential_kinds = require "aom.config.credential_kinds"
local each = require "aom.util.each"
local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local options = require "aom.config.options"
local lazy = require "aom.util.lazy"
local layers = require "aom.config.layers"

local region_urls = lazy "aom.config.region_urls"
local tls = lazy "aom.config.tls"

local config = {}

local defaults = {
  algorithm = "SDK-HMAC-SHA256",
  timeout = 60,
  attempt_timeout = 30,
  connect_timeout = 5,
  outage_timeout = 10,
  max_attempts = 4,
  max_response_bytes = 1024 * 1024,
}

local UNFOUND, NO_PROJECT = "neither a region nor an endpoint is set",
  "no project id is set, and no region to look it up for"

-- These options are no settings: the providers of credentials take them from the source.
local for_credentials = { metadata = true, metadata_endpoint = true, iam_endpoint = true }
for name in each.pair(credential_kinds.fields) do for_credentials[name] = true end

--- In one place an endpoint counts before a region, but a nearer place counts before both:
--- with a region as an option, an endpoint in the profile is not looked for.
local function endpoint_urls(settings, from)
  for _, look in ipairs { "nearby", "in_profile" } do
    local urls, where, err, place = from[look](from, "endpoint")
    if err then return nil, err end
    local region, region_where, fault, region_place = from[look](from, "region")
    if fault then return nil, fault end
    settings.region = region
    from:note("region", region_where, region_place)
    if urls then
      from:note("endpoint", where, place)
      return endpoint.list(urls)
    end
    if region then
      urls, where = region_urls.find(region, region_where, from)
      if not urls then return nil, where end
      from:note("endpoint", where, region_place)
      return urls
    end
  end
  return nil, errors.config(UNFOUND,
    "looked for " .. from:searched "region" .. "; and for " .. from:searched "endpoint")
end

local function parse_all(urls, where)
  local list = {}
  for i, url in ipairs(urls) do
    local problem
    list[i], problem = endpoint.parse(url)
    if problem then
      return nil, errors.config(("the endpoint from %s %s"):format(where, problem),
        "expected a URL such as https://aom.cn-north-4.myhuaweicloud.com")
    end
  end
  if not list[1] then return nil, errors.config(("the endpoint from %s is empty"):format(where)) end
  return list
end

local function find_endpoints(settings, from)
  local urls, err = endpoint_urls(settings, from)
  if not urls then return err end
  settings.endpoints, err = parse_all(urls, from.provenance.endpoint.where)
  if err then return err end
  settings.endpoint = settings.endpoints[1]
end

--- A nearer endpoint ends the search for a region; the look-up of a project goes on with it.
local function find_region(settings, from)
  if settings.region then return nil end
  local region, where, err, place = from:in_profile "region"
  settings.region = region
  from:note("region", where, place)
  return err
end

--- A project id that is not given is looked up later, by the region's name.
local function find_project(settings, from)
  local id, err = from:own "project_id"
  if err then return err end
  local origin = from.provenance.project_id
  if not id then
    err = find_region(settings, from)
    if err or settings.region then return err end
    return errors.config(NO_PROJECT,
      (origin.passed and origin.passed .. "; " or "") .. "looked for " .. from:searched "project_id" .. "; and for "
        .. from:searched "region")
  end
  if not check.is(id, options.rows.project) then
    return errors.config(("the project id from %s is not 32 letters and digits"):format(origin.where),
      "the console lists it under My Credentials, one for each region")
  end
  settings.project_id = id
end

local tls_options = { "ca_file", "client_cert", "client_key", "client_key_password" }
local tls_variables = { "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR" }

--- Whether an option or the environment says anything about TLS.
local function concerns_tls(settings, system)
  for _, name in ipairs(tls_options) do
    if settings[name] ~= nil then return true end
  end
  for _, name in ipairs(tls_variables) do
    if system.getenv(name) then return true end
  end
  return false
end

--- Resolves everything about a client but its credentials. The settings carry their source,
--- which has the record of where each was found: `source.provenance`.
---@param given table|nil  client options
---@param system aom.System
---@return table|nil settings
---@return aom.Error|nil err
---@return table|nil unfound  the settings, where nothing says which service or project is meant
function config.resolve(given, system)
  local checked, err = options.check(given)
  if not checked then return nil, err end
  local settings = {}
  for name, value in each.pair(defaults) do settings[name] = value end
  for name, value in each.pair(checked) do
    if not for_credentials[name] then settings[name] = value end
  end
  local from = layers.new(checked, system)
  settings.source = from
  err = concerns_tls(settings, system) and tls.resolve(settings, system) or find_endpoints(settings, from)
    or find_project(settings, from)
  local is_unfound = err and (err.message == UNFOUND or err.message == NO_PROJECT)
  if err then return nil, err, is_unfound and settings or nil end
  return settings
end

return config

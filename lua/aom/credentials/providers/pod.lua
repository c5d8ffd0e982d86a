--- Temporary keys of a pod, from an endpoint that the cluster names in the environment,
--- together with the file of the token that is sent to it.

local endpoints = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local id_token = require "aom.credentials.providers.id_token"
local percent_decode = require "aom.util.text".percent_decode
local remote = require "aom.credentials.providers.remote"
local kinds = require "aom.config.credential_kinds"

---@class aom.PodProvider: aom.Provider
local Pod = { window = 2400, lazy = true, where = "pod identity" }
Pod.__index = Pod

local pod = {}

local URI, FILE = kinds.pod.uri, kinds.pod.file
local TIMEOUT = 5

local KEY_NAMES = {
  ak = "accessKeyId", sk = "secretAccessKey", security_token = "securityToken", expires_at = "expiration",
}

--- Whether it is on this machine or on the local link, which no proxy can reach. Only a literal
--- address is: 169.254.1.1.example.com is a DNS name.
local function is_near(target)
  return target.loopback or (target.host .. ":"):find "^169%.254%.%d+%.%d+:" ~= nil
    or target.host:find "^%[fe80:" ~= nil
end

local function read_query(text)
  local query = {}
  for part in text:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    query[#query + 1] = { percent_decode(name), percent_decode(value) }
  end
  return query
end

--- Unlike an endpoint the URI may have a query, and a slash at its end.
local function parse(text, settings)
  local url, query_text = text:match("^([^?]*)%??(.*)$")
  local endpoint, problem = endpoints.parse(url)
  if not endpoint then return nil, problem end
  if endpoint.scheme == "http" and not is_near(endpoint) and not settings.allow_http then
    return nil, "is http:// to another host, so secrets would cross the network unencrypted",
      "use https://, or set option allow_http to accept the risk"
  end
  local slash = (endpoint.path == "" or url:sub(-1) == "/") and "/" or ""
  return { endpoint = endpoint, path = slash, query = read_query(query_text) }
end

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped
function pod.new(settings)
  local source = settings.source
  local text, err = source:variable("endpoint", URI)
  local path = source:variable("path", FILE)
  if err then return nil, err end
  if not text and not path then
    return nil, nil, ("pod identity (environment variable %s is not set)"):format(URI)
  end
  if not (text and path) then
    return nil, errors.config(("environment variable %s is set, but %s is not"):format(
      text and URI or FILE, text and FILE or URI))
  end
  local target, problem, hint = parse(text, settings)
  if not target then return nil, errors.config(("environment variable %s %s"):format(URI, problem), hint) end
  return setmetatable({ settings = settings, target = target, path = path }, Pod)
end

function Pod:refresh(context)
  local secret, err = id_token.read_secret(self.settings.source.system, self.path, "pod's token", "pod_token")
  if not secret then return nil, err end
  local ask = {
    operation = "create_pod_keys", service = "pod", method = "POST", endpoint = self.target.endpoint,
    path = self.target.path,
    query = self.target.query, headers = { Authorization = secret }, body = "{}", secrets = { secret },
    no_proxy = is_near(self.target.endpoint), timeout = TIMEOUT,
  }
  local document
  document, err = remote.document(self.settings, context, ask)
  if not document then return nil, err end
  return remote.keys(type(document.credentials) == "table" and document.credentials or document, KEY_NAMES, ask)
end

return pod

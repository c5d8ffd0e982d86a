--- The options of a client, as rows: what each of them must be.

local check = require "aom.util.check"
local credential_kinds = require "aom.config.credential_kinds"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"
local text = require "aom.util.text"

local containers = lazy "aom.util.containers"
local headers = lazy "aom.util.headers"
local other_names = lazy "aom.config.other_names"

local options = {}

local MAX_COUNT = 2 ^ 31 - 1
local MAX_TOKEN = 40960

local function is_text(value) return type(value) == "string" and value ~= "" and not text.has_control(value) end

local proxy_schemes = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

-- Without a scheme it is an HTTP proxy. libcurl would find a wrong one at the first call.
local function is_proxy(value)
  if value == "" then return true end
  if not is_text(value) then return false end
  local scheme, rest = value:match "^(.-)://(.*)$"
  if scheme and not proxy_schemes[text.lower(scheme)] then return false end
  local host = (rest or value):gsub("^.*@", ""):gsub("/.*$", "")
  return host:find "^[^:%[%]/]+:?%d*$" ~= nil or host:find "^%[[%x:.%%%w]+%]:?%d*$" ~= nil
end

local function is_text_or_list(value)
  if type(value) ~= "table" then return is_text(value) end
  local list = containers.list(value) or {}
  for _, item in ipairs(list) do
    if not is_text(item) then return false end
  end
  return #list > 0 and containers.stray_key(value, #list) == nil
end

local loops = { blocking = true, uv = true, nginx = true }

--- A row of which `is_it` says whether a value is what the words say.
local function row(is_it, wanted, secret)
  return { test = function(value) return not is_it(value) and wanted or nil end, secret = secret }
end

-- Hidden wherever a secret may be, and where one may be given by mistake.
local secret = { kind = "string", secret = true }
local seconds = { kind = "number", unit = "seconds" }
local count = { kind = "integer", min = 1, max = MAX_COUNT }
local flag = { kind = "boolean" }

--- Rows that the options of methods are made of, too.
---@type table<string, aom.Row>
options.rows = {
  seconds = seconds, count = count, flag = flag,
  duration = { kind = "number", unit = "seconds", min = 0 },
  rate = { kind = "number", unit = "calls a second" },
  callable = { kind = "function" },
  secret = secret,
  token = { kind = "string", max = MAX_TOKEN, secret = true },
  algorithm = { kind = "choice", secret = true, choices = { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256",
    "SDK-SM2-SM3", "V11-HMAC-SHA256" } },
  project = row(function(value) return type(value) == "string" and value:find "^%w+$" ~= nil and #value == 32 end,
    "a project id of 32 letters and digits", true),
}

-- The rows of credentials that are no plain strings, by the types of their fields.
local types = {
  token = options.rows.token,
  provider = row(function(value) return type(value) == "function" or type(value) == "table" end,
    "a function or an object with a refresh method", true),
}

--- What a client takes; the fields of credentials follow. What each option means stands in
--- spec/support/doc/options.lua, for the reference.
---@type table<string, aom.Row>
options.client = {
  region = secret,
  endpoint = row(is_text_or_list, "a URL or a list of URLs", true),
  project_id = options.rows.project,
  iam_endpoint = secret,
  metadata = flag,
  metadata_endpoint = secret,
  algorithm = options.rows.algorithm,
  timeout = seconds,
  attempt_timeout = seconds,
  connect_timeout = seconds,
  outage_timeout = options.rows.duration,
  max_attempts = count,
  ca_file = row(is_text_or_list, "a path or a list of paths", true),
  client_cert = secret,
  client_key = secret,
  client_key_password = secret,
  insecure = flag,
  allow_http = flag,
  proxy = row(is_proxy, 'a proxy URL of http, https, socks4, socks4a, socks5 or socks5h, or "" for none', true),
  max_response_bytes = count,
  headers = { kind = "named" },
  user_agent = { kind = "string", max = 256 },
  token_hosts = { kind = "list" },
  loop = row(function(value) return loops[value] or type(value) == "table" end,
    '"blocking", "uv", "nginx" or an adapter table'),
  transport = { kind = "choice", choices = { "curl", "resty" } },
  on_event = options.rows.callable,
}

for name, field in each.pair(credential_kinds.fields) do options.client[name] = types[field.type] or secret end

--- What a client made by `with` has of its own.
---@type table<string, aom.Row>
options.own = {}
for _, name in ipairs { "timeout", "attempt_timeout", "max_attempts", "headers", "on_event" } do
  options.own[name] = options.client[name]
end

--- A setting that is known by another name, too: see aom.config.other_names.
---@param name string
---@param rows table<string, any>
---@return string|nil
function options.known_as(name, rows) return other_names.of(name, rows) end

local label = {
  whole = "client options", noun = "option", before = "", member = "option ", known_as = options.known_as,
}

--- The headers among options go out with every call, whatever its body is.
local function check_headers(copy)
  local err
  copy.headers, err = headers.read_own(copy.headers, "option headers")
  if err then return nil, err end
  for name in each.pair(copy.headers) do
    if text.lower(name) == "content-type" then
      return nil, errors.argument("option headers: %s is that of a body: give it to client:request", errors.show(name))
    end
  end
  if next(copy.headers) == nil then copy.headers = nil end
  return copy
end

local function read(container, rows, words)
  local copy, err = check.table(container, rows, words)
  if not copy or copy.headers == nil then return copy, err end
  return check_headers(copy)
end

--- Reads and checks the options of a client.
---@param container any
---@return table|nil copy
---@return aom.Error|nil err
function options.check(container)
  if container == nil then return {} end
  return read(container, options.client, label)
end

--- Reads and checks what `with` takes.
---@param container any
---@return table|nil copy
---@return aom.Error|nil err
function options.check_own(container)
  return read(container, options.own, check.label("with", "option"))
end

--- Reads and checks the table of options that a method takes.
---@param what string  the method
---@param container any
---@param rows table<string, aom.Row>
---@return table|nil copy
---@return aom.Error|nil
function options.read_table(what, container, rows)
  return check.table(container, rows, check.label(what, "option"))
end

return options

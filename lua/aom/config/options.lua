--- The options of a client, as rows: what each of them must be.

local check = require "aom.util.check"
local credential_kinds = require "aom.config.credential_kinds"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local headers = require "aom.util.lazy" "aom.util.headers"
local plain = require "aom.util.plain"
local text = require "aom.util.text"

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
  local list = plain.list(value) or {}
  for _, item in ipairs(list) do
    if not is_text(item) then return false end
  end
  return #list > 0 and plain.stray_key(value, #list) == nil
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

--- A row with what the option means, for the reference (see spec/support/doc). `type` is what
--- LuaCATS calls it, where the row's kind does not tell.
---@param like aom.Row
---@param meaning string
---@param type? string
local function means(like, meaning, type)
  local copy = { meaning = meaning, type = type }
  for name, value in each.pair(like) do copy[name] = value end
  return copy
end

--- What a client takes; the fields of credentials follow.
---@type table<string, aom.Row>
options.client = {
  region = means(secret, 'region id, such as "cn-north-4"; determines the endpoint'),
  endpoint = means(row(is_text_or_list, "a URL or a list of URLs", true),
    "base URL instead of the region's, or several", "string|string[]"),
  project_id = means(options.rows.project,
    "the project's id, 32 letters and digits. Default: looked up by the region's name", "string"),
  iam_endpoint = means(secret, "base URL of the identity service. Default: the region's, for its own endpoint only"),
  metadata = means(flag, "use the credentials of this instance's agency. Default: false"),
  metadata_endpoint = means(secret, 'base URL of the metadata service. Default: "http://169.254.169.254"'),
  algorithm = means(options.rows.algorithm, 'how requests are signed. Default: "SDK-HMAC-SHA256"'),
  timeout = means(seconds, "for a whole call, with its retries. Default: 60"),
  attempt_timeout = means(seconds, "for one attempt. Default: 30"),
  connect_timeout = means(seconds, "to connect. Default: 5"),
  outage_timeout = means(options.rows.duration,
    "that a call waits, within `timeout`, for a service that cannot be reached. Default: 10"),
  max_attempts = means(count, "attempts in total; 1 means no second try of any kind. Default: 4"),
  ca_file = means(row(is_text_or_list, "a path or a list of paths", true), "PEM file of the authorities to trust "
    .. "instead of the system's, or several, with \"system\" for the system's", "string|string[]"),
  client_cert = means(secret, "PEM file of a certificate for servers that ask for one"),
  client_key = means(secret, "PEM file of its key. Default: in the file of the certificate"),
  client_key_password = means(secret, "of an encrypted key"),
  insecure = means(flag, "do not verify the server; for experiments only. Default: false"),
  allow_http = means(flag, "allow a token or password over plain http:// to another host. Default: false"),
  proxy = means(row(is_proxy, 'a proxy URL of http, https, socks4, socks4a, socks5 or socks5h, or "" for none', true),
    'URL of a proxy, "" for none. Default: by https_proxy, http_proxy and no_proxy', "string"),
  max_response_bytes = means(count, "limit of a response's body in bytes, after decompression. Default: 1 MiB"),
  headers = means(plain.named, "sent and signed with every call, but not to identity and metadata services",
    "table<string, string|number|boolean>"),
  user_agent = means({ kind = "string", max = 256 }, "appended to this library's"),
  token_hosts = means({ kind = "list" }, "hosts of other services that may get the client's token"),
  loop = means(row(function(value) return loops[value] or type(value) == "table" end,
    '"blocking", "uv", "nginx" or an adapter table'), "how calls wait. Default: detected",
    '"blocking"|"uv"|"nginx"|aom.Adapter'),
  transport = means({ kind = "choice", choices = { "curl", "resty" } }, 'inside nginx. Default: "curl"'),
  on_event = means(options.rows.callable, "called during calls, see aom.Event; it must not wait",
    "fun(event: aom.Event)"),
}

for name, field in each.pair(credential_kinds.fields) do
  options.client[name] = means(types[field.type] or secret, field.meaning,
    field.type == "provider" and "aom.CredentialFunction|{ refresh: aom.CredentialFunction }" or nil)
end

--- What a client made by `with` has of its own.
---@type table<string, aom.Row>
options.own = {}
for _, name in ipairs { "timeout", "attempt_timeout", "max_attempts", "headers", "on_event" } do
  options.own[name] = options.client[name]
end

local label = { whole = "client options", noun = "option", before = "", member = "option " }

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

--- Signing alone, for those who bring their own transport. Pure: no I/O, and no
--- clock but for a date that the caller leaves out.

local check = require "aom.util.check"
local core = require "aom.core"
local errors = require "aom.util.errors"
local headers = require "aom.util.headers"
local options = require "aom.config.options"
local containers = require "aom.util.containers"
local query = require "aom.util.query"
local text = require "aom.util.text"

local sign = {}

local V11 = "V11-HMAC-SHA256"

local function is_text(value) return type(value) == "string" and value ~= "" and not text.has_control(value) end

local function check_method(value)
  return not (is_text(value) and headers.is_token(value)) and "a method such as PUT" or nil
end

-- What ends a host in a URL, or would stand in front of it.
local function check_host(value)
  return not (is_text(value) and not value:find "[ /\\?#@]") and "a host, perhaps with a port" or nil
end

local function check_path(value)
  return not (type(value) == "string" and value:sub(1, 1) == "/") and "a decoded path that starts with /" or nil
end

local function check_body(value) return type(value) ~= "string" and "a string" or nil end

local function check_date(value)
  local is_date = type(value) == "string" and value:find "^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$"
  return not is_date and "YYYYMMDDTHHMMSSZ" or nil
end

---@type table<string, aom.Row>
local request_rows = {
  method = { test = check_method, required = true },
  scheme = { kind = "choice", choices = { "http", "https" } },
  host = { test = check_host, required = true },
  path = { test = check_path, required = true },
  query = query.row,
  headers = { kind = "named" },
  body = { test = check_body, secret = true },
}

local word, required = { kind = "string" }, { kind = "string", required = true }
local secret = { kind = "string", required = true, secret = true }

---@type table<string, aom.Row>
local key_rows = {
  ak = secret,
  sk = secret,
  security_token = { kind = "string", secret = true },
  algorithm = options.rows.algorithm,
  date = { test = check_date },
  region = word,
  service = word,
  signed_headers = { kind = "list" },
}

local scope_rows = { region = required, service = required }

local request_label = check.label("request", "field", "request.")
local key_label = check.label("credentials", "field", "credentials.")
key_label.known_as = options.known_as

--- The signature of algorithm V11 is for a region and a service.
local function read_key(given)
  local key, err = check.table(given, key_rows, key_label)
  if key and key.algorithm == V11 then
    local fault = check.members(key, scope_rows, key_label)
    if fault then return nil, fault end
  end
  return key, err
end

--- A copy that holds nothing but what the core reads.
local function copy_request(given)
  local pairs_read, headers_read, spelling, err
  pairs_read, err = query.read(given.query, "request.query")
  if not pairs_read then return nil, err end
  headers_read, err, spelling = headers.read(given.headers, "request.headers")
  if not headers_read then return nil, err end
  local named = spelling["x-sdk-date"]
  local copy = {
    method = given.method, scheme = given.scheme, host = given.host, path = given.path, body = given.body,
    query = pairs_read, headers = headers_read,
  }
  return copy, nil, named and headers_read[named]
end

--- Reads what may be behind metatables and what is no text yet, and checks it.
---@return table|nil request  as the core reads it
---@return table|nil key
---@return aom.Error|nil
local function read(given, key)
  local request, err, date
  given, err = check.table(given, request_rows, request_label)
  if not given then return nil, nil, err end
  key, err = read_key(key)
  if not key then return nil, nil, err end
  request, err, date = copy_request(given)
  if not request then return nil, nil, err end
  key.date = key.date or date
  key.signed_headers = key.signed_headers and containers.list(key.signed_headers)
  return request, key
end

local OPENSSL = "OpenSSL's configuration (a file that the variable OPENSSL_CONF may name) has to activate a provider "
  .. "with SHA-256 and HMAC, such as the default one"

--- The error of a host that cannot sign anything; nil: the input is to blame.
---@param why string|nil
---@param code string|nil  the signer's
---@return aom.Error|nil
function sign.host_error(why, code)
  if errors.is_memory(why) then return errors.memory() end
  return code == "crypto" and errors.config("nothing can be signed: " .. why, OPENSSL) or nil
end

--- The error of a part of the input, unless that is not to blame.
local function blame(part, why, code)
  local unable = sign.host_error(why, code)
  if unable then return unable end
  return errors.argument("%s%s", part and part .. ": " or "", tostring(why))
end

-- The parts that the core's reasons are about.
local blamed = {
  date = "the signature's date", not_given = "credentials.signed_headers",
  no_date = "credentials.signed_headers", conflict = "request.headers", key = "credentials",
}

--- What the core raises names its part itself.
local function attempt(request, key)
  local made, signed, why, code = errors.caught(core.sign_alone, request, key)
  if made then return signed, why, code end
  return nil, signed
end

--- Signs a request. The core checks it, too, and what it refuses is looked at again here: to
--- say what is wrong, or since it has to be read in another way.
---@param given table  { method, host, path (decoded), scheme?, query?, headers?, body? }
---@param key table    { ak, sk, security_token?, algorithm?, date?, region?, service?, signed_headers? }
---@return table|nil signed  { headers, url, canonical_request, string_to_sign, signed_headers }
---@return aom.Error|nil err
function sign.sign(given, key)
  local signed, why, code = attempt(given, key)
  if signed then return signed end
  local err = sign.host_error(why, code)
  if err then return nil, err end
  given, key, err = read(given, key)
  if err then return nil, err end
  signed, why, code = attempt(given, key)
  if signed then return signed end
  return nil, blame(code and (blamed[code] or "request"), why, code)
end

return sign

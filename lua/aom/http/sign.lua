--- Signing alone, for those who bring their own transport. Pure: no I/O, and no
--- clock but for a date that the caller leaves out.

local core = require "aom.core"
local errors = require "aom.util.errors"
local options = require "aom.config.options"
local plain = require "aom.util.plain"

local signing = {}

local request_fields = {
  method = true, scheme = true, host = true, path = true, query = true, headers = true, body = true,
}
local key_fields = {
  ak = true, sk = true, security_token = true, algorithm = true, date = true, region = true,
  service = true, signed_headers = true,
}

local function check_text(name, value, optional)
  if value == nil and optional then return nil end
  if type(value) ~= "string" or value == "" then
    return errors.argument("%s: expected a non-empty string, got %s", name,
      value == "" and "an empty one" or value == nil and "nil" or "a " .. type(value))
  end
  if value:find("[%z\1-\31\127]") then
    return errors.argument("%s: expected a string without control characters", name)
  end
end

local function is_token(text) return text:find("^[%w!#$%%&'*+.^_`|~-]+$") ~= nil end

local function check_method(method)
  local err = check_text("request.method", method)
  if err then return err end
  if not is_token(method) then
    return errors.argument("request.method: expected one such as PUT, got %s", errors.show(method))
  end
end

-- What ends a host in a URL, or would stand in front of it.
local function check_host(host)
  local err = check_text("request.host", host)
  if err then return err end
  if host:find("[ /\\?#@]") then
    return errors.argument("request.host: expected a host, perhaps with a port, got %s", errors.show(host))
  end
end

local function check_date(date)
  if date == nil then return nil end
  if type(date) == "string" and date:find("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$") then return nil end
  return errors.argument("credentials.date: expected YYYYMMDDTHHMMSSZ, got %s", errors.show(date))
end

local function check_names_list(list)
  if list == nil then return nil end
  if type(list) ~= "table" or not plain.list(list) then
    return errors.argument("credentials.signed_headers: expected a list of names, got %s%s", errors.show(list),
      type(list) == "table" and " whose metatable may hide some" or "")
  end
  for index, name in next, list do
    if type(index) ~= "number" or type(name) ~= "string" then
      return errors.argument("credentials.signed_headers: expected a list of names, got %s for %s",
        errors.show(name), errors.show(index))
    end
  end
end

local function first_error(checks)
  for i = 1, checks.n do
    if checks[i] then return checks[i] end
  end
end

--- A table whose names are anybody's, which can be read as it is alone.
local function check_map(name, value, wanted)
  if value == nil then return nil end
  if type(value) ~= "table" then return errors.argument("%s: expected %s, got %s", name, wanted, errors.show(value)) end
  if plain.is_veiled(value) then
    return errors.argument("%s: expected %s, got one whose metatable may hide some of it", name, wanted)
  end
end

local function check_request(given)
  local scheme = given.scheme
  return first_error { n = 7,
    check_method(given.method) or false,
    check_host(given.host) or false,
    (type(given.path) ~= "string" or given.path:sub(1, 1) ~= "/")
      and errors.argument("request.path: expected a decoded path that starts with /"),
    scheme ~= nil and scheme ~= "http" and scheme ~= "https"
      and errors.argument('request.scheme: expected "http" or "https", got %s', errors.show(scheme)),
    given.body ~= nil and type(given.body) ~= "string"
      and errors.argument("request.body: expected a string, got a %s", type(given.body)),
    check_map("request.headers", given.headers, "a table") or false,
    check_map("request.query", given.query, "a list of { name, value } pairs") or false,
  }
end

local function check_key(given)
  local unscoped = given.algorithm ~= "V11-HMAC-SHA256"
  return first_error { n = 8,
    check_text("credentials.ak", given.ak) or false,
    check_text("credentials.sk", given.sk) or false,
    check_text("credentials.security_token", given.security_token, true) or false,
    check_text("credentials.algorithm", given.algorithm, true) or false,
    check_date(given.date) or false,
    check_names_list(given.signed_headers) or false,
    check_text("credentials.region", given.region, unscoped) or false,
    check_text("credentials.service", given.service, unscoped) or false,
  }
end

local function text_of(value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then return nil end
  -- A float that is a whole number would print as 1.0 on Lua 5.3 and 5.4.
  if value % 1 == 0 and math.abs(value) < 2 ^ 53 then return ("%d"):format(value) end
  return tostring(value)
end

--- Copies a query: a list of { name, value } pairs, or a table of name = value.
local function copy_query(query)
  local copy = {}
  for key, entry in next, query or {} do
    local name, value = key, entry
    if type(key) == "number" then
      local pair = type(entry) == "table" and plain.list(entry)
      if not pair then
        return nil, errors.argument("request.query[%s]: expected a { name, value } pair, got %s",
          text_of(key) or "?", errors.show(entry))
      end
      name, value = pair[1], pair[2]
    end
    name, value = text_of(name), text_of(value == nil and "" or value)
    if not name or not value then
      return nil, errors.argument(
        "request.query: expected names and values that are strings, finite numbers or booleans")
    end
    copy[#copy + 1] = { name, value }
  end
  return copy
end

--- The value is not shown, for it may be a secret.
local function check_header(name, value)
  if type(name) ~= "string" or not is_token(name) then
    return errors.argument("request.headers: expected names of headers, got %s", errors.show(name))
  end
  if not value then
    return errors.argument("request.headers: expected a string as the value of %s", errors.show(name))
  end
  if value:find("[%z\1-\8\10-\31\127]") or value:find("[^ \t][ \t]*\t[ \t]*[^ \t]") then
    return errors.argument("request.headers: the value of %s holds a control character", errors.show(name))
  end
end

local function copy_headers(headers)
  local copy, seen = {}, {}
  for name, value in next, headers or {} do
    local text = text_of(value)
    local err = check_header(name, text)
    if err then return nil, err end
    local lower = name:lower()
    if seen[lower] then
      return nil, errors.argument("request.headers: %s and %s differ only in case",
        errors.show(seen[lower]), errors.show(name))
    end
    seen[lower] = name
    copy[name] = text
  end
  return copy, nil, seen
end

local function choose_date(headers, seen, key)
  if key.date then return key.date end
  local named = seen["x-sdk-date"]
  return named and headers[named] or os.date("!%Y%m%dT%H%M%SZ")
end

local function copy_request(given, key)
  local query, headers, seen, err
  query, err = copy_query(given.query)
  if not query then return nil, err end
  headers, err, seen = copy_headers(given.headers)
  if not headers then return nil, err end
  return {
    method = given.method:upper(),
    host = given.host,
    path = given.path,
    query = query,
    headers = headers,
    body = given.body or "",
    date = choose_date(headers, seen, key),
    signed_headers = key.signed_headers,
  }
end

-- The fields that the core's reasons are about.
local blamed = {
  date = "the signature's date", not_given = "credentials.signed_headers",
  no_date = "credentials.signed_headers", conflict = "request.headers",
}

local function read(what, given, names)
  if type(given) ~= "table" then
    return nil, errors.argument("%s: expected a table, got %s", what, errors.show(given))
  end
  return options.read(given, names, what .. " field")
end

--- Signs a request.
---@param given table  { method, host, path (decoded), scheme?, query?, headers?, body? }
---@param key table    { ak, sk, security_token?, algorithm?, date?, region?, service?, signed_headers? }
---@return table|nil signed  { headers, url, canonical_request, string_to_sign, signed_headers }
---@return aom.Error|nil err
function signing.sign(given, key)
  local request, err
  given, err = read("request", given, request_fields)
  if not given then return nil, err end
  key, err = read("credentials", key, key_fields)
  if not key then return nil, err end
  err = check_request(given) or check_key(key)
  if err then return nil, err end
  request, err = copy_request(given, key)
  if not request then return nil, err end
  local made, signer, why = pcall(core.signer, {
    ak = key.ak, sk = key.sk, security_token = key.security_token,
    algorithm = key.algorithm or "SDK-HMAC-SHA256", region = key.region, service = key.service,
  })
  if not made then return nil, errors.argument("credentials: %s", tostring(signer)) end
  if not signer then return nil, errors.argument("credentials: %s", why) end
  local signed, code
  made, signed, why, code = pcall(core.sign, request, signer)
  signer:close()
  if not made then return nil, errors.argument("request: %s", tostring(signed)) end
  if not signed then return nil, errors.argument("%s: %s", blamed[code] or "request", why) end
  signed.url = (given.scheme or "https") .. "://" .. given.host .. signed.target
  signed.target = nil
  return signed
end

return signing

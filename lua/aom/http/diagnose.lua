--- Turns a failure into advice. All hints stand in one table, each with what must have been
--- seen for it: statuses, codes and who gave them decide, since a wrong hint is worse than
--- none. Words count only where nothing else tells cases apart, and only those of whoever
--- is known to speak. Pure.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lower = require "aom.util.text".lower
local mask = require "aom.util.mask"
local regions = require "aom.util.lazy" "aom.config.regions"

local diagnose = {}

local names = { "method", "path", "query" }

local function split(text, separator)
  local lines = {}
  for line in (text .. separator):gmatch("(.-)" .. (separator == "|" and "%|" or separator)) do
    lines[#lines + 1] = line
  end
  return lines
end

--- A header value may hold a "|" of its own, which no split can tell: such an echo
--- has more lines than it should, and is left alone.
local function same_length(ours, theirs) return #ours == #theirs end

local function line_name(index, count, line)
  if names[index] then return names[index] end
  if index == count then return "payload hash" end
  if index == count - 1 then return "list of signed headers" end
  local header = line:match("^([^:]*):")
  return header and "header " .. header or "line " .. index
end

local function shown(line)
  local header = line:match("^([^:]*):")
  if header and mask.is_secret_header(header) then return header .. ":***" end
  if #line > 120 then line = line:sub(1, 120) .. "…" end
  return '"' .. line .. '"'
end

--- Which line of the canonical request differs from the one that the gateway echoed.
---@param ours string      our canonical request
---@param message string   the gateway's message
---@return string|nil hint
function diagnose.difference(ours, message)
  local echo = message:match("canonicalRequest:(.*)$")
  if not echo then return nil end
  local mine, theirs = split(ours, "\n"), split(echo, "|")
  if not same_length(mine, theirs) then
    if ours:find("|", 1, true) then return nil end
    return ("the gateway computed a canonical request of %d lines and this client one of %d: "
      .. "headers were added or removed on the way"):format(#theirs, #mine)
  end
  for i = 1, #mine do
    if mine[i] ~= theirs[i] then
      return ("the %s differs: this client signed %s, the gateway saw %s"):format(
        line_name(i, #mine, mine[i]), shown(mine[i]), shown(theirs[i]))
    end
  end
  return "the gateway computed the same canonical request, so the secret key does not belong to "
    .. "the access key"
end

--- Computes what was signed only where it is compared.
local function compare(seen)
  local ours = seen.canonical()
  return ours and diagnose.difference(ours, seen.message)
end

local redirects = { [300] = true, [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local addresses = { ["0401"] = true, ["0402"] = true, ["0404"] = true }

local function is_given(value) return value ~= nil end

local function says(words) return function(message) return message:find(words, 1, true) ~= nil end end

-- A service's message has no more bytes; what else is said may have any number.
local MAX_SENTENCE = 1024

--- "ak not exist", "AK:HPUA… does not exist": nothing but the key's name in between.
local function names_no_key(message)
  local between = lower(message:sub(1, MAX_SENTENCE)):match "%f[%w]ak%f[%W]([^,]*)not exist"
  return between ~= nil and between:gsub("does%s*$", ""):find "^[%s:=]*[%w*]*%s*$" ~= nil
end

local function is_missing(value) return value == nil end

local function authority_hint(seen)
  return ("no authority of %s has signed the certificate: name the right file in option ca_file, "
    .. "or a list of files with \"system\" in it"):format(seen.trusted)
end

local function lacks_automation(region) return region ~= nil and not regions.has_automation(region) end

local function says_project(message) return lower(message:sub(1, MAX_SENTENCE)):find "project" ~= nil end

--- A gateway has one code for a project of another account's and for a right that is missing.
local function project_hint(seen)
  return ("the project id%s belongs to another account or region, or the user lacks %s in it"):format(
    seen.project_from and (" (from %s)"):format(seen.project_from) or "", seen.permission or "a permission")
end

local function permission_hint(seen)
  return "the user lacks a permission in this project"
    .. (seen.project_from and (" (its id is from %s)"):format(seen.project_from) or "")
    .. (seen.permission and "; this call needs " .. seen.permission or "")
end

local function name_hint(seen)
  return ("an id is expected: client:find %s gives the workflow of that name"):format(errors.show(seen.name))
end

--- What an attempt has shown, as aom.http.advice gathers it. Of one without an answer: `kind`,
--- `message`, `curl`, `proxy_status`, `fault`, `trusted` and `is_proxied`. Of an answer: the others,
--- and `message`.
---@class aom.Seen
---@field message string        libcurl's words, or the service's
---@field kind? string          of the trouble
---@field curl? integer         libcurl's number
---@field proxy_status? integer with which a proxy refused
---@field fault? aom.TlsFault
---@field trusted? string       what names the authorities that are trusted; nil: the system
---@field is_proxied? boolean   it goes through the proxy of option proxy
---@field status? integer
---@field gateway? string       number of a gateway's code, such as "0301"
---@field is_behind? boolean    the code is that of a service behind the gateway
---@field region? string
---@field endpoint_path? string of the endpoint, where it has one
---@field permission? string    that the operation needs
---@field project_from? string  where the project in the request's path was found
---@field name? string          what was given as a workflow's id, and is like none
---@field canonical? fun(): string|nil  the canonical request that was signed, where one was

--- A hint holds when each member of `seen` does: a value that is equal, a set that has it, or a
--- test that it passes.
---@class aom.Hint
---@field seen table<string, any>
---@field hint string|fun(seen: aom.Seen): string|nil

--- In this order: the first that holds is given.
---@type aom.Hint[]
local hints = {
  -- Attempts without an answer. Over lua-resty-http no fault of TLS is known but in words, and the
  -- loop has hints of its own.
  {
    seen = { fault = "authority", trusted = is_missing },
    hint = "install the system's CA certificates (package ca-certificates), or name a bundle with option ca_file",
  },
  { seen = { fault = "authority" }, hint = authority_hint },
  {
    seen = { fault = "name" },
    hint = "the certificate is for other names: correct the host of the endpoint, or of an https:// proxy",
  },
  { seen = { fault = "expired" }, hint = "the certificate has expired, or this machine's clock is fast" },
  { seen = { fault = "early" }, hint = "the certificate is not valid yet, or this machine's clock is slow" },
  { seen = { fault = "version" }, hint = "the server must support TLS 1.2 or newer" },
  {
    seen = { fault = "plain" },
    hint = "the port does not speak TLS: correct the port, or the scheme, of the endpoint or of an https:// proxy",
  },
  {
    seen = { fault = "anonymous" },
    hint = "the server asks for a client certificate: set options client_cert and client_key",
  },
  { seen = { fault = "identity" }, hint = "the server refuses the certificate of option client_cert" },
  {
    seen = { curl = 58 },
    hint = "client_key must be the key of client_cert, and client_key_password must decrypt it",
  },
  {
    seen = { proxy_status = 407 },
    hint = "correct the user and password of the proxy, in option proxy or the variable https_proxy",
  },
  { seen = { proxy_status = 403 }, hint = "the proxy does not allow connections to this host" },
  {
    seen = { curl = 5 },
    hint = "the proxy's host name does not resolve: check option proxy and the variables https_proxy and http_proxy",
  },
  {
    seen = { curl = 6 },
    hint = "the host name does not resolve: check the region or endpoint, and this machine's DNS",
  },
  { seen = { curl = 77 }, hint = "the file of CA certificates cannot be used" },
  {
    seen = { kind = "network", curl = 35, is_proxied = false },
    hint = "the server closed the connection during the TLS handshake: a server without TLS needs http:// in the "
      .. "endpoint",
  },
  {
    seen = { kind = "network", is_proxied = true },
    hint = "the connection uses the proxy from option proxy: check that proxy",
  },

  -- Answers. A gateway has the same code for several faults of a caller's.
  {
    seen = { status = 401, gateway = is_given, message = names_no_key },
    hint = "the access key does not exist or was deleted: check it, and that ak and sk are not swapped",
  },
  {
    seen = { status = 401, gateway = is_given, message = says "reach the limit" },
    hint = "the service has locked this access key for five minutes, after too many wrong signatures",
  },
  {
    seen = { status = 401, gateway = is_given, message = says "decrypt token fail" },
    hint = "the token is malformed, or was issued in another region",
  },
  {
    seen = { status = 401, gateway = "0301", canonical = is_given },
    hint = compare,
  },
  { seen = { status = 401, gateway = "0307" }, hint = "the token has expired: get a new one" },
  { seen = { status = 403, gateway = addresses }, hint = "the service does not accept calls from this address" },
  -- A 403 without a code of the service's may be a firewall's or a proxy's.
  { seen = { status = 403, gateway = "0302", message = says_project }, hint = project_hint },
  { seen = { status = 403, is_behind = true, message = says_project }, hint = project_hint },
  { seen = { status = 403, gateway = "0302" }, hint = permission_hint },
  { seen = { status = 403, is_behind = true }, hint = permission_hint },
  {
    seen = { status = 404, gateway = "0101", endpoint_path = is_given },
    hint = function(seen)
      return ("the endpoint has the path %s, and this client adds /v1/… to it: leave the API's path out"):format(
        seen.endpoint_path)
    end,
  },
  {
    seen = { status = 404, gateway = "0101", region = lacks_automation },
    hint = ("the provider documents this API only for %s"):format(regions.with_automation),
  },
  { seen = { status = 404, is_behind = true, name = is_given }, hint = name_hint },
  { seen = { status = redirects }, hint = "redirects are never followed: correct the endpoint" },
}

local function fits(wanted, value)
  if type(wanted) == "function" then return wanted(value) end
  if type(wanted) == "table" then return value ~= nil and wanted[value] == true end
  return value == wanted
end

local function holds(wanted, seen)
  for name, value in each.pair(wanted) do
    -- The message last: a test of words is for those who are known to speak.
    if name ~= "message" and not fits(value, seen[name]) then return false end
  end
  return wanted.message == nil or fits(wanted.message, seen.message)
end

--- The hint for what was seen, or nil.
---@param seen aom.Seen
---@return string|nil
function diagnose.hint(seen)
  for _, row in ipairs(hints) do
    if holds(row.seen, seen) then
      if type(row.hint) == "string" then return row.hint end
      return row.hint(seen)
    end
  end
end

return diagnose

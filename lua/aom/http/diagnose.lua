--- Turns a refusal into advice. A gateway that refuses a signature often echoes the
--- canonical request it computed itself, with "|" for line ends: set beside ours it
--- shows which line differs, and so what was changed on the way. Pure.

local evidence = require "aom.http.evidence"
local mask = require "aom.util.mask"
local regions = require "aom.config.regions"

local diagnose = {}

diagnose.CA_FIX = "install the system's CA certificates (package ca-certificates), or name a bundle with option ca_file"

--- Whether a certificate is refused because nobody who is trusted has signed it. An expired
--- one, or one of another host, is refused too, and no CA certificate helps.
local function is_authority_unknown(message)
  return message:find("issuer certificate", 1, true) ~= nil or message:find "self.signed certificate" ~= nil
end

--- What helps after an attempt without an answer, where that is certain.
---@param trouble aom.Trouble
---@param settings table
---@param is_direct boolean|nil  no proxy was on the way
---@return string|nil hint
function diagnose.trouble(trouble, settings, is_direct)
  if trouble.kind == "tls" then
    -- What nginx trusts is said in nginx.conf, and named by the message.
    local is_fix = settings.transport ~= "resty" and is_authority_unknown(trouble.message)
    return is_fix and diagnose.CA_FIX or nil
  end
  if trouble.proxy_status == 407 then
    return "correct the user and password of the proxy, in option proxy or the variable https_proxy"
  end
  if trouble.proxy_status == 403 then return "the proxy does not allow connections to this host" end
  local is_proxied = not is_direct and settings.proxy and settings.proxy ~= ""
  if trouble.kind == "network" and is_proxied then return "the connection goes through the proxy of option proxy" end
end

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

local redirects = { [300] = true, [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

--- "ak not exist", "AK:HPUA… does not exist": nothing but the key's name in between.
local function names_no_key(message)
  local between = message:lower():match "%f[%w]ak%f[%W]([^,]*)not exist"
  return between and between:gsub("does%s*$", ""):find "^[%s:=]*[%w*]*%s*$" ~= nil
end

--- A 401 that did not come from behind the gateway.
local function unauthenticated(err)
  local message = err.message
  if names_no_key(message) then return "the access key does not exist or was deleted" end
  if message:find("reach the limit", 1, true) then
    return "the service has locked this access key for five minutes, after too many wrong signatures"
  end
  if message:find("decrypt token fail", 1, true) then
    return "the token is malformed, or was issued in another region"
  end
  if err.code and err.code:find "%.0307$" then return "the token has expired: get a new one" end
end

--- Whoever gives no code of the service's may be a firewall or a proxy on the way.
local function forbidden(err)
  local code = err.code
  if not code then return nil end
  if code:find "^APIGW?%.040[124]$" then return "the service does not accept calls from this address" end
  if evidence.is_behind(code, 403) or code:find "^API[GC]W?%.0302$" then
    return "the user lacks a permission in this project; switching a workflow needs cms:workflow:update"
  end
end

--- Advice on a refusal that needs no comparison.
---@param err aom.Error
---@param region string|nil
---@return string|nil
function diagnose.refusal(err, region)
  local status, code = err.status, err.code
  if status == 401 and not (code and evidence.is_behind(code, 401)) then return unauthenticated(err) end
  if status == 403 then return forbidden(err) end
  if status == 404 and code and code:find "%.0101$" and region and not regions.has_automation(region) then
    return ("the provider documents this API for %s alone"):format(regions.with_automation)
  end
  if redirects[status] then return "redirects are never followed: correct the endpoint" end
end

return diagnose

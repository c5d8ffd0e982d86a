--- Turns a refusal into advice. A gateway that refuses a signature often echoes the
--- canonical request it computed itself, with "|" for line ends: set beside ours it
--- shows which line differs, and so what was changed on the way. Pure.

local regions = require "aom.regions"

local explain = {}

explain.CA_FIX = "install the system's CA certificates (package ca-certificates), or name a bundle with option ca_file"

--- What an attempt without an answer may come from.
---@param kind string
---@param settings table
---@return string|nil hint
function explain.trouble(kind, settings)
  -- What nginx trusts is said in nginx.conf, and named by the message.
  if kind == "tls" then return settings.transport ~= "resty" and explain.CA_FIX or nil end
  local proxy = settings.proxy
  if kind == "network" and proxy and proxy ~= "" then return "the connection goes through the proxy of option proxy" end
end

local names = { "method", "path", "query" }

local secret_headers = { ["x-security-token"] = true, ["x-auth-token"] = true, ["authorization"] = true }

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
  if header and secret_headers[header:lower()] then return header .. ":***" end
  if #line > 120 then line = line:sub(1, 120) .. "…" end
  return '"' .. line .. '"'
end

--- Which line of the canonical request differs from the one that the gateway echoed.
---@param ours string      our canonical request
---@param message string   the gateway's message
---@return string|nil hint
function explain.difference(ours, message)
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

--- Advice on a refusal that needs no comparison.
---@param err aom.Error
---@param region string|nil
---@return string|nil
function explain.refusal(err, region)
  local message = err.message
  if err.status == 401 then
    if message:find("ak not exist", 1, true) then return "the access key does not exist or was deleted" end
    if message:find("reach the limit", 1, true) then
      return "the service has locked this access key for five minutes, after too many wrong signatures"
    end
    if message:find("decrypt token fail", 1, true) then
      return "the token is malformed, or was issued in another region"
    end
    if err.code and err.code:find("%.0307$") then return "the token has expired: get a new one" end
  elseif err.status == 403 then
    if err.code and err.code:find("^APIGW?%.040[124]$") then
      return "the service does not accept calls from this address"
    end
    return "the user lacks a permission in this project; switching a workflow needs cms:workflow:update"
  elseif err.status == 404 and err.code and err.code:find("%.0101$") and region
    and not regions.has_automation(region) then
    return ("the provider documents this API for %s alone"):format(regions.with_automation)
  elseif err.status >= 300 and err.status < 400 then
    return "redirects are never followed: correct the endpoint"
  end
end

return explain

--- What an answer to a signed request says about the key that signed it. A wrong guess
--- either locks the user's key or keeps a good one from being used, so an answer counts
--- only when it is certain who gave it: the gateway that checks signatures, or a service
--- behind it, which a wrong signature never reaches. Pure.

local lower = require "aom.util.text".lower

local evidence = {}

--- "accepts": the signature was accepted. The others say that it was refused:
--- "certain"; "doubtful", by somebody who gives no code; "locked", too often already.
---@alias aom.Evidence "accepts"|"certain"|"doubtful"|"locked"

-- What stands before the dot or line of a code. A gateway's own codes tell of a wrong
-- signature in one case only, and else come from before or after the check. The identity
-- service and a web firewall refuse callers by themselves.
local gateways = { APIGW = true, APIG = true, APIC = true }
local doubtful = { IAM = true, WAF = true }

-- A 401 is about the caller, so it takes a name that is known to stand behind the gateway.
local behind = { AOM = true, SVCSTG = true }

local REFUSED = ".0301"

-- The service's codes have at most 64 bytes. A match of any length would take quadratic time.
local MAX_CODE = 128

--- The name that a code such as "AOM.31001302" or "SVCSTG_AMS_4000001" begins with.
local function name_of(code) return #code <= MAX_CODE and code:match "^(%u[%u%d]*)[._][%w._]-%d+$" or nil end

--- Whether a code is certain to come from behind the gateway.
---@param code string
---@param status integer
---@return boolean
function evidence.is_behind(code, status)
  local name = name_of(code)
  if not name or gateways[name] or doubtful[name] then return false end
  return status ~= 401 or behind[name] == true
end

--- The number of a gateway's code, such as "0301"; nil for other codes.
---@param code string
---@return string|nil
function evidence.gateway_number(code)
  local name = name_of(code)
  return name and gateways[name] and code:match "%d+$" or nil
end

--- Whether a code is certain to come from the provider: from a gateway, from what is behind it, or
--- from the identity service. Anybody between here and there may refuse without one.
---@param code string|nil
---@param status integer
---@return boolean
function evidence.is_provider(code, status)
  if not code then return false end
  return evidence.is_behind(code, status) or evidence.gateway_number(code) ~= nil or name_of(code) == "IAM"
end

local tags = { html = true, head = true, body = true, title = true, script = true, center = true, h1 = true, p = true }

--- Whether the answer is a page for people, as proxies, firewalls and portals send.
---@param answer aom.Answer
---@return boolean
function evidence.is_page(answer)
  local kind = answer.headers["content-type"]
  if kind and kind:find "[Hh][Tt][Mm][Ll]" then return true end
  -- No answer of the service's has this byte: nearly all are done with here.
  if not answer.body:find("<", 1, true) then return false end
  local start = lower((answer.body:sub(1, 1024):gsub("^\239\187\191", ""))):match "^%s*<(.*)"
  if not start then return false end
  return start:find "^!doctype%s+html" ~= nil or start:find "^!%-%-" ~= nil or tags[start:match "^%w+"] == true
end

--- Of a 401. Words only ever add caution.
local function refusal(answer, code, message)
  -- Some services repeat the status as their code, which says no more than the status.
  if code == "401" then code = nil end
  local name
  if code then
    name = name_of(code)
    if not gateways[name] then return nil end
  elseif evidence.is_page(answer) then
    return nil
  end
  if message:find("reach the limit", 1, true) then return "locked" end
  if not code then return "doubtful" end
  return code == name .. REFUSED and "certain" or nil
end

--- Reads an answer, with the code and message that its body has.
---@param answer aom.Answer
---@param code string|nil
---@param message string|nil
---@return aom.Evidence|nil  nil: it says nothing about the key
function evidence.of(answer, code, message)
  local status = answer.status
  if code and evidence.is_behind(code, status) then return "accepts" end
  if status >= 200 and status < 300 then
    return not code and not evidence.is_page(answer) and "accepts" or nil
  end
  return status == 401 and refusal(answer, code, message or "") or nil
end

return evidence

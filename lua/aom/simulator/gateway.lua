--- The API gateway in front of the service: limits on size, published paths, and
-- authentication with its refusals.

local answers = require "aom.simulator.answers"
local clock = require "aom.simulator.clock"
local issued = require "aom.simulator.issued"
local signature = require "aom.simulator.signature"

local WINDOW = 15 * 60 -- how far a signature's date may be from the gateway's clock
local LOCK_AFTER = 5 -- wrong signatures in a row that do not lock a key
local LOCK_TIME = 5 * 60
local MAX_TARGET = 32 * 1024
local MAX_HEADER = 40960 -- the longest token that the service documents
local MAX_HEADERS = 128 * 1024

local gateway = {}
gateway.__index = gateway

---@param settings table shared with the simulator, read at every request
---@param recorder table counts signature failures
---@param now fun(): integer the simulated time
function gateway.new(settings, recorder, now)
  return setmetatable({ settings = settings, recorder = recorder, now = now, strikes = {} }, gateway)
end

local function too_long_header(request)
  local total = 0
  for _, value in request.fields:each() do
    if #value > MAX_HEADER then
      return true
    end
    total = total + #value
  end
  return total > MAX_HEADERS
end

-- Refuses requests that exceed the gateway's limits.
local function check_limits(request)
  if #request.target > MAX_TARGET then
    return answers.usual(request, 414)
  elseif too_long_header(request) then
    return answers.usual(request, 494)
  elseif request.too_large then
    return answers.usual(request, 413)
  end
end

-- Wrong signatures are counted for each key. A lock ends when the simulated clock
-- passes its end.
function gateway:strikes_of(ak)
  local entry = self.strikes[ak]
  if not entry or (entry.until_time and self.now() >= entry.until_time) then
    entry = { count = 0 }
    self.strikes[ak] = entry
  end
  return entry
end

function gateway:is_locked(ak)
  return self.settings.lock and self:strikes_of(ak).until_time ~= nil
end

function gateway:strike(ak)
  self.recorder:signature_failure(ak)
  local entry = self:strikes_of(ak)
  entry.count = entry.count + 1
  if self.settings.lock and entry.count > LOCK_AFTER then
    entry.until_time = self.now() + LOCK_TIME
  end
end

local LOCKED = "AK access failed to reach the limit,forbidden"

function gateway:refuse_signature(request, claim, canonical)
  self:strike(claim.ak)
  if self:is_locked(claim.ak) then
    return answers.unauthorized(request, LOCKED)
  end
  local why = "verify aksk signature fail"
  if self.settings.echo_canonical then
    why = why .. ", canonicalRequest:" .. canonical:gsub("\n", "|")
  end
  return answers.unauthorized(request, why)
end

function gateway:check_date(request, claim)
  local stamp = request:header("x-sdk-date")
  if not stamp or not signature.covers(claim, "x-sdk-date") then
    return answers.unauthorized(request, "x-sdk-date must be present and signed")
  end
  local time, now = clock.parse(stamp), self.now()
  if not time then
    return answers.unauthorized(request, "x-sdk-date must have the format yyyyMMddTHHmmssZ")
  elseif math.abs(now - time) > WINDOW then
    return answers.unauthorized(request, string.format(
      "signature expired, signature time:%s,server time:%s", stamp, clock.stamp(now)))
  end
end

local function no_secret(request, ak, reason)
  return answers.unauthorized(request, "Get secretKey failed,ak:" .. ak .. ",err:" .. reason)
end

function gateway:check_signature(request, authorization)
  local claim, err = signature.parse(authorization)
  if not claim then
    return answers.unauthorized(request, err)
  end
  request.claim = claim
  local key = self.settings.keys[claim.ak]
  if not key then
    return no_secret(request, claim.ak, "ak not exist")
  elseif self:is_locked(claim.ak) then
    return answers.unauthorized(request, LOCKED)
  elseif request:header("x-security-token") ~= key.security_token then
    return no_secret(request, claim.ak, "security token does not match")
  elseif issued.is_over(key, self.now()) then
    return no_secret(request, claim.ak, "security token expired")
  end
  local refusal = self:check_date(request, claim)
  if refusal then
    return refusal
  end
  local matches, canonical = signature.verify(request, claim, key.sk)
  if not matches then
    return self:refuse_signature(request, claim, canonical)
  end
  self:strikes_of(claim.ak).count = 0
end

function gateway:check_token(request, token)
  local entry = self.settings.tokens[token]
  if not entry then
    return answers.unauthorized(request, "decrypt token fail")
  elseif issued.is_over(entry, self.now()) then
    return answers.gateway(request, 401, "APIGW.0307", "The token must be updated")
  end
end

--- Authenticates the caller. A signature takes precedence over a token.
---@param request aom.simulator.Request
---@return aom.simulator.Response|nil refusal nil: the request is authenticated
function gateway:authenticate(request)
  local authorization = request:header("authorization")
  if authorization then
    return self:check_signature(request, authorization)
  end
  local token = request:header("x-auth-token")
  if token then
    return self:check_token(request, token)
  end
  return answers.unauthorized(request, "x-auth-token not found")
end

-- With the setting `catch_all` every path is published, and the response repeats what was
-- received: for checking signatures of other requests.
local catch_all = {
  handler = function(_, request)
    return answers.json(200, { method = request.method, path = request.path, query = request.query_text })
  end,
}

--- Takes one request through the gateway to its handler.
---@param request aom.simulator.Request
---@param router table
---@param context table the first argument of handlers
---@return aom.simulator.Response
function gateway:process(request, router, context)
  local refusal = check_limits(request)
  if refusal then
    return refusal
  end
  local route, parameters = router:find(request.method, request.segments)
  if not route and not self.settings.catch_all then
    return answers.usual(request, 404)
  end
  route, request.parameters = route or catch_all, parameters or {}
  refusal = not route.public and self:authenticate(request)
  if refusal then
    return refusal
  end
  local project = request.parameters.project_id
  if project and not self.settings.projects[project] then
    return answers.service(403, "AOM.0403", "The project id does not belong to the caller")
  end
  return route.handler(context, request)
end

return gateway

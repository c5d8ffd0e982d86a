--- The responses of the service and its gateway, as tables with `status`, `body` and
-- sometimes `headers`. There are two kinds of error: the gateway's, with the request id,
-- and AOM's, with the HTTP status.

local json = require "aom.simulator.json"

local answers = {}

---@class aom.simulator.Response
---@field status integer
---@field body string
---@field headers table<string, string|string[]>|nil

--- An error of the gateway.
---@param request aom.simulator.Request
---@param status integer
---@param code string with its prefix
---@param message string
---@return aom.simulator.Response
function answers.gateway(request, status, code, message)
  local body = string.format("{\"error_msg\":%s,\"error_code\":%s,\"request_id\":%s}",
    json.string(message), json.string(code), json.string(request.id))
  return { status = status, body = body }
end

--- Refused credentials. They all have the same code; only the message differs.
---@param request aom.simulator.Request
---@param why string
---@return aom.simulator.Response
function answers.unauthorized(request, why)
  return answers.gateway(request, 401, "APIGW.0301", "Incorrect IAM authentication information: " .. why)
end

--- An error of AOM itself.
---@param status integer
---@param code string
---@param message string
---@return aom.simulator.Response
function answers.service(status, code, message)
  local body = string.format("{\"error_code\":%s,\"error_msg\":%s,\"http_code\":%d}",
    json.string(code), json.string(message), status)
  return { status = status, body = body }
end

--- A JSON response.
---@param status integer
---@param value table
---@return aom.simulator.Response
function answers.json(status, value)
  return { status = status, body = json.encode(value) }
end

-- The gateway's error for a status, for scripts that give only the status.
local usual = {
  [400] = { "APIGW.0602", "Bad request" },
  [401] = { "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail" },
  [403] = { "APIGW.0302", "The IAM user is not authorized to access the API" },
  [404] = { "APIGW.0101", "The API does not exist or has not been published in the environment" },
  [408] = { "APIGW.0201", "Request timeout" },
  [413] = { "APIGW.0201", "Request entity too large" },
  [414] = { "APIGW.0201", "Request URI too large" },
  [429] = { "APIGW.0308", "The throttling threshold has been reached: policy api over ratelimit,limit:100" },
  [494] = { "APIGW.0201", "Request header too large" },
  [500] = { "APIGW.0601", "Internal server error" },
  [502] = { "APIGW.0201", "Backend unavailable" },
  [503] = { "APIGW.0613", "The IAM service is currently unavailable" },
  [504] = { "APIGW.0201", "Backend timeout" },
}

--- The usual response with a status.
---@param request aom.simulator.Request
---@param status integer
---@return aom.simulator.Response
function answers.usual(request, status)
  if status < 400 then
    return { status = status, body = "" }
  end
  local known = usual[status] or usual[status < 500 and 400 or 500]
  return answers.gateway(request, status, known[1], known[2])
end

return answers

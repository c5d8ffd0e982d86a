--- From an HTTP answer to the caller's result, or to an error. Pure: no I/O. Error bodies are
--- read in aom.api.refusal, which is loaded when there is one.

local bodies = require "aom.api.bodies"
local each = require "aom.util.each"
local lazy = require "aom.util.lazy"
local printable = require "aom.api.result".printable

local refusal = lazy "aom.api.refusal"

local response = {}

local function is_good(answer) return answer.status >= 200 and answer.status < 300 end

--- A caller who has all headers may have asked whether something changed.
local function is_unchanged(answer, request) return answer.status == 304 and request.operation.all_headers == true end

--- All headers of an answer, those that are there several times as lists.
local function all_headers(answer)
  local headers = {}
  for name, value in each.pair(answer.headers) do headers[name] = value end
  for name, values in each.pair(answer.several or {}) do headers[name] = values end
  return headers
end

--- What all results have.
---@param status integer
---@param request_id string|nil
---@param body string
---@return table
function response.result(status, request_id, body)
  return {
    success = true,
    status = status,
    http_status = status,
    request_id = request_id,
    body = body,
    attempts = 0, -- set, as the next one, when the call ends
    elapsed = 0,
  }
end

--- The result of a 2xx answer.
local function result_of(answer, request, mask)
  local refused, said, document
  -- The documented answer is no JSON, and not worth an attempt to decode it.
  if answer.body:find(":", 1, true) then refused, said, document = refusal.within(answer, request, mask) end
  if refused then return nil, refused, said end
  local request_id = answer.headers["x-request-id"]
  local result = response.result(answer.status, request_id, answer.body)
  if not bodies[request.operation.result](answer.body, result, document) then
    return nil, refusal.unexpected(answer, mask)
  end
  if request.operation.all_headers then result.headers = all_headers(answer) end
  local names, values = request.operation.arguments, request.values
  for i = 1, #names do result[names[i]] = values[names[i]] end
  -- An execution has a status of its own.
  if result.execution then result.execution.http_status = answer.status end
  return printable(result, request.operation)
end

--- Reads an answer to an operation: for `aom.http.exchange`.
---@param answer aom.Answer
---@param mask fun(text: string): string
---@param request aom.Request
---@return table|nil result
---@return aom.Error|nil err
---@return string|nil said  the service's whole message
function response.read(answer, mask, request)
  if is_good(answer) or is_unchanged(answer, request) then return result_of(answer, request, mask) end
  return nil, refusal.of(answer, mask)
end

--- Reads an answer whose body means something to the caller alone.
---@param answer aom.Answer
---@param mask fun(text: string): string
---@return aom.Answer|nil
---@return aom.Error|nil err
function response.read_any(answer, mask)
  if is_good(answer) then return answer end
  return nil, refusal.of(answer, mask)
end

return response

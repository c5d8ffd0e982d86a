--- From an HTTP answer to an error. Pure: no I/O.
---
--- The service, its gateway, the identity service and proxies on the way each have
--- a shape of their own for an error body; all of them become one error here.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local json = require "aom.util.json"
local retry = require "aom.http.retry"
local texts = require "aom.util.text"

local cut, lower, one_line = texts.cut, texts.lower, texts.one_line

local refusal = {}

-- Names under which a code and a message travel together, in the order in which
-- they are trusted. A pair counts when its message is there.
local shapes = {
  { "error_code", "error_msg" },
  { "error_code", "error_message" },
  { "errorCode", "errorMsg" },
  { "errorCode", "errorMessage" },
  { "code", "message" },
}

local MAX_DEPTH = 5
local SNIPPET = 200

--- What an error keeps of a body, and of a message.
local MAX_BODY, MAX_MESSAGE = 64 * 1024, 1000

local function text_of(value)
  if type(value) == "string" and value ~= "" then return value end
  if type(value) == "number" then return ("%.14g"):format(value) end
end

local function pair_of(object)
  for _, shape in ipairs(shapes) do
    local code, message = text_of(object[shape[1]]), text_of(object[shape[2]])
    if code and message then return code, message end
  end
end

-- What the identity service says of a missing right, for an administrator to decode.
local function authorization_of(object)
  return text_of(object.error_code) or text_of(object.code), text_of(object.encoded_authorization_message)
end

local function sorted_names(object)
  local names = {}
  for name in each.pair(object) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- The first code and message that `read` finds, outer objects before inner ones, names
--- in order, so that the same body always gives the same error; and the object they are in.
local function find(object, read, depth)
  local code, message = read(object)
  if message then return code, message, object end
  if depth == MAX_DEPTH then return nil end
  for _, name in ipairs(sorted_names(object)) do
    local member = object[name]
    if type(member) == "table" and name ~= "details" then
      local inner, text, holder = find(member, read, depth + 1)
      if text then return inner, text, holder end
    end
  end
end

--- A message without its code is better than none.
local function lone_message(object)
  return text_of(object.error_msg) or text_of(object.error_message) or text_of(object.errorMsg)
    or text_of(object.errorMessage) or text_of(object.message)
end

local function read_details(list, mask)
  if type(list) ~= "table" then return nil end
  local details = {}
  for _, entry in ipairs(list) do
    local code, message
    if type(entry) == "table" then code, message = find(entry, pair_of, 1) end
    if message then details[#details + 1] = { code = code and mask(code), message = mask(message) } end
  end
  return details[1] and details or nil
end

--- The first bytes of a body, fit for a message. Masked before they are cut, since no
--- mask recognises half a secret.
local function snippet(body, mask)
  local short, is_cut = cut(mask(body), SNIPPET)
  return one_line(short) .. (is_cut and "…" or "")
end

local titles = {
  [301] = "moved permanently", [302] = "redirected", [304] = "not modified",
  [307] = "redirected", [308] = "redirected permanently",
  [400] = "bad request", [401] = "not authenticated", [403] = "forbidden", [404] = "not found",
  [408] = "request timed out", [413] = "request too large", [429] = "too many requests",
  [500] = "internal error", [502] = "bad gateway", [503] = "service unavailable",
  [504] = "gateway timed out",
}

--- As much of a body as an error keeps.
local function kept_body(answer, mask) return (cut(mask(answer.body), MAX_BODY)) end

local function title_of(answer) return titles[answer.status] or "the service refused the request" end

local function fallback_message(answer, mask)
  local title = title_of(answer)
  if answer.body:find("^%s*$") then return title end
  return title .. ": " .. snippet(answer.body, mask)
end

--- A service's message as one sentence. The canonical request that gateways echo behind
--- their reason is for the hint.
local function sentence(said)
  local echo = said:find("canonicalRequest:", 1, true)
  if echo then said = said:sub(1, echo - 1):match "^.*[^%s,;]" or "" end
  local short, is_cut = cut(said, MAX_MESSAGE)
  return is_cut and short .. "…" or short
end

--- What the body of a refusal says: its fields, and the whole message.
local function read_refusal(answer, mask, fields)
  local body = json.unwrap(answer.body)
  if type(body) ~= "table" then return nil end
  local code, text, holder = find(body, pair_of, 1)
  local other_code, encoded = find(body, authorization_of, 1)
  code, holder = text and code or other_code, holder or body
  fields.code = code and mask(code)
  fields.request_id = fields.request_id or text_of(holder.request_id) or text_of(body.request_id)
  fields.http_code = type(holder.http_code) == "number" and holder.http_code or nil
  fields.details = read_details(holder.details or body.details, mask)
  fields.encoded_authorization_message = encoded and mask(encoded)
  text = text or lone_message(body) or encoded and title_of(answer)
  return text and mask(text)
end

--- The error that an answer other than 2xx stands for.
---@param answer aom.Answer
---@param mask fun(text: string): string  hides the caller's secrets
---@return aom.Error
---@return string said  the service's whole message
function refusal.of(answer, mask)
  local headers = answer.headers
  local fields = {
    status = answer.status,
    request_id = headers["x-request-id"] or headers["x-iam-trace-id"],
    retryable = retry.is_transient(answer.status),
    body = kept_body(answer, mask),
  }
  local said = read_refusal(answer, mask, fields) or fallback_message(answer, mask)
  fields.request_id = fields.request_id and mask(fields.request_id)
  return errors.new("service", sentence(said), fields), said
end

local harmless_codes = { ["0"] = true, ["200"] = true }
local harmless_words = { success = true, ok = true }

--- Some services report an error with a 2xx status. A code counts if its field is for errors
--- only, or if it looks like an error code, such as "AOM.31001302", and is not one of a success.
local function error_code_of(object)
  local inner = object.error
  local code = text_of(object.error_code) or text_of(object.errorCode)
    or (type(inner) == "table" and text_of(inner.code))
    or (type(object.code) == "string" and object.code:match "^[A-Z][0-9A-Z_]*%.[0-9]+$")
  if not code or harmless_codes[code] or harmless_words[lower(lone_message(object) or "")] then return nil end
  return code, code
end

-- Acknowledgements hold no fields that a user defines, so they can be searched in depth.
local searched = { acknowledgement = MAX_DEPTH, outcome = MAX_DEPTH }

--- The error that the body of a 2xx answer states, if any.
---@param answer aom.Answer
---@param request aom.Request
---@param mask fun(text: string): string
---@return aom.Error|nil err
---@return string|nil said  the service's whole message
---@return any document     without an error: what the body is decoded
function refusal.within(answer, request, mask)
  local body = json.unwrap(answer.body)
  if type(body) ~= "table" then return nil, nil, body end
  local deepest = searched[request.operation.result] or 1
  local code = find(body, error_code_of, MAX_DEPTH + 1 - deepest)
  if not code then return nil, nil, body end
  local err, said = refusal.of(answer, mask)
  err.code = err.code or mask(code)
  return err, said
end

--- The error of a 2xx answer that no service of this kind gives.
---@param answer aom.Answer
---@param mask fun(text: string): string
---@return aom.Error
function refusal.unexpected(answer, mask)
  local request_id = answer.headers["x-request-id"]
  return errors.new("protocol",
    "unexpected response: " .. (answer.body:find "%S" and snippet(answer.body, mask) or "an empty body"),
    { status = answer.status, request_id = request_id and mask(request_id), body = kept_body(answer, mask) })
end

return refusal

--- How providers talk to the services that give credentials: JSON over the client's
--- own loop, so that a renewal waits as calls do. Nothing of a good answer is ever
--- shown, since it holds secrets.

local attempt = require "aom.http.attempt"
local clock = require "aom.util.clock"
local errors = require "aom.util.errors"
local is_direct = require "aom.config.endpoint".is_direct
local json = require "aom.util.json"
local mask = require "aom.util.mask"
local response = require "aom.api.response"
local retry = require "aom.http.retry"

local remote = {}

---@class aom.RemoteRequest
---@field what string           whom it asks, for messages
---@field method string
---@field endpoint aom.Endpoint
---@field path string           decoded, after the endpoint's own
---@field query? table[]
---@field headers? table<string, string>
---@field body? table|string    a table is sent as JSON
---@field secrets? string[]     hidden in what the service says
---@field no_proxy? boolean
---@field timeout? number       seconds for one attempt
---@field tries? integer        attempts in all; default 3

local function name(ask) return ("%s (%s)"):format(ask.what, ask.endpoint.base) end

local function build(settings, ask)
  local headers = { ["Content-Type"] = "application/json" }
  for header, value in pairs(ask.headers or {}) do headers[header] = value end
  local body = ask.body or ""
  return attempt.new {
    method = ask.method,
    base = ask.endpoint.base, host = ask.endpoint.host, path = ask.endpoint.path .. ask.path,
    query = ask.query or {}, headers = headers,
    body = type(body) == "table" and assert(json.encode(body)) or body,
    date = "", fresh = false, no_proxy = ask.no_proxy or is_direct(ask.endpoint, settings),
    connect_timeout = math.min(settings.connect_timeout, ask.timeout or math.huge),
  }
end

local function send(settings, context, ask)
  local loop = context.loop
  local deadline = math.min(context.deadline, loop.now() + (ask.timeout or settings.attempt_timeout))
  local answer, trouble = loop.fetch(build(settings, ask), deadline)
  if answer then return answer end
  local message = ("%s gave no answer: %s"):format(name(ask), trouble.message)
  if trouble.kind == "cancelled" then message = trouble.message end
  return nil, errors.new(trouble.kind, message, {
    cause = trouble.code and { code = trouble.code, message = trouble.message } or nil,
  })
end

local function is_transient(answer, err)
  if answer then return retry.is_transient(answer.status) end
  return err.kind == "network" or err.kind == "timeout"
end

--- Asks, and asks again where that may help and the deadline allows it.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param ask aom.RemoteRequest
---@return aom.Answer|nil  whatever its status
---@return aom.Error|nil
function remote.ask(settings, context, ask)
  local system, loop = settings.source.system, context.loop
  local tried, tries = 0, ask.tries or 3
  while true do
    tried = tried + 1
    local answer, err = send(settings, context, ask)
    if tried == tries or not is_transient(answer, err) then return answer, err end
    local minimum = answer and retry.after(answer.headers, system.time()) or 0
    local delay = retry.delay(tried, system.random(), minimum)
    if loop.now() + delay >= context.deadline then return answer, err end
    if loop.sleep(delay) == false then return nil, errors.cancelled() end
  end
end

--- The error of an answer that is no good one.
---@param answer aom.Answer
---@param ask aom.RemoteRequest
---@return aom.Error
function remote.failure(answer, ask)
  local err = response.failure(answer, mask.of(ask.secrets or {}))
  err.kind = "credentials"
  err.message = ("%s refused: %s"):format(name(ask), err.message)
  return err
end

--- The error of an answer that has not what it should have.
---@param ask aom.RemoteRequest
---@return aom.Error
function remote.nonsense(ask)
  return errors.new("protocol", ("the answer of %s is not what was asked for"):format(name(ask)))
end

--- The JSON object of a good answer, or the error of any other.
---@param settings table
---@param context table
---@param ask aom.RemoteRequest
---@return table|nil document
---@return aom.Error|nil err
---@return aom.Answer|nil answer
function remote.document(settings, context, ask)
  local answer, err = remote.ask(settings, context, ask)
  if not answer then return nil, err end
  if answer.status < 200 or answer.status > 299 then return nil, remote.failure(answer, ask), answer end
  local document = json.decode(answer.body)
  if type(document) ~= "table" then return nil, remote.nonsense(ask) end
  return document, nil, answer
end

local function text(value) return type(value) == "string" and value ~= "" and value or nil end

--- A text without the blanks around it. The pattern `^%s*(.-)%s*$` takes quadratic time,
--- which is for ever where somebody sends a million blanks.
---@param value string
---@return string
function remote.trim(value)
  local from = value:find "%S"
  return from and value:match(".*%S", from) or ""
end

--- Temporary keys, by the names under which an answer has them.
---@param fields any
---@param names { ak: string, sk: string, security_token: string, expires_at: string }
---@param ask aom.RemoteRequest
---@return aom.Credentials|nil
---@return aom.Error|nil
function remote.keys(fields, names, ask)
  if type(fields) ~= "table" then return nil, remote.nonsense(ask) end
  local values = {
    ak = text(fields[names.ak]), sk = text(fields[names.sk]),
    security_token = text(fields[names.security_token]),
    expires_at = clock.parse_time(fields[names.expires_at]),
  }
  -- Without an end they would be kept for ever.
  if not (values.ak and values.sk and values.security_token and values.expires_at) then
    return nil, remote.nonsense(ask)
  end
  return values
end

return remote

--- Requests to the services that give credentials: JSON over the client's own loop, so that
--- a renewal waits as calls do. Nothing of a good answer is shown, since it holds secrets.

local times = require "aom.util.times"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local exchange = require "aom.http.exchange"
local failover = require "aom.http.failover"
local json = require "aom.util.json"
local mask = require "aom.util.mask"
local outage = require "aom.http.outage"
local response = require "aom.api.response"

local remote = {}

---@class aom.RemoteRequest
---@field operation string      such as "create_token", for events
---@field service "identity"|"metadata"|"pod"  whom it asks
---@field method string
---@field endpoint aom.Endpoint
---@field path string           decoded, after the endpoint's own
---@field query? table[]
---@field headers? table<string, string>
---@field body? table|string    a table is sent as JSON
---@field secrets? string[]     hidden in what the service says
---@field no_proxy? boolean
---@field timeout? number       seconds for one attempt
---@field tries? integer        attempts in all, where it is less than the client's; default 3

local titles = {
  identity = "the identity service", metadata = "the metadata service", pod = "the pod identity endpoint",
}

local function name(ask) return ("%s (%s)"):format(titles[ask.service], ask.endpoint.base) end

local function headers_of(ask)
  local headers = { ["Content-Type"] = "application/json" }
  for header, value in each.pair(ask.headers or {}) do headers[header] = value end
  return headers
end

--- The error as one of the call that needs the credentials: it describes no request of
--- that call's.
local function as_part(err, ask)
  if err.status then
    err.kind, err.message = "credentials", ("%s refused: %s"):format(name(ask), err.message)
  elseif err.kind ~= "cancelled" then
    err.message = ("the request to %s failed: %s"):format(name(ask), err.message)
  end
  err.operation, err.method, err.url, err.attempts, err.elapsed = nil, nil, nil, nil, nil
  return err
end

--- Sends a request, with the usual retries within the deadline.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param ask aom.RemoteRequest
---@return aom.Answer|nil  a good one
---@return aom.Error|nil
---@return aom.Answer|nil last  with any status
function remote.ask(settings, context, ask)
  local body = ask.body or ""
  local channel = { loop = context.loop, settings = settings, system = settings.source.system, service = ask.service,
    targets = failover.new { ask.endpoint }, read = response.read_any,
    outage = outage.at(settings, context.loop, ask.endpoint.base) }
  local carried = exchange.new(channel, {
    operation = { name = ask.operation, method = ask.method, idempotent = true, attempt_timeout = ask.timeout,
      max_attempts = ask.tries or 3 },
    path = ask.path, query = ask.query or {}, headers = headers_of(ask),
    body = type(body) == "table" and assert(json.encode(body)) or body,
    mask = mask.of(ask.secrets or {}), no_proxy = ask.no_proxy,
  }, false, nil, context.deadline)
  local answer, err = carried:run()
  return answer, err and as_part(err, ask), carried.answer
end

--- The error of a good answer without what it should hold.
---@param ask aom.RemoteRequest
---@param what string  which field is missing or malformed, without its value
---@return aom.Error
function remote.unexpected(ask, what)
  return errors.new("protocol", ("unexpected response from %s: %s"):format(name(ask), what))
end

--- The JSON object of a good answer.
---@param settings table
---@param context table
---@param ask aom.RemoteRequest
---@return table|nil document
---@return aom.Error|nil err
---@return aom.Answer|nil answer
function remote.document(settings, context, ask)
  local answer, err, last = remote.ask(settings, context, ask)
  if not answer then return nil, err, last end
  local document = json.decode(answer.body)
  if type(document) ~= "table" then return nil, remote.unexpected(ask, "the body is not a JSON object"), answer end
  return document, nil, answer
end

local function text(value) return type(value) == "string" and value ~= "" and value or nil end

--- Temporary keys, by the names under which an answer has them.
---@param fields table
---@param names { ak: string, sk: string, security_token: string, expires_at: string }
---@param ask aom.RemoteRequest
---@return aom.Credentials|nil
---@return aom.Error|nil
function remote.keys(fields, names, ask)
  local values = {
    ak = text(fields[names.ak]), sk = text(fields[names.sk]),
    security_token = text(fields[names.security_token]),
    expires_at = times.parse_time(fields[names.expires_at]),
  }
  for _, field in ipairs { "ak", "sk", "security_token" } do
    if not values[field] then return nil, remote.unexpected(ask, names[field] .. " is missing or not a string") end
  end
  -- Keys without an end would be kept for ever.
  if not values.expires_at then return nil, remote.unexpected(ask, names.expires_at .. " is not a valid time") end
  return values
end

return remote

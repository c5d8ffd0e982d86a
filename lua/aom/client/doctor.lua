--- Examines everything that a call needs, step by step, and says what it found and how to
--- fix it. It changes nothing: its one signed call asks for the runs of a workflow that
--- cannot exist.

local call = require "aom.client.call"
local checks = require "aom.client.checks"
local client = require "aom.client.state"
local times = require "aom.util.times"
local dispatch = require "aom.client.dispatch"
local errors = require "aom.util.errors"
local evidence = require "aom.http.evidence"
local exchange = require "aom.http.exchange"
local failover = require "aom.http.failover"
local outage = require "aom.http.outage"
local scopes = require "aom.loop.scope"
local select_loop = require "aom.loop.select"
local start = require "aom.loop.callback".start

local doctor = {}

local add, fix_of = checks.add, checks.fix_of

local NO_WORKFLOW = "00000000-0000-0000-0000-000000000000"

-- Seconds by which a clock may be off without a warning; the gateway tolerates 15 minutes.
local NOTABLE = 60

---@class aom.Examination
---@field report aom.Report
---@field state aom.ClientState
---@field scope aom.Scope

-- The last second of the year 9999. A provider may name any number, also one that is no whole one.
local LAST = 253402300799

--- Until when credentials are valid, where that is a time.
local function ending(seconds)
  if not seconds or seconds < 0 or seconds > LAST then return "" end
  return os.date("!, valid until %Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

--- Whether there are credentials at all.
local function check_credentials(report, state)
  local loop, credentials = state.loop, state.credentials
  local deadline = loop.now() + state.settings.timeout
  local authenticator, err = credentials:get(loop, deadline, deadline)
  if not authenticator then
    add(report, "credentials", "fail", err.message, fix_of(err))
    return false
  end
  add(report, "credentials", "ok", ("%s from %s%s"):format(authenticator.kind.noun, credentials.provider.where,
    ending(authenticator.expires_at)))
  return true
end

--- A request without credentials, to which any answer will do. It is sent once, since a
--- retry would hide what this looks for.
local function knock(self, endpoint)
  local state = self.state
  local channel = { loop = state.loop, settings = state.settings, system = state.system,
    targets = failover.new { endpoint }, outage = outage.new(state.loop), read = function(answer) return answer end }
  return exchange.new(channel, {
    operation = { name = "knock", method = "GET", idempotent = false, max_attempts = 1 },
    path = "/", query = {}, body = "",
  }, false, self.scope):run()
end

local function check_tls(report, settings, endpoint, err)
  if endpoint.scheme == "http" then
    local status = endpoint.loopback and "ok" or "warn"
    add(report, "tls", status, endpoint.base .. " is not encrypted",
      status == "warn" and "use an https:// endpoint" or nil)
  elseif err and err.kind == "tls" then
    add(report, "tls", "fail", ("%s cannot be verified: %s"):format(endpoint.base, err.message), err.hint)
  elseif settings.insecure then
    add(report, "tls", "warn", endpoint.base .. " is not verified, because option insecure is set", "remove the option")
  elseif not err then
    add(report, "tls", "ok", endpoint.base .. " is verified")
  end
end

local function check_clock(report, system, date)
  local theirs = date and times.parse_http_date(date)
  if not theirs then return end
  local gap = theirs - system.time()
  local seconds = math.abs(gap)
  local detail = gap == 0 and "this machine's clock is right"
    or ("this machine's clock is %d second%s %s"):format(seconds, seconds == 1 and "" or "s",
      gap > 0 and "slow" or "fast")
  if seconds < NOTABLE then
    add(report, "clock", "ok", detail)
  else
    add(report, "clock", "warn", detail,
      "synchronise the clock with NTP; calls correct the time by themselves, at the cost of one refused request")
  end
end

--- Whether an endpoint answers. Returns its Date header.
local function check_endpoint(self, endpoint)
  local report = self.report
  local answer, err = knock(self, endpoint)
  if answer then
    add(report, "endpoint", "ok", endpoint.base .. " answers")
  elseif err.kind ~= "tls" then
    add(report, "endpoint", "fail", ("%s: %s"):format(endpoint.base, err.message), err.hint)
  else
    add(report, "endpoint", "ok", endpoint.base .. " can be reached")
  end
  check_tls(report, self.state.settings, endpoint, err)
  return answer ~= nil, answer and answer.headers.date
end

local function check_endpoints(self)
  local reached, date = false, nil
  for _, endpoint in ipairs(self.state.settings.endpoints) do
    local answers, theirs = check_endpoint(self, endpoint)
    reached, date = reached or answers, date or theirs
  end
  check_clock(self.report, self.state.system, date)
  return reached
end

-- An operation's row for this one question: see aom.api.operations.
local question = {
  name = "doctor", official = "ListWorkflowExecutions", method = "GET", arguments = {}, idempotent = true,
  result = "acknowledgement", permission = "cms:execution:get",
}

--- What an error says about access: a status, a detail and a fix. Who gave an answer is
--- known by its code alone: one without may be that of a proxy or a firewall on the way.
local function judge(err)
  local status, code = err.status, err.code
  local said = status and ("HTTP %d%s: %s"):format(status, code and " " .. code or "", err.message) or err.message
  if err.kind ~= "service" then return "fail", said, fix_of(err) end
  if status == 404 and code and evidence.gateway_number(code) == "0101" then
    return "warn", "the endpoint does not know the API (" .. said .. ")", fix_of(err)
  end
  if (status == 404 or status == 400) and code and evidence.is_behind(code, status) then
    return "ok", "the service accepts the credentials"
  end
  if status == 403 and evidence.is_provider(code, status) then
    return "warn", "the service refuses this request (" .. said .. ")", fix_of(err)
  end
  local is_refused = status == 401 and code and evidence.gateway_number(code)
  return status == 401 and "fail" or "warn", said, fix_of(err) or is_refused and "correct the credentials" or nil
end

local function check_access(self, reached, known)
  local report = self.report
  if not reached or not known then
    local why = known and "no endpoint answers" or "there are no credentials"
    add(report, "access", "warn", "not tried, because " .. why, "fix that first")
    return
  end
  local result, err = call.run(self.state, {
    operation = question, values = {}, path = "/cms/workflow/" .. NO_WORKFLOW .. "/executions", query = {}, body = "",
  }, self.scope)
  if result then return add(report, "access", "ok", "the service accepts the credentials") end
  add(report, "access", judge(err))
end

local function examine(self)
  local report, state = self.report, self.state
  checks.add_troubles(report, checks.parts)
  checks.configuration(report, state)
  checks.add_troubles(report, checks.profile, state.system)
  local known = check_credentials(report, state)
  check_access(self, check_endpoints(self), known)
  client.close(state)
  if self.scope:is_cancelled() then return nil, errors.cancelled() end
  return report
end

--- Examines what a client with these options would do.
---@param given table|nil  client options
---@param system? aom.System
---@param callback? fun(err: aom.Error|nil, report: aom.Report|nil)
---@return aom.Report|aom.Handle|nil
---@return aom.Error|nil err  nothing can be asked from here
function doctor.examine(given, system, callback)
  local err = dispatch.check_callback(callback)
  if err then return nil, err end
  local report = checks.report()
  local state = checks.open(report, given, system)
  if not state and not callback then return report end
  local function body(scope)
    if not state then return report end
    return examine { report = report, state = state, scope = scope }
  end
  local loop, result = state and state.loop, nil
  -- Without a client there is nothing to send, but the callback still comes later.
  if not loop then loop, err = select_loop.loop { max_response_bytes = 1 } end
  if not loop then return nil, err end
  if callback then
    result, err = start(loop, body, callback)
  else
    err = select_loop.enter(loop, false)
    if not err then return body(scopes.new()) end
  end
  if err and state then client.close(state) end
  return result, err
end

return doctor

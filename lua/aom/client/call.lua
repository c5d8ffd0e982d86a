--- The life of a call, as straight code: get credentials, sign, fetch, decode, ask
--- whether to try again, wait, once more. It runs alike in every loop.

local attempt = require "aom.http.attempt"
local endpoints = require "aom.http.failover"
local errors = require "aom.util.errors"
local evidence = require "aom.credentials.evidence"
local is_direct = require "aom.config.endpoint".is_direct
local explain = require "aom.client.diagnose"
local open = require "aom.loop.select"
local project = require "aom.credentials.project"
local response = require "aom.api.response"
local retry = require "aom.http.retry"

local call = {}

--- What a call in progress knows.
---@class aom.Call
---@field client aom.ClientState
---@field request aom.Request
---@field scope? table        what it is a part of: { cancelled, deadline, pace }
---@field started number
---@field deadline number
---@field attempts integer
---@field attempt aom.Attempt|false
---@field bearer aom.Bearer|false
---@field hold table|boolean  the key's gate
---@field last aom.Error|false  the last error that was not the deadline's
---@field healed boolean      it was signed again already, by a corrected clock
---@field replaced boolean    other credentials were asked for already
---@field endpoint aom.Endpoint|false  where the last attempt went
---@field unreached table<aom.Endpoint, boolean>|false  those that another one took over from

--- Where the request goes now, and its whole path there.
local function destination(self)
  local client, request = self.client, self.request
  if request.endpoint then return request.endpoint, request.endpoint.path .. request.path end
  local endpoint = client.endpoints:current(client.loop.now())
  return endpoint, endpoint.path .. "/v1/" .. (client.settings.project_id or "{project_id}") .. request.path
end

--- Completes an error with what was attempted.
local function describe(self, err)
  local request = self.request
  err.operation = request.operation.name
  err.method = request.operation.method
  local endpoint, path = destination(self)
  err.url = attempt.url((self.endpoint or endpoint).base, path, request.query)
  err.attempts = err.attempts or self.attempts
  err.elapsed = err.elapsed or self.client.loop.now() - self.started
  return err
end

--- By its handle, or because the client was closed meanwhile.
local function is_cancelled(self)
  return self.client.closed or self.scope and self.scope.cancelled
end

--- Tells the user's hook. Callers on the busy path look first whether there is one.
local function emit(self, name, event)
  local on_event = self.client.settings.on_event
  if not on_event then return end
  event.event = name
  event.operation = self.request.operation.name
  event.attempt = event.attempt or self.attempts
  local fine, err = pcall(on_event, event)
  if not fine then self.client.system.warn("on_event raised an error: " .. tostring(err)) end
end

local masked_headers = {
  ["authorization"] = true, ["x-auth-token"] = true, ["x-security-token"] = true, ["x-subject-token"] = true,
}

local function visible(headers)
  local copy = {}
  for name, value in pairs(headers) do copy[name] = masked_headers[name:lower()] and "***" or value end
  return copy
end

local function prepare(self)
  local client, request, bearer = self.client, self.request, self.bearer
  local settings = client.settings
  local endpoint, path = destination(self)
  self.endpoint = endpoint
  self.attempt = attempt.new {
    method = request.operation.method,
    base = endpoint.base,
    host = endpoint.host,
    path = path,
    query = request.query,
    headers = bearer.headers,
    body = request.body,
    signer = request.endpoint and bearer.lookup_signer or bearer.signer,
    date = client.clock:stamp(),
    offset = client.clock.offset,
    connect_timeout = settings.connect_timeout,
    fresh = not request.operation.idempotent,
    no_proxy = is_direct(endpoint, settings),
  }
end

--- When what this call holds goes to the next one, should this one vanish.
local function hold_until(self)
  return math.min(self.deadline, self.client.loop.now() + self.client.settings.attempt_timeout)
end

--- Asks once for other credentials in place of those refused. True: there are some.
local function replace(self)
  local client = self.client
  if self.replaced then
    client.identity:spare_source(self.bearer, client.loop)
    return false
  end
  self.replaced = true
  return client.identity:replace(self.bearer, client.loop, self.deadline, hold_until(self))
end

--- Other credentials than those of the attempt before have a record of their own: what
--- this call holds of the old one's is given up.
local function take_up(self, bearer)
  local before = self.bearer
  if before and before ~= bearer and before.record then
    before.record:give_up(self.client.loop, self.hold)
    self.hold = false
  end
  self.bearer = bearer
end

--- Gets credentials and, where a key pair is new, the right to try it out. For a key that
--- is refused already, the source may have another by now.
local function admit(self)
  local loop = self.client.loop
  repeat
    local expires = hold_until(self)
    local bearer, err = self.client.identity:get(loop, self.deadline, expires)
    if not bearer then return nil, err end
    take_up(self, bearer)
    if not bearer.record then return true end
    local refused
    self.hold, err, refused = bearer.record:enter(loop, self.deadline, expires, self.hold)
    if self.hold then return true end
    if not refused or is_cancelled(self) or not replace(self) then return nil, err end
  until is_cancelled(self)
  return nil, errors.cancelled()
end

--- An error for an attempt that got no answer.
local function trouble_error(self, trouble)
  local mask = self.bearer.mask
  return errors.new(trouble.kind, mask(trouble.message), {
    hint = explain.trouble(trouble.kind, self.client.settings),
    cause = trouble.code and { code = trouble.code, message = mask(trouble.message) } or nil,
  })
end

local function explain_refusal(self, err)
  local hint = explain.refusal(err, self.client.settings.region)
  if not hint and err.status == 401 and self.bearer.signer then
    local ours = self.attempt:canonical_request()
    hint = ours and explain.difference(self.bearer.mask(ours), err.message)
  end
  err.hint = hint
end

--- A signature that was refused: by a clock that was off, or by a wrong key, which counts.
---@return integer|nil gap  by which the clock seems to be off
---@return boolean|nil corrected
local function count_refusal(self, said, err, answer)
  local client = self.client
  local gap, corrected = client.clock:learn(err.message, answer.headers.date, self.attempt.offset)
  if corrected then
    err.hint = ("by the service's clock this machine's is %d seconds %s"):format(
      math.abs(gap), gap >= 0 and "slow" or "fast")
  end
  -- Whoever gives no code may be somebody on the way, whose clock says nothing about ours.
  if not (corrected and said == "certain") then self.bearer.record:refuse(client.loop, self.hold, err, said) end
  return gap, corrected
end

--- Learns from an answer what it says about the credentials. Returns what
--- `count_refusal` does.
local function weigh(self, err, answer)
  local bearer = self.bearer
  local said = evidence.of(answer, err and err.code, err and err.message)
  if said == "accepts" then
    if bearer.record then bearer.record:accept(self.client.loop) end
    if answer.status ~= 401 then bearer.substitute = false end
  elseif said and bearer.record then
    return count_refusal(self, said, err, answer)
  end
end

--- What may help after a 401: the corrected clock, or other credentials. A signature that
--- is called expired may also have been held up on its way.
local function find_remedy(self, gap, corrected)
  if not (corrected and not self.healed) and replace(self) then return true end
  if not gap or self.healed then return false end
  self.healed = true
  emit(self, "skew", { gap = gap })
  return true
end

--- Reads an answer. Returns a result, or nil, the error, and whether the request may
--- be sent again at once.
local function judge(self, answer)
  local bearer, status = self.bearer, answer.status
  local result, err
  if status >= 200 and status < 300 then
    result, err = response.result(answer, self.request, bearer.mask)
  else
    err = response.failure(answer, bearer.mask)
    explain_refusal(self, err)
  end
  local gap, corrected = weigh(self, err, answer)
  if self.client.settings.on_event then
    emit(self, "response", { status = status, headers = visible(answer.headers) })
    -- The hook may have closed the client.
    if err and is_cancelled(self) then return nil, errors.cancelled() end
  end
  local again = status == 401 and find_remedy(self, gap, corrected)
  return result, err, again and self.attempts < self.client.settings.max_attempts
end

--- Whether another endpoint takes over at once from one that could not be reached. In
--- one call each is given up so once; then it waits as after any other failure.
local function fail_over(self, trouble)
  local client, now = self.client, self.client.loop.now()
  if self.request.endpoint or not endpoints.is_unreached(trouble) or now >= self.deadline then return false end
  client.endpoints:leave(self.endpoint, now)
  self.unreached = self.unreached or {}
  self.unreached[self.endpoint] = true
  local following = client.endpoints:current(now)
  if self.unreached[following] then return false end
  emit(self, "failover", { from = self.endpoint.base, to = following.base })
  return true
end

--- What must not run twice is worth another try only where it cannot have run.
local function keep_safe(self, err, sent)
  err.retryable = err.retryable and retry.is_safe(err, self.request.operation.idempotent, sent)
  return err
end

--- Sends the request once. Returns a result; or nil, the error, whether to send again
--- at once, the trouble that stands for "no answer", and the answer.
local function attempt_once(self)
  local client = self.client
  local loop, settings = client.loop, client.settings
  prepare(self)
  if settings.on_event then
    emit(self, "request", { attempt = self.attempts + 1, method = self.attempt.method, url = self.attempt:url(),
      headers = visible(self.attempt.headers) })
    if is_cancelled(self) then return nil, errors.cancelled() end
  end
  self.attempts = self.attempts + 1
  local deadline = math.min(loop.now() + settings.attempt_timeout, self.deadline)
  local answer, trouble = loop.fetch(self.attempt, deadline)
  if is_cancelled(self) then return nil, errors.cancelled() end
  if not answer then
    return nil, keep_safe(self, trouble_error(self, trouble), trouble.sent ~= false), fail_over(self, trouble), trouble
  end
  local result, err, again = judge(self, answer)
  return result, err and keep_safe(self, err, true), again, nil, answer
end

--- What the calls of a bulk share to keep the service's pace.
local function pace_of(self) return self.scope and self.scope.pace end

--- Waits before the next attempt; nil when there is to be none.
local function wait(self, err, trouble, answer)
  local client = self.client
  local settings, loop = client.settings, client.loop
  local sent = not trouble or trouble.sent
  local repeats = self.attempts < settings.max_attempts
    and retry.may_repeat(err, self.request.operation.idempotent, sent)
  local pace = err.status == 429 and pace_of(self)
  if not repeats and not pace then return nil end
  local minimum = answer and retry.after(answer.headers, client.system.time()) or 0
  local delay = retry.delay(self.attempts, client.system.random(), minimum)
  if pace then pace:slow(delay) end
  if not repeats or loop.now() + delay >= self.deadline then return nil end
  emit(self, "retry", { delay = delay, error = err })
  loop.sleep(delay)
  return true
end

--- Holds an attempt back while the service has asked another call to wait.
local function keep_pace(self)
  local pace = pace_of(self)
  if not pace or pace:hold(self.deadline) then return true end
  return nil, self.last or errors.new("timeout", "the service has asked to wait for longer than the call may take")
end

--- The error to end with: of a retry that the deadline cut off, the one before it.
local function final_error(self, err)
  local cut = err.kind == "timeout" and self.client.loop.now() >= self.deadline - 0.01
  return cut and self.last or err
end

local function loop_until_done(self)
  if is_cancelled(self) then return nil, errors.cancelled() end
  while true do
    local admitted, err = admit(self)
    if admitted then admitted, err = keep_pace(self) end
    if is_cancelled(self) then return nil, errors.cancelled() end
    if not admitted then return nil, final_error(self, err) end
    local result, again, trouble, answer
    result, err, again, trouble, answer = attempt_once(self)
    if result then return result end
    if not again then
      if not wait(self, err, trouble, answer) then return nil, final_error(self, err) end
      if is_cancelled(self) then return nil, errors.cancelled() end
    end
    self.last = err
  end
end

--- Runs a request to its end.
---@param client aom.ClientState
---@param request aom.Request
---@param scope? table  what it is a part of, which has entered the loop already: { cancelled, deadline, pace }
---@param deadline? number
---@return table|nil result
---@return aom.Error|nil err
function call.run(client, request, scope, deadline)
  local refusal = not scope and open.enter(client.loop, false)
  if refusal then return nil, refusal end
  local started = client.loop.now()
  deadline = deadline or started + client.settings.timeout
  if scope and scope.deadline then deadline = math.min(deadline, scope.deadline) end
  local self = {
    client = client, request = request, scope = scope or false,
    started = started, deadline = deadline, attempts = 0,
    attempt = false, bearer = false, hold = false, last = false, healed = false, replaced = false,
    endpoint = false, unreached = false,
  }
  if not request.endpoint and not client.settings.project_id then
    local found, why = project.ensure(client, call.run, scope, self.deadline)
    if is_cancelled(self) then why = errors.cancelled() end
    -- An error of the look-up's own request says already what was attempted.
    if not found then return nil, why.operation and why or describe(self, why) end
  end
  local result, err = loop_until_done(self)
  err = err and describe(self, err)
  if self.hold then
    -- What was answered to this request is no answer to those that wait.
    local shared = err and err.kind ~= "cancelled" and not err.status and err or nil
    self.bearer.record:give_up(client.loop, self.hold, shared)
  end
  if not result then return nil, err end
  result.attempts = self.attempts
  result.elapsed = client.loop.now() - started
  return result
end

return call

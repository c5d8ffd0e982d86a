--- Carries one request to its answer: attempts within a deadline, endpoints that take
--- over from each other, waits between attempts, and the error that explains a failure.
--- It knows nothing of accounts: the request's `access` decides who may send and what a
--- refusal means.

local advice = require "aom.http.advice"
local attempt = require "aom.http.attempt"
local errors = require "aom.util.errors"
local events = require "aom.http.events"
local failover = require "aom.http.failover"
local late = require "aom.http.late"
local mask = require "aom.util.mask"
local outages = require "aom.http.outage"
local plan_for = require "aom.http.plan"
local retry = require "aom.http.retry"

local exchange = {}

local emit = events.emit

--- A service, and what all exchanges with it share.
---@class aom.Channel
---@field loop aom.Loop
---@field settings table
---@field system aom.System
---@field targets aom.Failover
---@field read fun(answer: aom.Answer, mask: function, request: aom.Request): table|nil, aom.Error|nil, string|nil
---  the result; or nil, the error, and the service's whole message where the error's is shorter
---@field service? string         for events: which one it is, when it is not the client's own
---@field clock? aom.Clock        dates what is signed
---@field throttle? aom.Throttle  keeps the pace that the service asks for
---@field outage aom.Outage       waits while the service cannot be reached
---@field plans? table<table, aom.AttemptPlan>  of its attempts, by operation
---@field closed? boolean

--- What is sent.
---@class aom.Request
---@field operation { name: string, method: string, idempotent: boolean, attempt_timeout?: number,
---  max_attempts?: integer, permission?: string, official?: string, all_headers?: boolean }
---@field values? table<string, string>  the caller's arguments by name, which a result tells again
---@field prefix? string         of the path, as far as it is not the endpoint's
---@field path string            decoded
---@field query table[]          { name, value } pairs
---@field body string
---@field headers? table<string, string>       what is sent beside the account's; without access, all
---@field mask? fun(text: string): string      without access: hides the secrets in it
---@field no_proxy? boolean

--- Who may send, and what follows from a refusal.
---@class aom.Access
---@field admit fun(self, deadline: number, expires: number): aom.Grant|nil, aom.Error|nil
---@field weigh fun(self, answer: aom.Answer, err: aom.Error|nil, sent: aom.Attempt)  learns from an answer
---@field find_remedy fun(self): boolean, number|nil  after a 401: whether to send again at once, and by how many
---  seconds the clock was corrected for that
---@field settle fun(self, err: aom.Error|nil)  the exchange has ended

--- What an attempt carries of an account.
---@class aom.Grant
---@field headers table<string, string>
---@field signer? userdata
---@field mask fun(text: string): string

--- What a turn, one attempt and all around it, comes to.
---@class aom.Decision
---@field state "done"|"again"|"wait"|"failed"
---@field err? aom.Error    of all but "done", whose result the exchange keeps
---@field delay? number     of "wait": seconds

---@class aom.Exchange
---@field channel aom.Channel
---@field request aom.Request
---@field access aom.Access|false
---@field scope aom.Scope|false
---@field patience number          seconds that one attempt may take
---@field max_attempts integer
---@field started number
---@field deadline number
---@field attempts integer
---@field attempt aom.Attempt|false
---@field grant aom.Grant|false
---@field last aom.Error|false     the last error that was not the deadline's
---@field endpoint aom.Endpoint|false  where the last attempt went
---@field answer aom.Answer|false    the last one
---@field left table<aom.Endpoint, boolean>|false  those that another one took over from
---@field probe aom.FlightHold|false  it looks for all whether the service can be reached
---@field waits boolean            it has told of an outage
---@field late boolean  an attempt before the last one may still be carried out
local Exchange = { scope = false, last = false, left = false, probe = false, waits = false, late = false }
Exchange.__index = Exchange

local DONE = { state = "done" }

local function least(usual, own) return own and own < usual and own or usual end

local function failed(err) return { state = "failed", err = err } end

--- By its handle, or because the client was closed meanwhile.
local function is_cancelled(self) return self.channel.closed or self.scope and self.scope:is_cancelled() end

Exchange.is_cancelled = is_cancelled

local function path_at(endpoint, request) return endpoint.path .. (request.prefix or "") .. request.path end

--- Completes an error with what was attempted.
local function describe(self, err)
  local request, operation = self.request, self.request.operation
  local endpoint = self.endpoint or self.channel.targets:current(self.channel.loop.now())
  err.operation, err.method = operation.name, operation.method
  err.url = attempt.url(endpoint.base, path_at(endpoint, request), request.query)
  err.attempts = err.attempts or self.attempts
  err.elapsed = err.elapsed or self.channel.loop.now() - self.started
  return err
end

--- Gets what the account gives: a signer or headers, and the right to send with them.
local function admit(self, now)
  local access, request = self.access, self.request
  if not access then
    self.grant = self.grant or { headers = request.headers or {}, mask = request.mask or mask.of {} }
    return true
  end
  local grant, err = access:admit(self.deadline, least(self.deadline, now + self.patience))
  self.grant = grant or self.grant
  return grant, err
end

local function is_throttled(channel)
  local throttle = channel.throttle
  return throttle and throttle.resume_at > 0 and throttle.resume_at > channel.loop.now()
end

--- Holds an attempt back while the service has asked another call to wait. The right to try
--- a key out may have gone to the next call meanwhile: so it is asked for again.
local function keep_pace(self)
  local throttle = self.channel.throttle
  if not throttle:hold(self.deadline, self) then
    -- A wait that was begun and ended early was ended by a cancellation that only the loop knows of.
    if throttle.resume_at < self.deadline then return nil, errors.cancelled() end
    return nil, self.last or errors.new("timeout", "the wait after a 429 exceeds the call's deadline")
  end
  if is_cancelled(self) then return nil, errors.cancelled() end
  return admit(self, self.channel.loop.now())
end

--- Holds an attempt back while the service cannot be reached. Where one attempt is all, there
--- is nothing to wait for.
local function await_service(self)
  local channel, outage = self.channel, self.channel.outage
  if self.max_attempts == 1 then return true end
  local settings = channel.settings
  local patience = math.min(outage:patience(settings.outage_timeout), self.deadline - channel.loop.now())
  if patience > 0 and not self.waits then
    self.waits = true
    emit(self, "outage", { attempt = self.attempts + 1, delay = patience, error = errors.copy(outage.err) })
  end
  local ready = outage:pass(self, settings.outage_timeout, settings.connect_timeout)
  if ready == nil or is_cancelled(self) then return nil, errors.cancelled() end
  if not ready then return nil, outage:failure(self) end
  return true
end

---@param date string  X-Sdk-Date
local function prepare(self, endpoint, date)
  local channel, request, clock = self.channel, self.request, self.channel.clock
  self.endpoint = endpoint
  self.attempt = attempt.new({
    path = path_at(endpoint, request),
    query = request.query,
    body = request.body,
    signer = self.grant.signer,
    date = date,
    offset = clock and clock.offset or 0,
  }, plan_for(channel, request, self.grant.headers, endpoint))
end

--- Sends the request once.
local function send(self)
  local loop = self.channel.loop
  self.attempts = self.attempts + 1
  return loop.fetch(self.attempt, least(self.deadline, loop.now() + self.patience))
end

--- Whether the same request goes out once more, and when.
local function decide_on_retry(self, err, sent, answer)
  local channel, idempotent = self.channel, self.request.operation.idempotent
  -- What must not run twice is worth another try only where it cannot have run.
  err.retryable = err.retryable and retry.is_safe(err, idempotent, sent)
  local repeats = self.attempts < self.max_attempts and retry.may_repeat(err, idempotent, sent)
  local throttle = err.status == 429 and channel.throttle
  if not repeats and not throttle then return failed(err) end
  local minimum = answer and retry.after(answer.headers, channel.system.time()) or 0
  local delay = retry.delay(self.attempts, channel.system.random(), minimum)
  if throttle then throttle:slow(delay) end
  if not repeats or channel.loop.now() + delay >= self.deadline then return failed(err) end
  self.late = self.late or not retry.is_safe(err, false, sent)
  emit(self, "retry", { delay = delay, error = err })
  if is_cancelled(self) then return failed(errors.cancelled()) end
  return { state = "wait", err = err, delay = delay }
end

-- The kinds of trouble that need a connection, unless it is what did not come about.
local connected = { network = true, tls = true, protocol = true }

--- Learns whether the service can be reached: not while endpoints are left to be tried.
local function weigh_trouble(self, trouble, err, goes_on)
  local outage, is_late = self.channel.outage, self.channel.loop.now() >= self.deadline
  if outages.is_shown_by(trouble, is_late) then
    if outage.began or not goes_on then outage:note(self, trouble, err) end
  elseif connected[trouble.kind] or trouble.kind == "timeout" and trouble.sent then
    outage:finish(self)
  end
end

--- What follows from an attempt without an answer.
local function decide_on_trouble(self, trouble)
  local hide = self.grant.mask
  local err = errors.new(trouble.kind, hide(trouble.message), {
    hint = advice.trouble(trouble, self.channel.settings, self.attempt.no_proxy),
    cause = trouble.code and { code = trouble.code, message = hide(trouble.message) } or nil,
  })
  if retry.is_barred(trouble) then
    err.retryable = false
    return failed(err)
  end
  local goes_on = failover.take_over(self, trouble)
  weigh_trouble(self, trouble, err, goes_on)
  -- A request that never left is no attempt, so it is another one that waits for a connection.
  if trouble.away then self.attempts, goes_on = self.attempts - 1, self.max_attempts > 1 end
  if goes_on then return { state = "again", err = err } end
  if trouble.away then return failed(err) end
  return decide_on_retry(self, err, trouble.sent ~= false and not trouble.refused)
end

--- Says what the user can do about a refusal. `said` is the service's whole message.
local function explain(self, err, said)
  local grant, sent = self.grant, self.attempt
  local operation = self.request.operation
  local region = operation.official and self.channel.settings.region or nil
  err.hint = advice.refusal(err, said, region, operation.permission,
    grant.signer and function()
      local ours = sent:canonical_request()
      return ours and grant.mask(ours)
    end)
end

--- Whether a 401 may be one no more: by a corrected clock, or by other credentials.
local function is_remedied(self)
  if not self.access then return false end
  local again, gap = self.access:find_remedy()
  if gap then emit(self, "skew", { gap = gap }) end
  return again and self.attempts < self.max_attempts
end

--- What follows from an answer.
local function decide_on_answer(self, answer)
  local channel, access = self.channel, self.access
  channel.outage:finish(self)
  local result, err, said = channel.read(answer, self.grant.mask, self.request)
  self.answer = answer
  if err and not channel.service then explain(self, err, said or err.message) end
  -- Also of a call that was cancelled meanwhile: a refusal that is not counted may come again.
  if access then access:weigh(answer, err, self.attempt) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  if channel.settings.on_event then
    emit(self, "response", { status = answer.status, body = #answer.body,
      headers = mask.headers(answer.headers, self.grant.mask) })
    -- The hook may have closed the client.
    if err and is_cancelled(self) then return failed(errors.cancelled()) end
  end
  if result then
    self.result = result
    return DONE
  end
  if answer.status == 401 then
    if is_remedied(self) then return { state = "again", err = err } end
    if is_cancelled(self) then return failed(errors.cancelled()) end
  end
  return decide_on_retry(self, err, true, answer)
end

--- What follows from an attempt that has ended.
local function decide(self, answer, trouble)
  if answer then return decide_on_answer(self, answer) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  return decide_on_trouble(self, trouble)
end

---@return aom.Decision
local function turn(self)
  if is_cancelled(self) then return failed(errors.cancelled()) end
  local channel, clock, ready, err = self.channel, self.channel.clock, true, nil
  if channel.outage.began then ready, err = await_service(self) end
  if not ready then return failed(err) end
  local now = channel.loop.now()
  ready, err = admit(self, now)
  while ready and is_throttled(channel) do ready, err = keep_pace(self) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  if not ready then return failed(err) end
  prepare(self, channel.targets:current(now), clock and clock:stamp() or "")
  if channel.settings.on_event then
    emit(self, "request", { attempt = self.attempts + 1, method = self.attempt.method, url = self.attempt:url(),
      headers = mask.headers(self.attempt.headers, self.grant.mask), body = #self.attempt.body })
    if is_cancelled(self) then return failed(errors.cancelled()) end
  end
  return decide(self, send(self))
end

--- The first turn of a call that has sent its first attempt already.
---@param sent aom.Sent
---@return aom.Decision
local function take_over(self, sent)
  self.started, self.deadline = sent.started, sent.started + self.channel.settings.timeout
  self.attempts, self.grant = 1, sent.authenticator
  self.access:assume(sent.authenticator, self.deadline, least(self.deadline, sent.started + self.patience))
  prepare(self, sent.endpoint, sent.date)
  return decide(self, sent.answer, sent.trouble)
end

--- The error to end with: of a retry that the deadline cut off, or that the account forbade, the
--- one before it.
local function final_error(self, err)
  local last, is_barred = self.last, err.attempts == 0 and self.attempts > 0
  local is_cut = err.kind == "timeout" and self.channel.loop.now() >= self.deadline - 0.01
  if not last or not (is_cut or is_barred) then return err end
  -- The attempt that was cut off may have run what must not run twice.
  last.retryable = last.retryable and err.retryable
  if is_barred then last.hint = err.hint or last.hint end
  return last
end

--- Takes turns until one decides the exchange.
local function take_turns(self, sent)
  local decision = sent and take_over(self, sent) or turn(self)
  while true do
    if decision.state == "done" then return self.result end
    if decision.state == "failed" then return nil, final_error(self, decision.err) end
    self.last = decision.err
    if decision.state == "wait" and self.channel.loop.sleep(decision.delay) == false then
      return nil, errors.cancelled()
    end
    decision = turn(self)
  end
end

--- The error to end with when nothing can be sent. One that tells already what was
--- attempted is that of another exchange, which this one depends on.
---@param err aom.Error
---@return nil
---@return aom.Error
function Exchange:fail(err)
  if is_cancelled(self) then err = errors.cancelled() end
  err = err.operation and err or describe(self, err)
  events.tell_end(self, nil, err)
  return nil, err
end

--- Sends the request until it is answered, or until nothing more can be done.
---@param sent? aom.Sent  its first attempt: see aom.client.prepared
---@return table|nil result  what the channel's `read` made of the answer, with attempts and elapsed
---@return aom.Error|nil err
function Exchange:run(sent)
  local result, err = take_turns(self, sent)
  local access = self.access
  self.channel.outage:leave(self)
  if err then
    err = describe(self, err)
  else
    result.attempts, result.elapsed = self.attempts, self.channel.loop.now() - self.started
    if self.late then late.mark(result) end
  end
  if access then access:settle(err) end
  events.tell_end(self, result, err)
  return result, err
end

--- Begins an exchange; nothing is sent before `run`.
---@param channel aom.Channel
---@param request aom.Request
---@param access aom.Access|false
---@param scope? aom.Scope     what may cancel it, and end it early
---@param deadline? number     default: the client's timeout from now on
---@return aom.Exchange
function exchange.new(channel, request, access, scope, deadline)
  local settings, operation, started = channel.settings, request.operation, channel.loop.now()
  -- What few exchanges need is with the class until they do.
  local new = setmetatable({
    channel = channel, request = request, access = access, started = started,
    patience = least(settings.attempt_timeout, operation.attempt_timeout),
    max_attempts = least(settings.max_attempts, operation.max_attempts),
    deadline = deadline or started + settings.timeout, attempts = 0,
    attempt = false, grant = false, endpoint = false, result = false, answer = false,
  }, Exchange)
  if scope then
    new.scope = scope
    if scope.deadline and scope.deadline < new.deadline then new.deadline = scope.deadline end
  end
  return new
end

return exchange

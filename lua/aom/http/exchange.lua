--- Carries one request to its answer: attempts within a deadline, and what leads from one to
--- the next. What to do about one that failed is decided in aom.http.trouble. It knows nothing of
--- accounts: the request's `access` decides who may send and what a refusal means.

local attempt = require "aom.http.attempt"
local core = require "aom.core"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"

local events = lazy "aom.http.events"
local late = lazy "aom.http.late"
local mask = lazy "aom.util.mask"
local trouble = lazy "aom.http.trouble"

local exchange = {}

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

---@param endpoint aom.Endpoint
---@return string
function Exchange:path_at(endpoint)
  local request = self.request
  return endpoint.path .. (request.prefix or "") .. request.path
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

--- Waits for its turn where the service has asked another call to wait. The right to try
--- a key out may have gone to the next call meanwhile: so it is asked for again.
local function keep_pace(self)
  local ready, err = trouble.keep_pace(self)
  if not ready then return nil, err end
  return admit(self, self.channel.loop.now())
end

---@param date string  X-Sdk-Date
local function prepare(self, endpoint, date)
  local channel, request, clock = self.channel, self.request, self.channel.clock
  self.endpoint = endpoint
  self.attempt = attempt.new({
    path = self:path_at(endpoint),
    query = request.query,
    body = request.body,
    signer = self.grant.signer,
    date = date,
    offset = clock and clock.offset or 0,
  }, attempt.plan(channel, request, self.grant.headers, endpoint))
end

--- Sends the request once.
local function send(self)
  local loop = self.channel.loop
  self.attempts = self.attempts + 1
  return loop.fetch(self.attempt, least(self.deadline, loop.now() + self.patience))
end

--- What follows from an answer.
local function decide_on_answer(self, answer)
  local channel, access = self.channel, self.access
  channel.outage:finish(self)
  local result, err, said = channel.read(answer, self.grant.mask, self.request)
  self.answer = answer
  -- What tokens are asked for with is no key of a gateway's, but a look-up is signed like any call.
  if err and (access or not channel.service) then trouble.explain(self, err, said or err.message) end
  -- Also of a call that was cancelled meanwhile: a refusal that is not counted may come again.
  if access then access:weigh(answer, err, self.attempt) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  if channel.settings.on_event then
    events.emit(self, "response", { status = answer.status, body = #answer.body,
      headers = mask.headers(answer.headers, self.grant.mask) })
    -- The hook may have closed the client.
    if err and is_cancelled(self) then return failed(errors.cancelled()) end
  end
  if result then
    self.result = result
    return DONE
  end
  if answer.status == 401 then
    if trouble.is_remedied(self) then return { state = "again", err = err } end
    if is_cancelled(self) then return failed(errors.cancelled()) end
  end
  return trouble.decide_on_retry(self, err, true, answer)
end

--- What follows from an attempt that has ended.
local function decide(self, answer, failure)
  if answer then return decide_on_answer(self, answer) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  return trouble.decide(self, failure)
end

---@return aom.Decision
local function turn(self)
  if is_cancelled(self) then return failed(errors.cancelled()) end
  local channel, clock, ready, err = self.channel, self.channel.clock, true, nil
  if channel.outage.began then ready, err = trouble.await_service(self) end
  if not ready then return failed(err) end
  local now = channel.loop.now()
  ready, err = admit(self, now)
  while ready and is_throttled(channel) do ready, err = keep_pace(self) end
  if is_cancelled(self) then return failed(errors.cancelled()) end
  if not ready then return failed(err) end
  prepare(self, channel.targets:current(now), clock and clock:stamp() or "")
  if channel.settings.on_event then
    events.emit(self, "request", { attempt = self.attempts + 1, method = self.attempt.method, url = self.attempt:url(),
      headers = mask.headers(self.attempt.headers, self.grant.mask), body = #self.attempt.body })
    if is_cancelled(self) then return failed(errors.cancelled()) end
  end
  return decide(self, send(self))
end

--- The first turn of a call that has sent its first attempt already.
---@param sent aom.Sent
---@return aom.Decision
local function take_over(self, sent)
  self.started = sent.started
  self.deadline = least(sent.started + self.channel.settings.timeout, self.scope and self.scope.deadline)
  self.attempts, self.grant = 1, sent.authenticator
  self.access:assume(sent.authenticator, self.deadline, least(self.deadline, sent.started + self.patience))
  prepare(self, sent.endpoint, sent.date)
  return decide(self, sent.answer, sent.trouble)
end

--- Takes turns until one decides the exchange.
local function take_turns(self, sent)
  local decision = sent and take_over(self, sent) or turn(self)
  while true do
    if decision.state == "done" then return self.result end
    if decision.state == "failed" then return nil, trouble.final_error(self, decision.err) end
    self.last = decision.err
    if decision.state == "wait" and self.channel.loop.sleep(decision.delay) == false then
      return nil, errors.cancelled()
    end
    decision = turn(self)
  end
end

local function tell_end(self, result, err)
  if self.channel.settings.on_event then events.tell_end(self, result, err) end
end

--- The error to end with when nothing can be sent. One that tells already what was
--- attempted is that of another exchange, which this one depends on.
---@param err aom.Error
---@return nil
---@return aom.Error
function Exchange:fail(err)
  if is_cancelled(self) then err = errors.cancelled() end
  err = err.operation and err or trouble.describe(self, err)
  tell_end(self, nil, err)
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
    err = trouble.describe(self, err)
  else
    result.attempts, result.elapsed = self.attempts, self.channel.loop.now() - self.started
    if self.late then late.mark(result) end
  end
  if access then access:settle(err) end
  tell_end(self, result, err)
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
  -- To load what is done about a failure.
  core.keep_descriptor()
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

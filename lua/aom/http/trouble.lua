--- What an exchange does about an attempt that was no success: another endpoint takes over, the
--- same request goes out once more, it waits for the service, or it ends with an error that says
--- what was attempted, and what helps.

local advice = require "aom.http.advice"
local emit = require "aom.http.events".emit
local errors = require "aom.util.errors"
local failover = require "aom.http.failover"
local outages = require "aom.http.outage"
local retry = require "aom.http.retry"
local scopes = require "aom.loop.scope"
local trim = require "aom.util.text".trim
local whole = require "aom.http.whole_request"

local trouble = {}

local function failed(err) return { state = "failed", err = err } end

--- Completes an error with what was attempted.
---@param exchange aom.Exchange
---@param err aom.Error
---@return aom.Error err
function trouble.describe(exchange, err)
  local request, operation = exchange.request, exchange.request.operation
  local endpoint = exchange.endpoint or exchange.channel.targets:current(exchange.channel.loop.now())
  err.operation, err.method = operation.name, operation.method
  err.url = whole.url(endpoint.base, exchange:path_at(endpoint), request.query)
  err.attempts = err.attempts or exchange.attempts
  err.elapsed = err.elapsed or exchange.channel.loop.now() - exchange.started
  if err.kind == "cancelled" then err.message = scopes.reason(exchange.channel, exchange.scope) or err.message end
  return err
end

--- Holds an attempt back while the service has asked another call to wait.
---@param exchange aom.Exchange
---@return boolean|nil ready
---@return aom.Error|nil err
function trouble.keep_pace(exchange)
  local throttle = exchange.channel.throttle
  if not throttle:hold(exchange.deadline, exchange) then
    -- A wait that was begun and ended early was ended by a cancellation that only the loop knows of.
    if throttle.resume_at < exchange.deadline then return nil, errors.cancelled() end
    return nil, exchange.last or errors.new("timeout", "the wait after a 429 exceeds the call's deadline")
  end
  if exchange:is_cancelled() then return nil, errors.cancelled() end
  return true
end

--- Holds an attempt back while the service cannot be reached. Where one attempt is all, there
--- is nothing to wait for.
---@param exchange aom.Exchange
---@return boolean|nil ready
---@return aom.Error|nil err
function trouble.await_service(exchange)
  local channel, outage = exchange.channel, exchange.channel.outage
  if exchange.max_attempts == 1 then return true end
  local settings = channel.settings
  local patience = math.min(outage:patience(settings.outage_timeout), exchange.deadline - channel.loop.now())
  if patience > 0 and not exchange.waits then
    exchange.waits = true
    emit(exchange, "outage", { attempt = exchange.attempts + 1, delay = patience, error = errors.copy(outage.err) })
  end
  local ready = outage:pass(exchange, settings.outage_timeout, settings.connect_timeout)
  if ready == nil or exchange:is_cancelled() then return nil, errors.cancelled() end
  if not ready then return nil, outage:failure(exchange) end
  return true
end

--- Whether the same request goes out once more, and when.
---@param exchange aom.Exchange
---@param err aom.Error
---@param sent boolean  whether the server may have seen the request
---@param answer? aom.Answer
---@return aom.Decision
function trouble.decide_on_retry(exchange, err, sent, answer)
  local channel, idempotent = exchange.channel, exchange.request.operation.idempotent
  -- What must not run twice is worth another try only where it cannot have run.
  err.retryable = err.retryable and retry.is_safe(err, idempotent, sent)
  local repeats = exchange.attempts < exchange.max_attempts and retry.may_repeat(err, idempotent, sent)
  local throttle = err.status == 429 and channel.throttle
  if not repeats and not throttle then return failed(err) end
  local minimum = answer and retry.after(answer.headers, channel.system.time()) or 0
  local delay = retry.delay(exchange.attempts, channel.system.random(), minimum)
  if throttle then throttle:slow(delay) end
  if not repeats or channel.loop.now() + delay >= exchange.deadline then return failed(err) end
  exchange.late = exchange.late or not retry.is_safe(err, false, sent)
  emit(exchange, "retry", { delay = delay, error = err })
  if exchange:is_cancelled() then return failed(errors.cancelled()) end
  return { state = "wait", err = err, delay = delay }
end

--- Whether another endpoint takes over at once from one that could not be reached. In
--- one call each is given up so once; then it waits as after any other failure. Where no
--- attempt is left, the next call goes there.
local function take_over(exchange, what)
  local now, targets = exchange.channel.loop.now(), exchange.channel.targets
  if not failover.is_unreached(what) or now >= exchange.deadline then return false end
  targets:leave(exchange.endpoint, now)
  -- A request that never left is no attempt.
  local made = what.away and exchange.attempts - 1 or exchange.attempts
  if exchange.max_attempts == 1 or made >= exchange.max_attempts then return false end
  exchange.left = exchange.left or {}
  exchange.left[exchange.endpoint] = true
  local following = targets:current(now)
  if exchange.left[following] then return false end
  emit(exchange, "failover", { from = exchange.endpoint.base, to = following.base })
  return true
end

-- The kinds of trouble that need a connection, unless it is what did not come about.
local connected = { network = true, tls = true, protocol = true }

--- Learns whether the service can be reached: not while endpoints are left to be tried.
local function weigh(exchange, what, err, goes_on)
  local outage, is_late = exchange.channel.outage, exchange.channel.loop.now() >= exchange.deadline
  if outages.is_shown_by(what, is_late) then
    if outage.began or not goes_on then outage:note(exchange, what, err) end
  elseif connected[what.kind] or what.kind == "timeout" and what.sent then
    outage:finish(exchange)
  end
end

--- What follows from an attempt without an answer.
---@param exchange aom.Exchange
---@param what aom.Trouble
---@return aom.Decision
function trouble.decide(exchange, what)
  local hide = exchange.grant.mask
  -- Some of libcurl's sentences end in a blank.
  local message = trim(hide(what.message))
  local err = errors.new(what.kind, message, {
    hint = advice.trouble(what, exchange.channel.settings, exchange.attempt.no_proxy),
    cause = what.code and { code = what.code, message = message } or nil,
  })
  if retry.is_barred(what) then
    err.retryable = false
    return failed(err)
  end
  local goes_on = take_over(exchange, what)
  weigh(exchange, what, err, goes_on)
  -- A request that never left is no attempt, so it is another one that waits for a connection.
  if what.away then exchange.attempts, goes_on = exchange.attempts - 1, exchange.max_attempts > 1 end
  if goes_on then return { state = "again", err = err } end
  if what.away then return failed(err) end
  return trouble.decide_on_retry(exchange, err, what.sent ~= false and not what.refused)
end

--- What was given as the id of a workflow, where it is like none and nothing else may be missing.
local function name_in(request)
  local values = request.values
  local id = values and not values.execution_id and values.workflow_id
  return id and id:find "[^%x%-]" and id or nil
end

--- Says what the user can do about a refusal.
---@param exchange aom.Exchange
---@param err aom.Error
---@param said string  the service's whole message
function trouble.explain(exchange, err, said)
  local grant, sent, settings = exchange.grant, exchange.attempt, exchange.channel.settings
  local operation = exchange.request.operation
  local seen = { permission = operation.permission, name = name_in(exchange.request) }
  -- Any other request may be one to another region and project.
  if operation.official then
    seen.region, seen.endpoint_path = settings.region, exchange.endpoint.path
    seen.project_from = settings.source.provenance.project_id.where
  end
  seen.canonical = grant.signer and function()
    local ours = sent:canonical_request()
    return ours and grant.mask(ours)
  end or nil
  err.hint = advice.refusal(err, said, seen)
end

--- Whether a 401 may be one no more: by a corrected clock, or by other credentials.
---@param exchange aom.Exchange
---@return boolean
function trouble.is_remedied(exchange)
  if not exchange.access then return false end
  local again, gap = exchange.access:find_remedy()
  if gap then emit(exchange, "skew", { gap = gap }) end
  return again and exchange.attempts < exchange.max_attempts
end

--- The error to end with: of a retry that the deadline cut off, or that the account forbade, the
--- one before it.
---@param exchange aom.Exchange
---@param err aom.Error
---@return aom.Error
function trouble.final_error(exchange, err)
  local last, is_barred = exchange.last, err.attempts == 0 and exchange.attempts > 0
  local is_cut = err.kind == "timeout" and exchange.channel.loop.now() >= exchange.deadline - 0.01
  if not last or not (is_cut or is_barred) then return err end
  -- The attempt that was cut off may have run what must not run twice.
  last.retryable = last.retryable and err.retryable
  if is_barred then last.hint = err.hint or last.hint end
  return last
end

return trouble

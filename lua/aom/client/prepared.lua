--- A call that is like one that went well before goes a short way: one crossing into C
--- signs, sends, waits and compares. Nothing is decided here. The general way of a call says
--- what may be sent, and what an answer means; this one is taken while all that the general
--- way looks at is as it was then, and the answer must be the same, byte for byte. Any other
--- is handed to the general way, as the answer to its first attempt.

local test_of = require "aom.util.check".test_of
local printable = require "aom.api.result".printable
local response = require "aom.api.response"

local prepared = {}

---@class aom.PreparedCall
---@field send aom.PreparedSend
---@field authenticator aom.Authenticator
---@field endpoint aom.Endpoint
---@field first aom.Row     of the arguments
---@field second aom.Row
---@field test_first fun(value: any, row: aom.Row): string|nil
---@field test_second fun(value: any, row: aom.Row): string|nil
---@field answer aom.Answer  the good one

--- An attempt that was sent already, as a prepared call.
---@class aom.Sent
---@field authenticator aom.Authenticator
---@field endpoint aom.Endpoint
---@field date string
---@field started number
---@field answer aom.Answer|nil
---@field trouble aom.Trouble|nil

--- Longer answers are not compared.
local MAX_BODY = 256

--- Whether nothing has changed of what is looked at before a request is sent. What the process
--- knows of the key pair is looked at in C.
local function is_current(state, kept, now)
  return state.credentials:lasting() == kept.authenticator and state.targets:current(now) == kept.endpoint
    and not state.outage.began and state.throttle.resume_at <= now
end

--- Whether an operation has one value in its path and one in its query, and nothing to tell.
local function fits(row)
  local names = row.arguments
  return row.result == "acknowledgement" and #names == 2 and not row.fields and #row.path == 3 and #row.query == 1
    and row.path[2] == names[1] and row.query[1] == names[2]
end

--- Whether the next call may go the short way, and is not to do so already.
local function is_worth_keeping(state, carried)
  local row, answer, kept = carried.request.operation, carried.answer, state.prepared[carried.request.operation]
  if not state.loop.prepare or state.closed or state.parent or state.settings.on_event or not fits(row)
    or #answer.body > MAX_BODY or not carried.grant.signer or state.credentials:lasting() ~= carried.grant then
    return false
  end
  return not (kept and is_current(state, kept, state.loop.now()) and kept.answer.body == answer.body
    and kept.answer.headers["content-type"] == answer.headers["content-type"])
end

--- Prepares a call by one that went well.
local function keep(state, carried)
  if not is_worth_keeping(state, carried) then return end
  local row, answer = carried.request.operation, carried.answer
  local endpoint, authenticator = carried.endpoint, carried.grant
  local first, second = row.parameters[row.arguments[1]], row.parameters[row.arguments[2]]
  state.prepared[row] = {
    first = first, second = second, test_first = test_of(first), test_second = test_of(second),
    authenticator = authenticator, endpoint = endpoint, answer = answer,
    send = state.loop.prepare(carried.attempt, {
      key = authenticator.record.name, seconds = math.min(state.settings.timeout, carried.patience),
      before = endpoint.path .. carried.request.prefix .. row.path[1], after = row.path[3], parameter = row.query[1],
      status = answer.status, type = answer.headers["content-type"], body = answer.body,
    }),
  }
end

--- The result of an answer as the good one, to other arguments.
local function repeated(row, good, request_id, a, b)
  local result, names = response.result(good.status, request_id, good.body), row.arguments
  result[names[1]], result[names[2]] = a, b
  return printable(result, row)
end

--- Makes a call the short way.
---@param state aom.ClientState
---@param row aom.Operation
---@param a any
---@param b any
---@return table|nil result
---@return aom.Sent|nil sent  nil without a result: nothing was sent
function prepared.send(state, row, a, b)
  local kept = state.prepared[row]
  if not kept then return nil end
  local now = state.loop.now
  local started = now()
  if not is_current(state, kept, started) or kept.test_first(a, kept.first) or kept.test_second(b, kept.second) then
    return nil
  end
  local date = state.clock:stamp()
  local outcome, answer, trouble = kept.send(date, a, b)
  if outcome == nil then return nil end
  if outcome and not state.closed then
    local result = repeated(row, kept.answer, answer, a, b)
    result.attempts, result.elapsed = 1, now() - started
    return result
  end
  return nil, { authenticator = kept.authenticator, endpoint = kept.endpoint, date = date, started = started,
    answer = not outcome and answer or nil, trouble = trouble }
end

--- As `send`, after a call that went the general way, and well. A call is prepared when it is made
--- for the second time: many scripts make one call.
---@param carried aom.Exchange  the one before
---@param state aom.ClientState
---@param row aom.Operation
---@param a any
---@param b any
---@return table|nil result
---@return aom.Sent|nil sent
function prepared.begin(carried, state, row, a, b)
  keep(state, carried)
  state.ways[row] = prepared.send
  return prepared.send(state, row, a, b)
end

return prepared

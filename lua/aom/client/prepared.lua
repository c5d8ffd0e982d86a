--- A call that is like one that went well before goes a short way: one crossing into C
--- signs, sends, waits and compares; where it waits beside others, one begins it, or writes what
--- another transport sends, and another one compares. Nothing is decided here. The general way of a call says
--- what may be sent, and what an answer means; this one is taken while all that the general
--- way looks at is as it was then, and the answer must be the same, byte for byte. Any other
--- is handed to the general way, as the answer to its first attempt.

local core = require "aom.core"
local response = require "aom.api.response"
local shared_dict = require "aom.util.lazy" "aom.credentials.shared_dict"

local prepared = {}

---@class aom.PreparedCall: aom.PreparedWay
---@field authenticator aom.Authenticator
---@field endpoint aom.Endpoint
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

--- Whether nothing has changed of what is looked at before a request is sent, that is while the first
--- endpoint is in use, and credentials which do not expire. What the process knows of the key pair is
--- looked at in C.
local function is_current(state, kept)
  local credentials, throttle = state.credentials, state.throttle
  return credentials.current == kept.authenticator and credentials.refused ~= kept.authenticator
    and state.targets.index == 1 and not state.outage.began
    and (throttle.resume_at == 0 or throttle.resume_at <= state.loop.now())
end

--- Why no call can be made from here the general way says. To find out may take a while.
local function may_wait(state, kept)
  local enter, store = state.loop.enter, state.loop.shared
  if enter and (enter(false) or not is_current(state, kept)) then return false end
  return not store or shared_dict.look(store, kept.authenticator.record.name) ~= "blocked"
end

--- Whether an operation has an id in its path and a choice in its query, and nothing to tell.
local function fits(row)
  local first, second = row.arguments[1], row.arguments[2]
  return row.result == "acknowledgement" and #row.arguments == 2 and not row.fields
    and #row.path == 3 and row.path[2] == first and row.parameters[first].kind == "id"
    and #row.query == 1 and row.query[1] == second and row.parameters[second].kind == "choice"
end

--- Whether the next call may go the short way, and is not to do so already.
local function is_worth_keeping(state, carried)
  local row, answer, kept = carried.request.operation, carried.answer, state.prepared[carried.request.operation]
  if not state.loop.prepare or state.closed or state.parent or state.settings.on_event or not fits(row)
    or carried.endpoint ~= state.targets.list[1] or #answer.body > MAX_BODY or not carried.grant.signer
    or state.credentials:lasting() ~= carried.grant then
    return false
  end
  return not (kept and is_current(state, kept) and kept.answer.body == answer.body
    and kept.answer.headers["content-type"] == answer.headers["content-type"])
end

--- What each result is a copy of, but for the values of the call.
local function model_of(carried, first, second)
  local answer = carried.answer
  local result = response.result(answer.status, answer.headers["x-request-id"], answer.body)
  result[first], result[second], result.attempts = "", "", 1
  return setmetatable(result, getmetatable(carried.result))
end

--- Prepares a call by one that went well.
local function keep(state, carried)
  if not is_worth_keeping(state, carried) then return end
  local row, answer = carried.request.operation, carried.answer
  local endpoint, authenticator, type = carried.endpoint, carried.grant, carried.answer.headers["content-type"]
  local first, second = row.arguments[1], row.arguments[2]
  local before = core.target(endpoint.path .. carried.request.prefix .. row.path[1])
  local after = core.target(row.path[3], { { second, "" } })
  if not before or not after then return end -- memory is short
  local kept = state.loop.prepare(carried.attempt, {
    key = authenticator.record.name, seconds = math.min(state.settings.timeout, carried.patience),
    before = before, after = after, longest = row.parameters[first].max, choices = row.parameters[second].choices,
    status = answer.status, type = type, body = answer.body,
    result = model_of(carried, first, second), first = first, second = second,
  })
  kept.authenticator, kept.endpoint, kept.answer = authenticator, endpoint, answer
  state.prepared[row] = kept
end

--- For the general way.
local function sent_at(kept, date, started)
  return { authenticator = kept.authenticator, endpoint = kept.endpoint, date = date, started = started }
end

--- An answer as before, as the general way reads it.
local function whole_answer(kept, request_id)
  local good = kept.answer
  return { status = good.status, body = good.body,
    headers = { ["content-type"] = good.headers["content-type"], ["x-request-id"] = request_id } }
end

--- As `send`. Others run meanwhile: what they have found out may concern this call, or this
--- answer them.
local function send_in_task(state, kept, date, a, b, scope)
  if scope and scope.deadline or not may_wait(state, kept) or scope and scope:is_cancelled() then return nil end
  local started = state.loop.now()
  local is_sent, answer, more = kept.send_in_task(date, a, b)
  if not is_sent then return nil end
  if answer == true then
    local is_over = state.closed or scope and scope:is_cancelled()
    if not is_over and not state.outage.began then
      local result = kept.object:result(more, a, b)
      result.elapsed = state.loop.now() - started
      return result
    end
    answer, more = whole_answer(kept, more), nil
  end
  local sent = sent_at(kept, date, started)
  sent.answer, sent.trouble = answer, more
  return nil, sent
end

--- Makes a call the short way.
---@param state aom.ClientState
---@param row aom.Operation
---@param a any
---@param b any
---@param scope? aom.Scope  what it is a step of
---@return table|nil result
---@return aom.Sent|nil sent  nil without a result: nothing was sent
function prepared.send(state, row, a, b, scope)
  local kept = state.prepared[row]
  if not kept or not is_current(state, kept) then return nil end
  local date = state.clock:stamp()
  if scope or not kept.send then return send_in_task(state, kept, date, a, b, scope) end
  local result, time, transfer = kept.send(kept.object, date, a, b)
  if result == nil then return send_in_task(state, kept, date, a, b) end
  if result and not state.closed then
    result.elapsed = time
    return result
  end
  local sent = sent_at(kept, date, state.loop.now() - time)
  if not result then sent.answer, sent.trouble = kept.finish(transfer) end
  return nil, sent
end

--- As `send`, after a call that went the general way, and well. A call is prepared when it is made
--- for the second time: many scripts make one call.
---@param carried aom.Exchange  the one before
---@param state aom.ClientState
---@param row aom.Operation
---@param a any
---@param b any
---@param scope? aom.Scope
---@return table|nil result
---@return aom.Sent|nil sent
function prepared.begin(carried, state, row, a, b, scope)
  keep(state, carried)
  state.ways[row] = prepared.send
  return prepared.send(state, row, a, b, scope)
end

return prepared

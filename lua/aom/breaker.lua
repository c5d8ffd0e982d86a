--- Keeps the service from locking a key, or a user, that it refuses. It locks an access
--- key for five minutes after more than five refused signatures in a row, for everybody
--- who uses it. So:
---
--- * until a key pair has been accepted once, its calls go out one at a time;
--- * after two refusals in a row nothing is sent with it for five minutes, and
---   every call fails at once with the error that the service gave.
---
--- What is known of a key pair is shared by all clients of the process, under a
--- one-way name of the pair; in nginx by all workers, where the configuration
--- declares `lua_shared_dict aom`.

local errors = require "aom.errors"
local gate = require "aom.gate"

local breaker = {}

local MAX_REFUSALS = 2
local LOCK_SECONDS = 300

---@class aom.KeyRecord
---@field name string
---@field noun "key"|"user"
---@field accepted boolean
---@field refusals integer
---@field blocked_until? number
---@field failure? aom.Error
---@field forget_at? number  when a record that no client uses is let go
---@field gate aom.Gate
local Record = {}
Record.__index = Record

-- Records live as long as a client uses them; those with refusals stay until
-- their time is up, so that a new client does not start afresh.
local records = setmetatable({}, { __mode = "v" })
local refused = {}

---@param fingerprint string  a one-way name of a key pair, or of a user and a password
---@param noun? "key"|"user"  default: key
---@return aom.KeyRecord
function breaker.record(fingerprint, noun)
  local record = records[fingerprint]
  if not record then
    record = setmetatable(
      { name = fingerprint, noun = noun or "key", accepted = false, refusals = 0, gate = gate.new() }, Record)
    records[fingerprint] = record
  end
  return record
end

--- The error of another call, as that of one that sent nothing.
local function shared_failure(failure)
  local err = errors.copy(failure)
  err.attempts, err.elapsed = 0, nil
  return err
end

local function remembered(record, failure)
  local err = shared_failure(failure)
  err.retryable = false
  err.hint = ("not sent: the service has refused this %s, and locks a %s that keeps being refused; "
    .. "correct the credentials or wait five minutes%s"):format(record.noun, record.noun,
    err.hint and ". " .. err.hint or "")
  return err
end

local function forgive(record)
  record.refusals, record.blocked_until, record.failure = 0, nil, nil
  refused[record.name] = nil
end

--- The error of a key that is blocked, by this process or by another nginx worker.
local function blocked(record, loop)
  if record.blocked_until then
    if loop.now() < record.blocked_until then return remembered(record, record.failure) end
    forgive(record)
  end
  local note = loop.shared and loop.shared:get("blocked:" .. record.name)
  if not note then return nil end
  local code, message = note:match("^([^\n]*)\n(.*)$")
  local kind = record.noun == "user" and "credentials" or "service"
  return remembered(record, errors.new(kind, message, { status = 401, code = code ~= "" and code or nil }))
end

--- Whoever tries the key out now, nobody needs to wait for it any more.
local function open(record)
  record.accepted = true
  forgive(record)
  record.gate:release(record.gate.holder)
end

local function is_accepted(record, loop)
  if not record.accepted and loop.shared and loop.shared:get("accepted:" .. record.name) then open(record) end
  return record.accepted
end

--- Asks to send with this key. Waits while another call tries it out.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when the hold is void, should the caller vanish
---@param held any        what an earlier attempt of the same call got here
---@return table|boolean|nil hold  pass it to what ends the attempt; true: no hold
---@return aom.Error|nil err       nothing may be sent
function Record:enter(loop, deadline, expires, held)
  if self.accepted and not loop.shared then return true end
  while true do
    local err = blocked(self, loop)
    if err then return nil, err end
    if is_accepted(self, loop) then return true end
    if held and self.gate.holder == held then
      held.expires = expires
      return held
    end
    local hold = self.gate:take(loop, expires)
    if hold then return hold end
    local waited, failure, cancelled = self.gate:wait(loop, deadline)
    if cancelled then return nil, errors.cancelled() end
    if failure then return nil, shared_failure(failure) end
    if not waited then return true end
    if loop.now() >= deadline then
      return nil, errors.new("timeout", "the deadline passed while another call tried out the same " .. self.noun)
    end
  end
end

--- The service answered something other than a refusal.
---@param loop aom.Loop
function Record:accept(loop)
  if self.accepted then return end
  open(self)
  local shared = loop.shared
  if shared then
    shared:set("accepted:" .. self.name, true, LOCK_SECONDS)
    shared:delete("refusals:" .. self.name)
    shared:delete("blocked:" .. self.name)
  end
end

--- Lets go of records that no client uses and whose time is up.
local function sweep(time)
  for name, record in pairs(refused) do
    if time >= record.forget_at then refused[name] = nil end
  end
end

--- The service refused the signature; `locked` when it says that it locked the key.
---@param failure aom.Error
function Record:refuse(loop, hold, failure, locked)
  self.accepted = false
  self.refusals = locked and MAX_REFUSALS or self.refusals + 1
  self.forget_at = loop.now() + LOCK_SECONDS
  sweep(loop.now())
  refused[self.name] = self
  local shared = loop.shared
  if shared then
    shared:delete("accepted:" .. self.name)
    local count = shared:incr("refusals:" .. self.name, 1, 0, LOCK_SECONDS)
    self.refusals = math.max(self.refusals, count or 0)
  end
  if self.refusals >= MAX_REFUSALS then
    self.failure = errors.copy(failure)
    self.blocked_until = self.forget_at
    if shared then
      shared:set("blocked:" .. self.name, (failure.code or "") .. "\n" .. failure.message, LOCK_SECONDS)
    end
  end
  self.gate:release(hold)
end

--- The call that held the gate ended without an answer: those that wait for it
--- share its error, or with none the next one tries.
---@param failure aom.Error|nil
function Record:give_up(hold, failure)
  self.gate:release(hold, failure)
end

return breaker

--- Keeps the service from locking a key, or a user, that it refuses. It locks an access
--- key for five minutes after more than five refused signatures in a row, for everybody
--- who uses it. So:
---
--- * until a key pair has been accepted once, its calls go out one at a time;
--- * after two refusals in a row nothing is sent with it for five minutes, and
---   every call fails at once with the error that the service gave.
---
--- What is known of a key pair stands in the core's memory, under a one-way name of the
--- pair: all Lua states and threads of the process share it, and the processes forked
--- since. In nginx other workers learn of it through `lua_shared_dict aom`, if declared.
--- Here is only what lets the calls of this state wait for each other.

local core = require "aom.core"
local cut = require "aom.util.text".cut
local shared_dict = require "aom.credentials.shared_dict"
local errors = require "aom.util.errors"
local one_line = require "aom.util.text".one_line
local single_flight = require "aom.loop.single_flight"

local breaker = {}

local memory = core.lockout

local MAX_REFUSALS = 2

--- How long to wait before asking again whether another state has finished its try.
local FIRST_STEP, LAST_STEP = 0.005, 0.1

---@class aom.KeyRecord
---@field name string
---@field noun "key"|"user"
---@field gate aom.Gate  of this state's calls
local Record = {}
Record.__index = Record

--- The right to send, as `enter` gives it. True stands for one that nobody has to give up.
---@class aom.Hold
---@field expires number
---@field ticket? number  in the core's memory
---@field slip? string    in the workers' store

local records = setmetatable({}, { __mode = "v" })

---@param fingerprint string  a one-way name of a key pair, or of a user and a password
---@param noun? "key"|"user"  default: key
---@return aom.KeyRecord
function breaker.record(fingerprint, noun)
  local record = records[fingerprint]
  if not record then
    record = setmetatable({ name = fingerprint, noun = noun or "key", gate = single_flight.new() }, Record)
    records[fingerprint] = record
  end
  return record
end

--- The core's memory counts by the machine's clock, whichever one a loop counts by.
local function clock(loop) return (loop.lockout_clock or core.now)() end

--- The error of another call, as that of one that sent nothing.
local function shared_failure(failure)
  local err = errors.copy(failure)
  err.attempts, err.elapsed = 0, nil
  return err
end

local function line(value, size) return (cut(one_line(tostring(value or "")), size)) end

--- The parts of an error that are worth a place in a memory of bounded size. They were
--- masked when the error was made.
local function write_note(failure)
  return table.concat({ line(failure.status, 3), line(failure.code, 64), line(failure.request_id, 64),
    line(failure.hint, 400), (cut(failure.message, 480)) }, "\n")
end

--- The error that a refusal left, and that other credentials would help.
local function remembered(record, note)
  local status, code, request_id, hint, message = (note or ""):match "^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$"
  local function given(text) return text ~= "" and text or nil end
  local err = errors.new(record.noun == "user" and "credentials" or "service", message or "refused before", {
    status = tonumber(status), code = given(code), request_id = given(request_id), attempts = 0, retryable = false,
  })
  hint = given(hint)
  err.hint = ("not sent: the service has refused this %s, and locks a %s that keeps being refused; "
    .. "correct the credentials or wait five minutes%s"):format(record.noun, record.noun, hint and ". " .. hint or "")
  return err, true
end

local function unable()
  return errors.new("credentials", "too many other keys are being refused to watch over one more, so nothing is sent",
    { attempts = 0, retryable = true, hint = "correct their credentials, or wait five minutes" })
end

--- Whoever tries the key out now, nobody needs to wait for it any more.
local function open(record)
  local holder = record.gate.holder
  if holder then record.gate:release(holder) end
  return true
end

--- What is known. True: anybody may send. False: the key has to be tried out.
local function look(record, loop)
  local store, name = loop.shared, record.name
  if store then
    local state, note = shared_dict.look(store, name)
    if state == "blocked" then return nil, remembered(record, note) end
    if state == "open" then memory.accept(name, clock(loop)) end
  end
  local state, _, note = memory.look(name, clock(loop))
  if state == "blocked" then return nil, remembered(record, note) end
  if state == "unable" then return nil, unable() end
  return state == "open" and open(record)
end

local function release(record, store, hold)
  if hold.ticket then memory.release(record.name, hold.ticket) end
  if hold.slip and store then shared_dict.release(store, record.name, hold.slip) end
  hold.ticket, hold.slip = nil, nil
end

--- What other workers know is read again with the right in hand: the one that had it
--- before may have been refused after this call looked.
local function ask_workers(record, store, hold, seconds)
  hold.slip = shared_dict.enter(store, record.name, hold.slip, seconds)
  local state, note = shared_dict.look(store, record.name)
  if hold.slip and state ~= "blocked" then return hold end
  release(record, store, hold)
  if state == "blocked" then return nil, remembered(record, note) end
  return false
end

--- Asks all memories for the right to send; false: another call has it.
---@param seconds number  when the hold is void, should the caller vanish
---@param second boolean  this caller cannot wait for another one of the same state
local function ask(record, loop, hold, seconds, second)
  local time = clock(loop)
  local state, ticket, note = memory.enter(record.name, time, time + seconds, hold.ticket, second)
  if state == "open" then return true end
  if state == "blocked" then return nil, remembered(record, note) end
  if state == "unable" then return nil, unable() end
  if state == "busy" then
    -- Whoever the caller cannot wait for may go on only after this call.
    if second and note then return nil, remembered(record, note) end
    return false
  end
  hold.ticket, hold.expires = ticket, loop.now() + seconds
  if not loop.shared then return hold end
  return ask_workers(record, loop.shared, hold, seconds)
end

--- Waits until no other state, thread or process tries the key out. Meanwhile this call
--- has the gate, so that one of each state asks.
local function await_turn(record, loop, deadline, hold, seconds, second)
  local step = FIRST_STEP
  while true do
    local pass, err, refused = ask(record, loop, hold, seconds, second)
    if pass or err then return pass, err, refused end
    local left = deadline - loop.now()
    if left <= 0 then
      return nil, errors.new("timeout", "the deadline passed while another call tried out the same " .. record.noun)
    end
    -- Should this call vanish meanwhile, others of its state need not wait for long.
    hold.expires = loop.now() + 10 * LAST_STEP
    if loop.sleep(math.min(step, left)) == false then return nil, errors.cancelled() end
    step = math.min(2 * step, LAST_STEP)
  end
end

local function try_out(record, loop, deadline, hold, seconds, second)
  local pass, err, refused = await_turn(record, loop, deadline, hold, seconds, second)
  if pass ~= hold then record.gate:release(hold) end
  return pass, err, refused
end

--- Asks to send with this key. Waits while another call tries it out.
---@param loop aom.Loop
---@param deadline number
---@param expires number  when the hold is void, should the caller vanish
---@param held any        what an earlier attempt of the same call got here
---@return aom.Hold|boolean|nil hold  pass it to what ends the attempt; true: no hold
---@return aom.Error|nil err       nothing may be sent
---@return boolean|nil refused     the key is; with other credentials the call may go on
function Record:enter(loop, deadline, expires, held)
  local seconds = expires - loop.now()
  while true do
    local pass, err, refused = look(self, loop)
    if pass then return true end
    if err then return nil, err, refused end
    local hold = held and self.gate.holder == held and held or self.gate:take(loop, expires)
    if hold then return try_out(self, loop, deadline, hold, seconds, false) end
    local waited, failure, cancelled = self.gate:wait(loop, deadline)
    if cancelled then return nil, errors.cancelled() end
    if failure then return nil, shared_failure(failure) end
    if not waited then return try_out(self, loop, deadline, { expires = expires }, seconds, true) end
    if loop.now() >= deadline then
      return nil, errors.new("timeout", "the deadline passed while another call tried out the same " .. self.noun)
    end
    expires = math.min(deadline, loop.now() + seconds)
  end
end

--- The service accepted the key.
---@param loop aom.Loop
function Record:accept(loop)
  if memory.accept(self.name, clock(loop)) and loop.shared then shared_dict.accept(loop.shared, self.name) end
  open(self)
end

--- The service refused the key.
---@param loop aom.Loop
---@param hold any
---@param failure aom.Error
---@param evidence? "certain"|"doubtful"|"locked"  default: certain
function Record:refuse(loop, hold, failure, evidence)
  local store, name = loop.shared, self.name
  local time, note = clock(loop), write_note(failure)
  -- First the workers' store, so that nobody takes its older word against the core's memory.
  local count = store and evidence ~= "doubtful" and shared_dict.refuse(store, name)
  local ticket = type(hold) == "table" and hold.ticket or nil
  local state = memory.refuse(name, time, ticket, evidence or "certain", note)
  if store and state ~= "open" then
    count = count or shared_dict.refuse(store, name)
    if count >= MAX_REFUSALS and state ~= "blocked" then
      state = memory.refuse(name, time, nil, "locked", note)
    end
    if state == "blocked" then shared_dict.block(store, name, note) end
  end
  self:give_up(loop, hold)
end

--- The call that held the gate ended without an answer: those that wait for it
--- share its error, or with none the next one tries.
---@param loop aom.Loop
---@param hold any
---@param failure? aom.Error
function Record:give_up(loop, hold, failure)
  if type(hold) ~= "table" then return end
  release(self, loop.shared, hold)
  self.gate:release(hold, failure)
end

return breaker

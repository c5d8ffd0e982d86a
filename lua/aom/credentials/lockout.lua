--- Keeps the service from locking a key, or a user, that it refuses. After more than five
--- refused signatures in a row the service locks an access key for five minutes, for
--- everybody who uses it. Therefore:
---
--- * until a key pair has been accepted once, its calls go out one at a time;
--- * after two refusals in a row nothing is sent with it for five minutes, and
---   every call fails at once with the error that the service gave.
---
--- The state of a key pair is kept in the core's memory, under a one-way name of the pair:
--- all Lua states and threads of the process share it, and the processes forked since. In
--- nginx other workers share it through `lua_shared_dict aom`, if declared. This module
--- adds the waiting among the calls of one Lua state.

local core = require "aom.core"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"
local single_flight = require "aom.loop.single_flight"

local blocked = lazy "aom.credentials.blocked"
local shared_dict = lazy "aom.credentials.shared_dict"

local lockout = {}

--- It counts by the machine's clock, whichever one a loop counts by.
local memory = core.lockout

--- How long to wait before asking again whether another state has finished its try.
local FIRST_STEP, LAST_STEP = 0.005, 0.1

---@class aom.KeyRecord
---@field name string
---@field noun "key"|"user"
---@field flight aom.SingleFlight  of this Lua state's calls
---@field memory table  the core's
local Record = setmetatable({ memory = memory }, { __index = lazy "aom.credentials.refused" })
Record.__index = Record

--- The right to send, as `enter` gives it. True stands for one that nobody has to give up.
---@class aom.Hold: aom.FlightHold
---@field ticket? number  in the core's memory
---@field slip? string    in the workers' store

local records = setmetatable({}, { __mode = "v" })

---@param fingerprint string  a one-way name of a key pair, or of a user and a password
---@param noun? "key"|"user"  default: key
---@param place? string  where the key is used: only calls to one place share an error without a response
---@return aom.KeyRecord
function lockout.record(fingerprint, noun, place)
  local id = fingerprint .. " " .. (place or "")
  local record = records[id]
  if not record then
    record = setmetatable({ name = fingerprint, noun = noun or "key", flight = single_flight.new() }, Record)
    records[id] = record
  end
  return record
end

--- The error of another call, as that of one that sent nothing.
local function unsent(err)
  err.attempts, err.elapsed = 0, nil
  return err
end

--- The key is accepted: nobody needs to wait any more for the call that tries it out.
local function open(record)
  local holder = record.flight.holder
  if holder then record.flight:release(holder) end
  return true
end

--- What is known. True: every call may send. False: the key has to be tried out.
local function look(record, loop)
  local store, name = loop.shared, record.name
  if store then
    local state, note = shared_dict.look(store, name)
    if state == "blocked" then return nil, blocked.remembered(record, note) end
    if state == "open" then memory.accept(name, core.now()) end
  end
  local state, _, note = memory.look(name, core.now())
  if state == "blocked" then return nil, blocked.remembered(record, note) end
  if state == "unable" then return nil, blocked.unable() end
  return state == "open" and open(record)
end

local function release(record, store, hold)
  if hold.ticket then memory.release(record.name, hold.ticket) end
  if hold.slip and store then shared_dict.release(store, record.name, hold.slip) end
  hold.ticket, hold.slip = nil, nil
end

--- Reads what other workers know once more while this call has the right: the one that had
--- it before may have been refused after this call looked.
local function ask_workers(record, store, hold, seconds)
  hold.slip = shared_dict.enter(store, record.name, hold.slip, seconds)
  local state, note = shared_dict.look(store, record.name)
  if hold.slip and state ~= "blocked" then return hold end
  release(record, store, hold)
  if state == "blocked" then return nil, blocked.remembered(record, note) end
  return false
end

--- Asks all memories for the right to send; false: another call has it.
---@param seconds number  when the hold is void, should the caller vanish
local function ask(record, loop, hold, seconds)
  local time, is_alone = core.now(), hold.is_alone or false
  hold.ticket = hold.ticket or memory.ticket(record.name)
  local state, _, note = memory.enter(record.name, time, time + seconds, hold.ticket, is_alone)
  if state == "open" then return true end
  if state == "blocked" then return nil, blocked.remembered(record, note) end
  if state == "unable" then return nil, blocked.unable() end
  if state == "busy" then
    -- This call cannot wait for the other one, which may continue only after this call returns.
    if is_alone and note then return nil, blocked.remembered(record, note) end
    return false
  end
  hold.expires = loop.now() + seconds
  if not loop.shared then return hold end
  return ask_workers(record, loop.shared, hold, seconds)
end

--- Waits until no other state, thread or process tries the key out. Meanwhile this call
--- has the flight, so that one call of each state asks.
local function await_turn(record, loop, deadline, hold, seconds)
  local step = FIRST_STEP
  while true do
    local pass, err, refused = ask(record, loop, hold, seconds)
    if pass or err then return pass, err, refused end
    local left = deadline - loop.now()
    if left <= 0 then
      return nil, errors.new("timeout", "timed out waiting for another call to try out the same " .. record.noun)
    end
    -- Should this call vanish meanwhile, others of its state need not wait for long.
    hold.expires = loop.now() + 10 * LAST_STEP
    if loop.sleep(math.min(step, left)) == false then return nil, errors.cancelled() end
    step = math.min(2 * step, LAST_STEP)
  end
end

local function try_out(record, loop, deadline, hold, seconds)
  function hold.undo(vanished) release(record, loop.shared, vanished) end
  local pass, err, refused = await_turn(record, loop, deadline, hold, seconds)
  if pass ~= hold then record.flight:release(hold) end
  return pass, err, refused
end

--- The turn among the calls of this state: an earlier attempt of the same call may have it.
local function take_turn(record, loop, deadline, expires, held)
  local flight = record.flight
  if held and flight.holder == held then return held end
  return flight:turn(loop, deadline, expires, "try out the same " .. record.noun)
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
  local seconds
  while true do
    local pass, err, refused = look(self, loop)
    if pass then return true end
    if err then return nil, err, refused end
    seconds = seconds or expires - loop.now()
    local hold, failure, shared = take_turn(self, loop, deadline, expires, held)
    if failure then return nil, shared and unsent(failure) or failure end
    if hold then return try_out(self, loop, deadline, hold, seconds) end
    expires = math.min(deadline, loop.now() + seconds)
  end
end

--- The service accepted the key.
---@param loop aom.Loop
function Record:accept(loop)
  if memory.accept(self.name, core.now()) and loop.shared then shared_dict.accept(loop.shared, self.name) end
  open(self)
end

--- The call that tried the key out ended without a response: waiting calls get its error;
--- if there is none, the next waiting call tries the key.
---@param loop aom.Loop
---@param hold any
---@param failure? aom.Error
function Record:give_up(loop, hold, failure)
  if type(hold) ~= "table" then return end
  release(self, loop.shared, hold)
  self.flight:release(hold, failure)
end

return lockout

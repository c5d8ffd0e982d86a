--- Drives an engine in nginx, which has no event for libcurl's sockets. Of the calls that wait
--- one leads: it looks at times for all of them, and wakes those whose transfers have ended.
--- The others sleep, until they are woken or the leader seems to be gone.

local each = require "aom.util.each"
local latency = require "aom.loop.nginx_latency"
local transfer = require "aom.loop.transfer"

local nginx_curl = {}

--- Before the request is sent, libcurl has something to do whenever the server reacts: a
--- call looks after a fifth of the time that has passed, and at least so often. Afterwards
--- its origin's latency says when to look.
local SHARE, SHORTEST, UNSENT = 0.2, 0.001, 0.1

--- How long a call that has been sent waits at most without a look.
local LONGEST = 0.5

--- How far apart the looks of a crowd are at least, as a share of what the next one awaits.
local APART = 0.02

--- When a leader is taken for gone: so many seconds after it ought to have looked.
local GONE = 0.02

--- How many transfers may begin in one turn of nginx's loop. Signing and connecting take
--- time, and where hundreds of calls come at once nginx is to serve other requests in
--- between. Each turn that a call waits for takes a millisecond: with 20 in a turn, 100 calls
--- of 5 ms took 6 ms longer than in plain Lua, now one to three.
local BURST = 100

--- A transfer whose caller is gone (a request that was aborted) is kept this long
--- after its deadline, in seconds.
local GRACE = 1

--- How many origins are remembered.
local ORIGINS = 100

--- How many seconds a poll lasts at most where nothing else runs.
local PATIENCE = 1

--- What a call runs in, and whether it was cancelled.
---@class aom.Cancellable
---@field is_over fun(self): boolean
---@field waiter fun(self): aom.Waiter
---@field keep fun(self, waiter: aom.Waiter)  it is needed no more

--- A call that waits for a transfer.
---@class aom.CurlWait
---@field waiter aom.Waiter
---@field latency aom.Latency
---@field explores boolean   it also looks before the answer is likely
---@field started number
---@field deadline number    when its caller gives up
---@field due number         when to look for it
---@field sent? number       when the request was
---@field since? number      the last look without an answer
---@field found? number      the first one with it
---@field prepared aom.Prepared|false  what the transfer was begun with

---@class aom.NginxCurl
---@field engine userdata
---@field nap fun(seconds: number)
---@field tick fun(): number  nginx's clock, which stands still within one turn of its loop
---@field now fun(): number   a clock that does not stand still
---@field waiting table<integer, aom.CurlWait>   by the id of the transfer
---@field leader? aom.CurlWait   who looks for all
---@field due number          when it does
---@field is_called boolean   it was woken, since there is something to send
---@field latencies table<string, aom.Latency>   by origin
---@field origins integer
---@field looked number       when the engine was stepped last
---@field last_tick? number   in which turn that was; nil: there is something to send
---@field begun integer       transfers begun in the latest turn
---@field begun_tick? number  which turn that is
---@field queued integer      callers that wait for their turn to begin
local NginxCurl = {}
NginxCurl.__index = NginxCurl

---@param engine userdata
---@param nap fun(seconds: number)
---@param tick fun(): number
---@param now fun(): number
---@return aom.NginxCurl
function nginx_curl.new(engine, nap, tick, now)
  return setmetatable({
    engine = engine, nap = nap, tick = tick, now = now, waiting = {}, latencies = {}, origins = 0, looked = now(),
    due = 0, is_called = false, begun = 0, queued = 0,
  }, NginxCurl)
end

local function latency_of(self, origin)
  local known = self.latencies[origin]
  if known then return known end
  if self.origins == ORIGINS then self.latencies, self.origins = {}, 0 end
  known = latency.new()
  self.latencies[origin], self.origins = known, self.origins + 1
  return known
end

--- Waits until another transfer may begin.
---@param caller aom.Cancellable
function NginxCurl:make_room(caller)
  while not caller:is_over() do
    local this_tick = self.tick()
    if this_tick ~= self.begun_tick then self.begun, self.begun_tick = 0, this_tick end
    if self.begun < BURST then break end
    -- Estimated, so that they do not all come to look every time. Counted afresh by each
    -- one that wakes, since a caller that is gone takes nothing back.
    self.queued = self.queued + 1
    self.nap(math.min(UNSENT, SHORTEST * math.ceil(self.queued / BURST)))
    self.queued = 0
  end
  self.begun = self.begun + 1
end

local function drop(self, id)
  self.waiting[id] = nil
  self.engine:cancel(id)
end

--- Should a caller come back all the same, after nginx stood still, it is told.
local function drop_abandoned(self, time)
  for id, wait in each.pair(self.waiting) do
    if time > math.max(wait.deadline, wait.found or wait.deadline) + GRACE then drop(self, id) end
  end
end

--- Wakes those whose transfers have finished.
local function gather(self)
  local engine, since, found = self.engine, self.looked, self.now()
  self.looked = found
  local id = engine:finished()
  local any = id ~= nil
  while id do
    local wait = self.waiting[id]
    if wait then
      wait.since, wait.found = since, found
      wait.waiter.wake()
    else
      engine:cancel(id)
    end
    id = engine:finished()
  end
  -- Last, since a finished one is abandoned only if nobody takes it.
  if any then drop_abandoned(self, found) end
end

--- Finds out when to look for a transfer next.
local function schedule(self, id, wait, time)
  if not wait.sent and self.engine:is_sent(id) then wait.sent = time end
  local seconds
  if wait.sent then
    seconds = math.min(LONGEST, wait.latency:nap(time - wait.sent, wait.explores))
  else
    seconds = math.min(UNSENT, math.max(SHORTEST, SHARE * (time - wait.started)))
  end
  wait.due = time + math.min(seconds, math.max(SHORTEST, wait.deadline - time))
end

--- Sends what is to be sent, and finds what has come. Once in a turn is enough.
local function look(self)
  local this_tick = self.tick()
  if this_tick == self.last_tick then return end
  self.last_tick, self.is_called = this_tick, false
  self.engine:poll(0)
  gather(self)
  for id, wait in each.pair(self.waiting) do
    if wait.due <= self.looked and not wait.found then schedule(self, id, wait, self.looked) end
  end
end

local function is_led(self, wait, time)
  local leader = self.leader
  return leader ~= nil and leader ~= wait and time <= self.due + GONE
end

--- When the leader looks: when the first transfer is due, whoever waits for it.
local function next_due(self, time)
  local first
  for _, wait in each.pair(self.waiting) do
    if not wait.found and (not first or wait.due < first.due) then first = wait end
  end
  return math.max(first.due, time + math.max(SHORTEST, APART * (time - first.started)))
end

--- Waits until it is time to look, or until the leader has found the answer.
---@return boolean|nil woken  nil: the call was cancelled
local function pause(self, wait)
  local time = self.now()
  if is_led(self, wait, time) then
    return wait.waiter.wait(math.max(wait.due, self.due) + GONE)
  end
  self.leader, self.due = wait, next_due(self, time)
  return wait.waiter.wait(self.due)
end

--- All that begin in this turn are sent at its end: the leader goes on only then.
local function send(self, wait)
  self.last_tick = nil
  if not is_led(self, wait, self.now()) then return look(self) end
  if self.is_called then return end
  self.is_called = true
  self.leader.waiter.wake()
end

--- Another call leads from now on, if one waits.
local function step_down(self, wait)
  if self.leader ~= wait then return end
  self.leader = nil
  for _, other in each.pair(self.waiting) do
    if not other.found and other ~= wait then return other.waiter.wake() end
  end
end

--- Takes the answer, and learns from it.
local function finish(self, id, wait)
  self.waiting[id] = nil
  local answer, trouble = transfer.take(self.engine, id, wait.prepared)
  if answer and wait.sent then
    wait.latency:learn(math.max(0, wait.since - wait.sent), wait.found - wait.sent, wait.explores, wait.found)
  end
  return answer, trouble
end

--- Waits until the transfer has finished, and takes the answer, unless nginx has stood still
--- until nobody expected that any more.
local function await(self, id, wait)
  while true do
    if self.waiting[id] ~= wait then return transfer.late(wait.started, "the response", true) end
    if wait.found then return finish(self, id, wait) end
    if pause(self, wait) == nil then
      drop(self, id)
      return transfer.cancelled()
    end
    if not wait.found and not is_led(self, wait, self.now()) then look(self) end
  end
end

--- Waits for a transfer.
---@param id integer
---@param origin string
---@param deadline number
---@param caller aom.Cancellable
---@param object? aom.Prepared  what it was begun with
---@return aom.Answer|true|nil  true: as before
---@return aom.Trouble|string|nil
function NginxCurl:wait(id, origin, deadline, caller, object)
  local known = latency_of(self, origin)
  local wait = { waiter = caller:waiter(), latency = known, explores = known:explores(), started = self.now(),
    deadline = deadline, due = 0, prepared = object or false }
  self.waiting[id] = wait
  send(self, wait)
  local answer, trouble = await(self, id, wait)
  step_down(self, wait)
  caller:keep(wait.waiter)
  return answer, trouble
end

---@param attempt aom.Attempt
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:fetch(attempt, deadline, caller)
  self:make_room(caller)
  if caller:is_over() then return transfer.cancelled() end
  local id, trouble = transfer.start(self.engine, attempt, deadline - self.now(), caller.transport)
  if not id then return nil, trouble end
  return self:wait(id, attempt.base, deadline, caller)
end

--- As `fetch`, of a prepared call.
---@param object aom.Prepared
---@param origin string
---@param seconds number
---@param caller aom.Cancellable
---@param ... any  what it is begun with
---@return boolean is_sent
---@return aom.Answer|true|nil
---@return aom.Trouble|string|nil
function NginxCurl:send_prepared(object, origin, seconds, caller, ...)
  self:make_room(caller)
  local id = not caller:is_over() and object:begin(...)
  if not id then return false end
  return true, self:wait(id, origin, self.now() + seconds, caller, object)
end

--- Polls until `time`, or until `is_done`, where nothing else runs: nginx stands still
--- meanwhile. Transfers of others that end then are kept for them: one that stays in the
--- engine's queue would end every poll at once.
---@param time number
---@param is_done fun(): boolean
function NginxCurl:poll_until(time, is_done)
  while self.now() < time and not is_done() do
    self.engine:poll(math.min(PATIENCE, time - self.now()))
    gather(self)
  end
end

--- As `fetch`, where nothing else runs. The engine ends the transfer by its deadline.
---@param attempt aom.Attempt
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:block(attempt, deadline, caller)
  local id, trouble = transfer.start(self.engine, attempt, deadline - self.now(), caller.transport)
  if not id then return nil, trouble end
  local wait = { waiter = { wake = function() end }, started = self.now(), deadline = math.huge, due = math.huge,
    prepared = false }
  self.waiting[id] = wait
  self:poll_until(math.huge, function() return wait.found ~= nil or caller:is_over() end)
  if not wait.found then
    drop(self, id)
    return transfer.cancelled()
  end
  return finish(self, id, wait)
end

return nginx_curl

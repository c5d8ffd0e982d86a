--- Drives an engine in nginx, which has no event for libcurl's sockets: every call that
--- waits looks at times, at most one of them in a tick of nginx's clock, and who looks
--- wakes those whose transfers have ended.

local core = require "aom.core"
local each = require "aom.util.each"
local latency = require "aom.loop.nginx_latency"
local transfer = require "aom.loop.transfer"

local nginx_curl = {}

local now = core.now

--- Before the request is sent, libcurl has something to do whenever the server reacts: a
--- call looks after a fifth of the time that has passed. Afterwards its origin's latency
--- says when to look.
local SHARE, SHORTEST, LONGEST = 0.2, 0.001, 0.1

--- How many transfers may begin in one turn of nginx's loop. Signing and connecting take
--- time, and where hundreds of calls come at once nginx is to serve other requests in
--- between.
local BURST = 20

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

--- A call that waits for a transfer.
---@class aom.CurlWait
---@field waiter aom.Waiter
---@field started number
---@field deadline number    when its caller gives up
---@field sent? number       when the request was
---@field since? number      the last look without an answer
---@field found? number      the first one with it
---@field transport aom.Transport

---@class aom.NginxCurl
---@field engine userdata
---@field nap fun(seconds: number)
---@field tick fun(): number  nginx's clock, which stands still within one turn of its loop
---@field waiting table<integer, aom.CurlWait>   by the id of the transfer
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
---@return aom.NginxCurl
function nginx_curl.new(engine, nap, tick)
  return setmetatable({
    engine = engine, nap = nap, tick = tick, waiting = {}, latencies = {}, origins = 0, looked = now(),
    begun = 0, queued = 0,
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
    self.nap(math.min(LONGEST, SHORTEST * math.ceil(self.queued / BURST)))
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
    if time > wait.deadline + GRACE then drop(self, id) end
  end
end

--- Wakes those whose transfers have finished.
local function gather(self)
  local engine, since, found = self.engine, self.looked, now()
  self.looked = found
  local id = engine:finished()
  if id then drop_abandoned(self, found) end
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
end

local function look(self)
  local this_tick = self.tick()
  if this_tick == self.last_tick then return end
  self.last_tick = this_tick
  self.engine:poll(0)
  gather(self)
end

--- Waits until it is time to look, or until another caller has found the answer.
---@return boolean|nil woken  nil: the call was cancelled
local function pause(self, id, wait, known)
  local time = now()
  if not wait.sent and self.engine:is_sent(id) then wait.sent = time end
  local seconds = wait.sent and known:nap(time - wait.sent) or math.max(SHORTEST, SHARE * (time - wait.started))
  return wait.waiter.wait(time + math.min(seconds, LONGEST, math.max(SHORTEST, wait.deadline - time)))
end

--- Takes the answer, and learns from it.
local function finish(self, id, known)
  local wait = self.waiting[id]
  self.waiting[id] = nil
  local answer, trouble = transfer.collect(self.engine, id)
  if answer and wait.sent then known:learn(math.max(0, wait.since - wait.sent), wait.found - wait.sent) end
  return answer, trouble
end

--- Waits for a transfer.
---@param id integer
---@param origin string
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:wait(id, origin, deadline, caller)
  local known, wait = latency_of(self, origin), { waiter = caller:waiter(), started = now(), deadline = deadline }
  self.waiting[id] = wait
  -- All that begin in this turn are sent by the first one that goes on after it.
  self.last_tick = nil
  self.nap(0)
  look(self)
  while not wait.found do
    if pause(self, id, wait, known) == nil then
      drop(self, id)
      return transfer.cancelled()
    end
    if self.waiting[id] ~= wait then return transfer.late(wait.started, "the response", true) end
    look(self)
  end
  return finish(self, id, known)
end

---@param attempt aom.Attempt
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:fetch(attempt, deadline, caller)
  self:make_room(caller)
  if caller:is_over() then return transfer.cancelled() end
  local id, trouble = transfer.start(self.engine, attempt, deadline - now(), caller.transport)
  if not id then return nil, trouble end
  return self:wait(id, attempt.base, deadline, caller)
end

--- Polls until `time`, or until `is_done`, where nothing else runs: nginx stands still
--- meanwhile. Transfers of others that end then are kept for them: one that stays in the
--- engine's queue would end every poll at once.
---@param time number
---@param is_done fun(): boolean
function NginxCurl:poll_until(time, is_done)
  while now() < time and not is_done() do
    self.engine:poll(math.min(PATIENCE, time - now()))
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
  local id, trouble = transfer.start(self.engine, attempt, deadline - now(), caller.transport)
  if not id then return nil, trouble end
  local wait = { waiter = { wake = function() end }, started = now(), deadline = math.huge }
  self.waiting[id] = wait
  self:poll_until(math.huge, function() return wait.found ~= nil or caller:is_over() end)
  if not wait.found then
    drop(self, id)
    return transfer.cancelled()
  end
  return finish(self, id, latency_of(self, attempt.base))
end

return nginx_curl

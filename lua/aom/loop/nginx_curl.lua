--- Drives an engine in nginx, which offers nothing but "sleep" to wait with: every waiting
--- call steps the engine when it wakes, at most once in a tick of nginx's clock, however
--- many of them wait.

local core = require "aom.core"
local transfer = require "aom.loop.transfer"

local nginx_curl = {}

local now = core.now

--- A wait sleeps a fifth of the time that it has waited already: soon after the start
--- it looks often, an idle one costs little, and no answer is noticed much later than
--- a fifth of the time it took.
local SHARE, SHORTEST, LONGEST = 0.2, 0.001, 0.05

--- How many transfers may begin in one turn of nginx's loop. Signing and connecting take
--- time, and where hundreds of calls come at once nginx is to serve other requests in
--- between.
local BURST = 4

--- A transfer whose caller is gone (a request that was aborted) is kept this long
--- after its deadline, in seconds.
local GRACE = 1

--- What a call runs in, and whether it was cancelled.
---@class aom.Cancellable
---@field is_over fun(self): boolean

---@class aom.NginxCurl
---@field engine userdata
---@field nap fun(seconds: number)
---@field tick fun(): number  nginx's clock, which stands still within one turn of its loop
---@field waiting table<integer, number>    transfer id -> when its caller gives up
---@field finished table<integer, boolean>  transfer ids
---@field last_tick? number   when the engine was stepped last
---@field begun integer       transfers begun in the latest turn
---@field begun_tick? number  which turn that is
---@field queued integer      callers that wait for their turn to begin
---@field closed boolean
local NginxCurl = {}
NginxCurl.__index = NginxCurl

---@param engine userdata
---@param nap fun(seconds: number)
---@param tick fun(): number
---@return aom.NginxCurl
function nginx_curl.new(engine, nap, tick)
  return setmetatable({
    engine = engine, nap = nap, tick = tick, waiting = {}, finished = {}, begun = 0, queued = 0, closed = false,
  }, NginxCurl)
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
  self.waiting[id], self.finished[id] = nil, nil
  self.engine:cancel(id)
end

--- Should a caller come back all the same, after nginx stood still, it is told.
local function drop_abandoned(self, time)
  for id, deadline in pairs(self.waiting) do
    if time > deadline + GRACE then drop(self, id) end
  end
end

local function step(self)
  local this_tick = self.tick()
  if this_tick == self.last_tick then return end
  self.last_tick = this_tick
  local engine = self.engine
  engine:poll(0)
  local id = engine:finished()
  if id then drop_abandoned(self, now()) end
  while id do
    if self.waiting[id] then self.finished[id] = true else engine:cancel(id) end
    id = engine:finished()
  end
end

--- Waits for a transfer.
---@param id integer
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:wait(id, deadline, caller)
  self.waiting[id] = deadline
  local started = now()
  -- The first one of a turn sends at once.
  if self.begun == 1 then self.last_tick = nil end
  step(self)
  while not self.finished[id] do
    self.nap(math.min(LONGEST, math.max(SHORTEST, (now() - started) * SHARE)))
    if self.closed then return transfer.cancelled() end
    if caller:is_over() then
      drop(self, id)
      return transfer.cancelled()
    end
    if not self.waiting[id] then return transfer.late(started, "the answer", true) end
    step(self)
  end
  self.waiting[id], self.finished[id] = nil, nil
  return transfer.collect(self.engine, id)
end

---@param attempt aom.Attempt
---@param deadline number
---@param caller aom.Cancellable
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:fetch(attempt, deadline, caller)
  self:make_room(caller)
  if caller:is_over() then return transfer.cancelled() end
  local id, trouble = transfer.start(self.engine, attempt, deadline - now())
  if not id then return nil, trouble end
  return self:wait(id, deadline, caller)
end

--- As `fetch`, where nothing else runs: nginx stands still meanwhile.
---@param attempt aom.Attempt
---@param deadline number
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxCurl:block(attempt, deadline)
  local id, trouble = transfer.start(self.engine, attempt, deadline - now())
  if not id then return nil, trouble end
  while not self.engine:wait(id, 1) do end
  return transfer.collect(self.engine, id)
end

--- Those that wait find out when they wake.
function NginxCurl:close()
  if self.closed then return end
  self.closed = true
  self.engine:close()
end

return nginx_curl

--- Drives an engine from a host that offers nothing but "sleep": every waiting call
--- steps the engine when it wakes, at most once in a tick of the host's clock, however
--- many of them wait.

local core = require "aom.core"
local transfer = require "aom.loop.transfer"

local nginx_curl = {}

local now = core.now

--- A wait sleeps a fifth of the time that it has waited already: soon after the start
--- it looks often, an idle one costs little, and no answer is noticed much later than
--- a fifth of the time it took.
local SHARE, SHORTEST, LONGEST = 0.2, 0.001, 0.05

--- How many transfers may begin in one turn of the host's loop. To sign and to connect
--- takes its time, and where hundreds of calls come at once the host is to serve others
--- in between.
local BURST = 4

--- A transfer whose caller is gone (a request that was aborted) is kept this long
--- after its deadline, in seconds.
local GRACE = 1

---@param engine userdata
---@param sleep fun(seconds: number)
---@param tick fun(): number  the host's clock, which stands still within one turn of its loop
function nginx_curl.new(engine, sleep, tick)
  local self = {}
  local waiting = {} -- id -> when its caller gives up
  local finished = {}
  local last_tick
  local closed = false
  local begun, begun_tick = 0, nil -- transfers begun in the latest turn
  local queued = 0                 -- callers that wait for their turn to begin

  --- Waits until another transfer may begin.
  ---@param is_over fun(): boolean
  function self.make_room(is_over)
    while not is_over() do
      local this_tick = tick()
      if this_tick ~= begun_tick then begun, begun_tick = 0, this_tick end
      if begun < BURST then break end
      -- Estimated, so that they do not all come to look every time. Counted afresh by
      -- whoever waits, since a caller that is gone takes nothing back.
      queued = queued + 1
      sleep(math.min(LONGEST, SHORTEST * math.ceil(queued / BURST)))
      queued = 0
    end
    begun = begun + 1
  end

  --- Should a caller come back all the same, after the host stood still, it is told.
  local function forget_abandoned(time)
    for id, deadline in pairs(waiting) do
      if time > deadline + GRACE then
        waiting[id], finished[id] = nil, nil
        engine:cancel(id)
      end
    end
  end

  local function step()
    local this_tick = tick()
    if this_tick == last_tick then return end
    last_tick = this_tick
    engine:poll(0)
    local id = engine:finished()
    if id then forget_abandoned(now()) end
    while id do
      if waiting[id] then finished[id] = true else engine:cancel(id) end
      id = engine:finished()
    end
  end

  local function abandon(id)
    waiting[id], finished[id] = nil, nil
    engine:cancel(id)
    return transfer.cancelled()
  end

  --- Waits for a transfer.
  ---@param id integer
  ---@param deadline number
  ---@param is_over fun(): boolean  the call was cancelled
  ---@return aom.Answer|nil
  ---@return aom.Trouble|nil
  function self.wait(id, deadline, is_over)
    waiting[id] = deadline
    local started = now()
    -- The first one of a turn sends at once.
    if begun == 1 then last_tick = nil end
    step()
    while not finished[id] do
      sleep(math.min(LONGEST, math.max(SHORTEST, (now() - started) * SHARE)))
      if closed then return transfer.cancelled() end
      if is_over() then return abandon(id) end
      if not waiting[id] then return nil, { kind = "timeout", message = "timed out", sent = true } end
      step()
    end
    waiting[id], finished[id] = nil, nil
    return transfer.collect(engine, id)
  end

  --- Those that wait find out when they wake.
  function self.close()
    if closed then return end
    closed = true
    engine:close()
  end

  return self
end

return nginx_curl

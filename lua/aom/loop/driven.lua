--- What all loops that drive the C engine have in common. A call that can be suspended
--- is, and waits side by side with others; one that cannot waits in libcurl's own poll.
--- Who turns the wheel when all are suspended is the particular loop's matter.

local core = require "aom.core"
local tasks = require "aom.loop.tasks"
local transfers = require "aom.loop.transfers"

local driven = {}

local now = core.now

--- How long to wait at most when nothing is due.
local PATIENCE = 1

---@class aom.DrivenHooks: aom.TaskHooks
---@field on_change? function  the engine has changed otherwise than by events

---@param engine userdata  an engine of aom.core
---@param hooks aom.DrivenHooks
---@return aom.Loop loop
---@return table drive  what the particular loop turns the wheel with
function driven.new(engine, hooks)
  local loop, drive = { now = now }, {}
  local set = tasks.new(hooks)
  local fetching = {} -- transfer id -> task
  local timers = {}   -- task -> when it is due
  local changed = hooks.on_change or function() end
  local closed = false

  drive.tasks = set

  local function wait_for_transfer(task, id)
    fetching[id] = task
    return set.suspend(task, function()
      fetching[id] = nil
      engine:cancel(id)
      changed()
      set.wake(task, transfers.cancelled())
    end)
  end

  function loop.fetch(attempt, deadline)
    if closed then return transfers.cancelled() end
    local id, trouble = transfers.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    local task = set.current()
    if task then return wait_for_transfer(task, id) end
    while not engine:wait(id, PATIENCE) do end
    changed()
    return transfers.collect(engine, id)
  end

  --- True when the time is up, false when the task was woken or cancelled.
  local function wait_until(task, deadline)
    timers[task] = deadline
    local timed_out = set.suspend(task, function() set.wake(task, false) end)
    timers[task] = nil
    return timed_out
  end

  function loop.sleep(seconds)
    local deadline = now() + seconds
    local task = set.current()
    if task then
      wait_until(task, deadline)
      return
    end
    while now() < deadline and not closed do engine:poll(deadline - now()) end
    changed()
  end

  --- Where nothing can be suspended nothing else could run meanwhile, hence none.
  function loop.waiter()
    local task = set.current()
    if not task then return nil end
    return {
      wait = function(deadline) return not wait_until(task, deadline) end,
      wake = function() set.wake(task, false) end,
    }
  end

  --- Wakes the tasks whose time has come.
  ---@return number|nil seconds  until the next one is due
  function drive.wake_due()
    local nearest
    local time = now()
    for task, due in pairs(timers) do
      if due <= time then
        set.wake(task, true)
      elseif not nearest or due < nearest then
        nearest = due
      end
    end
    return nearest and nearest - time
  end

  --- Wakes the tasks whose transfers have finished. One that nobody waits for any
  --- more, since its coroutine is gone, is dropped.
  function drive.wake_finished()
    local id = engine:finished()
    while id do
      local task = fetching[id]
      fetching[id] = nil
      if task then set.wake(task, transfers.collect(engine, id)) else engine:cancel(id) end
      id = engine:finished()
    end
  end

  local function turn()
    local patience = drive.wake_due() or PATIENCE
    if not closed then
      engine:poll(set.has_ready() and 0 or patience)
      drive.wake_finished()
    end
    set.flush()
    changed()
  end

  --- Waits until `is_done`: suspended where that can be, else by turning the wheel.
  local function wait_for(is_done, on_wake)
    local task = set.current()
    if not task then
      while not is_done() do turn() end
      return
    end
    on_wake(function() set.wake(task) end)
    while not is_done() do set.suspend(task, function() end) end
  end

  --- Runs the functions of `list`, at most `concurrency` at a time. The first error
  --- that one raises is raised again, when all have ended.
  function loop.run(list, concurrency)
    local started, ended, failure = 0, 0, nil
    local start_next
    local woken = function() end
    local function on_end(fine, err)
      ended = ended + 1
      if not fine and not failure then failure = { err } end
      if list[started + 1] then start_next() end
      if ended == started then woken() end
    end
    function start_next()
      started = started + 1
      set.spawn(list[started], on_end)
    end
    while started < concurrency and list[started + 1] do start_next() end
    wait_for(function() return ended == started end, function(wake) woken = wake end)
    if failure then error(failure[1], 0) end
  end

  --- Starts `body` as a task of its own.
  loop.spawn = set.spawn
  loop.current = set.current
  loop.cancel = set.cancel

  --- Cancels what is in flight.
  function loop.close()
    if closed then return end
    closed = true
    set.cancel_all()
    engine:close()
  end

  return loop, drive
end

return driven

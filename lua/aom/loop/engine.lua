--- What all loops that drive the C engine have in common. A call that can be suspended
--- is, and waits side by side with others; one that cannot waits in libcurl's own poll.
--- Each loop decides who polls the engine while all calls are suspended.

local core = require "aom.core"
local scheduler = require "aom.loop.scheduler"
local transfer = require "aom.loop.transfer"

local engine_loop = {}

local now = core.now

--- How long to wait at most when nothing is due.
local PATIENCE = 1

---@class aom.DrivenHooks: aom.TaskHooks
---@field on_change? function  the engine has changed otherwise than by events

---@param engine userdata  an engine of aom.core
---@param hooks aom.DrivenHooks
---@return aom.Loop loop
---@return table drive  what the particular loop turns the wheel with
function engine_loop.new(engine, hooks)
  local loop, drive = { now = now }, {}
  local set = scheduler.new(hooks)
  local fetching = {} -- transfer id -> wait
  local timers = {}   -- wait -> when it is due
  local changed = hooks.on_change or function() end
  local closed = false
  local turning = 0   -- how many calls outside of any task turn the wheel

  function drive.is_turning() return turning > 0 end

  drive.tasks = set

  local function wait_for_transfer(task, id)
    local wait = { task = task }
    fetching[id] = wait
    return set.suspend(wait, function()
      if fetching[id] then
        fetching[id] = nil
        engine:cancel(id)
      end
      set.wake(wait, transfer.cancelled())
      changed()
    end)
  end

  --- What ends meanwhile wakes its own task, which runs later.
  local function block_for_transfer(id)
    local wait = {}
    fetching[id] = wait
    repeat
      engine:poll(PATIENCE)
      drive.wake_finished()
    until wait.woken or closed
    fetching[id] = nil
    changed()
    if not wait.woken then return transfer.cancelled() end
    return wait.a, wait.b
  end

  function loop.fetch(attempt, deadline)
    if closed then return transfer.cancelled() end
    local id, trouble = transfer.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    local task = set.current()
    if task then return wait_for_transfer(task, id) end
    return block_for_transfer(id)
  end

  --- What ended the wait: "time", "woken" or "cancelled".
  local function wait_until(wait, deadline)
    if closed then return "cancelled" end
    timers[wait] = deadline
    local why = set.suspend(wait, function() set.wake(wait, "cancelled") end)
    timers[wait] = nil
    return why
  end

  function loop.sleep(seconds)
    local deadline = now() + seconds
    local task = set.current()
    if task then return wait_until({ task = task }, deadline) ~= "cancelled" end
    while now() < deadline and not closed do
      engine:poll(deadline - now())
      drive.wake_finished()
    end
    changed()
    return not closed
  end

  --- Where nothing can be suspended nothing else could run meanwhile, hence none.
  function loop.waiter()
    local task = set.current()
    if not task then return nil end
    local wait = { task = task }
    return {
      wait = function(deadline)
        local why = wait_until(wait, deadline)
        if why == "cancelled" then return nil end
        return why == "woken"
      end,
      wake = function() set.wake(wait, "woken") end,
    }
  end

  --- Wakes the tasks whose time has come.
  ---@return number|nil seconds  until the next one is due
  function drive.wake_due()
    local nearest
    local time = now()
    for wait, due in pairs(timers) do
      if due <= time then
        set.wake(wait, "time")
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
      local wait = fetching[id]
      fetching[id] = nil
      if wait then set.wake(wait, transfer.collect(engine, id)) else engine:cancel(id) end
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
  end

  --- Waits until `is_done`: suspended where that can be, else by turning the wheel.
  local function wait_for(is_done, on_wake, on_cancel)
    local task = set.current()
    if not task then
      turning = turning + 1
      local fine, err = pcall(function()
        while not is_done() do turn() end
      end)
      turning = turning - 1
      changed()
      -- Ctrl-C raises wherever it finds the script.
      if not fine then error(err, 0) end
      return
    end
    local wait
    on_wake(function()
      if wait then set.wake(wait) end
    end)
    while not is_done() do
      wait = { task = task }
      set.suspend(wait, on_cancel)
    end
  end

  --- Runs the functions of `list`, at most `concurrency` at a time. The first error
  --- that one raises is raised again, when all have ended. To cancel the task that
  --- waits here is to cancel those it waits for.
  function loop.run(list, concurrency)
    local started, ended, failure = 0, 0, nil
    local running = {} -- task -> true
    local start_next
    local woken = function() end
    function start_next()
      started = started + 1
      local task
      task = set.spawn(list[started], function(fine, err)
        running[task] = nil
        ended = ended + 1
        if not fine and not failure then failure = { err } end
        if list[started + 1] then start_next() end
        if ended == started then woken() end
      end)
      running[task] = true
    end
    while started < concurrency and list[started + 1] do start_next() end
    wait_for(function() return ended == started end, function(wake) woken = wake end, function()
      for task in pairs(running) do set.cancel(task) end
    end)
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

return engine_loop

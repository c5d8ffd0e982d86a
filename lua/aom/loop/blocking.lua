--- The loop of plain Lua: waits in libcurl's own poll. A single call blocks; of
--- several (`run`) each is a coroutine, and all share the one wait.

local core = require "aom.core"
local tasks = require "aom.loop.tasks"
local transfers = require "aom.loop.transfers"

local blocking = {}

local now = core.now

---@param engine userdata  an engine of aom.core
---@return aom.Loop
function blocking.new(engine)
  local loop = { now = now, name = "blocking" }
  local set = tasks.new()
  local fetching = {} -- transfer id -> task
  local timers = {}   -- task -> when it is due

  local function wait_for_transfer(task, id)
    fetching[id] = task
    return set.suspend(task, function()
      fetching[id] = nil
      engine:cancel(id)
      set.wake(task, transfers.cancelled())
    end)
  end

  function loop.fetch(attempt, deadline)
    local id, trouble = transfers.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    local task = set.current()
    if task then return wait_for_transfer(task, id) end
    while not engine:wait(id, 1) do end
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
    while now() < deadline do engine:poll(deadline - now()) end
  end

  --- Outside a task nothing else could run while one waits, hence none.
  function loop.waiter()
    local task = set.current()
    if not task then return nil end
    return {
      wait = function(deadline) return not wait_until(task, deadline) end,
      wake = function() set.wake(task, false) end,
    }
  end

  local function wake_due()
    local nearest
    local time = now()
    for task, due in pairs(timers) do
      if due <= time then
        set.wake(task, true)
      elseif not nearest or due < nearest then
        nearest = due
      end
    end
    return nearest and nearest - time or 1
  end

  local function wake_finished()
    local id = engine:finished()
    while id do
      local task = fetching[id]
      fetching[id] = nil
      if task then set.wake(task, transfers.collect(engine, id)) else engine:cancel(id) end
      id = engine:finished()
    end
  end

  local function turn()
    local patience = wake_due()
    engine:poll(set.has_ready() and 0 or patience)
    wake_finished()
    set.flush()
  end

  --- Runs the functions of `list`, at most `concurrency` at a time. The first
  --- error that one raises is raised again, when all have ended.
  function loop.run(list, concurrency)
    local started, ended, failure = 0, 0, nil
    local start_next
    local function on_end(fine, err)
      ended = ended + 1
      if not fine and not failure then failure = { err } end
      if list[started + 1] then start_next() end
    end
    function start_next()
      started = started + 1
      set.spawn(list[started], on_end)
    end
    while started < concurrency and list[started + 1] do start_next() end
    while ended < started do turn() end
    if failure then error(failure[1], 0) end
  end

  --- Nobody would come back to drive it later, so it runs to its end here.
  function loop.spawn(body) loop.run({ body }, 1) end

  loop.cancel = set.cancel

  function loop.close() engine:close() end

  return loop
end

return blocking

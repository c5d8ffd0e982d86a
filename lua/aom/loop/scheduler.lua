--- Coroutines, and how they are woken. Loops that drive the C engine build on this: a
--- task suspends itself, whoever has its answer wakes it, and the loop resumes what is
--- awake at a moment of its own choosing, so that no task ever runs inside another
--- one's stack.

---@class aom.Task
---@field thread thread
---@field on_end? fun(fine: boolean, err: any)
---@field wait? aom.Wait  what it waits for now

--- One wait of a task. Whoever wakes names the wait, not the task: one that comes too
--- late must not end the task's next wait.
---@class aom.Wait
---@field task aom.Task
---@field cancel? function  ends what it waits for, and wakes it
---@field woken? boolean
---@field a? any
---@field b? any

local scheduler = {}

---@class aom.TaskHooks
---@field adopt? boolean     coroutines of the user's may wait too
---@field on_ready? function  called when a task becomes ready to run
---@field on_suspend? function  called when a task is about to wait
---@field on_error? fun(err: any)  an error that nobody waits for, with its traceback

---@param hooks aom.TaskHooks
function scheduler.new(hooks)
  local set = {}
  -- Values are weak as well: before 5.2 a value that refers to its key would keep it.
  local by_thread = setmetatable({}, { __mode = "kv" })
  local ready, first, last = {}, 1, 0
  local suspended = {} -- wait -> true

  local function register(task)
    by_thread[task.thread] = task
    return task
  end

  --- The task that runs now; nil where nothing can be suspended.
  ---@return aom.Task|nil
  function set.current()
    local thread, is_main = coroutine.running()
    if not thread or is_main then return nil end
    local task = by_thread[thread]
    if not task and not hooks.adopt then return nil end
    if coroutine.isyieldable and not coroutine.isyieldable() then return nil end
    return task or register { thread = thread }
  end

  local function push(entry)
    last = last + 1
    ready[last] = entry
    if hooks.on_ready then hooks.on_ready() end
  end

  --- Ends a wait; `a` and `b` are what its `suspend` returns. The first answer counts.
  ---@param wait aom.Wait
  function set.wake(wait, a, b)
    if wait.woken then return end
    wait.woken, wait.a, wait.b = true, a, b
    -- Not suspended: the task has not got that far, or never will.
    if suspended[wait] then push(wait) end
    suspended[wait] = nil
  end

  --- Suspends the running task until the wait is over. When somebody else resumes the
  --- coroutine meanwhile, it yields again.
  ---@param wait aom.Wait  { task }
  ---@param on_cancel function  ends what it waits for, and wakes it
  function set.suspend(wait, on_cancel)
    if not wait.woken then
      wait.cancel = on_cancel
      wait.task.wait = wait
      suspended[wait] = true
      if hooks.on_suspend then hooks.on_suspend() end
      repeat coroutine.yield() until wait.resumed
    end
    return wait.a, wait.b
  end

  --- Makes a task of `body`; it runs from the next `flush` on. Errors are caught at the
  --- coroutine's edge, since Lua 5.1 cannot yield through a pcall.
  ---@param body function
  ---@param on_end? fun(fine: boolean, err: any)
  ---@return aom.Task
  function set.spawn(body, on_end)
    local task = register { thread = coroutine.create(body), on_end = on_end }
    task.wait = { task = task }
    push(task.wait)
    return task
  end

  --- Ends what a task waits for, if it waits.
  ---@param task aom.Task
  function set.cancel(task)
    if suspended[task.wait] then task.wait.cancel() end
  end

  function set.cancel_all()
    local waiting = {}
    for wait in pairs(suspended) do waiting[#waiting + 1] = wait end
    for _, wait in ipairs(waiting) do
      if suspended[wait] then wait.cancel() end
    end
  end

  --- Lets go of the waits whose task is gone: its coroutine was closed, or could not be
  --- suspended after all (Lua 5.1, inside a pcall).
  local function forget_dead()
    for wait in pairs(suspended) do
      if wait.task.wait ~= wait or coroutine.status(wait.task.thread) == "dead" then
        suspended[wait] = nil
        wait.cancel()
      end
    end
  end

  ---@return boolean
  function set.has_ready() return first <= last end

  --- Whether no task waits and none is ready.
  ---@return boolean
  function set.is_idle()
    if next(suspended) ~= nil then forget_dead() end
    return next(suspended) == nil and first > last
  end

  local function resume(wait)
    local task = wait.task
    local thread = task.thread
    -- Closed by its owner, or gone on without us.
    if task.wait ~= wait or coroutine.status(thread) ~= "suspended" then return end
    wait.resumed = true
    local fine, err = coroutine.resume(thread)
    if coroutine.status(thread) ~= "dead" then return end
    if task.on_end then
      task.on_end(fine, err)
    elseif not fine and hooks.on_error then
      hooks.on_error(type(err) == "string" and debug.traceback(thread, err) or err)
    end
  end

  --- Resumes what was ready when it was called.
  function set.flush()
    local stop = last
    while first <= stop do
      local wait = ready[first]
      ready[first] = nil
      first = first + 1
      resume(wait)
    end
  end

  return set
end

return scheduler

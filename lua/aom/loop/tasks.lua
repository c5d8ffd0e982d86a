--- Coroutines, and how they are woken. Loops that drive the C engine build on this: a
--- task suspends itself, whoever has its answer wakes it, and the loop resumes what is
--- awake at a moment of its own choosing, so that no task ever runs inside another
--- one's stack.

---@class aom.Task
---@field thread thread
---@field on_end? fun(fine: boolean, err: any)

local tasks = {}

---@class aom.TaskHooks
---@field adopt? boolean     coroutines of the user's may wait too
---@field on_ready? function  called when a task becomes ready to run
---@field on_suspend? function  called when a task is about to wait
---@field on_error? fun(err: any)  an error that nobody waits for, with its traceback

---@param hooks aom.TaskHooks
function tasks.new(hooks)
  local set = {}
  -- Values are weak as well: before 5.2 a value that refers to its key would keep it.
  local by_thread = setmetatable({}, { __mode = "kv" })
  local ready, first, last = {}, 1, 0
  local suspended = {} -- task -> what ends its wait

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
    if task or not hooks.adopt then return task end
    if coroutine.isyieldable and not coroutine.isyieldable() then return nil end
    return register { thread = thread }
  end

  local function push(task, a, b)
    last = last + 1
    ready[last] = { task, a, b }
    if hooks.on_ready then hooks.on_ready() end
  end

  --- Marks a suspended task as ready; `a` and `b` are what its `suspend` returns.
  --- A task that is ready already keeps its first answer.
  function set.wake(task, a, b)
    if not suspended[task] then return end
    suspended[task] = nil
    push(task, a, b)
  end

  --- Suspends the running task until it is woken.
  ---@param task aom.Task
  ---@param on_cancel function  ends what it waits for, and wakes it
  function set.suspend(task, on_cancel)
    suspended[task] = on_cancel
    if hooks.on_suspend then hooks.on_suspend() end
    return coroutine.yield()
  end

  --- Makes a task of `body`; it runs from the next `flush` on. Errors are caught at the
  --- coroutine's edge, since Lua 5.1 cannot yield through a pcall.
  ---@param body function
  ---@param on_end? fun(fine: boolean, err: any)
  ---@return aom.Task
  function set.spawn(body, on_end)
    local task = register { thread = coroutine.create(body), on_end = on_end }
    push(task)
    return task
  end

  --- Ends what a task waits for, if it waits.
  ---@param task aom.Task
  function set.cancel(task)
    if suspended[task] then suspended[task]() end
  end

  function set.cancel_all()
    local waiting = {}
    for task in pairs(suspended) do waiting[#waiting + 1] = task end
    for _, task in ipairs(waiting) do set.cancel(task) end
  end

  ---@return boolean
  function set.has_ready() return first <= last end

  --- Whether no task waits and none is ready.
  ---@return boolean
  function set.is_idle() return next(suspended) == nil and first > last end

  local function resume(task, a, b)
    local fine, err = coroutine.resume(task.thread, a, b)
    if coroutine.status(task.thread) ~= "dead" then return end
    if task.on_end then
      task.on_end(fine, err)
    elseif not fine and hooks.on_error then
      hooks.on_error(type(err) == "string" and debug.traceback(task.thread, err) or err)
    end
  end

  --- Resumes what was ready when it was called.
  function set.flush()
    local stop = last
    while first <= stop do
      local entry = ready[first]
      ready[first] = nil
      first = first + 1
      resume(entry[1], entry[2], entry[3])
    end
  end

  return set
end

return tasks

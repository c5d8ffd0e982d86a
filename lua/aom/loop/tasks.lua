--- Coroutines of ours, and how they are woken. Loops that drive the C engine
--- build on this: a task suspends itself, whoever has its answer wakes it, and
--- the loop resumes what is awake at a moment of its own choosing, so that no
--- task ever runs inside another one's stack.

---@class aom.Task
---@field thread thread
---@field on_cancel? function  ends what the task waits for
---@field on_end? fun(fine: boolean, err: any)

local tasks = {}

---@param notify? function  called when a task becomes ready to run
function tasks.new(notify)
  local set = {}
  local by_thread = setmetatable({}, { __mode = "k" })
  local ready, first, last = {}, 1, 0

  --- The task that runs now; nil in code of the user's.
  ---@return aom.Task|nil
  function set.current()
    local thread = coroutine.running()
    return thread and by_thread[thread]
  end

  --- Marks a suspended task as ready; `a` and `b` are what its `suspend` returns.
  --- A task that is ready already keeps its first answer.
  function set.wake(task, a, b)
    if task.woken then return end
    task.woken, task.on_cancel = true, nil
    last = last + 1
    ready[last] = { task, a, b }
    if notify then notify() end
  end

  --- Suspends the running task until it is woken.
  ---@param task aom.Task
  ---@param on_cancel function
  function set.suspend(task, on_cancel)
    task.woken, task.on_cancel = false, on_cancel
    return coroutine.yield()
  end

  --- Makes a task of `body`; it runs from the next `flush` on. Errors are caught
  --- at the coroutine's edge, since Lua 5.1 cannot yield through a pcall.
  ---@param body function
  ---@param on_end? fun(fine: boolean, err: any)
  ---@return aom.Task
  function set.spawn(body, on_end)
    local task = { thread = coroutine.create(body), on_end = on_end }
    by_thread[task.thread] = task
    set.wake(task)
    return task
  end

  ---@param task aom.Task
  function set.cancel(task)
    if task.on_cancel then task.on_cancel() end
  end

  ---@return boolean
  function set.has_ready() return first <= last end

  local function resume(task, a, b)
    local fine, err = coroutine.resume(task.thread, a, b)
    if coroutine.status(task.thread) == "dead" and task.on_end then task.on_end(fine, err) end
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

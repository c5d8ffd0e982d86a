--- Runs coroutines as tasks, so that many calls can wait in one Lua state. A task suspends
--- itself; an event wakes it; the loop later resumes all woken tasks. No task runs on
--- another task's stack.

---@class aom.Task
---@field thread thread
---@field on_end? fun(ok: boolean, err: any)
---@field wait? aom.Wait  what it waits for now

--- One wait of a task. Callers wake the wait, not the task: a late one must not end the
--- task's next wait.
---@class aom.Wait
---@field task aom.Task
---@field tasks? aom.Scheduler  that of the task
---@field cancel? function  ends what it waits for, and wakes it
---@field woken? boolean
---@field resumed? boolean
---@field a? any
---@field b? any

--- What the scheduler asks of the loop that owns it.
---@class aom.TaskOwner
---@field adopts fun(self): boolean  whether coroutines that the user made may wait too
---@field on_ready fun(self)    called when a task becomes ready to run
---@field on_suspend fun(self)  called when a task is about to wait
---@field on_error fun(self, err: any)  an error that nobody waits for, with its traceback

---@class aom.Scheduler
---@field owner aom.TaskOwner
---@field by_thread table<thread, aom.Task>  weak
---@field ready table<integer, aom.Wait>  a queue, from `first` to `last`
---@field first integer
---@field last integer
---@field suspended table<aom.Wait, boolean>
local Scheduler = {}
Scheduler.__index = Scheduler

local scheduler = {}

local running, status = coroutine.running, coroutine.status

local each = require "aom.util.each"
local traceback = require "aom.util.host".debug.traceback

-- Values are weak as well: before 5.2 a value that refers to its key would keep it.
local weak = { __mode = "kv" }

---@param owner aom.TaskOwner
---@return aom.Scheduler
function scheduler.new(owner)
  return setmetatable({
    owner = owner, by_thread = setmetatable({}, weak), ready = {}, first = 1, last = 0, suspended = {},
  }, Scheduler)
end

local function register(self, task)
  self.by_thread[task.thread] = task
  return task
end

--- The task that runs now; nil where nothing can be suspended.
---@return aom.Task|nil
function Scheduler:current()
  local thread, is_main = running()
  if not thread or is_main then return nil end
  local task = self.by_thread[thread]
  if not task and not self.owner:adopts() then return nil end
  if coroutine.isyieldable and not coroutine.isyieldable() then return nil end
  return task or register(self, { thread = thread })
end

-- Ctrl-C raises an error between any two steps: the queue has no holes at any time.
local function push(self, wait)
  self.ready[self.last + 1] = wait
  self.last = self.last + 1
  self.owner:on_ready()
end

--- Ends a wait; `a` and `b` are what its `suspend` returns. The first answer counts.
---@param wait aom.Wait
---@param a? any
---@param b? any
function Scheduler:wake(wait, a, b)
  if wait.woken then return end
  wait.woken, wait.a, wait.b = true, a, b
  -- Not suspended: the task has not got that far, or never will.
  if self.suspended[wait] then
    self.suspended[wait] = nil
    push(self, wait)
  end
end

--- Suspends the running task until the wait is over. When somebody else resumes the
--- coroutine meanwhile, it yields again.
---@param wait aom.Wait  { task }
---@param cancel function  ends what it waits for, and wakes it
---@return any a
---@return any b
function Scheduler:suspend(wait, cancel)
  if not wait.woken then
    wait.cancel = cancel
    wait.task.wait = wait
    self.suspended[wait] = true
    self.owner:on_suspend()
    repeat coroutine.yield() until wait.resumed
  end
  return wait.a, wait.b
end

--- Makes a task of `body`; it runs from the next `flush` on. Errors are caught where the
--- coroutine is resumed, since Lua 5.1 cannot yield through a pcall.
---@param body function
---@param on_end? fun(ok: boolean, err: any)
---@return aom.Task
function Scheduler:spawn(body, on_end)
  local task = register(self, { thread = coroutine.create(body), on_end = on_end })
  task.wait = { task = task }
  push(self, task.wait)
  return task
end

--- Ends what a task waits for, if it waits.
---@param task aom.Task
function Scheduler:cancel(task)
  if self.suspended[task.wait] then task.wait.cancel() end
end

function Scheduler:cancel_all()
  local waits = {}
  for wait in each.pair(self.suspended) do waits[#waits + 1] = wait end
  for _, wait in ipairs(waits) do
    if self.suspended[wait] then wait.cancel() end
  end
end

--- Drops the waits whose task is gone: its coroutine was closed, or could not be
--- suspended after all (Lua 5.1, inside a pcall).
local function drop_dead(self)
  for wait in each.pair(self.suspended) do
    if wait.task.wait ~= wait or status(wait.task.thread) == "dead" then
      self.suspended[wait] = nil
      wait.cancel()
    end
  end
end

--- How many tasks wait, or are ready to run.
---@return integer
function Scheduler:count()
  local count = self.last - self.first + 1
  for _ in each.pair(self.suspended) do count = count + 1 end
  return count
end

---@return boolean
function Scheduler:has_ready() return self.first <= self.last end

--- Whether no task waits and none is ready.
---@return boolean
function Scheduler:is_idle()
  if next(self.suspended) ~= nil then drop_dead(self) end
  return next(self.suspended) == nil and self.first > self.last
end

local function resume(self, wait)
  local task = wait.task
  local thread = task.thread
  -- Closed by its owner, or gone on without us.
  if task.wait ~= wait or status(thread) ~= "suspended" then return end
  wait.resumed = true
  local ok, err = coroutine.resume(thread)
  if status(thread) ~= "dead" then return end
  if task.on_end then
    task.on_end(ok, err)
  elseif not ok then
    self.owner:on_error(type(err) == "string" and traceback(thread, err) or err)
  end
end

--- Resumes the tasks that were ready when it was called.
function Scheduler:flush()
  local stop = self.last
  while self.first <= stop do
    local place = self.first
    local wait = self.ready[place]
    self.first = place + 1
    self.ready[place] = nil
    resume(self, wait)
  end
end

return scheduler

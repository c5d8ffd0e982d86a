--- Runs coroutines as tasks, so that many calls can wait in one Lua state. A task suspends
--- itself; an event wakes it; the loop later resumes all woken tasks. No task runs on
--- another task's stack.

---@class aom.Task
---@field thread thread
---@field on_end? fun(ok: boolean, err: any): boolean|nil  true: the error has been told
---@field wait? aom.Wait  what it waits for now

--- One wait of a task. Callers wake the wait, not the task: a late one must not end the
--- task's next wait.
---@class aom.Wait
---@field task? aom.Task  nil: it waits outside of any
---@field tasks? aom.Scheduler  that of the task
---@field cancel function|false  ends what it waits for, and wakes it
---@field woken boolean
---@field resumed boolean
---@field a any
---@field b any
---@field prepared aom.Prepared|false  what the transfer that it waits for was begun with
---@field next aom.Wait|false  in the queue
---@field place integer  its number there

--- What the scheduler asks of the loop that owns it.
---@class aom.TaskOwner
---@field adopts fun(self): boolean  whether coroutines that the user made may wait too
---@field on_ready fun(self)    called when a task is about to be ready to run
---@field on_suspend fun(self)  called when a task is about to wait
---@field on_error fun(self, err: any)  an error that nobody waits for, with its traceback
---@field on_yield? string  the error of a task in which a function of the user's has yielded; nil
---  where somebody may resume it

---@class aom.Scheduler
---@field owner aom.TaskOwner
---@field by_thread table<thread, aom.Task>  weak
---@field head { next: aom.Wait|false }  the last that was taken from the queue: what is ready follows
---@field tail { next: aom.Wait|false }  the end of the queue is reached from here
---@field taken aom.Wait|false  out of the queue, and its task is not resumed yet, or runs
---@field place integer  of the last that was queued
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
  local head = { next = false }
  return setmetatable({
    owner = owner, by_thread = setmetatable({}, weak), head = head, tail = head, taken = false, place = 0,
    suspended = {},
  }, Scheduler)
end

--- A wait has all its fields from the beginning: to end it needs no memory.
---@param task? aom.Task
---@param tasks? aom.Scheduler
---@return aom.Wait
function scheduler.wait(task, tasks)
  return {
    task = task, tasks = tasks, cancel = false, woken = false, resumed = false, a = false, b = false,
    prepared = false, next = false, place = 0,
  }
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

-- Ctrl-C raises an error between any two steps, so one of them alone puts a wait into the
-- queue, and one takes it out. What was cut short may be done again.

local function push(self, wait)
  self.place = self.place + 1
  wait.place = self.place
  local last = self.tail
  while last.next do last = last.next end
  last.next = wait
  self.tail = wait
end

local function is_queued(self, wait)
  local other = self.head.next
  while other and other ~= wait do other = other.next end
  return other == wait
end

--- Ends a wait; `a` and `b` are what its `suspend` returns. The first answer counts. Where it
--- raises an error, it may be called again.
---@param wait aom.Wait
---@param a? any
---@param b? any
function Scheduler:wake(wait, a, b)
  if not wait.woken then wait.a, wait.b = a, b end
  wait.woken = true
  -- Not suspended: the task has not got that far, or never will.
  if self.suspended[wait] then
    if wait.place == 0 or not is_queued(self, wait) then push(self, wait) end
    self.suspended[wait] = nil
  end
  if self:has_ready() then self.owner:on_ready() end
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
    local ok, err = pcall(self.owner.on_suspend, self.owner)
    if not ok then
      self.suspended[wait] = nil
      error(err, 0)
    end
    repeat local by = coroutine.yield() until by == wait
    wait.resumed = true
  end
  return wait.a, wait.b
end

--- A task of `body`, which does not run before it is started. Errors are caught where the
--- coroutine is resumed, since Lua 5.1 cannot yield through a pcall.
---@param body function
---@param on_end? fun(ok: boolean, err: any): boolean|nil
---@return aom.Task
function Scheduler:task(body, on_end)
  local task = register(self, { thread = coroutine.create(body), on_end = on_end })
  task.wait = scheduler.wait(task)
  return task
end

--- Lets a task run from the next `flush` on.
---@param task aom.Task
function Scheduler:start(task)
  self.owner:on_ready()
  push(self, task.wait)
end

---@param body function
---@param on_end? fun(ok: boolean, err: any): boolean|nil
---@return aom.Task
function Scheduler:spawn(body, on_end)
  local task = self:task(body, on_end)
  self:start(task)
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
  local count, wait = 0, self.head.next
  while wait do count, wait = count + 1, wait.next end
  for _ in each.pair(self.suspended) do count = count + 1 end
  return count
end

---@return boolean
function Scheduler:has_ready() return self.head.next ~= false end

--- Whether no task waits and none is ready.
---@return boolean
function Scheduler:is_idle()
  if next(self.suspended) ~= nil then drop_dead(self) end
  return next(self.suspended) == nil and not self:has_ready()
end

local function go_on(self, task, wait)
  local thread = task.thread
  local ok, err = coroutine.resume(thread, wait)
  if status(thread) ~= "dead" then
    -- In a wait of its own it has another wait by now.
    if task.wait ~= wait or not self.owner.on_yield then return end
    ok, err = false, self.owner.on_yield
  end
  local is_told = task.on_end and task.on_end(ok, err)
  if not ok and not is_told then
    self.owner:on_error(type(err) == "string" and traceback(thread, err) or err)
  end
end

--- Resumes the task of the wait that was taken out of the queue.
local function resume_taken(self)
  local wait = self.taken
  local task = wait.task
  self.suspended[wait] = nil
  -- Not one that was closed by its owner, or has gone on already.
  if task and task.wait == wait and not wait.resumed and status(task.thread) == "suspended" then
    go_on(self, task, wait)
  end
  self.taken = false
  -- The queue goes on from here, and must keep nothing else alive.
  wait.task, wait.a, wait.b = nil, false, false
end

--- Resumes the tasks that were ready when it was called, or so many of them.
---@param most? integer
---@return boolean  whether there are more
function Scheduler:flush(most)
  local first, all = self.head.next, self.place
  local stop = first and most and math.min(all, first.place + most - 1) or all
  -- One that was taken before an error could cut that short.
  if self.taken then resume_taken(self) end
  while self.head.next and self.head.next.place <= stop do
    self.taken = self.head.next
    self.head = self.taken
    resume_taken(self)
  end
  return stop < all
end

return scheduler

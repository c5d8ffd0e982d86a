--- The common part of all loops that drive the C engine, in which many calls of a client can
--- wait. A call that can be suspended waits in its task, beside others; one that cannot
--- waits in libcurl's own poll. Each loop decides who polls the engine while all calls are
--- suspended. Other clients share the engine, but no tasks: a loop that drives it wakes
--- theirs, and resumes none of them.

local core = require "aom.core"
local each = require "aom.util.each"
local lazy = require "aom.util.lazy"
local transfer = require "aom.loop.transfer"

local batch = lazy "aom.loop.batch"
local scheduler = lazy "aom.loop.scheduler"

local engine_loop = {}

local now = core.now
local cancelled = transfer.cancelled

--- How many seconds to wait at most when nothing is due.
local PATIENCE = 1
engine_loop.PATIENCE = PATIENCE

---@class aom.EngineLoop: aom.TaskOwner
---@field carrier aom.Carrier
---@field transport aom.Transport
---@field tasks aom.Scheduler
---@field timers table<aom.Wait, number>     when each is due
---@field drivers integer  how many calls outside of any task drive the engine now
---@field closed boolean
local EngineLoop = {}
EngineLoop.__index = EngineLoop

--- The loop that a call outside of any task drives now: others must not suspend anything
--- then, which nobody would resume.
local driving

local function ignore() end

EngineLoop.on_ready, EngineLoop.on_suspend, EngineLoop.on_error = ignore, ignore, ignore

-- What a loop has until it has tasks: no call runs in one, and there are none to be cancelled.
local no_tasks = { current = ignore, cancel_all = ignore }

EngineLoop.tasks = no_tasks

--- The tasks of a loop, which begin with the first one.
---@return aom.Scheduler
function EngineLoop:begin_tasks()
  if self.tasks == no_tasks then self.tasks = scheduler.new(self) end
  return self.tasks
end

--- The engine has changed otherwise than by events.
EngineLoop.on_change = ignore

---@return boolean
function EngineLoop.adopts() return false end

--- A class of loops that drive an engine.
---@return table
function engine_loop.class()
  local class = setmetatable({}, EngineLoop)
  class.__index = class
  return class
end

---@generic T: aom.EngineLoop
---@param class T
---@param carrier aom.Carrier
---@param transport aom.Transport
---@return T
function engine_loop.new(class, carrier, transport)
  return setmetatable({ carrier = carrier, transport = transport, timers = {}, drivers = 0, closed = false }, class)
end

local function suspend_for_transfer(self, wait, id)
  return self.tasks:suspend(wait, function()
    self.carrier:drop(id)
    self.tasks:wake(wait, cancelled())
    self:on_change()
  end)
end

--- Waits for a transfer here. Others that end meanwhile wake their own tasks, which run later.
---@param id integer
---@return aom.Answer|nil
---@return aom.Trouble|nil
function EngineLoop:block(id)
  local carrier, wait = self.carrier, scheduler.wait(nil, self:begin_tasks())
  carrier.waits[id] = wait
  carrier:wake_finished()
  while not wait.woken and not self.closed do
    carrier.engine:poll(PATIENCE)
    carrier:wake_finished()
  end
  carrier:drop(id)
  if wait.woken then return wait.a, wait.b end
  return cancelled()
end

---@param attempt aom.Attempt
---@param deadline number
---@return aom.Answer|nil
---@return aom.Trouble|nil
function EngineLoop:fetch(attempt, deadline)
  if self.closed then return cancelled() end
  local task = self.tasks:current()
  if task then
    local wait = scheduler.wait(task, self.tasks)
    local id, trouble = self.carrier:start(wait, attempt, deadline - now(), self.transport)
    if not id then return nil, trouble end
    return suspend_for_transfer(self, wait, id)
  end
  local answer, trouble, id = transfer.fetch(self.carrier.engine, attempt, deadline - now(), self.transport, PATIENCE)
  if id then answer, trouble = self:block(id) end
  self:on_change()
  return answer, trouble
end

--- What ended the wait: "time", "woken" or "cancelled".
local function wait_until(self, wait, deadline)
  if self.closed then return "cancelled" end
  self.timers[wait] = deadline
  local why = self.tasks:suspend(wait, function() self.tasks:wake(wait, "cancelled") end)
  self.timers[wait] = nil
  return why
end

---@param seconds number
---@return boolean  false: cancelled
function EngineLoop:sleep(seconds)
  local deadline = now() + seconds
  local task = self.tasks:current()
  if task then return wait_until(self, scheduler.wait(task), deadline) ~= "cancelled" end
  while now() < deadline and not self.closed do
    self.carrier.engine:poll(deadline - now())
    self.carrier:wake_finished()
  end
  self:on_change()
  return not self.closed
end

--- None where nothing can be suspended: no other call could run meanwhile. While a call outside
--- of any task drives this loop, no task of another client's runs.
---@param holder? aom.Loop
---@return aom.Waiter|nil
function EngineLoop:waiter(holder)
  local task = self.tasks:current()
  if not task or holder and holder.object ~= self and self:is_driven() then return nil end
  local wait = scheduler.wait(task)
  return {
    wait = function(deadline)
      local why = wait_until(self, wait, deadline)
      if why == "cancelled" then return nil end
      return why == "woken"
    end,
    wake = function() self.tasks:wake(wait, "woken") end,
  }
end

--- Wakes the tasks whose time has come.
---@return number|nil seconds  until the next one is due
function EngineLoop:wake_due()
  local nearest
  local time = now()
  for wait, due in each.pair(self.timers) do
    if due <= time then
      self.tasks:wake(wait, "time")
    elseif not nearest or due < nearest then
      nearest = due
    end
  end
  return nearest and nearest - time
end

--- Polls the engine once, and runs the tasks that are ready then.
local function drive(self)
  local patience = self:wake_due() or PATIENCE
  if not self.closed then
    self.carrier.engine:poll(self.tasks:has_ready() and 0 or patience)
    self.carrier:wake_finished()
  end
  self.tasks:flush()
end

--- Whether a call outside of any task drives this loop.
---@return boolean
function EngineLoop:is_driven() return self.drivers > 0 end

--- Whether a call outside of any task drives another client's loop.
---@return boolean
function EngineLoop:is_beside() return driving ~= nil and driving ~= self end

local function drive_to_end(self, running)
  local outer = driving
  self.drivers, driving = self.drivers + 1, self
  local ok, err = pcall(function()
    while not running:is_done() do drive(self) end
  end)
  self.drivers, driving = self.drivers - 1, outer
  self:on_change()
  if ok then return end
  -- Ctrl-C raises an error at any point of the script.
  running:abandon()
  error(err, 0)
end

--- Runs the functions of `list`, at most `concurrency` at a time. The first error that
--- one raises is raised again, when all have ended. Cancelling the task that waits here
--- cancels those it waits for.
---@param list function[]
---@param concurrency integer
function EngineLoop:run(list, concurrency)
  local running = batch.new(self:begin_tasks(), list, concurrency)
  local task = self.tasks:current()
  if task then running:wait_in(task) else drive_to_end(self, running) end
  if running.failed then error(running.failure, 0) end
end

--- Starts `body` as a task of its own.
---@param body function
---@param on_end? fun(ok: boolean, err: any): boolean|nil
---@return any task
function EngineLoop:spawn(body, on_end) return self:begin_tasks():spawn(body, on_end) end

---@return any task
function EngineLoop:current() return self.tasks:current() end

---@param task any  what `spawn` or `current` returned
function EngineLoop:cancel(task) self.tasks:cancel(task) end

--- Cancels what is in flight for this client.
function EngineLoop:close()
  if self.closed then return end
  self.closed = true
  self.tasks:cancel_all()
  self:on_change()
end

return engine_loop

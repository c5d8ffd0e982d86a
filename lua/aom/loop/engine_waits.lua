--- How calls wait in a loop that drives the C engine. A call that can be suspended waits in its
--- task, beside others; one that cannot waits in libcurl's own poll. Each loop decides who polls
--- the engine while all calls are suspended. Other clients share the engine, but no tasks: a loop
--- that drives it wakes theirs, and resumes none of them.

local batch = require "aom.util.lazy" "aom.loop.batch"
local core = require "aom.core"
local each = require "aom.util.each"
local scheduler = require "aom.loop.scheduler"
local transfer = require "aom.loop.transfer"

-- With what follows when a transfer has begun: it must not be loaded then.
require "aom.loop.carrier"

--- Methods of a loop.
---@class aom.EngineLoop
local waits = {}

local now = core.now
local cancelled = transfer.cancelled

--- The loop that a call outside of any task drives now: others must not suspend anything
--- then, which nobody would resume.
local driving

--- Waits for a transfer in a task.
---@param wait aom.Wait
---@param id integer
---@return aom.Answer|nil
---@return aom.Trouble|nil
function waits:suspend(wait, id)
  return self.tasks:suspend(wait, function()
    self.carrier:drop(id)
    self.tasks:wake(wait, cancelled())
    self:on_change()
  end)
end

--- Makes a prepared call in a task.
local function send_prepared(self, object, date, id, choice)
  local task = not self.closed and self.tasks:current()
  if not task then return false end
  local wait = scheduler.wait(task, self.tasks)
  wait.prepared = object
  local transfer_id = object:begin(date, id, choice)
  if not transfer_id then return false end
  self.carrier.waits[transfer_id] = wait
  return true, waits.suspend(self, wait, transfer_id)
end

--- Prepares the like of an attempt: see aom.client.prepared.
---@param attempt aom.Attempt  with a plan and a signer
---@param fields table
---@return aom.PreparedWay
function waits:prepare(attempt, fields)
  fields.patience = self.PATIENCE
  local object = self.carrier.engine:prepare(attempt, self.transport, fields)
  return {
    object = object,
    send_in_task = function(date, id, choice) return send_prepared(self, object, date, id, choice) end,
  }
end

--- Waits for a transfer here. Others that end meanwhile wake their own tasks, which run later.
---@param id integer
---@return aom.Answer|nil
---@return aom.Trouble|nil
function waits:block(id)
  local carrier, wait = self.carrier, scheduler.wait(nil, self:begin_tasks())
  carrier.waits[id] = wait
  carrier:wake_finished()
  while not wait.woken and not self.closed do
    carrier.engine:poll(self.PATIENCE)
    carrier:wake_finished()
  end
  carrier:drop(id)
  if wait.woken then return wait.a, wait.b end
  return cancelled()
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
function waits:sleep(seconds)
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
function waits:waiter(holder)
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
function waits:wake_due()
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
  local patience = self:wake_due() or self.PATIENCE
  if not self.closed then
    self.carrier.engine:poll(self.tasks:has_ready() and 0 or patience)
    self.carrier:wake_finished()
  end
  self.tasks:flush()
end

--- Whether a call outside of any task drives another client's loop.
---@return boolean
function waits:is_beside() return driving ~= nil and driving ~= self end

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
function waits:run(list, concurrency)
  local running = batch.new(self:begin_tasks(), list, concurrency)
  local task = self.tasks:current()
  if task then running:wait_in(task) else drive_to_end(self, running) end
  if running.failed then error(running.failure, 0) end
end

return waits

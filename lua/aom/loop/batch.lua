--- Runs the functions of a list as tasks, a few at a time, for one caller that waits for
--- all of them.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local scheduler = require "aom.loop.scheduler"

---@class aom.Batch
---@field tasks aom.Scheduler
---@field list function[]
---@field started integer
---@field running table<integer, aom.Task>  by their place in the list
---@field failed boolean       one has raised an error, or could not begin
---@field failure any          the first such error
---@field interrupted boolean  by Ctrl-C, which nobody waits out
---@field wait? aom.Wait       the caller's
local Batch = {}
Batch.__index = Batch

local batch = {}

local on_end

local function fail(self, err)
  self.interrupted = self.interrupted or errors.is_interrupt(err)
  if not self.failed or errors.is_interrupt(err) then self.failed, self.failure = true, err end
end

local function start(self, index)
  local task = self.tasks:task(self.list[index], function(ok, err) return on_end(self, index, ok, err) end)
  self.running[index] = task
  self.started = index
  self.tasks:start(task)
end

--- Ctrl-C and a lack of memory come between any two steps, so that nobody knows how far it has got: a task that is
--- ready to run by now must not.
local function start_next(self)
  local index = self.started + 1
  local ok, err = pcall(start, self, index)
  if ok then return end
  fail(self, err)
  local task = self.running[index]
  if task then task.wait = nil end
  self.running[index], self.started = nil, index - 1
end

local function may_start(self) return not self.interrupted and self.list[self.started + 1] ~= nil end

function on_end(self, index, ok, err)
  self.running[index] = nil
  if not ok then fail(self, err) end
  if may_start(self) then start_next(self) end
  if self:is_done() and self.wait then self.tasks:wake(self.wait) end
  return true
end

---@param tasks aom.Scheduler
---@param list function[]
---@param concurrency integer
---@return aom.Batch
function batch.new(tasks, list, concurrency)
  local self = setmetatable({ tasks = tasks, list = list, started = 0, running = {}, failed = false, failure = false,
    interrupted = false }, Batch)
  while self.started < concurrency and may_start(self) and not self.failed do start_next(self) end
  return self
end

---@return boolean
function Batch:is_done() return self.interrupted or next(self.running) == nil end

--- Begins nothing more: nobody waits for it.
function Batch:abandon() self.interrupted = true end

--- Suspends the caller's task until all have ended. Cancelling it cancels those that run.
---@param task aom.Task
function Batch:wait_in(task)
  local function cancel()
    for _, running in each.pair(self.running) do self.tasks:cancel(running) end
  end
  while not self:is_done() do
    self.wait = scheduler.wait(task)
    self.tasks:suspend(self.wait, cancel)
  end
end

return batch

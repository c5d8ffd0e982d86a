--- Runs the functions of a list as tasks, a few at a time, for one caller that waits for
--- all of them.

local each = require "aom.util.each"
local scheduler = require "aom.loop.scheduler"

---@class aom.Batch
---@field tasks aom.Scheduler
---@field list function[]
---@field started integer
---@field ended integer
---@field running table<integer, aom.Task>  by their place in the list
---@field failed boolean  one has raised an error, or could not begin
---@field failure any     the first such error
---@field wait? aom.Wait  the caller's
local Batch = {}
Batch.__index = Batch

local batch = {}

local start_next

local function fail(self, err)
  if not self.failed then self.failed, self.failure = true, err end
end

local function on_end(self, index, ok, err)
  self.running[index] = nil
  self.ended = self.ended + 1
  if not ok then fail(self, err) end
  if self.list[self.started + 1] then
    -- Memory may be too short to begin another one.
    ok, err = pcall(start_next, self)
    if not ok then fail(self, err) end
  end
  if self:is_done() and self.wait then self.tasks:wake(self.wait) end
  return true
end

function start_next(self)
  local index = self.started + 1
  self.running[index] = self.tasks:spawn(self.list[index], function(ok, err)
    return on_end(self, index, ok, err)
  end)
  self.started = index
end

---@param tasks aom.Scheduler
---@param list function[]
---@param concurrency integer
---@return aom.Batch
function batch.new(tasks, list, concurrency)
  local self = setmetatable({ tasks = tasks, list = list, started = 0, ended = 0, running = {}, failed = false,
    failure = false }, Batch)
  while self.started < concurrency and list[self.started + 1] do start_next(self) end
  return self
end

---@return boolean
function Batch:is_done() return self.ended == self.started end

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

--- Runs the functions of a list as tasks, a few at a time, for one caller that waits for
--- all of them.

local each = require "aom.util.each"

---@class aom.Batch
---@field tasks aom.Scheduler
---@field list function[]
---@field started integer
---@field ended integer
---@field running table<integer, aom.Task>  by their place in the list
---@field failure? table  { the first error that one raised }
---@field wait? aom.Wait  the caller's
local Batch = {}
Batch.__index = Batch

local batch = {}

local function start_next(self)
  local index = self.started + 1
  self.started = index
  self.running[index] = self.tasks:spawn(self.list[index], function(ok, err)
    self.running[index] = nil
    self.ended = self.ended + 1
    if not ok and not self.failure then self.failure = { err } end
    if self.list[self.started + 1] then start_next(self) end
    if self:is_done() and self.wait then self.tasks:wake(self.wait) end
  end)
end

---@param tasks aom.Scheduler
---@param list function[]
---@param concurrency integer
---@return aom.Batch
function batch.new(tasks, list, concurrency)
  local self = setmetatable({ tasks = tasks, list = list, started = 0, ended = 0, running = {} }, Batch)
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
    self.wait = { task = task }
    self.tasks:suspend(self.wait, cancel)
  end
end

return batch

--- Lets one handle cancel all steps of a call: they share that it was cancelled, when it
--- must end, and the tasks in which they run. A call is cancelled, too, whose coroutine somebody
--- has ended: its steps run in tasks of their own, and would go on.

local each = require "aom.util.each"
local errors = require "aom.util.errors"

---@class aom.Scope
---@field cancelled boolean
---@field reason string      why it is, if it is
---@field caller? thread     for whom the call runs; nil: it runs in a task of its own
---@field deadline? number
---@field tasks table<any, boolean>  weak
local Scope = { reason = errors.CANCELLED }
Scope.__index = Scope

local scope = {}

local weak = { __mode = "k" }

---@param caller? thread
---@return aom.Scope
function scope.new(caller)
  return setmetatable({ cancelled = false, caller = caller, tasks = setmetatable({}, weak) }, Scope)
end

---@return boolean
function Scope:is_cancelled()
  return self.cancelled or self.caller ~= nil and coroutine.status(self.caller) == "dead"
end

--- Ends what the tasks wait for now. A step that has not begun finds out by itself.
---@param loop aom.Loop
---@param reason? string
function Scope:cancel(loop, reason)
  if self.cancelled then return end
  self.cancelled, self.reason = true, reason
  if not loop.cancel then return end
  local list = {}
  for task in each.pair(self.tasks) do list[#list + 1] = task end
  for _, task in ipairs(list) do loop.cancel(task) end
end

--- Runs a step. To cancel the scope meanwhile ends what the caller's task waits for, but
--- nothing that the task does afterwards.
---@param loop aom.Loop
---@param step function
function Scope:run(loop, step)
  local task = loop.current and loop.current()
  if not task or self.tasks[task] then return step() end
  self.tasks[task] = true
  step()
  self.tasks[task] = nil
  if loop.forgive then loop.forgive(task) end
end

--- Why a call is over before its time, or nil. What it waits for ends in the same way, whoever ends
--- it, so that this is asked when its error is made.
---@param client { closed?: boolean }
---@param steps? aom.Scope|false
---@return string|nil
function scope.reason(client, steps)
  if steps and steps:is_cancelled() then return steps.reason end
  return client.closed and errors.CLOSED or nil
end

return scope

--- The common part of all loops that drive the C engine, in which many calls of a client can
--- wait: how a call sends its request. How it waits for more than one short transfer is in
--- aom.loop.engine_waits, which is loaded when that happens.

local answer_of = require "aom.loop.answer"
local core = require "aom.core"
local lazy = require "aom.util.lazy"

local scheduler = lazy "aom.loop.scheduler"
local transfer = lazy "aom.loop.transfer"
local waits = lazy "aom.loop.engine_waits"

local engine_loop = {}

local now = core.now

---@class aom.EngineLoop: aom.TaskOwner
---@field carrier aom.Carrier
---@field transport aom.Transport
---@field tasks aom.Scheduler
---@field timers table<aom.Wait, number>     when each is due
---@field drivers integer  how many calls outside of any task drive the engine now
---@field closed boolean
local EngineLoop = {}
EngineLoop.__index = EngineLoop

--- How many seconds to wait at most when nothing is due.
EngineLoop.PATIENCE = 1

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

--- With an id the transfer goes on: it is to be waited for and collected.
local function fetched(status, id, ...)
  if status == false then return nil, nil, id end
  return answer_of(status, id, ...)
end

---@param attempt aom.Attempt
---@param deadline number
---@return aom.Answer|nil
---@return aom.Trouble|nil
function EngineLoop:fetch(attempt, deadline)
  if self.closed then return transfer.cancelled() end
  local task = self.tasks:current()
  if task then
    local wait = scheduler.wait(task, self.tasks)
    local id, trouble = self.carrier:start(wait, attempt, deadline - now(), self.transport)
    if not id then return nil, trouble end
    return waits.suspend(self, wait, id)
  end
  local answer, trouble, id = fetched(self.carrier.engine:fetch(attempt, deadline - now(), self.transport,
    self.PATIENCE))
  if id then answer, trouble = self:block(id) end
  self:on_change()
  return answer, trouble
end

for _, name in ipairs { "block", "sleep", "waiter", "wake_due", "is_beside", "run", "prepare" } do
  EngineLoop[name] = function(self, a, b) return waits[name](self, a, b) end
end

--- Whether a call outside of any task drives this loop.
---@return boolean
function EngineLoop:is_driven() return self.drivers > 0 end

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

--- The loop of Neovim (vim.uv, or vim.loop before 0.10) and of luv under plain Lua. Calls
--- wait in coroutines and on libuv's handles, and the rest of the program goes on. A call
--- made outside a coroutine and without a callback blocks: nothing can be suspended there.

local bind = require "aom.loop.bind"
local engine_loop = require "aom.loop.engine"
local hosts = require "aom.util.host"
local scheduler = require "aom.loop.scheduler"
local uv_alarm = require "aom.loop.uv_alarm"
local uv_events = require "aom.loop.uv_events"
local uv_guard = require "aom.loop.uv_guard"
local uv_handles = require "aom.loop.uv_handles"

-- Most calls in this loop have a callback, and wait in tasks: what runs them is there before
-- descriptors may be used up.
require "aom.loop.callback"
require "aom.loop.engine_waits"

local uv_loop = {}

---@class aom.UvHost
---@field uv table
---@field soon fun(body: function, milliseconds?: integer): userdata|nil  runs it in another turn of the loop, outside
---  of any libuv callback; by which handle
---@field report fun(err: any)      tells the user of an error that nobody waits for
---@field is_fast fun(): boolean    whether the host refuses its API here
---@field handles aom.UvHandles

--- How many tasks may run in one turn of the loop. To sign and to connect takes time, in
--- which nothing else happens.
local BURST = 8

local function runner(uv, handles, run)
  return function(body, milliseconds)
    local timer
    local ring = uv_guard(function()
      if timer then handles:drop_timer(timer) end
      timer = nil
      run(body)
    end)
    timer = handles:timer()
    if timer then uv.timer_start(timer, milliseconds or 0, uv_handles.AGAIN, ring) end
    return timer
  end
end

---@return aom.UvHost
local function neovim(vim)
  local uv = vim.uv or vim.loop
  local handles = uv_handles.closed_at_once(uv)
  return {
    uv = uv,
    handles = handles,
    -- libuv callbacks run in a "fast" context, where Neovim refuses most of its API: what
    -- is scheduled runs outside of it, though not always in another turn.
    soon = runner(uv, handles, vim.schedule),
    is_fast = vim.in_fast_event,
    report = function(err)
      vim.schedule(function()
        vim.notify("aom: error in a callback: " .. tostring(err), vim.log.levels.ERROR)
      end)
    end,
  }
end

local shared_handles -- luv has one loop in a Lua state

---@return aom.UvHost
local function plain()
  local uv = require "luv"
  shared_handles = shared_handles or uv_handles.kept(uv)
  local handles = shared_handles
  return {
    uv = uv,
    handles = handles,
    soon = runner(uv, handles, function(body) body() end),
    is_fast = function() return false end,
    -- An error raised inside a luv callback would end the process.
    report = function(err) io.stderr:write("aom: error in a callback: ", tostring(err), "\n") end,
  }
end

local FAST = "Neovim cannot wait inside a libuv callback: give the call a callback, make it in a coroutine, "
  .. "or in vim.schedule(…)"

local ENDING = "the Lua state is closing: callbacks can no longer run"

---@class aom.UvLoop: aom.EngineLoop
---@field host aom.UvHost
---@field alarm aom.UvAlarm
---@field scheduled boolean  `run_ready` runs soon
---@field starter? userdata  by this handle
---@field stalled_at? integer  how often libuv had called back when a task began to wait
---@field run_ready fun()    runs the tasks that are ready
local UvLoop = engine_loop.class()

function UvLoop:adopts() return not self:is_beside() end

--- Sets handles and timers to what the engine and the tasks wait for now.
function UvLoop:settle()
  -- While a blocking call polls the engine itself, libuv has no part in it.
  if self:is_driven() or self.host.handles:has_ended() then return end
  -- Also what has finished while a call blocked, for which no event comes.
  self.carrier.events:settle()
  if self.tasks:has_ready() then self:on_ready() end
  if self.tasks:is_idle() then
    self.alarm:release()
  else
    self.alarm:set(self:wake_due())
  end
end

UvLoop.on_change = UvLoop.settle

--- A task is about to wait: for somebody who runs the loop.
function UvLoop:on_suspend()
  self.stalled_at = self.carrier.events.turns
  self:settle()
end

--- Whether the handle is closed by which `run_ready` is to run.
local function has_closed_starter(self)
  return self.scheduled and self.starter ~= nil and self.host.uv.is_closing(self.starter)
end

--- How many tasks wait since the loop ran last, or on handles that the script has closed. Who closes the client does
--- not wait for them.
---@return integer
---@return boolean is_closed  the handles are
function UvLoop:count_stalled()
  local events = self.carrier.events
  local is_closed = events:is_closed() or self.alarm:is_closed() or has_closed_starter(self)
  local is_stalled = (is_closed or self.stalled_at == events.turns) and not self.closed
  return is_stalled and self.tasks:count() or 0, is_closed
end

function UvLoop:on_ready()
  if self:is_driven() or self.scheduled and not has_closed_starter(self) then return end
  self.starter = self.host.soon(self.run_ready)
  self.scheduled, self.stalled_at = true, self.carrier.events.turns
end

--- More tasks are ready than may run in this turn. A timer of 0 ms could still be part of it.
local function postpone(self)
  if self.scheduled and self.starter then self.host.handles:drop_timer(self.starter) end
  self.scheduled, self.starter = true, self.host.soon(self.run_ready, 1)
end

function UvLoop:on_error(err) self.host.report(err) end

--- Leaves a fast context, so that the hooks and providers that a call runs may use the
--- whole API of Neovim.
---@param later boolean  the call is to run as a task of its own
---@return string|nil refusal
function UvLoop:enter(later)
  if later and self.host.handles:has_ended() then return ENDING end
  if later or not self.host.is_fast() then return nil end
  local task = self.tasks:current()
  if not task then return FAST end
  local wait = scheduler.wait(task)
  local function wake() self.tasks:wake(wait) end
  self.host.soon(wake)
  self.tasks:suspend(wait, wake)
end

---@param carrier aom.Carrier
---@param transport aom.Transport
---@return aom.Loop
function uv_loop.new(carrier, transport)
  local vim = hosts.vim()
  local host = vim and neovim(vim) or plain()
  carrier.events = carrier.events or uv_events.new(host.uv, host.handles, carrier)
  local self = engine_loop.new(UvLoop, carrier, transport)
  self.host, self.scheduled = host, false
  -- Any coroutine may be one.
  self:begin_tasks()
  host.handles:join(self)
  self.run_ready = uv_guard(function()
    self.scheduled, self.stalled_at = false, nil
    if self.tasks:flush(BURST) then postpone(self) end
    self:settle()
  end)
  self.alarm = uv_alarm.new(host.uv, host.handles, uv_guard(function()
    self.stalled_at = nil
    self:settle()
  end))
  return bind(self, "uv")
end

return uv_loop

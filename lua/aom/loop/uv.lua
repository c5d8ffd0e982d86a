--- The loop of Neovim (vim.uv, or vim.loop before 0.10) and of luv under plain Lua.
--- Calls wait in coroutines and on libuv's handles; nothing else stops. A call made
--- outside a coroutine and without a callback blocks, for want of anything to suspend.

local engine_loop = require "aom.loop.engine"
local uv_events = require "aom.loop.uv_events"
local uv_handles = require "aom.loop.uv_handles"

local uv_loop = {}

---@class aom.UvHost
---@field uv table
---@field soon fun(body: function)  runs it shortly, outside of any callback of libuv's
---@field report fun(err: any)      tells the user of an error that nobody waits for
---@field is_fast fun(): boolean    whether the host refuses its API here
---@field handles aom.UvHandles

---@return aom.UvHost
local function neovim()
  return {
    uv = vim.uv or vim.loop,
    -- Callbacks of libuv's run in a "fast" context, where Neovim refuses most of its
    -- API: what is scheduled runs outside of it.
    soon = vim.schedule,
    is_fast = vim.in_fast_event,
    handles = uv_handles.closed_at_once(vim.uv or vim.loop),
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
  shared_handles = shared_handles or uv_handles.closed_between(uv)
  local handles = shared_handles
  return {
    uv = uv,
    handles = handles,
    soon = function(body)
      local timer = handles.timer()
      if not timer then return end
      uv.timer_start(timer, 0, 0, function()
        handles.drop_timer(timer)
        body()
      end)
    end,
    is_fast = function() return false end,
    -- Raised inside a callback of luv's it would end the process.
    report = function(err) io.stderr:write("aom: error in a callback: ", tostring(err), "\n") end,
  }
end

local FAST = "in a callback of libuv's Neovim allows no waiting: give the call a callback, "
  .. "make it in a coroutine, or in vim.schedule(…)"

local ENDING = "the Lua state is closing: no callback can come any more"

---@param engine userdata  an engine of aom.core
---@return aom.Loop
function uv_loop.new(engine)
  local host = vim and (vim.uv or vim.loop) and neovim() or plain()
  local events, drive
  local scheduled, closed = false, false

  local on_ready

  local function settle()
    -- While a blocking call polls the engine itself, libuv has no part in it.
    if closed or drive.is_turning() or host.handles.has_ended() then return end
    -- Also what has finished while a call blocked, of which no event will tell.
    drive.wake_finished()
    events.apply()
    if drive.tasks.has_ready() then on_ready() end
    if engine:running() == 0 and drive.tasks.is_idle() then
      events.release()
    else
      events.call_after(drive.wake_due())
    end
  end

  local function run_ready()
    scheduled = false
    drive.tasks.flush()
    settle()
  end

  function on_ready()
    if scheduled or drive.is_turning() then return end
    scheduled = true
    host.soon(run_ready)
  end

  local loop
  loop, drive = engine_loop.new(engine, {
    adopt = true, on_ready = on_ready, on_suspend = settle, on_change = settle, on_error = host.report,
  })
  loop.name = "uv"
  engine:watch()
  events = uv_events.new(host.uv, host.handles, engine, settle)

  --- Leaves a fast context, so that the hooks and providers that a call runs may use
  --- the whole of Neovim.
  function loop.enter(later)
    if later and host.handles.has_ended() then return ENDING end
    if later or not host.is_fast() then return nil end
    local task = drive.tasks.current()
    if not task then return FAST end
    local wait = { task = task }
    host.soon(function() drive.tasks.wake(wait) end)
    drive.tasks.suspend(wait, function() drive.tasks.wake(wait) end)
  end

  local close_engine = loop.close
  --- Cancels what is in flight, and closes every handle.
  function loop.close()
    if closed then return end
    closed = true
    events.release()
    close_engine()
  end

  return loop
end

return uv_loop

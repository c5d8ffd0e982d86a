--- The loop of Neovim (vim.uv, or vim.loop before 0.10) and of luv under plain Lua.
--- Calls wait in coroutines and on libuv's handles; nothing else stops. A call made
--- outside a coroutine and without a callback blocks, for want of anything to suspend.

local driven = require "aom.loop.driven"
local sockets = require "aom.loop.sockets"

local uv_loop = {}

--- The host's libuv, how to run a function soon and out of any callback of libuv's,
--- and how to report an error that nobody waits for.
local function find_host()
  if vim and (vim.uv or vim.loop) then
    -- Callbacks of libuv's run in a "fast" context, where Neovim refuses most of its
    -- API: what is scheduled runs outside of it.
    return vim.uv or vim.loop, vim.schedule, function(err)
      vim.schedule(function() vim.notify("aom: error in a callback: " .. tostring(err), vim.log.levels.ERROR) end)
    end
  end
  local uv = require "luv"
  local function soon(body)
    local timer = uv.new_timer()
    uv.timer_start(timer, 0, 0, function()
      uv.close(timer)
      body()
    end)
  end
  -- Raised inside a callback of luv's it would end the process.
  return uv, soon, function(err) io.stderr:write("aom: error in a callback: ", tostring(err), "\n") end
end

---@param engine userdata  an engine of aom.core
---@return aom.Loop
function uv_loop.new(engine)
  local uv, soon, report = find_host()
  local events, drive
  local scheduled, closed = false, false

  local function settle()
    if closed then return end
    events.apply()
    if drive.tasks.is_idle() and engine:running() == 0 then
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

  local function on_ready()
    if scheduled then return end
    scheduled = true
    soon(run_ready)
  end

  local loop
  loop, drive = driven.new(engine, {
    adopt = true, on_ready = on_ready, on_suspend = settle, on_change = settle, on_error = report,
  })
  loop.name = "uv"
  engine:watch()
  events = sockets.new(uv, engine, function()
    if closed then return end
    drive.wake_finished()
    settle()
  end)

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

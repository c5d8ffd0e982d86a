--- The handles that an engine's sockets and timers have in a libuv loop, from the first
--- use to the end of the last.
---
--- Two things make the end delicate. luv crashes when its Lua state is closed (by
--- `os.exit(code, true)` in any callback) while a handle is closing; one that is only
--- stopped does no harm. And to close a poll handle makes libuv forget what it knows of
--- the number of its socket, also of another socket that has the number by then.

local uv_handles = {}

local sethook, gethook = debug.sethook, debug.gethook
local jit_status = rawget(_G, "jit") and jit.status

--- Whether a finaliser runs that may be one of those which run while LuaJIT closes its
--- state. luv crashes there when a handle was made then. LuaJIT has turned its compiler
--- off by then; where a user did so too, hooks tell: they rest while a finaliser runs.
---@return boolean
function uv_handles.is_ending()
  if not jit_status or jit_status() then return false end
  local hook, mask, count = gethook()
  local rests = true
  sethook(function() rests = false end, "", 1)
  for _ = 1, 2 do rests = rests and true end
  sethook(hook, mask, count)
  return rests
end

local newproxy = rawget(_G, "newproxy")

--- Calls `body` when the object that is returned is finalised.
local function finalised(body)
  if not newproxy then return setmetatable({}, { __gc = body }) end
  local object = newproxy(true)
  getmetatable(object).__gc = body
  return object
end

local function close(uv, handle)
  if not uv.is_closing(handle) then uv.close(handle) end
end

--- Where the host never closes its Lua state within a callback.
---@param uv table
---@return aom.UvHandles
function uv_handles.closed_at_once(uv)
  return {
    poll = uv.new_poll,
    timer = uv.new_timer,
    has_ended = function() return false end,
    drop_poll = function(handle)
      uv.poll_stop(handle)
      close(uv, handle)
    end,
    drop_timer = function(handle)
      uv.timer_stop(handle)
      close(uv, handle)
    end,
  }
end

---@class aom.UvHandles
---@field poll fun(fd: integer): userdata|nil
---@field timer fun(): userdata|nil  nil: the Lua state is closing
---@field drop_poll fun(handle: userdata, fd: integer, is_free: fun(fd: integer): boolean)
---  `is_free`: whether the number of the socket means no other one by now
---@field drop_timer fun(handle: userdata)
---@field has_ended fun(): boolean  the Lua state is closing: handles must not be touched

--- Stops a handle at once, and closes it in libuv's check phase: what is closing is gone
--- before the next timer or socket has its callback. Until then it serves whoever wants
--- one like it. All engines of a loop share these.
---@param uv table
---@return aom.UvHandles
function uv_handles.closed_between(uv)
  local self = {}
  local polls, timers = {}, {} -- stopped ones: fd -> { handle, is_free }; a list
  local check, idle            -- while something is to be closed
  local ended, guard = false, nil

  --- When a Lua state closes, what was made last is finalised first: so the guard before
  --- any handle, and luv takes a handle that was finalised for one that is there.
  local function watch_over(handle)
    local function end_all(object)
      if guard == object then ended = true end
    end
    guard = handle and finalised(end_all) or guard
    return handle
  end

  function self.has_ended() return ended or uv_handles.is_ending() end

  local function tidy()
    for fd, stopped in pairs(polls) do
      if stopped.is_free(fd) then
        polls[fd] = nil
        close(uv, stopped.handle)
      end
    end
    for _, timer in ipairs(timers) do close(uv, timer) end
    close(uv, check)
    close(uv, idle)
    timers, check, idle = {}, nil, nil
  end

  --- An idle handle keeps the loop from ending, and from waiting, before it has come by.
  local function tidy_soon()
    if check and not uv.is_closing(check) then return end
    check, idle = uv.new_check(), uv.new_idle()
    watch_over(idle)
    uv.check_start(check, tidy)
    uv.idle_start(idle, function() end)
  end

  function self.poll(fd)
    if self.has_ended() then return nil end
    local stopped = polls[fd]
    polls[fd] = nil
    if stopped and not uv.is_closing(stopped.handle) then return stopped.handle end
    return watch_over(uv.new_poll(fd))
  end

  function self.timer()
    if self.has_ended() then return nil end
    local timer = table.remove(timers)
    if timer and not uv.is_closing(timer) then return timer end
    return watch_over(uv.new_timer())
  end

  function self.drop_poll(handle, fd, is_free)
    if self.has_ended() or uv.is_closing(handle) then return end
    uv.poll_stop(handle)
    polls[fd] = { handle = handle, is_free = is_free }
    tidy_soon()
  end

  function self.drop_timer(handle)
    if self.has_ended() or uv.is_closing(handle) then return end
    uv.timer_stop(handle)
    timers[#timers + 1] = handle
    tidy_soon()
  end

  return self
end

return uv_handles

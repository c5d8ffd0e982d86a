--- Keeps the handles that engines have in a libuv loop, and closes them where that is safe.
---
--- Two things make closing delicate. luv crashes when its Lua state is closed (by
--- `os.exit(code, true)` in any callback) while a handle is closing; one that is only
--- stopped does no harm. And closing a poll handle makes libuv forget what it knows of the
--- number of its socket, also of another socket that has the number by then.

local host = require "aom.util.host"

local uv_handles = {}

local sethook, gethook = debug.sethook, debug.gethook
local jit_status = host.jit() and host.jit().status

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

---@class aom.UvHandles
---@field poll fun(self, fd: integer): userdata|nil
---@field timer fun(self): userdata|nil  nil: the Lua state is closing
---@field drop_poll fun(self, handle: userdata, fd: integer, engine: userdata)  `engine` knows
---  whether another socket has the number by now
---@field drop_timer fun(self, handle: userdata)
---@field has_ended fun(self): boolean  the Lua state is closing: handles must not be touched

local function close(uv, handle)
  if not uv.is_closing(handle) then uv.close(handle) end
end

--- Closes every handle at once.
---@class aom.ClosedAtOnce: aom.UvHandles
---@field uv table
local ClosedAtOnce = {}
ClosedAtOnce.__index = ClosedAtOnce

--- For a host that never closes its Lua state within a callback.
---@param uv table
---@return aom.UvHandles
function uv_handles.closed_at_once(uv) return setmetatable({ uv = uv }, ClosedAtOnce) end

function ClosedAtOnce:poll(fd) return self.uv.new_poll(fd) end

function ClosedAtOnce.has_ended() return false end

function ClosedAtOnce:timer() return self.uv.new_timer() end

function ClosedAtOnce:drop_poll(handle)
  self.uv.poll_stop(handle)
  close(self.uv, handle)
end

function ClosedAtOnce:drop_timer(handle)
  self.uv.timer_stop(handle)
  close(self.uv, handle)
end

--- Stops a handle at once, and closes it in libuv's check phase: what is closing is gone
--- before the next timer or socket has its callback. Until then the handle serves the next
--- caller that needs one like it.
---@class aom.ClosedBetween: aom.UvHandles
---@field uv table
---@field polls table<integer, { handle: userdata, engine: userdata }>  stopped ones, by the number of the socket
---@field timers userdata[]  stopped ones
---@field check? userdata    while something is to be closed
---@field idle? userdata
---@field guard? any         is finalised before the handles are
---@field ended boolean      the guard was finalised
local ClosedBetween = {}
ClosedBetween.__index = ClosedBetween

--- For all engines of a loop whose Lua state may be closed in any callback.
---@param uv table
---@return aom.UvHandles
function uv_handles.closed_between(uv)
  return setmetatable({ uv = uv, polls = {}, timers = {}, ended = false }, ClosedBetween)
end

--- When a Lua state closes, what was made last is finalised first: so the guard before
--- any handle, and luv takes a handle that was finalised for one that is there.
local function watch_over(self, handle)
  local function end_all(object)
    if self.guard == object then self.ended = true end
  end
  self.guard = handle and finalised(end_all) or self.guard
  return handle
end

function ClosedBetween:has_ended() return self.ended or uv_handles.is_ending() end

local function tidy(self)
  local uv = self.uv
  for fd, stopped in pairs(self.polls) do
    if stopped.engine:is_free(fd) then
      self.polls[fd] = nil
      close(uv, stopped.handle)
    end
  end
  for _, timer in ipairs(self.timers) do close(uv, timer) end
  close(uv, self.check)
  close(uv, self.idle)
  self.timers, self.check, self.idle = {}, nil, nil
end

--- An idle handle keeps the loop from ending, and from waiting, until `tidy` has run.
local function tidy_soon(self)
  local uv = self.uv
  if self.check and not uv.is_closing(self.check) then return end
  self.check, self.idle = uv.new_check(), uv.new_idle()
  watch_over(self, self.idle)
  uv.check_start(self.check, function() tidy(self) end)
  uv.idle_start(self.idle, function() end)
end

function ClosedBetween:poll(fd)
  if self:has_ended() then return nil end
  local stopped = self.polls[fd]
  self.polls[fd] = nil
  if stopped and not self.uv.is_closing(stopped.handle) then return stopped.handle end
  return watch_over(self, self.uv.new_poll(fd))
end

function ClosedBetween:timer()
  if self:has_ended() then return nil end
  local timer = table.remove(self.timers)
  if timer and not self.uv.is_closing(timer) then return timer end
  return watch_over(self, self.uv.new_timer())
end

function ClosedBetween:drop_poll(handle, fd, engine)
  if self:has_ended() or self.uv.is_closing(handle) then return end
  self.uv.poll_stop(handle)
  self.polls[fd] = { handle = handle, engine = engine }
  tidy_soon(self)
end

function ClosedBetween:drop_timer(handle)
  if self:has_ended() or self.uv.is_closing(handle) then return end
  self.uv.timer_stop(handle)
  self.timers[#self.timers + 1] = handle
  tidy_soon(self)
end

return uv_handles

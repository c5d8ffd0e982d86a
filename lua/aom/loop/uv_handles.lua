--- The handles that engines have in a libuv loop: where they come from, and what becomes of
--- them when they are needed no more.
---
--- luv crashes, or hangs, when its Lua state is closed (by `os.exit(code, true)` in any
--- callback) while a handle is closing; one that is only stopped does no harm, and lets the
--- loop end. So under luv handles are kept: there are as many as were ever needed at once.

local each = require "aom.util.each"
local is_ending = require "aom.loop.is_ending"

local uv_handles = {}

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
---@field drop_poll fun(self, handle: userdata, fd: integer)
---@field drop_timer fun(self, handle: userdata)
---@field has_ended fun(self): boolean  the Lua state is closing: handles must not be touched
---@field join fun(self, loop: aom.UvLoop)  tells of its calls that never ended, when the state closes

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

--- Its host always runs its loop.
function ClosedAtOnce.join() end

function ClosedAtOnce:timer() return self.uv.new_timer() end

--- libuv must not be asked to stop one that is closing.
local function close(self, handle)
  if not self.uv.is_closing(handle) then self.uv.close(handle) end
end

ClosedAtOnce.drop_poll, ClosedAtOnce.drop_timer = close, close

--- In milliseconds. Where luv has no memory to call back, it raises an error in `uv.run`, and a
--- timer that has run out would be lost: so each one rings on until what it calls stops it.
uv_handles.AGAIN = 50

--- Stops every handle, and keeps it for the next call that needs one like it.
---@class aom.Kept: aom.UvHandles
---@field uv table
---@field polls table<integer, userdata>  stopped ones, by the number of the socket
---@field timers userdata[]  stopped ones
---@field guard? any         is finalised before the handles are
---@field ended boolean      the guard was finalised
---@field loops table<aom.UvLoop, boolean>  weak
local Kept = {}
Kept.__index = Kept

--- For all engines of a loop whose Lua state may be closed in any callback.
---@param uv table
---@return aom.UvHandles
function uv_handles.kept(uv)
  return setmetatable({
    uv = uv, polls = {}, timers = {}, ended = false, loops = setmetatable({}, { __mode = "k" }),
  }, Kept)
end

function Kept:join(loop) self.loops[loop] = true end

local NOT_RUN = "nobody ran libuv's loop: call luv.run(), or make the client with loop = \"blocking\""
local CLOSED = "the handles in libuv's loop were closed"

--- A script that loads luv, or loads a module that does, is expected to run its loop.
local function tell_of_lost(self)
  local count, why = 0, NOT_RUN
  -- A state that is closed in a callback is closed on purpose.
  if self.uv.loop_mode and self.uv.loop_mode() then return end
  for loop in each.pair(self.loops) do
    local stalled, is_closed = loop:count_stalled()
    count, why = count + stalled, is_closed and CLOSED or why
  end
  if count == 0 then return end
  io.stderr:write(("aom: %d call%s never ended, because %s\n"):format(count, count == 1 and "" or "s", why))
end

--- When a Lua state closes, what was made last is finalised first: so the guard before
--- any handle, and luv takes a handle that was finalised for one that is there.
local function watch_over(self, handle)
  local function end_all(object)
    if self.guard ~= object then return end
    self.ended = true
    tell_of_lost(self)
  end
  self.guard = handle and finalised(end_all) or self.guard
  return handle
end

function Kept:has_ended() return self.ended or is_ending() end

--- The user may have closed it meanwhile, as one of all handles of the loop.
local function is_usable(self, handle) return handle ~= nil and not self.uv.is_closing(handle) end

function Kept:poll(fd)
  if self:has_ended() then return nil end
  local stopped = self.polls[fd]
  self.polls[fd] = nil
  if is_usable(self, stopped) then return stopped end
  return watch_over(self, self.uv.new_poll(fd))
end

function Kept:timer()
  if self:has_ended() then return nil end
  local timer = table.remove(self.timers)
  if is_usable(self, timer) then return timer end
  return watch_over(self, self.uv.new_timer())
end

local function ignore() end

-- A handle refers to its last callback also when it is stopped, and so would keep the engine.

function Kept:drop_poll(handle, fd)
  if self:has_ended() or not is_usable(self, handle) then return end
  self.uv.poll_start(handle, "r", ignore)
  self.uv.poll_stop(handle)
  self.polls[fd] = handle
end

function Kept:drop_timer(handle)
  if self:has_ended() or not is_usable(self, handle) then return end
  self.uv.timer_start(handle, 0, 0, ignore)
  self.uv.timer_stop(handle)
  self.timers[#self.timers + 1] = handle
end

return uv_handles

--- Drives an engine by the events of a libuv loop, without polling: a poll handle for each
--- socket that libcurl wants watched, and one timer. They have handles only while something
--- is in flight: libuv's loop ends by itself when nothing is, though connections are kept.

local each = require "aom.util.each"
local uv_guard = require "aom.loop.uv_guard"
local uv_handles = require "aom.loop.uv_handles"

local uv_events = {}

---@class aom.UvEvents
---@field uv table
---@field handles aom.UvHandles
---@field carrier aom.Carrier
---@field engine userdata
---@field polls table<integer, userdata>  by the number of the socket
---@field timer? userdata
---@field turns integer  how often libuv has called back
---@field fd integer|nil|false  a socket whose wish is under way: memory may be short in the middle
---@field read boolean
---@field write boolean
---@field fresh boolean
local UvEvents = {}
UvEvents.__index = UvEvents

---@param uv table
---@param handles aom.UvHandles
---@param carrier aom.Carrier
---@return aom.UvEvents
function uv_events.new(uv, handles, carrier)
  carrier.engine:watch()
  return setmetatable({
    uv = uv, handles = handles, carrier = carrier, engine = carrier.engine, polls = {}, turns = 0,
    fd = false, read = false, write = false, fresh = false,
  }, UvEvents)
end

--- Whether a script has closed all handles of the loop.
---@return boolean
function UvEvents:is_closed() return self.timer ~= nil and self.uv.is_closing(self.timer) end

local function watch(self, fd, events)
  -- It must not raise: an error inside a luv callback ends the process. A transfer whose
  -- socket cannot be watched ends at its deadline.
  local poll = self.polls[fd]
  if not poll or self.uv.is_closing(poll) then poll = self.handles:poll(fd) end
  self.polls[fd] = poll
  if not poll then return end
  self.uv.poll_start(poll, events, uv_guard(function(err, happened)
    -- libcurl finds out by itself what is wrong with a socket.
    local read = err ~= nil or happened:find("r", 1, true) ~= nil
    local write = err ~= nil or happened:find("w", 1, true) ~= nil
    self.turns = self.turns + 1
    self.engine:on_socket(fd, read, write)
    self:settle()
  end))
end

local function unwatch(self, fd)
  if self.polls[fd] then self.handles:drop_poll(self.polls[fd], fd) end
  self.polls[fd] = nil
end

local function set_timer(self)
  local milliseconds = self.engine:timer()
  if not milliseconds then
    if self.timer then self.uv.timer_stop(self.timer) end
    return
  end
  self.timer = self.timer or self.handles:timer()
  if not self.timer then return end
  self.uv.timer_start(self.timer, milliseconds, uv_handles.AGAIN, uv_guard(function()
    self.turns = self.turns + 1
    self.engine:on_timeout()
    self:settle()
  end))
end

local function next_wish(self)
  self.fd, self.read, self.write, self.fresh = self.engine:wish()
end

--- Watches what libcurl wants watched now.
local function apply(self)
  if self:is_closed() then
    self.timer, self.polls, self.fd = nil, {}, false
    self.engine:watch()
  end
  if not self.fd then next_wish(self) end
  while self.fd do
    local fd, read, write = self.fd, self.read, self.write
    -- Another socket has the number of one that is gone: the old watch is void.
    if self.fresh or not (read or write) then unwatch(self, fd) end
    if read or write then watch(self, fd, (read and "r" or "") .. (write and "w" or "")) end
    next_wish(self)
  end
  set_timer(self)
end

--- Drops every handle. New ones are made when they are needed.
local function release(self)
  for fd in each.pair(self.polls) do unwatch(self, fd) end
  if self.timer then self.handles:drop_timer(self.timer) end
  self.timer = nil
end

--- Wakes the tasks whose transfers have ended, and watches what the others wait for.
function UvEvents:settle()
  self.carrier:wake_finished()
  apply(self)
  if self.engine:running() == 0 then release(self) end
end

return uv_events

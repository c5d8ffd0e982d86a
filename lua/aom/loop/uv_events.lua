--- Drives an engine by the events of a libuv loop, without polling: a poll handle for each
--- socket that libcurl wants watched, one timer for libcurl and one for our own waits.
--- They have handles only while something is in flight: libuv's loop ends by itself when
--- nothing is, though connections are kept, and a client that is dropped leaves nothing
--- behind that a finaliser would have to stop.

local uv_events = {}

--- In seconds. libuv counts milliseconds in an integer; a longer wait is continued.
local LONGEST = 86400

---@class aom.UvEvents
---@field uv table
---@field handles aom.UvHandles
---@field engine userdata
---@field on_event fun()  called after libcurl was told of an event, or a wait is over
---@field polls table<integer, userdata>  by the number of the socket
---@field curl_timer? userdata
---@field own_timer? userdata
local UvEvents = {}
UvEvents.__index = UvEvents

---@param uv table
---@param handles aom.UvHandles
---@param engine userdata
---@param on_event fun()
---@return aom.UvEvents
function uv_events.new(uv, handles, engine, on_event)
  return setmetatable({ uv = uv, handles = handles, engine = engine, on_event = on_event, polls = {} }, UvEvents)
end

local function watch(self, fd, events)
  -- It must not raise: an error inside a luv callback ends the process. A transfer whose
  -- socket cannot be watched ends at its deadline.
  local poll = self.polls[fd] or self.handles:poll(fd)
  self.polls[fd] = poll
  if not poll then return end
  self.uv.poll_start(poll, events, function(err, happened)
    -- libcurl finds out by itself what is wrong with a socket.
    local read = err ~= nil or happened:find("r", 1, true) ~= nil
    local write = err ~= nil or happened:find("w", 1, true) ~= nil
    self.engine:on_socket(fd, read, write)
    self.on_event()
  end)
end

local function unwatch(self, fd)
  if self.polls[fd] then self.handles:drop_poll(self.polls[fd], fd) end
  self.polls[fd] = nil
end

local function set_curl_timer(self)
  local milliseconds = self.engine:timer()
  if not milliseconds then
    if self.curl_timer then self.uv.timer_stop(self.curl_timer) end
    return
  end
  self.curl_timer = self.curl_timer or self.handles:timer()
  if not self.curl_timer then return end
  self.uv.timer_start(self.curl_timer, milliseconds, 0, function()
    self.engine:on_timeout()
    self.on_event()
  end)
end

--- Watches what libcurl wants watched now.
function UvEvents:apply()
  local engine = self.engine
  local fd, read, write, fresh = engine:wish()
  while fd do
    -- Another socket has the number of one that is gone: the old watch is void.
    if fresh or not (read or write) then unwatch(self, fd) end
    if read or write then watch(self, fd, (read and "r" or "") .. (write and "w" or "")) end
    fd, read, write, fresh = engine:wish()
  end
  set_curl_timer(self)
end

--- Calls `on_event` once, after `seconds`; nil: not at all.
---@param seconds number|nil
function UvEvents:call_after(seconds)
  if not seconds then
    if self.own_timer then self.uv.timer_stop(self.own_timer) end
    return
  end
  self.own_timer = self.own_timer or self.handles:timer()
  if not self.own_timer then return end
  local milliseconds = math.max(0, math.ceil(math.min(seconds, LONGEST) * 1000))
  self.uv.timer_start(self.own_timer, milliseconds, 0, function() self.on_event() end)
end

--- Drops every handle. New ones are made when they are needed.
function UvEvents:release()
  for fd in pairs(self.polls) do unwatch(self, fd) end
  if self.curl_timer then self.handles:drop_timer(self.curl_timer) end
  if self.own_timer then self.handles:drop_timer(self.own_timer) end
  self.curl_timer, self.own_timer = nil, nil
end

return uv_events

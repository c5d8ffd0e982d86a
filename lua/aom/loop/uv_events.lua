--- Drives an engine by the events of a libuv loop: a poll handle for each socket that
--- libcurl wants watched, one timer for libcurl and one for our own waits. There is no
--- polling. Handles exist only while something is in flight: libuv's loop ends by
--- itself when nothing is, though connections are kept, and a client that is dropped
--- leaves nothing behind that a finaliser would have to stop.

local uv_events = {}

--- libuv counts milliseconds in an integer; whoever waits for longer is woken to wait on.
local LONGEST = 86400

---@param uv table
---@param handles aom.UvHandles
---@param engine userdata
---@param on_event function  called after libcurl or the timer got its turn
function uv_events.new(uv, handles, engine, on_event)
  local self = {}
  local polls = {} -- fd -> poll handle
  local curl_timer, own_timer

  local function is_free(fd) return engine:is_free(fd) end

  local function watch(fd, events)
    -- It must not raise: an error inside one of luv's callbacks ends the process. A
    -- transfer whose socket cannot be watched ends with its time-out.
    polls[fd] = polls[fd] or handles.poll(fd)
    if not polls[fd] then return end
    uv.poll_start(polls[fd], events, function(err, happened)
      -- libcurl finds out by itself what is wrong with a socket.
      local read = err ~= nil or happened:find("r", 1, true) ~= nil
      local write = err ~= nil or happened:find("w", 1, true) ~= nil
      engine:on_socket(fd, read, write)
      on_event()
    end)
  end

  local function unwatch(fd)
    if polls[fd] then handles.drop_poll(polls[fd], fd, is_free) end
    polls[fd] = nil
  end

  local function set_curl_timer()
    local milliseconds = engine:timer()
    if not milliseconds then
      if curl_timer then uv.timer_stop(curl_timer) end
      return
    end
    curl_timer = curl_timer or handles.timer()
    if not curl_timer then return end
    uv.timer_start(curl_timer, milliseconds, 0, function()
      engine:on_timeout()
      on_event()
    end)
  end

  --- Does what libcurl wishes by now.
  function self.apply()
    local fd, read, write, fresh = engine:wish()
    while fd do
      -- Another socket under the number of one that is gone: the old watch is void.
      if fresh or not (read or write) then unwatch(fd) end
      if read or write then watch(fd, (read and "r" or "") .. (write and "w" or "")) end
      fd, read, write, fresh = engine:wish()
    end
    set_curl_timer()
  end

  --- Calls `on_event` once, after `seconds`; nil: not at all.
  function self.call_after(seconds)
    if not seconds then
      if own_timer then uv.timer_stop(own_timer) end
      return
    end
    own_timer = own_timer or handles.timer()
    if not own_timer then return end
    uv.timer_start(own_timer, math.max(0, math.ceil(math.min(seconds, LONGEST) * 1000)), 0, function()
      on_event()
    end)
  end

  --- Lets go of every handle. They come back when they are needed again.
  function self.release()
    for fd in pairs(polls) do unwatch(fd) end
    if curl_timer then handles.drop_timer(curl_timer) end
    if own_timer then handles.drop_timer(own_timer) end
    curl_timer, own_timer = nil, nil
  end

  return self
end

return uv_events

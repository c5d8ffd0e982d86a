--- Drives an engine by the events of a libuv loop: a poll handle for each socket that
--- libcurl wants watched, one timer for libcurl and one for our own waits. There is no
--- polling. Handles exist only while something is in flight: libuv's loop ends by
--- itself when nothing is, and a client that is dropped leaves nothing to clean up.

local sockets = {}

---@param uv table      vim.uv, vim.loop or luv
---@param engine userdata
---@param on_event function  called after libcurl or the timer got its turn
function sockets.new(uv, engine, on_event)
  local self = {}
  local polls = {}   -- fd -> poll handle
  local curl_timer, own_timer

  local function close(handle)
    if handle and not uv.is_closing(handle) then uv.close(handle) end
  end

  local apply

  local function watch(fd, events)
    if not polls[fd] then polls[fd] = assert(uv.new_poll(fd)) end
    uv.poll_start(polls[fd], events, function(err, happened)
      -- libcurl finds out by itself what is wrong with a socket.
      local read = err or happened:find("r", 1, true) ~= nil
      local write = err or happened:find("w", 1, true) ~= nil
      engine:on_socket(fd, read, write)
      apply()
      on_event()
    end)
  end

  local function unwatch(fd)
    close(polls[fd])
    polls[fd] = nil
  end

  local function set_curl_timer()
    local milliseconds = engine:timer()
    if not milliseconds then
      if curl_timer then uv.timer_stop(curl_timer) end
      return
    end
    curl_timer = curl_timer or uv.new_timer()
    uv.timer_start(curl_timer, milliseconds, 0, function()
      engine:on_timeout()
      apply()
      on_event()
    end)
  end

  --- Does what libcurl wishes by now.
  function apply()
    local fd, read, write = engine:wish()
    while fd do
      if read or write then
        watch(fd, (read and "r" or "") .. (write and "w" or ""))
      else
        unwatch(fd)
      end
      fd, read, write = engine:wish()
    end
    set_curl_timer()
  end
  self.apply = apply

  --- Calls `on_event` once, after `seconds`; nil: not at all.
  function self.call_after(seconds)
    if not seconds then
      if own_timer then uv.timer_stop(own_timer) end
      return
    end
    own_timer = own_timer or uv.new_timer()
    uv.timer_start(own_timer, math.ceil(seconds * 1000), 0, on_event)
  end

  --- Closes every handle. They come back when they are needed again.
  function self.release()
    for fd in pairs(polls) do unwatch(fd) end
    close(curl_timer)
    close(own_timer)
    curl_timer, own_timer = nil, nil
  end

  return self
end

return sockets

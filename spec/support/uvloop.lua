--- Runs luv's loop for specs, bounded in time, and counts its handles.

local uv = require "luv"
local patience = require "spec.support.patience"

local uvloop = {}

--- The types of the handles that the loop works for. Those that are stopped are kept.
---@return string[]
function uvloop.open_handles()
  local open = {}
  uv.walk(function(handle)
    if uv.is_active(handle) then open[#open + 1] = uv.handle_get_type(handle) end
  end)
  table.sort(open)
  return open
end

--- Runs the loop until nothing is left to do, as a script's last line does. It is an
--- error when that takes longer than `limit` seconds, or leaves a handle.
---@param limit? number
function uvloop.run(limit)
  local late = false
  local watchdog = uv.new_timer()
  uv.update_time()
  uv.timer_start(watchdog, math.floor(patience.of(limit or 10) * 1000), 0, function()
    late = true
    uv.stop()
  end)
  uv.unref(watchdog)
  uv.run()
  uv.close(watchdog)
  uv.run "nowait"
  assert(not late, "the loop did not end by itself: " .. table.concat(uvloop.open_handles(), ", "))
  local open = uvloop.open_handles()
  assert(#open == 0, "handles are open: " .. table.concat(open, ", "))
end

--- Runs the loop until `is_done`, and no further.
---@param is_done fun(): any
---@param limit? number
function uvloop.run_until(is_done, limit)
  local started, limit_ns = uv.hrtime(), patience.of(limit or 10) * 1e9
  while not is_done() do
    assert(uv.hrtime() - started < limit_ns, "it took too long")
    if not uv.run "nowait" then
      assert(is_done(), "the loop ended before")
      return
    end
    uv.sleep(1)
  end
end

--- Calls `body` after some seconds.
function uvloop.after(seconds, body)
  local timer = uv.new_timer()
  uv.update_time() -- the loop's time stands still while it does not run
  uv.timer_start(timer, math.floor(seconds * 1000), 0, function()
    uv.close(timer)
    body()
  end)
end

--- Counts the beats of a timer of 10 ms while `run` runs: the largest gap in seconds.
---@return number
function uvloop.largest_gap(run)
  local last, gap = uv.hrtime(), 0
  local timer = uv.new_timer()
  uv.timer_start(timer, 10, 10, function()
    local time = uv.hrtime()
    gap = math.max(gap, time - last)
    last = time
  end)
  uv.unref(timer)
  run()
  if not uv.is_closing(timer) then uv.close(timer) end
  uv.run "nowait"
  return gap / 1e9
end

return uvloop

--- The loop of nginx with its Lua module, and of OpenResty. A call waits in the light
--- thread that makes it; other requests of the worker go on. Attempts travel over
--- libcurl, stepped between sleeps, or over lua-resty-http where that is asked for.
---
--- A light thread may be gone at any moment, with the request that it belongs to or
--- because somebody killed it, and no code of ours runs then. So nothing here is handed
--- from one call to the next: a transfer that nobody waits for is dropped after its
--- deadline, and a gate's hold ends at a set time.

local core = require "aom.core"
local nginx_resty = require "aom.loop.nginx_resty"
local errors = require "aom.util.errors"
local nginx_resty_options = require "aom.loop.nginx_resty_options"
local nginx_curl = require "aom.loop.nginx_curl"
local transfer = require "aom.loop.transfer"

local nginx = {}

local now = core.now

--- Phases in which a light thread may wait.
local yieldable = { rewrite = true, access = true, content = true, timer = true,
  ssl_cert = true, ssl_session_fetch = true, preread = true }

--- Before the workers exist nothing else runs, so that a call may block there.
local blocking = { init = true }

--- Over libcurl, which keeps every option, unless lua-resty-http is asked for.
local function find_transport(settings, max_head)
  if settings.transport ~= "resty" then return nil end
  local err = nginx_resty_options.check(settings)
  if err then return nil, err end
  if ngx.config.ngx_lua_version < 10014 then
    return nil, errors.config 'option transport: "resty" needs version 0.10.14 or newer of nginx\'s Lua module'
  end
  local found, http = pcall(require, "resty.http")
  if found then return nginx_resty.new(http, settings, max_head) end
  return nil, errors.config('option transport: "resty" needs lua-resty-http, which cannot be loaded: '
    .. tostring(http):match "^[^\n]*",
    "opm get ledgetech/lua-resty-http, or luarocks install lua-resty-http; or leave the option out")
end

--- Something to wait for. Where semaphores are missing, which come with lua-resty-core,
--- it is polled.
local function new_signal()
  local found, semaphore = pcall(require, "ngx.semaphore")
  if found then
    local posts = semaphore.new()
    return {
      -- It counts in milliseconds, and must not come back before its time.
      wait = function(deadline) return posts:wait(math.max(0.001, deadline - now())) == true end,
      wake = function() posts:post(1) end,
    }
  end
  local woken = false
  return {
    wait = function(deadline)
      while not woken and now() < deadline do ngx.sleep(0.005) end
      return woken
    end,
    wake = function() woken = true end,
  }
end

---@param engine userdata
---@param settings table
---@param max_head integer  bytes of an answer's status line and headers
---@return aom.Loop|nil
---@return aom.Error|nil
function nginx.new(engine, settings, max_head)
  local carry, err = find_transport(settings, max_head)
  if err then return nil, err end
  local loop = { now = now, name = "nginx", transport = carry and "resty" or "curl", shared = ngx.shared.aom }
  local steps = nginx_curl.new(engine, ngx.sleep, ngx.now)
  local closed = false
  local cancelled = setmetatable({}, { __mode = "k" })  -- light thread -> true
  local interrupts = setmetatable({}, { __mode = "k" }) -- light thread -> what ends its wait

  local function is_over() return closed or cancelled[coroutine.running()] == true end

  --- Why no call can be made from here.
  function loop.enter()
    local phase = ngx.get_phase()
    if yieldable[phase] or blocking[phase] then return nil end
    return ("nginx cannot wait in the phase %s: make the call in ngx.timer.at(0, …)"):format(phase)
  end

  local function new_waiter()
    local signal = new_signal()
    return {
      wake = signal.wake,
      wait = function(deadline)
        if is_over() then return nil end
        local thread = coroutine.running()
        interrupts[thread] = signal.wake
        local woken = signal.wait(deadline)
        interrupts[thread] = nil
        if is_over() then return nil end
        return woken
      end,
    }
  end

  --- A cosocket's wait cannot be ended from outside, nor does nginx know a deadline for
  --- a connect as a whole; a light thread of its own can be killed.
  local function carry_apart(attempt, deadline)
    local waiter, stage = new_waiter(), {}
    local fine, answer, trouble
    local thread = ngx.thread.spawn(function()
      fine, answer, trouble = pcall(carry, attempt, deadline, stage)
      waiter.wake()
    end)
    local woken
    repeat
      woken = waiter.wait((stage.connect_by or deadline) + 0.01)
    until fine ~= nil or woken == nil or now() >= (stage.connect_by or deadline)
    if fine == nil then
      ngx.thread.kill(thread)
      if woken == nil then return transfer.cancelled() end
      local connecting = stage.connect_by ~= nil
      return nil, { kind = "timeout", sent = not connecting,
        message = connecting and "the connection took too long" or "the answer took too long" }
    end
    ngx.thread.wait(thread)
    if not fine then error(answer, 0) end
    return answer, trouble
  end

  local function block(id)
    while not engine:wait(id, 1) do end
    return transfer.collect(engine, id)
  end

  function loop.fetch(attempt, deadline)
    if closed then return transfer.cancelled() end
    local blocks = blocking[ngx.get_phase()]
    if carry and not blocks then return carry_apart(attempt, deadline) end
    if not blocks then steps.make_room(is_over) end
    if is_over() then return transfer.cancelled() end
    local id, trouble = transfer.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    if blocks then return block(id) end
    return steps.wait(id, deadline, is_over)
  end

  function loop.sleep(seconds)
    local deadline = now() + seconds
    if not blocking[ngx.get_phase()] then return new_waiter().wait(deadline) ~= nil end
    while now() < deadline and not closed do engine:poll(deadline - now()) end
    return not closed
  end

  function loop.waiter()
    if yieldable[ngx.get_phase()] then return new_waiter() end
  end

  local function run_aside(work, count)
    local parent, threads = coroutine.running(), {}
    interrupts[parent] = function()
      for _, thread in ipairs(threads) do loop.cancel(thread) end
    end
    for i = 1, count do threads[i] = ngx.thread.spawn(work) end
    for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
    interrupts[parent] = nil
  end

  function loop.run(list, concurrency)
    local next_index, failure = 0, nil
    local function work()
      while list[next_index + 1] do
        next_index = next_index + 1
        local fine, problem = pcall(list[next_index])
        if not fine and not failure then failure = { problem } end
      end
    end
    if yieldable[ngx.get_phase()] then run_aside(work, math.min(concurrency, #list)) else work() end
    if failure then error(failure[1], 0) end
  end

  --- Starts a light thread, which first lets its maker go on.
  function loop.spawn(body)
    if not yieldable[ngx.get_phase()] then
      body()
      return nil
    end
    return ngx.thread.spawn(function()
      ngx.sleep(0)
      body()
    end)
  end

  function loop.current() return coroutine.running() end

  function loop.cancel(thread)
    cancelled[thread] = true
    if interrupts[thread] then interrupts[thread]() end
  end

  --- Those that wait find out when they wake.
  function loop.close()
    if closed then return end
    closed = true
    for _, interrupt in pairs(interrupts) do interrupt() end
    steps.close()
  end

  return loop
end

return nginx

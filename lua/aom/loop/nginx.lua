--- The loop of nginx with its Lua module, and of OpenResty. A call waits in the light
--- thread that makes it; other requests of the worker go on. Attempts travel over
--- lua-resty-http where it is installed, else over libcurl, stepped between sleeps.

local core = require "aom.core"
local cosocket = require "aom.loop.cosocket"
local errors = require "aom.errors"
local stepper = require "aom.loop.stepper"
local transfers = require "aom.loop.transfers"

local nginx = {}

local now = core.now

--- Phases in which a light thread may wait.
local yieldable = { rewrite = true, access = true, content = true, timer = true,
  ssl_cert = true, ssl_session_fetch = true, preread = true }

--- Before the workers exist nothing else runs, so that a call may block there.
local blocking = { init = true }

local function refuse(phase)
  return nil, { kind = "argument", sent = false, message =
    ("nginx cannot wait in the phase %s: make the call in ngx.timer.at(0, …)"):format(phase) }
end

local function find_transport(settings)
  if settings.transport == "curl" then return nil end
  local found, http = pcall(require, "resty.http")
  if found then return cosocket.new(http, settings) end
  if settings.transport == "resty" then
    return nil, errors.config('option transport: "resty" needs lua-resty-http, and resty.http cannot be loaded',
      "opm get ledgetech/lua-resty-http, or luarocks install lua-resty-http")
  end
end

local function new_waiter()
  local found, semaphore = pcall(require, "ngx.semaphore")
  if found then
    local posts = semaphore.new()
    return {
      wait = function(deadline) return posts:wait(math.max(0, deadline - now())) == true end,
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
---@return aom.Loop|nil
---@return aom.Error|nil
function nginx.new(engine, settings)
  local carry, err = find_transport(settings)
  if err then return nil, err end
  local loop = { now = now, name = "nginx", transport = carry and "resty" or "curl", shared = ngx.shared.aom }
  local steps = stepper.new(engine, ngx.sleep, ngx.now)
  local cancelled = setmetatable({}, { __mode = "k" }) -- light thread -> true

  local function is_cancelled() return cancelled[coroutine.running()] == true end

  local function block(attempt, deadline)
    local id, trouble = transfers.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    while not engine:wait(id, 1) do end
    return transfers.collect(engine, id)
  end

  function loop.fetch(attempt, deadline)
    local phase = ngx.get_phase()
    if blocking[phase] then return block(attempt, deadline) end
    if not yieldable[phase] then return refuse(phase) end
    if carry then return carry(attempt, deadline) end
    local id, trouble = transfers.start(engine, attempt, deadline - now())
    if not id then return nil, trouble end
    return steps.wait(id, deadline, is_cancelled)
  end

  function loop.sleep(seconds)
    local deadline = now() + seconds
    if blocking[ngx.get_phase()] then
      while now() < deadline do engine:poll(deadline - now()) end
      return
    end
    -- In short pieces, so that a cancelled one ends soon.
    while now() < deadline and not is_cancelled() do
      ngx.sleep(math.min(0.1, math.max(0.001, deadline - now())))
    end
  end

  function loop.waiter()
    if yieldable[ngx.get_phase()] then return new_waiter() end
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
    local threads = {}
    for i = 1, math.min(concurrency, #list) do threads[i] = ngx.thread.spawn(work) end
    for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
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

  function loop.cancel(thread) cancelled[thread] = true end

  loop.close = steps.close

  return loop
end

return nginx

--- The loop of nginx with its Lua module, and of OpenResty. A call waits in the light
--- thread that makes it; other requests of the worker go on. Attempts travel over
--- libcurl, stepped between sleeps, or over lua-resty-http where that is asked for.
---
--- A light thread may be gone at any moment, with the request that it belongs to or
--- because somebody killed it, and no code of ours runs then. So nothing here is handed
--- from one call to the next: a transfer that nobody waits for is dropped after its
--- deadline, and a hold on something shared ends at a set time.

local bind = require "aom.loop.bind"
local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local is_ending = require "aom.loop.is_ending"
local nginx_curl = require "aom.loop.nginx_curl"
local nginx_resty = require "aom.loop.nginx_resty"
local nginx_resty_options = require "aom.loop.nginx_resty_options"
local nginx_trust = require "aom.loop.nginx_trust"
local report = require "aom.util.report"
local transfer = require "aom.loop.transfer"

local nginx = {}

local now = core.now

--- Phases in which a light thread may wait.
local yieldable = { server_rewrite = true, rewrite = true, access = true, content = true, timer = true,
  ssl_cert = true, ssl_session_fetch = true, preread = true }

--- Before the workers exist nothing else runs, so that a call may block there.
local blocking = { init = true }

--- When a light thread begins at the latest: it is woken at once.
local LATEST = 60

--- How many waiters are kept.
local SPARE = 100

---@class aom.NginxLoop: aom.Cancellable
---@field curl aom.NginxCurl  all clients of the worker share it
---@field transport aom.Transport
---@field resty? aom.NginxResty  what carries the attempts in place of libcurl
---@field cancelled table<thread, boolean>   light threads; weak
---@field interrupts table<thread, fun()>    what ends the wait of a light thread; weak
---@field handed_out table<thread, boolean>   light threads that somebody may cancel; weak
---@field trusts_system boolean  no other authorities are named
---@field has_cancelled boolean  any light thread
---@field spare aom.Waiter[]
---@field closed boolean
local NginxLoop = {}
NginxLoop.__index = NginxLoop

local weak = { __mode = "k" }

--- Whether the call that runs now was cancelled.
---@return boolean
function NginxLoop:is_over()
  return self.closed or self.has_cancelled and self.cancelled[coroutine.running()] == true
end

--- Why no call can be made from here.
---@return string|nil
function NginxLoop.enter()
  if is_ending() then return "the Lua state is closing: nginx can do nothing any more" end
  local phase = ngx.get_phase()
  if yieldable[phase] or blocking[phase] then return nil end
  if phase == "exit_worker" then return "nginx cannot wait in the phase exit_worker: no call can be made any more" end
  return ("nginx cannot wait in the phase %s: make the call in ngx.timer.at(0, …)"):format(phase)
end

local semaphores -- nil: not looked for yet; false: there are none

local function find_semaphores()
  if semaphores ~= nil then return semaphores end
  local found, module = pcall(require, "ngx.semaphore")
  semaphores = found and module
  return semaphores
end

--- Something to wait for. Where semaphores are missing, which come with lua-resty-core,
--- it is polled.
local function new_signal()
  if find_semaphores() then
    local posts = semaphores.new()
    return {
      -- It cuts off fractions of milliseconds, and must not come back before its time.
      wait = function(deadline)
        return posts:wait(math.max(1, math.ceil((deadline - now()) * 1000)) / 1000 + 1e-5) == true
      end,
      wake = function() posts:post(1) end,
      calm = function()
        while posts:count() > 0 do posts:wait(0) end
      end,
    }
  end
  local woken = false
  return {
    wait = function(deadline)
      while not woken and now() < deadline do ngx.sleep(math.max(0.001, math.min(0.005, deadline - now()))) end
      return woken
    end,
    wake = function() woken = true end,
    calm = function() woken = false end,
  }
end

local function new_waiter(self)
  local signal, running = new_signal(), coroutine.running
  return {
    wake = signal.wake,
    calm = signal.calm,
    wait = function(deadline)
      if self:is_over() then return nil end
      local thread = running()
      self.interrupts[thread] = signal.wake
      local woken = signal.wait(deadline)
      self.interrupts[thread] = nil
      if self:is_over() then return nil end
      return woken
    end,
  }
end

--- Takes a step of a trip. A cosocket's wait cannot be ended from outside, nor does nginx know a
--- deadline for a connect as a whole; a light thread of its own can be killed.
local function step_apart(self, trip, step)
  local waiter = new_waiter(self)
  local ok, answer, trouble
  local thread = ngx.thread.spawn(function()
    ok, answer, trouble = pcall(step, trip)
    waiter.wake()
  end)
  local woken
  repeat
    woken = waiter.wait(trip:due() + 0.01)
  until ok ~= nil or woken == nil or now() >= trip:due()
  if ok == nil then
    ngx.thread.kill(thread)
    if woken == nil then return transfer.cancelled() end
    return trip:late()
  end
  ngx.thread.wait(thread)
  if not ok then error(answer, 0) end
  return answer, trouble
end

--- A call that nobody can cancel needs no light thread but for a connect, and a long request. So it
--- ends with its own when that is killed. If its client is closed meanwhile, it ends when the answer
--- has come.
---@param trip aom.Trip
---@return aom.Answer|nil
---@return aom.Trouble|nil
local function carry(self, trip)
  if self.handed_out[coroutine.running()] or not trip:is_short() then return step_apart(self, trip, trip.run) end
  local done, answer, trouble = trip:run_kept()
  while not done do
    local client, failure = step_apart(self, trip, trip.connect)
    if not client then return nil, failure end
    done, answer, trouble = trip:run_over(client)
  end
  return answer, trouble
end

---@param attempt aom.Attempt
---@param deadline number
---@return aom.Answer|nil
---@return aom.Trouble|nil
function NginxLoop:fetch(attempt, deadline)
  if self.closed then return transfer.cancelled() end
  local blocks = blocking[ngx.get_phase()]
  local answer, trouble
  if self.resty and not blocks then
    local trip
    trip, trouble = self.resty:begin(attempt, deadline)
    if not trip then return nil, trouble end
    return carry(self, trip)
  end
  if blocks then
    answer, trouble = self.curl:block(attempt, deadline, self)
  else
    answer, trouble = self.curl:fetch(attempt, deadline, self)
  end
  if self.trusts_system then nginx_trust.explain(trouble) end
  return answer, trouble
end

--- A prepared call of this loop.
---@class aom.NginxWay: aom.PreparedWay
---@field attempt aom.Attempt
---@field seconds number     how long an answer is awaited
---@field frame? aom.Frame   over lua-resty-http

---@param way aom.NginxWay
---@param ... any  what it is begun with
---@return boolean is_sent
---@return aom.Answer|true|nil
---@return aom.Trouble|string|nil
local function send_over_curl(self, way, ...)
  local is_sent, answer, trouble = self.curl:send_prepared(way.object, way.attempt.base, way.seconds, self, ...)
  if self.trusts_system and not answer then nginx_trust.explain(trouble) end
  return is_sent, answer, trouble
end

--- As `send_over_curl`.
local function send_over_resty(self, way, ...)
  local resty, object = self.resty, way.object
  way.frame = way.frame or resty.frames:of(way.attempt)
  local head = way.frame and object:head(...)
  if not head then return false end
  local answer, trouble = carry(self, resty:trip(way.frame, head, now() + way.seconds))
  if not answer then return true, nil, trouble end
  local headers = answer.headers
  if not object:is_good(answer.status, headers["content-type"], answer.body) then return true, answer end
  return true, true, headers["x-request-id"]
end

--- Prepares the like of an attempt: see aom.client.prepared.
---@param attempt aom.Attempt  with a plan and a signer
---@param fields table
---@return aom.NginxWay
function NginxLoop:prepare(attempt, fields)
  fields.patience = 0
  local send = self.resty and send_over_resty or send_over_curl
  local way = { object = self.curl.engine:prepare(attempt, self.transport, fields), attempt = attempt,
    seconds = fields.seconds }
  function way.send_in_task(...)
    if self.closed or blocking[ngx.get_phase()] then return false end
    return send(self, way, ...)
  end
  return way
end

---@param seconds number
---@return boolean  false: cancelled
function NginxLoop:sleep(seconds)
  local deadline = now() + seconds
  if not blocking[ngx.get_phase()] then return new_waiter(self).wait(deadline) ~= nil end
  self.curl:poll_until(deadline, function() return self.closed end)
  return not self.closed
end

---@return aom.Waiter|nil
function NginxLoop:waiter()
  if yieldable[ngx.get_phase()] then return table.remove(self.spare) or new_waiter(self) end
end

--- Keeps a waiter that nobody knows any more for the next call: to make one takes longer than to wait with it.
---@param waiter aom.Waiter
function NginxLoop:keep(waiter)
  if #self.spare == SPARE then return end
  waiter.calm()
  self.spare[#self.spare + 1] = waiter
end

--- Runs `work` in light threads, and waits for all. Cancelling this one cancels them. What
--- cancels them keeps none: it is found by this one, which they know, so that a request that
--- is gone would stay in memory.
local function run_apart(self, work, count)
  local parent, threads, known = coroutine.running(), {}, setmetatable({}, weak)
  self.interrupts[parent] = function()
    for thread in each.pair(known) do self:cancel(thread) end
  end
  local is_handed_out = self.handed_out[parent]
  for i = 1, count do
    threads[i] = ngx.thread.spawn(function()
      self.handed_out[coroutine.running()] = is_handed_out
      work()
    end)
    known[threads[i]] = true
  end
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
  self.interrupts[parent] = nil
end

--- Runs the functions of `list`, at most `concurrency` at a time. The first error that
--- one raises is raised again, when all have ended.
---@param list function[]
---@param concurrency integer
function NginxLoop:run(list, concurrency)
  local next_index, failure = 0, nil
  local function work()
    while list[next_index + 1] do
      next_index = next_index + 1
      local ok, err = pcall(list[next_index])
      if not ok and not failure then failure = { err } end
    end
  end
  if yieldable[ngx.get_phase()] then run_apart(self, work, math.min(concurrency, #list)) else work() end
  if failure then error(failure[1], 0) end
end

--- Starts a light thread, which first lets its maker go on.
---@param body function
---@return thread|nil
function NginxLoop:spawn(body)
  if not yieldable[ngx.get_phase()] then
    body()
    return nil
  end
  -- Not by a sleep of no time, of which nginx logs that it is slow unless it has OpenResty's patches.
  local waiter = self:waiter()
  local thread = ngx.thread.spawn(function()
    self.handed_out[coroutine.running()] = true
    waiter.wait(now() + LATEST)
    self:keep(waiter)
    local ok, why = xpcall(body, report.legible)
    if not ok then error(why, 0) end
  end)
  waiter.wake()
  return thread
end

--- The light thread that runs, for whoever may want to cancel it.
---@return thread|nil
function NginxLoop:current()
  local thread = coroutine.running()
  if thread then self.handed_out[thread] = true end
  return thread
end

---@param thread thread
function NginxLoop:cancel(thread)
  self.cancelled[thread], self.has_cancelled = true, true
  if self.interrupts[thread] and not is_ending() then self.interrupts[thread]() end
end

--- What a light thread does from now on is not what was cancelled.
---@param thread thread
function NginxLoop:forgive(thread) self.cancelled[thread] = nil end

--- Those that wait find out when they wake.
function NginxLoop:close()
  if self.closed then return end
  self.closed = true
  if not is_ending() then
    for _, interrupt in each.pair(self.interrupts) do interrupt() end
  end
end

--- lua-resty-http, where it is asked for; libcurl keeps every option.
local function find_resty(settings, transport)
  if settings.transport ~= "resty" then return nil end
  local err = nginx_resty_options.check(settings)
  if err then return nil, err end
  if ngx.config.ngx_lua_version < 10014 then
    return nil, errors.config 'option transport: "resty" needs version 0.10.14 or newer of nginx\'s Lua module'
  end
  local found, http = pcall(require, "resty.http")
  if found then return nginx_resty.new(http, settings, transport.max_head) end
  return nil, errors.config('option transport: "resty" needs lua-resty-http, which cannot be loaded: '
    .. tostring(http):match "^[^\n]*",
    "opm get ledgetech/lua-resty-http, or luarocks install lua-resty-http; or leave the option out")
end

---@param carrier aom.Carrier
---@param transport aom.Transport
---@param settings table
---@return aom.Loop|nil
---@return aom.Error|nil
function nginx.new(carrier, transport, settings)
  local resty, err = find_resty(settings, transport)
  if err then return nil, err end
  carrier.curl = carrier.curl or nginx_curl.new(carrier.engine, ngx.sleep, ngx.now, now)
  local loop = bind(setmetatable({
    curl = carrier.curl, transport = transport, resty = resty, closed = false, has_cancelled = false, spare = {},
    trusts_system = settings.trusted == nil,
    cancelled = setmetatable({}, weak), interrupts = setmetatable({}, weak), handed_out = setmetatable({}, weak),
  }, NginxLoop), "nginx")
  loop.transport, loop.shared = resty and "resty" or "curl", ngx.shared.aom
  return loop
end

return nginx

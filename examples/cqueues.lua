-- An adapter for an event loop that lua-aom does not know: cqueues, with lua-http for
-- the requests. It is all that a call needs to wait there without blocking the rest.
--
--     luajit examples/cqueues.lua enable|disable WORKFLOW_ID...
--
-- switches workflows side by side, while a clock goes on ticking. For LuaJIT and Lua 5.2
-- or newer: in Lua 5.1 nothing can wait inside a pcall.

if _VERSION == "Lua 5.1" and not jit then error("Lua 5.1 cannot wait inside a pcall: run this with LuaJIT", 0) end

local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local http_request = require "http.request"

--- Sends an attempt: one HTTP request. Answers { status, headers, body }, or nil and why
--- there is none; an attempt is repeated by whoever calls, so not in here.
local function fetch(attempt, deadline)
  -- Signed now: what is sent must be this to the byte, the Host header too.
  local method, url, headers, body = attempt:signed()
  if not method then return nil, { kind = "argument", message = url, sent = false } end
  local request = http_request.new_from_uri(url)
  request.follow_redirects = false
  request.headers:upsert(":method", method)
  request.headers:upsert(":path", url:match "^%a+://[^/]+(.*)$")
  for name, value in pairs(headers) do
    request.headers:upsert(name:lower() == "host" and ":authority" or name:lower(), value)
  end
  request:set_body(body)

  local answer, stream = request:go(deadline - cqueues.monotime())
  if not answer then
    if cqueues.monotime() >= deadline then return nil, { kind = "timeout", message = "timed out" } end
    return nil, tostring(stream) -- a string will do: a network error
  end
  local text, why = stream:get_body_as_string(deadline - cqueues.monotime())
  stream:shutdown()
  if not text then return nil, tostring(why) end
  local found = {}
  for name, value in answer:each() do found[name] = found[name] or value end
  return { status = tonumber(answer:get ":status"), headers = found, body = text }
end

--- One that waits, and one that wakes it; the second may come first.
local function waiter()
  local woken, signal = false, condition.new()
  return {
    wait = function(deadline)
      while not woken and cqueues.monotime() < deadline do
        signal:wait(deadline - cqueues.monotime())
      end
      return woken
    end,
    wake = function()
      woken = true
      signal:signal()
    end,
  }
end

---@param controller table  what runs the coroutines: cqueues.new()
---@return aom.Loop
local function new_adapter(controller)
  local adapter = { fetch = fetch, sleep = cqueues.sleep, now = cqueues.monotime }

  -- Outside of a coroutine nothing else runs while one waits.
  function adapter.waiter() return cqueues.running() and waiter() or nil end

  --- For the callback form. What `body` returns is of no interest, what it raises is.
  function adapter.spawn(body)
    controller:wrap(function()
      local fine, err = pcall(body)
      if not fine then io.stderr:write("error in a callback: ", tostring(err), "\n") end
    end)
  end

  --- Runs all of `list`, so many at a time; raises the first error when all have ended.
  function adapter.run(list, concurrency)
    local next_index, running, failure, ended = 0, 0, nil, condition.new()
    local function work()
      while list[next_index + 1] do
        next_index = next_index + 1
        local fine, err = pcall(list[next_index])
        if not fine then failure = failure or { err } end
      end
      running = running - 1
      ended:signal()
    end
    for _ = 1, math.min(concurrency, #list) do
      running = running + 1
      controller:wrap(work)
    end
    while running > 0 do
      if cqueues.running() then ended:wait() else assert(controller:step()) end
    end
    if failure then error(failure[1], 0) end
  end

  return adapter
end

-- Required as a module it is the adapter, started as a script the example.
if not (arg and arg[0] and arg[0]:find "cqueues%.lua$") then return new_adapter end

local action = table.remove(arg, 1)
if #arg == 0 then
  io.stderr:write "usage: luajit examples/cqueues.lua enable|disable WORKFLOW_ID...\n"
  os.exit(2)
end

local controller = cqueues.new()
local client = require("aom").client { loop = new_adapter(controller) }
local left, failed, ticks = #arg, 0, 0
for _, id in ipairs(arg) do
  client:trigger(id, action, function(err, result)
    left = left - 1
    if err then failed = failed + 1 end
    print(err and tostring(err) or ("workflow %s: %sd"):format(result.workflow_id, result.action))
  end)
end
controller:wrap(function()
  while left > 0 do
    ticks = ticks + 1
    cqueues.sleep(0.01)
  end
end)
assert(controller:loop())
print(("%d ticks of a clock meanwhile"):format(ticks))
client:close()
os.exit(failed == 0 and 0 or 1)

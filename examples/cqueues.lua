-- An adapter for an event loop that lua-aom does not know: cqueues, with lua-http for the
-- requests. With it calls wait without blocking the other coroutines of the loop.
--
--     luajit examples/cqueues.lua enable|disable WORKFLOW_ID...
--
-- switches several workflows at once, while a clock keeps ticking. It needs LuaJIT, or Lua
-- 5.2 or newer: Lua 5.1 cannot yield inside a pcall.
--
-- Exit status: 0 all were switched, 1 some failed, 2 wrong usage or configuration.

if _VERSION == "Lua 5.1" and not jit then error("Lua 5.1 cannot yield inside a pcall: run this with LuaJIT", 0) end

local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local errno = require "cqueues.errno"
local http_request = require "http.request"

local function no_answer(why, code, deadline)
  if deadline and cqueues.monotime() >= deadline then return nil, { kind = "timeout", message = "timed out" } end
  -- Where the connection was refused, the server cannot have seen the request.
  return nil, { kind = "network", message = tostring(why), sent = code ~= errno.ECONNREFUSED }
end

--- By name, all values of each; lua-http keeps the status among them.
local function headers_of(answer)
  local found = {}
  for name, value in answer:each() do
    if name ~= ":status" then
      found[name] = found[name] or {}
      table.insert(found[name], value)
    end
  end
  return found
end

--- Sends an attempt: one HTTP request. Returns { status, headers, body }, or nil and an
--- error. It does not retry: the library does.
local function fetch(attempt, deadline)
  -- This signs the request: send exactly these bytes, including the Host header.
  local method, url, headers, body = attempt:signed()
  if not method then return nil, { kind = headers, message = url, sent = false } end
  local request = http_request.new_from_uri(url)
  request.follow_redirects = false
  request.headers:upsert(":method", method)
  request.headers:upsert(":path", url:match "^%a+://[^/]+(.*)$")
  for name, value in pairs(headers) do
    request.headers:upsert(name:lower() == "host" and ":authority" or name:lower(), value)
  end
  request:set_body(body)

  local answer, stream, code = request:go(deadline - cqueues.monotime())
  if not answer then return no_answer(stream, code, deadline) end
  local text, why
  text, why, code = stream:get_body_as_string(deadline - cqueues.monotime())
  -- lua-http takes a body that was cut short for a whole one, and never ends shutting such a stream down.
  if text and stream.state ~= "closed" then
    stream:set_state "closed"
    return no_answer "the connection was closed before the response was complete"
  end
  stream:shutdown()
  if not text then return no_answer(why, code, deadline) end
  return { status = tonumber(answer:get ":status"), headers = headers_of(answer), body = text }
end

--- A pair of functions: `wait`, and `wake`, which ends the wait and may come first.
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

---@param controller table  the loop that runs the coroutines: cqueues.new()
---@return aom.Adapter
local function new_adapter(controller)
  local adapter = { fetch = fetch, sleep = cqueues.sleep, now = cqueues.monotime }

  -- Outside of a coroutine nothing else can run during a wait.
  function adapter.waiter() return cqueues.running() and waiter() or nil end

  --- Starts a call with a callback. `body` raises an error only if that callback raised one.
  function adapter.spawn(body)
    controller:wrap(function()
      local ok, err = pcall(body)
      if not ok then io.stderr:write("error in a callback: ", tostring(err), "\n") end
    end)
  end

  --- Runs all functions of `list`, at most `concurrency` at once. Raises the first error
  --- after all have ended.
  function adapter.run(list, concurrency)
    local next_index, running, failure, ended = 0, 0, nil, condition.new()
    local function work()
      while list[next_index + 1] do
        next_index = next_index + 1
        local ok, err = pcall(list[next_index])
        if not ok then failure = failure or { err } end
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

-- As a module this file returns the adapter; as a script it runs the example.
if not (arg and arg[0] and arg[0]:find "cqueues%.lua$") then return new_adapter end

local action = table.remove(arg, 1)
if #arg == 0 then
  io.stderr:write "usage: luajit examples/cqueues.lua enable|disable WORKFLOW_ID...\n"
  os.exit(2)
end

local controller = cqueues.new()

-- What is refused at once is wrong, and nothing is sent before the loop runs.
local function must(value, err)
  if value then return value end
  io.stderr:write(tostring(err), "\n")
  os.exit(2)
end

local client = must(require("aom.safe").client { loop = new_adapter(controller) })
local left, failed, ticks = #arg, 0, 0
for _, id in ipairs(arg) do
  must(client:trigger(id, action, function(err, result)
    left = left - 1
    if err then failed = failed + 1 end
    print(err and tostring(err) or ("workflow %s: %sd"):format(result.workflow_id, result.action))
  end))
end
controller:wrap(function()
  while left > 0 do
    ticks = ticks + 1
    cqueues.sleep(0.01)
  end
end)
assert(controller:loop())
print(("%d ticks of the clock meanwhile"):format(ticks))
client:close()
os.exit(failed == 0 and 0 or 1)

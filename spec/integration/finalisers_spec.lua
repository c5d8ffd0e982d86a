--- Proves that finalisers may make calls whichever object of the library the collector has ended before: the object
--- that they belong to is younger than the client, and older than what the client has made for its calls.

local core = require "aom.core"
local finaliser = require "spec.support.finaliser"
local process = require "spec.support.process"

local SCRIPT = [[
local aom = require "aom"
local function finalised(body)
  if not newproxy then return setmetatable({}, { __gc = body }) end
  local object = newproxy(true)
  getmetatable(object).__gc = body
  return object
end
local function use(before)
  local client = aom.client { endpoint = %q, project_id = ("0"):rep(32), ak = "FINALKEY", sk = "final-secret",
    proxy = "", loop = "blocking" }
  kept = finalised(function()
    local others = {}
    for i = 1, 40 do others[i] = { i, ("x"):rep(i * 7), {} } end -- takes the memory that was freed
    print(pcall(function() return client:enable("wf-" .. before).trigger_status or "enabled" end))
  end)
  for _ = 1, before do client:disable "wf-0" end
end
use(%d)
%s]]

-- Freed memory is overwritten.
local RUN = "env MALLOC_PERTURB_=85 LUA_CPATH=%s timeout 60 %s %s 2>&1"

describe("a call in a finaliser", function()
  local simulator
  setup(function() simulator = process.simulator { ak = "FINALKEY", sk = "final-secret", project = ("0"):rep(32),
    auto_create = true } end)
  teardown(function() simulator.stop() end)

  for what, ending in pairs { ["when client and object are garbage"] = "kept = nil collectgarbage() collectgarbage()",
    ["when the Lua state closes"] = "" } do
    for before = 0, 5 do
      it(("is as any other %s, after %d calls"):format(what, before), function()
        simulator.reset()
        local path = process.temporary(SCRIPT:format(simulator.url, before, ending))
        local output, code = process.run(RUN:format(process.quote(package.cpath), process.interpreter,
          process.quote(path)))
        os.remove(path)
        local requests = simulator.state().requests
        assert.are.same({ "true\tenabled\n", 0 }, { output, code })
        assert.are.equal(before + 1, #requests)
        assert.matches("/wf%-" .. before .. "/", requests[before + 1].path)
      end)
    end
  end
end)

--- Calls a method with so many local variables below it on the stack of a thread, which may have to grow then.
local function with_locals(count, method, object, id)
  local names = {}
  for i = 1, count do names[i] = "a" .. i end
  local read = loadstring or load -- luacheck: ignore 113
  local body = read(("local collectgarbage, t, method, object, id = ... return function() local %s "
    .. "collectgarbage 'restart' t[1] = true t[2] = true t[3] = true return method(object, id) end"):format(
    table.concat(names, ", ")))
  return coroutine.wrap(body(collectgarbage, {}, method, object, id))()
end

it("an answer that a finaliser collects does not take the place of another one", function()
  local MOST, replies = 24, {}
  for i = 1, 2 * MOST, 2 do
    for j, body in ipairs { "one", "two" } do
      replies[i + j - 1] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n" .. body
    end
  end
  local server, engine = process.rawserver { replies = replies }, core.engine()
  local function start()
    local id = assert(engine:start({ method = "GET", base = server.url, host = "h", path = "/", connect_timeout = 5 },
      20, { max_body = 1000, max_head = 1000, proxy = "" }))
    while not engine:wait(id, 1) do end
    return id
  end
  for count = 1, MOST do
    local body, inner
    local first, second = start(), start()
    finaliser.during(function()
      collectgarbage "stop"
      body = select(3, with_locals(count, engine.collect, engine, first))
    end, function() inner = select(3, engine:collect(second)) end)
    assert.are.equal("one", body)
    assert.are.equal("two", inner or "two")
    engine:cancel(second)
  end
  server.stop()
end)

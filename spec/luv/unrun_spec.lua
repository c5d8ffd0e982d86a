--- Proves that a call which never ends, because nobody ran libuv's loop, says so when the Lua state closes, and
--- that nothing is said where the loop ran.

local process = require "spec.support.process"

local AK, SK, PROJECT = "UNRUNKEY", "unrun-secret", ("0123456789abcdef"):rep(2)

local HEAD = [[
  package.loaded.luv = nil
  local uv, aom = require "luv", require "aom"
  local options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "" }
  local client = aom.client(options)
  local function nothing() end
  local function close_all() uv.walk(function(handle) if not uv.is_closing(handle) then uv.close(handle) end end) end
  local function close_later() uv.timer_start(uv.new_timer(), 20, 0, close_all) uv.run() end
]]

local LOST = "^aom: %d calls? never ended, because nobody ran libuv's loop: call luv.run%(%)"
local CLOSED = "^aom: %d calls? never ended, because the handles in libuv's loop were closed\n$"

-- What a script does; how many calls are lost. The simulator takes longer than a script's timer.
local rows = {
  { "a generator in a for", [[
      for _ in coroutine.wrap(function() for w in client:workflows() do coroutine.yield(w) end end) do break end]], 1,
    yields = true },
  { "a callback", "client:enable('wf-1', nothing)", 1 },
  { "three callbacks", "for _ = 1, 3 do client:enable('wf-1', nothing) end", 3 },
  { "a coroutine", "coroutine.wrap(function() client:enable 'wf-1' end)()", 1 },
  { "a bulk with a callback", "client:trigger_all({ 'wf-1' }, 'enable', nothing)", 1 },
  { "a call after the loop has run", "client:enable('wf-1', nothing) uv.run() client:enable('wf-1', nothing)", 1 },
  { "a callback whose loop runs", "client:enable('wf-1', nothing) uv.run()", 0 },
  { "a coroutine whose loop runs", "coroutine.wrap(function() client:enable 'wf-1' end)() uv.run()", 0 },
  { "a call that blocks", "client:enable 'wf-1'", 0 },
  { "a client that was closed", "client:enable('wf-1', nothing) client:close() uv.run()", 0 },
  { "a cancelled call", "client:enable('wf-1', nothing):cancel() uv.run()", 0 },
  { "handles that were closed before the loop ran", "client:enable('wf-1', nothing) close_all() uv.run()", 1,
    says = CLOSED },
  { "handles that were closed while calls were in flight", [[
      for _ = 1, 3 do client:enable('wf-1', nothing) end
      coroutine.wrap(function() client:enable 'wf-1' end)() close_later()]], 4, says = CLOSED },
  { "handles that were closed while a bulk was in flight",
    "client:trigger_all({ 'wf-1', 'wf-1' }, 'enable', nothing) close_later()", 2, says = CLOSED },
  { "handles that were closed while a call waited for a service that is away", [[
      options.endpoint = "http://127.0.0.1:1" client = aom.client(options)
      client:enable('wf-1', nothing) close_later()]], 1, says = CLOSED },
  { "a call to a service that is away", [[
      options.endpoint, options.timeout = "http://127.0.0.1:1", 1 client = aom.client(options)
      client:enable('wf-1', nothing) uv.run()]], 0 },
  { "an end in a callback, on purpose", [[
      for _ = 1, 5 do client:enable('wf-1', nothing) end
      client:enable('wf-1', function() os.exit(0, true) end) uv.run()]], 0 },
}

describe("a script that ends with", function()
  local simulator

  setup(function() simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" },
    latency = 0.1 } end)
  teardown(function() simulator.stop() end)

  for _, row in ipairs(rows) do
    it(row[1] .. (row[3] > 0 and " says what is lost" or " says nothing"), function()
      if row.yields and _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
        return pending "Lua 5.1 cannot yield through a for"
      end
      local file = process.temporary(HEAD:format(simulator.url, PROJECT, AK, SK) .. row[2])
      local output, code = process.run(("LUA_PATH=%s LUA_CPATH=%s timeout 30 %s %s 2>&1"):format(
        process.quote(package.path), process.quote(package.cpath), process.interpreter, process.quote(file)))
      os.remove(file)
      assert.are.equal(0, code, output)
      if row[3] == 0 then return assert.are.equal("", output) end
      assert.are.equal(row[3], tonumber(output:match "^aom: (%d+) call"), output)
      assert.matches(row.says or LOST, output)
    end)
  end
end)

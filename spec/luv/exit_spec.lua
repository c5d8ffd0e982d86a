--- Proves that a script may end inside its event loop: `os.exit(code, true)` closes the Lua state in a
--- callback, and finalisers may use the library meanwhile.

local process = require "spec.support.process"

local AK, SK, PROJECT = "EXITKEY", "exit-secret", ("0123456789abcdef"):rep(2)

local HEAD = [[
  local uv, aom, safe = require "luv", require "aom", require "aom.safe"
  local options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, ca_file = %q, loop = "uv", proxy = "" }
  local function open(more)
    for name, value in pairs(more or {}) do options[name] = value end
    return aom.client(options)
  end
  local function after(ms, body) -- a timer that is never closed: what is closing crashes luv by itself
    local timer = uv.new_timer()
    uv.timer_start(timer, ms, 0, body)
    return timer
  end
  local function finaliser(body)
    if _VERSION == "Lua 5.1" then
      local object = newproxy(true)
      getmetatable(object).__gc = body
      return object
    end
    return setmetatable({}, { __gc = body })
  end
  local function leave() os.exit(3, true) end
  local function outcome(...) -- served, or refused by an error of ours
    local fine, err = pcall(...)
    return fine and "served" or aom.is_error(err) and "refused" or "broken: " .. tostring(err)
  end
]]

--- What a script does, by where it leaves.
local EXITS = {
  ["in a call's callback"] = "open():enable('wf-1', leave)",
  ["in the callback of a call that failed"] = "open():enable('nothing', leave)",
  ["in the second callback of two"] = [[
    local c, count = open(), 0
    local function note() count = count + 1 if count == 2 then leave() end end
    c:enable("wf-1", note) c:enable("wf-1", note) c:enable("wf-1", note)]],
  ["in the callback of a call made in a callback"] = [[
    local c = open()
    c:enable("wf-1", function() c:disable("wf-1", leave) end)]],
  ["in a callback after the client was closed there"] = [[
    local c = open()
    c:enable("wf-1", function() c:close() leave() end)]],
  ["in the callback of a call that was cancelled"] = [[
    local c = open()
    local handle = c:enable("wf-1", leave)
    after(5, function() handle:cancel() end)]],
  ["in on_event"] = "open({ on_event = leave }):enable('wf-1', function() end)",
  ["in on_event of an answer"] = [[
    open({ on_event = function(event) if event.event == "response" then leave() end end })
      :enable('wf-1', function() end)]],
  ["in on_result of a bulk"] = [[
    open():trigger_all({ "wf-1", "wf-2", "wf-1" }, "enable",
      { on_result = function(_, done) if done == 2 then leave() end end }, function() end)]],
  ["in the callback of a bulk"] = "open():trigger_all({ 'wf-1', 'wf-2' }, 'enable', {}, leave)",
  ["in a provider"] = "options.ak, options.sk = nil, nil open({ credentials = leave }):enable('wf-1', function() end)",
  ["in a coroutine after a call"] = [[
    local c = open()
    coroutine.wrap(function() c:enable "wf-1" leave() end)()]],
  ["in a coroutine inside a coroutine"] = [[
    local c = open()
    coroutine.wrap(function()
      c:enable "wf-1"
      coroutine.wrap(function() c:enable "wf-1" coroutine.wrap(leave)() end)()
    end)()]],
  ["in a timer while calls are in flight"] = [[
    local c = open()
    for _ = 1, 5 do c:enable("wf-1", function() end) end
    after(10, leave)]],
  ["in a timer as the last call ends"] = [[
    local c = open()
    c:enable("wf-1", function() after(0, leave) end)]],
  ["in a timer of every millisecond, some time after the calls"] = [[
    local c, ended = open(), false
    c:enable("wf-1", function() ended = true end)
    local timer, rounds = uv.new_timer(), 0
    uv.timer_start(timer, 1, 1, function()
      if ended then rounds = rounds + 1 end
      if rounds == ROUND then leave() end
    end)]],
  ["in a timer after a blocking call"] = [[
    local c = open()
    after(0, leave)
    c:enable "wf-1"]],
  -- What else happens in the same turn of the loop as the end of a call.
  ["in the callback of a handle that is closed"] = [[
    local c = open()
    c:enable("wf-1", function() uv.close(uv.new_timer(), leave) end)]],
  ["in a check handle that is older than the call"] = [[
    local check, idle, ended = uv.new_check(), uv.new_idle(), false
    uv.idle_start(idle, function() end)
    uv.check_start(check, function() if ended then leave() end end)
    open():enable("wf-1", function() ended = true end)]],
  ["in the callback of a handle that an older check handle closes"] = [[
    local check, idle, ended = uv.new_check(), uv.new_idle(), false
    uv.idle_start(idle, function() end)
    uv.check_start(check, function()
      if ended then uv.check_stop(check) uv.close(uv.new_timer(), leave) end
    end)
    open():enable("wf-1", function() ended = true end)]],
  ["in a prepare handle after a call"] = [[
    local prepare, idle, ended = uv.new_prepare(), uv.new_idle(), false
    uv.idle_start(idle, function() end)
    uv.prepare_start(prepare, function() if ended then leave() end end)
    open():enable("wf-1", function() ended = true end)]],
  ["in an async handle"] = [[
    local async = uv.new_async(leave)
    open():enable("wf-1", function() uv.async_send(async) end)]],
  ["with a call whose coroutine is gone"] = [[
    local c = open()
    local call = coroutine.create(function() c:enable "wf-1" end)
    coroutine.resume(call)
    call, c = nil, nil
    collectgarbage() collectgarbage()
    after(20, leave)]],
  ["while calls wait for a service that is away"] = [[
    local c = open { endpoint = "http://127.0.0.1:1" }
    c:enable("wf-1", function() end)
    coroutine.wrap(function() c:enable "wf-1" end)()
    after(300, leave)]],
  ["in on_event of an outage"] = [[
    local function on_event(event) if event.event == "outage" then leave() end end
    open({ endpoint = "http://127.0.0.1:1", on_event = on_event }):enable("wf-1", function() end)]],
  ["in a finaliser during a callback"] = [[
    open():enable("wf-1", function() finaliser(leave) collectgarbage() collectgarbage() end)]],
  ["after all handles were closed while calls were in flight"] = [[
    local c = open()
    for _ = 1, 3 do c:enable("wf-1", function() end) end
    after(5, function()
      uv.walk(function(handle) if not uv.is_closing(handle) then uv.close(handle) end end)
    end)
    uv.run()
    leave()]],
  ["outside of any callback, with calls in flight"] = [[
    local c = open()
    c:enable("wf-1", function() end)
    for _ = 1, 10 do uv.run "nowait" uv.sleep(2) end
    leave()]],
  ["outside of any callback, after calls"] = [[
    local c = open()
    c:enable("wf-1", function() end)
    uv.run()
    c:enable "wf-1"
    leave()]],
}

--- Where a script without a loop leaves.
local PLAIN = {
  ["in a call's callback"] = "open():enable('wf-1', leave)",
  ["in the callback of a call made in a callback"] = [[
    local c = open() c:enable("wf-1", function() c:enable("wf-1", leave) end)]],
  ["in on_event"] = "open({ on_event = leave }):enable 'wf-1'",
  ["in on_event of an answer"] = [[
    open({ on_event = function(event) if event.event == "response" then leave() end end }):enable "wf-1"]],
  ["in on_event of an outage"] = [[
    local function on_event(event) if event.event == "outage" then leave() end end
    open({ endpoint = "http://127.0.0.1:1", on_event = on_event }):enable "wf-1"]],
  ["in a provider"] = "options.ak, options.sk = nil, nil open({ credentials = leave }):enable 'wf-1'",
  ["in on_result of a bulk"] = [[
    open():trigger_all({ "wf-1", "wf-2" }, "enable", { on_result = leave, concurrency = 2 })]],
  ["in a coroutine"] = "coroutine.wrap(function() open():enable 'wf-1' leave() end)()",
  ["in a hook, anywhere in a call"] = [[
    local c, count = open(), 0
    debug.sethook(function() count = count + 1 if count == 100 * ROUND then leave() end end, "", 1)
    for _ = 1, 9 do c:enable "wf-1" end]],
  ["in a finaliser during a call"] = [[
    open({ on_event = function() finaliser(leave) collectgarbage() collectgarbage() end }):enable "wf-1"]],
}

--- Handles are made after the finaliser's object then, and finalised before it.
local IN_CALLBACK = "open():enable('wf-1', leave) uv.run()"

--- What a finaliser does while the state closes; it prints one word.
local FINALISERS = {
  ["calls a client of its own"] = [[
    local c = open() c:enable "wf-1"
    KEEP = finaliser(function() print(outcome(c.enable, c, "wf-1")) end)]],
  ["opens a client and calls"] = [[
    KEEP = finaliser(function()
      local c = safe.client(options)
      print(c and (c:enable "wf-1" and "served" or "refused"))
    end)]],
  ["calls the default client"] = [[
    pcall(aom.enable, "wf-1")
    KEEP = finaliser(function() print(outcome(aom.enable, "wf-1")) end)]],
  ["calls with a callback"] = [[
    local c = open() c:enable "wf-1"
    KEEP = finaliser(function() print(outcome(c.enable, c, "wf-1", function() end)) end)]],
  ["closes the client"] = [[
    local c = open() c:enable "wf-1"
    KEEP = finaliser(function() c:close() c:close() print "closed" end)]],
  ["cancels what is in flight"] = [[
    local c = open()
    local handle = c:enable("wf-1", function() end)
    KEEP = finaliser(function() handle:cancel() print "cancelled" end)]],
  ["calls with a token"] = [[
    options.ak, options.sk = nil, nil
    local c = open { token = "a-token" }
    pcall(c.enable, c, "wf-1")
    KEEP = finaliser(function() print(outcome(c.enable, c, "wf-1")) end)]],
  ["was made before the client"] = [[
    local c
    KEEP = finaliser(function() print(outcome(c.enable, c, "wf-1")) end)
    c = open() c:enable "wf-1"]],
  -- lua-cjson is loaded after the finaliser's object was made, and ends before it.
  ["writes JSON"] = [[
    local c
    local function write() return c:request { method = "POST", path = "/v1/x", body = { name = "x" } } end
    KEEP = finaliser(function() print(outcome(write)) end)
    c = open()
    pcall(write)]],
  -- LuaJIT has compiled loops for one kind of call, and compiles nothing in a finaliser.
  ["calls in another way than before"] = [[
    if jit then require "jit.opt".start "hotloop=2" end
    local c = open()
    options.ak, options.sk = nil, nil
    local other = open { token = "a-token" }
    outcome(other.enable, other, "wf-1")
    KEEP = finaliser(function()
      outcome(c.enable, c, "nothing")
      print(outcome(c.enable, c, "wf-1"))
    end)]],
  ["signs"] = [[
    KEEP = finaliser(function()
      print(outcome(aom.sign, { method = "GET", host = "x.example", path = "/" }, { ak = "a", sk = "b" }))
    end)]],
}

-- The tool that this spec runs under watches the scripts, too. What is left when a process
-- ends is no leak: Lua 5.4 finalises nothing that is made while its state closes.
local WATCH = (os.getenv "WRAP" or ""):gsub("%s+", " "):gsub("%-%-leak%-check=full", "--leak-check=no")

describe("a script under luv may end", function()
  local simulator, lua

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1", "wf-2" },
      tls = true, latency = 0.01 }
    lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
  end)
  teardown(function() simulator.stop() end)

  local function run(script)
    local head = HEAD:format(simulator.url, PROJECT, AK, SK, simulator.ca_file)
    local path = process.temporary(head .. script)
    local output, code = process.run(("HUAWEICLOUD_SDK_AK=%s HUAWEICLOUD_SDK_SK=%s ASAN_OPTIONS=detect_leaks=0 "
      .. "%s %s %s 2>&1"):format(AK, SK, WATCH, lua, process.quote(path)))
    -- What luv itself says of a refused connection.
    output = output:gsub("EBADF: bad file descriptor\n", "")
    -- What we say of a call that is in flight when the script ends without its loop.
    output = output:gsub("aom: %d+ calls? never ended, because [^\n]*\n", "")
    os.remove(path)
    return output, code
  end

  local function leaves(script)
    for round = 1, script:find("ROUND", 1, true) and 6 or 1 do
      local output, code = run(script:gsub("ROUND", round) .. "\nuv.run()\nprint 'ran to its end'")
      assert.are.equal("", output)
      assert.are.equal(3, code)
    end
  end

  for name, script in pairs(EXITS) do
    it(name, function() leaves(script) end)
  end

  for name, script in pairs(PLAIN) do
    it("without its loop, " .. name, function() leaves("options.loop = 'blocking'\n" .. script) end)
  end

  for name, script in pairs(FINALISERS) do
    it("with a finaliser that " .. name, function()
      for _, ending in ipairs { "", "uv.run()", "after(0, leave) uv.run()", "leave()", IN_CALLBACK } do
        local output, code = run(script .. "\n" .. ending)
        -- There `os.exit` knows no second argument, and no finaliser runs.
        local closes = lua ~= "lua5.1" or not ending:find("leave", 1, true)
        assert.matches(closes and "^%l+\n$" or "^$", output)
        assert.are.equal(ending:find("leave", 1, true) and 3 or 0, code, name .. " / " .. ending .. ": " .. output)
      end
    end)
  end
end)

--- Proves that a call which runs out of memory, at any of its allocations, returns an error that says so,
--- and that the next call is served.

local process = require "spec.support.process"

local quote = process.quote
local AK, SK, PROJECT = "MEMORYKEY", "memory-secret", ("0123456789abcdef"):rep(2)

-- Prints what is wrong; `check` is run until it needs no more allocations than are allowed.
local HEAD = [[
  -- What LuaJIT has compiled may crash after an allocation that failed in it.
  if jit then jit.off() end
  local short = require "short"
  -- Since 5.2 Lua collects its garbage when an allocation fails, and tries again.
  local in_a_row = (jit or _VERSION == "Lua 5.1") and 1 or 2
  local function fail(count) short.arm("lua", count, in_a_row) end
  local aom, safe = require "aom", require "aom.safe"
  local options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "", loop = "blocking" }
  local request, key = { method = "GET", host = "x.example", path = "/", query = { { "a", "b" } } }
  local key = { ak = "a", sk = "b" }
  local client, raising = safe.client(options), aom.client(options)
  client:enable "wf-1"
  local function check(body)
    local count = 0
    while true do
      fail(count)
      local fine, result, err = pcall(body)
      local failed = short.disarm() > 0
      if not fine then result, err = nil, result end
      if not result and not aom.is_error(err) then print("raw", count, tostring(err)) end
      if aom.is_error(err) and (err.kind ~= "network" or err.message ~= "out of memory") then
        print(err.kind, count, err.message)
      end
      if not failed then break end
      count = count + 1 + math.floor(count / 50)
    end
    if count < 5 then print("few", count) end
  end
]]

local CALLS = {
  ["a signature"] = "check(function() return safe.sign(request, key) end)",
  ["a signature that raises"] = "check(function() return aom.sign(request, key) end)",
  ["a call"] = "check(function() return client:enable 'wf-1' end)",
  ["a call that raises"] = "check(function() return raising:enable 'wf-1' end)",
  ["a call with a callback"] = [[
    local result, err
    local function note(e, r) result, err = r, e end
    check(function()
      result, err = nil, nil
      local _, refused = client:enable("wf-1", note)
      return result, err or refused
    end)]],
  ["a list"] = "check(function() return client:all_workflows() end)",
  ["a step of an iterator"] = [[
    check(function()
      local workflow, err = client:workflows()()
      return workflow, err
    end)]],
  ["a client"] = [[
    check(function()
      local made, err = safe.client(options)
      if made then made:close() end
      return made, err
    end)]],
}

describe("without memory", function()
  local simulator, folder, lua

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
    lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
    folder = process.run "mktemp -d":match "^(%S+)\n"
    local source = quote(process.root .. "/spec/torture/short.c")
    local output, failed = process.run(("cc -D_GNU_SOURCE -shared -fPIC $(pkg-config --cflags %s) %s "
      .. "-o %s/short.so 2>&1"):format(lua, source, quote(folder)))
    assert.are.equal(0, failed, output)
  end)
  teardown(function()
    simulator.stop()
    process.run("rm -rf " .. quote(folder))
  end)

  for name, script in pairs(CALLS) do
    it(name .. " says so, and the next one is served", function()
      -- The state is not closed, since the allocator would be gone before.
      local path = process.temporary(HEAD:format(simulator.url, PROJECT, AK, SK) .. script
        .. "\nprint(client:enable('wf-1') and 'served')\nos.exit(0)")
      local output = process.run(("env LUA_CPATH=%s%s timeout 60 %s %s 2>&1"):format(quote(folder .. "/?.so;"),
        quote(os.getenv "LUA_CPATH" or ";;"), lua, quote(path)))
      os.remove(path)
      assert.are.equal("served\n", output)
    end)
  end
end)

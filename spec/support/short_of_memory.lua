--- Runs scripts in which each allocation of Lua's fails, one call after the other; see
--- spec/torture/short.c.

local assert = require "luassert"
local busted = require "busted"
local process = require "spec.support.process"

local quote = process.quote

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
  -- Makes the room for nested calls, which a collection takes, and Lua needs before it enters the library.
  local function nest(depth)
    if depth > 0 then nest(depth - 1) end
    return depth
  end
  local function check(body, clean_up)
    local count = 0
    while true do
      nest(50)
      fail(count)
      local fine, result, err = pcall(body)
      local failed = short.disarm() > 0
      if clean_up then clean_up() end
      if not fine then result, err = nil, result end
      if not result and not aom.is_error(err) then print("raw", count, tostring(err)) end
      if aom.is_error(err) and (err.kind ~= "network" or err.message ~= "out of memory") then
        print(err.kind, count, err.message)
      end
      if not failed then break end
      count = count + 1 + math.floor(count / 50)
    end
    if count < 3 then print("few", count) end
  end
  -- How many blocks the core has.
  local function blocks_of_core()
    collectgarbage()
    collectgarbage()
    local sum = 0
    for place, count in pairs(short.blocks()) do
      if place:find "^core" then sum = sum + count end
    end
    return sum
  end
]]

local AK, SK, PROJECT = "MEMORYKEY", "memory-secret", ("0123456789abcdef"):rep(2)

--- Defines a spec for each script, which is to print nothing; afterwards the client is served.
---@param scripts table<string, string>
return function(scripts)
  local simulator, folder, lua

  busted.setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1", "wf-2", "wf-3" } }
    lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
    folder = process.run "mktemp -d":match "^(%S+)\n"
    local source = quote(process.root .. "/spec/torture/short.c")
    local output, failed = process.run(("cc -D_GNU_SOURCE -shared -fPIC $(pkg-config --cflags %s) %s "
      .. "-o %s/short.so 2>&1"):format(lua, source, quote(folder)))
    assert.are.equal(0, failed, output)
  end)
  busted.teardown(function()
    simulator.stop()
    process.run("rm -rf " .. quote(folder))
  end)

  for name, script in pairs(scripts) do
    -- AddressSanitizer's malloc takes the place of that of short.c, but for Lua's allocator.
    local cannot_fail = os.getenv "ASAN_OPTIONS" and script:find 'short%.arm%("[cp]'
    local test = cannot_fail and busted.pending or busted.it
    test(name, function()
      -- The state is not closed, since the allocator would be gone before. What lua-cjson then loses is not ours.
      local path = process.temporary(HEAD:format(simulator.url, PROJECT, AK, SK) .. script
        .. "\nprint(client:enable('wf-1') and 'served')\nos.exit(0)")
      local output = process.run(("env LD_PRELOAD=%s ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 LUA_CPATH=%s%s "
        .. "timeout 60 %s %s 2>&1"):format(
        quote(folder .. "/short.so"), quote(folder .. "/?.so;"), quote(os.getenv "LUA_CPATH" or ";;"), lua,
        quote(path)))
      os.remove(path)
      assert.are.equal("served\n", output)
    end)
  end
end

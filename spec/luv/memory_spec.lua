--- Proves that a call in libuv's loop which runs out of memory, at any of its allocations, ends
--- once, with a result or an error that says so; and that the process goes on.

local short_of_memory = require "spec.support.short_of_memory"

-- A client of its own for each try: what libuv calls back is made with it.
local IN_LUV = [[
  local uv = require "luv"
  options.loop = "uv"
  local ids, few, all = { "wf-1", "wf-2", "wf-3" }, { concurrency = 2 }, {}
  local calls, result, err, made
  local function note(e, r) calls, result, err = calls + 1, r, e end
  -- Where luv itself has no memory to call back, it raises an error here.
  local function run()
    repeat until pcall(uv.run)
  end
  local function in_luv(start)
    check(function()
      calls, result, err = 0, nil, nil
      made, err = safe.client(options)
      if not made then return nil, err end
      local handle, refused = start(made)
      if not handle then return nil, refused end
      run()
      assert(calls == 1, "called back not once")
      return result, err
    end, function()
      run()
      if calls > 1 then print("called back", calls) end
      if made then made:close() end
    end)
  end
]]

local CALLS = {
  ["a call"] = "in_luv(function(of) return of:enable('wf-1', note) end)",
  ["a bulk"] = "in_luv(function(of) return of:trigger_all(ids, 'enable', few, note) end)",
  ["a list"] = "in_luv(function(of) return of:all_workflows(all, note) end)",
}

-- What libcurl is cut off in here must not end the process later.
local ANY = [[
  local failed, count = 1, 0
  calls = 0
  local function call()
    made:enable("wf-1", note)
    run()
  end
  while failed > 0 do
    made = assert(safe.client(options))
    -- luv 1.44 takes a timer for which it has no memory for made: those of the first calls are kept.
    short.arm("process", count < 3 and 1e9 or count, 1)
    pcall(call)
    failed, count = short.disarm() + (count < 3 and 1 or 0), count + 1
    run()
    made:close()
  end
  if count < 40 then print("few", count) end
]]

describe("without memory, libuv's loop goes on:", function()
  local scripts = { ["a call, whoever lacks memory"] = IN_LUV .. ANY }
  for name, script in pairs(CALLS) do scripts[name] = IN_LUV .. script end
  short_of_memory(scripts)
end)

--- Begins or ends a maintenance window, and kills itself on the way: run by
--- spec/integration/window_spec.lua.
---
---     lua killed_window.lua pause|resume URL FILE POINT
---
--- A point is passed before and after each request and each saving of the journal. At the
--- one with the number POINT the process gets a SIGKILL. Prints "done" if it got through.

local what, url, file, fatal = arg[1], arg[2], arg[3], tonumber(arg[4])

local client = require "aom.client"
local system = require "aom.system"

local passed = 0

local function point()
  passed = passed + 1
  -- The shell's parent is this process.
  if passed == fatal then os.execute "kill -9 $PPID" end
end

local function between_points(run)
  return function(...)
    point()
    local a, b, c = run(...)
    point()
    return a, b, c
  end
end

local world = {}
for name, value in pairs(system) do world[name] = value end
world.write_file = between_points(system.write_file)

local state = assert(client.open({
  endpoint = url, project_id = ("0123456789abcdef"):rep(2), ak = "A", sk = "S", proxy = "", attempt_timeout = 5,
}, world))
state.loop.fetch = between_points(state.loop.fetch)

local result, err
if what == "pause" then
  result, err = client.methods.pause(state, { match = "^nightly", file = file, concurrency = 3 })
else
  result, err = client.methods.resume(state, file, { concurrency = 3 })
end
print(result and "done" or tostring(err))

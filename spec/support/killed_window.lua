--- Begins or ends a maintenance window in a process of its own, and may kill itself on the
--- way: run by spec/integration/window_spec.lua.
---
---     lua killed_window.lua pause|resume URL FILE POINT [NAME=VALUE…]
---
--- A point is passed before and after each request and each saving of the journal. At the
--- one with the number POINT the process gets a SIGKILL. Prints "done" and the stage if it
--- got through, else the error.
---
---     match=PATTERN   default ^nightly
---     force, detach   options of the method
---     clock=SECONDS   how far this machine's clock is ahead
---     patience=SECONDS  attempt_timeout; default 5
---     stay            does not end before its standard input does

local what, url, file, fatal = arg[1], arg[2], arg[3], tonumber(arg[4])

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local system = require "aom.util.platform"

local given = {}
for i = 5, #arg do
  local name, value = arg[i]:match "^(%w+)=?(.*)$"
  given[name] = value
end

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
function world.time() return system.time() + (tonumber(given.clock) or 0) end

local state = assert(client.open({
  endpoint = url, project_id = ("0123456789abcdef"):rep(2), ak = "A", sk = "S", proxy = "",
  attempt_timeout = tonumber(given.patience or 5),
}, world))
state.loop.fetch = between_points(state.loop.fetch)

local result, err
if what == "pause" then
  result, err = methods.pause(state, { match = given.match or "^nightly", file = file, concurrency = 3,
    detach = given.detach and true or nil })
else
  result, err = methods.resume(state, file, { concurrency = 3, settle_timeout = 0.05,
    force = given.force and true or nil })
end
io.write(result and ("done %s%s"):format(result.stage, result.already and " already" or "") or tostring(err), "\n")
io.flush()
if given.stay then io.read "*a" end

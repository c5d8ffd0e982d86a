--- Times two shell scripts as whole processes, in turn and in random order:
---
---     lua pairs.lua ROUNDS LABEL SCRIPT OTHER

local core = require "aom.core"

local rounds, label, script, other = tonumber(arg[1]), arg[2], arg[3], arg[4]

-- Many runs a measurement, since the system counts processor time in hundredths of a second.
local RUNS = 10

--- The seconds of processor and wall time that a run takes.
local function measure(path)
  local started = core.now()
  local pipe = assert(io.popen(("for i in %s; do sh %s || echo failed; done; times"):format(("1 "):rep(RUNS), path)))
  local text = pipe:read "*a"
  pipe:close()
  assert(not text:find "failed", text)
  local wall, cpu = core.now() - started, 0
  for minutes, seconds in text:match "\n(.-)$":gmatch "(%d+)m([%d.]+)s" do cpu = cpu + minutes * 60 + seconds end
  return cpu / RUNS, wall / RUNS
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

math.randomseed(os.time())
measure(script)
measure(other)
local cpus, walls, ours, theirs = {}, {}, {}, {}
for i = 1, rounds do
  local cpu, wall, other_cpu, other_wall
  if math.random(2) == 1 then
    cpu, wall = measure(script)
    other_cpu, other_wall = measure(other)
  else
    other_cpu, other_wall = measure(other)
    cpu, wall = measure(script)
  end
  cpus[i], walls[i], ours[i], theirs[i] = cpu / other_cpu, wall / other_wall, wall, other_wall
end
print(("  %-28s ratio %.2f of CPU time, %.2f of wall time   (%.1f ms over %.1f ms)"):format(label, median(cpus),
  median(walls), median(ours) * 1e3, median(theirs) * 1e3))

--- Two commands in turn, in random order. Each time both are processes of their own, which print what they measured:
--- a number, or several of which the first is the one that counts. Prints ours over theirs.
---
---     luajit versus.lua ROUNDS WHAT LABEL AIM UNITS OURS THEIRS
---
--- UNITS: one for each number, with commas in between, such as "us".

local report = require "spec.bench.report"

local rounds, what, label, aim = tonumber(arg[1]), arg[2], arg[3], tonumber(arg[4])
local units, commands = {}, { arg[6], arg[7] }
for unit in arg[5]:gmatch "[^,]+" do units[#units + 1] = unit end

local function measure(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  local numbers = {}
  for word in text:gmatch "%S+" do numbers[#numbers + 1] = tonumber(word) end
  assert(#numbers == #units, "no measurement: " .. command .. "\n" .. text)
  return numbers
end

math.randomseed(os.time())
for _, command in ipairs(commands) do measure(command) end

-- By unit: the ratios, ours and theirs.
local seen = {}
for i in ipairs(units) do seen[i] = { {}, {}, {} } end
for round = 1, rounds do
  local first, results = math.random(2), {}
  results[first] = measure(commands[first])
  results[3 - first] = measure(commands[3 - first])
  for i, lists in ipairs(seen) do
    local ours, theirs = results[1][i], results[2][i]
    lists[1][round], lists[2][round], lists[3][round] = ours / theirs, ours, theirs
  end
end
for i, lists in ipairs(seen) do
  report.ratio(what, i == 1 and label or ("%s, %s"):format(label, units[i]), lists[1], i == 1 and aim or nil,
    ("(%.1f %s over %.1f)"):format(report.median(lists[2]), units[i], report.median(lists[3])))
end

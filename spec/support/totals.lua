--- Reads what a suite has left, prints what failed, and ends with the totals: see spec/support/suite.sh.
---
---     luajit spec/support/totals.lua RESULTS START TIMES LUA...
---
--- Its exit status is 0 if every spec passed, and there were some.

local results, start, most = arg[1], tonumber(arg[2]), tonumber(arg[3])
local limit = os.getenv "LIMIT"

local function lines_of(path)
  local list, file = {}, io.open(path)
  for line in file and file:lines() or function() end do list[#list + 1] = line end
  return list
end

--- What a file's process has left.
---@return { count: table<string, integer>, failures: string[], skipped: string[], last: string?, seconds: number? }
local function read_events(path)
  local seen = { count = { passed = 0, failed = 0, skipped = 0 }, failures = {}, skipped = {} }
  for _, line in ipairs(lines_of(path)) do
    local what, text = line:match "^(%a+) ?(.*)$"
    if seen.count[what] then seen.count[what] = seen.count[what] + 1 end
    if what == "failed" then table.insert(seen.failures, text) end
    if what == "skipped" then table.insert(seen.skipped, text) end
    if what == "done" then seen.seconds = tonumber(text) end
    seen.last = what == "start" and text or what == "done" and seen.last or nil
  end
  return seen
end

--- Why a file fails beside its specs.
local function complaint(seen, status, left)
  local place = seen.last and " in: " .. seen.last or ""
  if not seen.seconds and status == "124" then return ("took longer than %s seconds%s"):format(limit, place) end
  if not seen.seconds then return ("ended early with status %s%s"):format(status or "unknown", place) end
  if seen.count.failed > 0 then return nil end
  if status ~= "0" then return "every spec passed, but the process ended with status " .. status end
  return left and "temporary files are left: " .. table.concat(left, " ", 1, math.min(5, #left))
end

local function processor_seconds(text)
  local seconds = 0
  for minutes, rest in (text or ""):gmatch "(%d+)m([%d.]+)s" do seconds = seconds + minutes * 60 + rest end
  return seconds
end

local left = {}
for _, path in ipairs(lines_of(results .. "/left")) do
  local number = path:match "^%./(%d+)/"
  left[number] = left[number] or {}
  table.insert(left[number], path)
end

local totals, failures, times = {}, {}, {}
for i = 4, #arg do totals[arg[i]], times[arg[i]] = { passed = 0, failed = 0, skipped = 0 }, {} end

local function report_file(number, lua, file)
  local base = results .. "/" .. number
  local seen, ended = read_events(base .. ".events"), lines_of(base .. ".ended")
  local why = complaint(seen, ended[1], left[number])
  if why then
    seen.count.failed = seen.count.failed + 1
    table.insert(seen.failures, 1, why)
  end
  for what, count in pairs(seen.count) do totals[lua][what] = totals[lua][what] + count end
  for _, text in ipairs(seen.skipped) do print(lua .. " skipped " .. text) end
  -- The second line of the shell's times is that of what it has started.
  table.insert(times[lua], { seconds = seen.seconds or 0, busy = processor_seconds(ended[3]), file = file })
  if seen.count.failed == 0 then return end
  print(("%s FAILED %s%s"):format(lua, file, why and ": " .. why or ""))
  for _, text in ipairs(seen.failures) do table.insert(failures, ("%s %s: %s"):format(lua, file, text)) end
  -- Without the places where Lua looked for a module that is not there.
  for _, line in ipairs(lines_of(base .. ".log")) do
    if not line:find "^%s*no f%l* " then print("  " .. line) end
  end
end

local function show_times(lua)
  local list, all = times[lua], { seconds = 0, busy = 0, file = "all of them" }
  table.sort(list, function(a, b) return a.busy > b.busy end)
  for i, row in ipairs(list) do
    all.seconds, all.busy = all.seconds + row.seconds, all.busy + row.busy
    if i > most then list[i] = nil end
  end
  table.insert(list, all)
  for _, row in ipairs(list) do
    print(("%-8s CPU %5.1f s, %4d s  %s"):format(lua, row.busy, row.seconds, row.file))
  end
end

local function words(count)
  return ("%d passed, %d failed"):format(count.passed, count.failed)
    .. (count.skipped > 0 and (", %d skipped"):format(count.skipped) or "")
end

for _, line in ipairs(lines_of(results .. "/all")) do report_file(line:match "^(%d+) (%S+) (.+)$") end

local all = { passed = 0, failed = 0, skipped = 0 }
for i = 4, #arg do
  local lua = arg[i]
  if os.execute(("command -v '%s' >/dev/null"):format(lua)) ~= 0 then
    print(lua .. " FAILED: not installed (make deps-test)")
    totals[lua].failed = 1
  elseif #times[lua] == 0 then
    print(lua .. " runs none of these files: see runs_on in spec/support/suite.sh")
  elseif most > 0 then
    show_times(lua)
  end
  print(("%-8s %s"):format(lua, words(totals[lua])))
  for what, count in pairs(totals[lua]) do all[what] = all[what] + count end
end

-- Once more in the end, since of a long log often only that is kept.
if failures[1] then print("What failed:\n  " .. table.concat(failures, "\n  ")) end
print(("%s (%d s)"):format(words(all), os.time() - start))
os.exit(all.failed == 0 and all.passed > 0 and 0 or 1)

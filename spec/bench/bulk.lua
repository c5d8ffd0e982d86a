--- One line of the bulk benchmark: a thousand ids, fifty at a time, against a server
--- that takes 50 ms; wall time over the ideal, and memory for each call in flight. Beside
--- each figure stands that of bare libcurl.
---
---     lua bulk.lua URL CA_FILE ROUNDS LABEL time|memory CURL_CROWD

local aom = require "aom"
local report = require "spec.bench.report"

local url, ca_file, rounds, label, what, curl_crowd = arg[1], arg[2], tonumber(arg[3]), arg[4], arg[5], arg[6]

local LATENCY, IDS, CONCURRENCY, CROWD = 0.05, 1000, 50, 500

local function ids_of(count)
  local ids = {}
  for i = 1, count do ids[i] = ("8f4b1c2e-6a1d-4e35-9d5b-%012d"):format(i) end
  return ids
end

local function resident_kb()
  for line in io.lines "/proc/self/status" do
    local kb = line:match "^VmRSS:%s*(%d+) kB"
    if kb then return tonumber(kb) end
  end
end

local client = aom.client {
  endpoint = url, project_id = ("0123456789abcdef"):rep(2), ak = "BENCHMARKACCESSKEY00", sk = ("s"):rep(40),
  ca_file = ca_file, proxy = "",
}

local function run(ids, concurrency, on_result)
  local entries = client:trigger_all(ids, "enable", { concurrency = concurrency, on_result = on_result })
  assert(entries.succeeded == #ids, entries.failed .. " calls failed: " .. tostring(entries[1].error))
  return entries.elapsed
end

--- What bare libcurl takes for the same.
local function floor_of(...)
  local words = { curl_crowd, url .. "/", url:find "^https" and ca_file or "-", what, ... }
  local pipe = assert(io.popen(table.concat(words, " ")))
  local first, second = pipe:read("*n", "*n")
  pipe:close()
  return assert(first, "curl_crowd fails"), second
end

--- A new client tries its key with one call before it makes others, which is one round more.
local function measure_time()
  local ideal = LATENCY * IDS / CONCURRENCY
  local first = run(ids_of(IDS), CONCURRENCY) / (ideal + LATENCY)
  local ratios, busy = {}, os.clock()
  for i = 1, rounds do ratios[i] = run(ids_of(IDS), CONCURRENCY) / ideal end
  busy = (os.clock() - busy) / (rounds * IDS)
  local bare_first, bare = floor_of(IDS, CONCURRENCY, rounds)
  report.ratio("bulk", label, ratios, 1.05, ("(%.0f us of CPU a call; bare libcurl %.3f)"):format(busy * 1e6,
    bare / ideal))
  report.ratio("bulk", label .. ", the first", { first }, 1.10, ("(a new client's, with connecting; bare libcurl %.3f)")
    :format(bare_first / ideal))
end

--- The difference that a crowd in flight makes, after a small bulk has loaded all code.
local function measure_memory()
  run(ids_of(8), 8)
  collectgarbage()
  collectgarbage()
  local before, peak = resident_kb(), 0
  local waiting = CROWD
  -- While the first answers are counted nearly all others are still in flight.
  run(ids_of(CROWD), CROWD, function()
    waiting = waiting - 1
    if waiting % 10 == 0 then peak = math.max(peak, resident_kb()) end
  end)
  local each = (peak - before) / CROWD
  print(("  %-28s %.1f KB each, %d in flight; bare libcurl %.1f KB"):format(label, each, CROWD, floor_of(CROWD)))
  report.row("memory", label, ("%.1f KB"):format(each), "", "30 KB", each <= 30 and "kept" or "MISSED")
end

if what == "time" then measure_time() else measure_memory() end
client:close()

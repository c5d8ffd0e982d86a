--- What a call in nginx costs, beside the same call in plain Lua, which waits in poll. Run by nginx.sh, which
--- starts the servers: it measures plain Lua itself, and asks nginx for its part, round by round. And what a call
--- over lua-resty-http costs, beside lua-resty-http itself.
---
---     luajit nginx.lua SERVICE_URL NGINX_URL ROUNDS curl|resty ROWS_THAT_CONTAIN RESTY_FOLDER

local aom = require "aom"
local core = require "aom.core"
local methods = require "aom.client.methods"
local report = require "spec.bench.report"
local states = require "aom.client.state"

local bench = {}

local PROJECT, AK, SK = ("0123456789abcdef"):rep(2), "BENCHMARKACCESSKEY00", ("s"):rep(40)

--- The server takes as many milliseconds as the id says.
local function id_of(milliseconds) return "takes-" .. milliseconds end

local function open(url, transport)
  return assert(states.open { endpoint = url, project_id = PROJECT, ak = AK, sk = SK, proxy = "", max_attempts = 1,
    transport = transport })
end

--- What makes a call: `client:trigger`, in the loop of its client.
local function caller(url, transport)
  local state = open(url, transport)
  return {
    run = state.loop.run,
    call = function(id) assert(methods.trigger(state, id, "enable")) end,
    close = function() states.close(state) end,
  }
end

--- A request like the client's over lua-resty-http itself, signed beforehand.
local function bare_caller(url)
  local http = require "resty.http"
  local host, port = url:match "//(.*):(%d+)$"
  local signed = aom.sign({ method = "PUT", host = host .. ":" .. port, path = "/", headers = {
    ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT } }, { ak = AK, sk = SK })
  local headers = { ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT, ["User-Agent"] = "bench" }
  for name, value in pairs(signed.headers) do headers[name] = value end
  local function call(id)
    local client = http.new()
    assert(client:connect { scheme = "http", host = host, port = tonumber(port) })
    local response = assert(client:request { method = "PUT", headers = headers, body = "",
      path = ("/v1/%s/cms/workflow/%s/trigger/action?action=enable"):format(PROJECT, id) })
    assert(response.status == 200 and response:read_body())
    client:set_keepalive(60000, 100)
  end
  local state = open(url)
  return { run = state.loop.run, call = call, close = function() states.close(state) end }
end

--- What waits as long as a call, and does nothing else.
local function sleeper(url)
  local state = open(url)
  return {
    run = state.loop.run,
    call = function(id) ngx.sleep(id:match "%d+" / 1000) end,
    close = function() states.close(state) end,
  }
end

--- Makes calls for the answer times of `list`, some at once.
---@return table<integer, { sum: number, count: integer }> latencies  by answer time
local function run(by, list, concurrency)
  local seen, work = {}, {}
  for i, milliseconds in ipairs(list) do
    seen[milliseconds] = seen[milliseconds] or { sum = 0, count = 0 }
    work[i] = function()
      local started = core.now()
      by.call(id_of(milliseconds))
      local total = seen[milliseconds]
      total.sum, total.count = total.sum + core.now() - started, total.count + 1
    end
  end
  by.run(work, concurrency)
  return seen
end

local function repeated(times, count)
  local list = {}
  for i = 1, count do list[i] = times[(i - 1) % #times + 1] end
  return list
end

--- `before` and `times` are lists of answer times: what a new client sees first, and what is measured then.
---@return table<integer, number> latencies  seconds by answer time
---@return number cpu  seconds a call
local function measure(by, before, times, concurrency, count)
  -- Its key is tried out alone.
  run(by, { before[1] or 0 }, 1)
  run(by, repeated(before, #before > 0 and math.max(20, 2 * concurrency) or 0), concurrency)
  local busy = os.clock()
  local seen = run(by, repeated(times, count), concurrency)
  busy = (os.clock() - busy) / count
  by.close()
  local latencies = {}
  for milliseconds, total in pairs(seen) do latencies[milliseconds] = total.sum / total.count end
  return latencies, busy
end

-- What is aimed at: latency that is added, as a share, and in seconds if that is more; and CPU time a call, in
-- seconds, or as a multiple of lua-resty-http's own.
local ALONE = { share = 0.1, least = 0.002, cpu = 800e-6 }
local CROWD = { share = 0.1, least = 0.002, cpu = 150e-6 }
local THIRTY = { share = 0.06, least = 0, ratio = 1.6 }

local VARYING = { 12, 28, 20, 14, 24, 18, 26, 16, 22 }

-- { what, answer times before, measured ones, calls at once, calls, what is aimed at }
local ROWS = {
  { "5 ms", { 5 }, { 5 }, 1, 150, ALONE },
  { "20 ms", { 20 }, { 20 }, 1, 50, ALONE },
  { "50 ms", { 50 }, { 50 }, 1, 20, ALONE },
  { "200 ms", { 200 }, { 200 }, 1, 8, ALONE },
  { "5 ms", { 5 }, { 5 }, 100, 3000, CROWD },
  { "20 ms", { 20 }, { 20 }, 100, 2000, CROWD },
  { "50 ms", { 50 }, { 50 }, 100, 1500, CROWD },
  { "200 ms", { 200 }, { 200 }, 100, 600, CROWD },
  { "20 ms", { 20 }, { 20 }, 30, 1500, THIRTY },
  { "12 to 28 ms", VARYING, VARYING, 30, 1500, THIRTY, "mean" },
  { "5 and 200 ms in turn", { 5, 200 }, { 5, 200 }, 1, 16 },
  { "5 and 200 ms in turn", { 5, 200 }, { 5, 200 }, 100, 1000 },
  { "5 ms, the first three", {}, { 5 }, 1, 3 },
  { "200 ms, the first three", {}, { 200 }, 1, 3 },
  { "5 ms, five after 200 ms", { 200 }, { 5 }, 1, 5 },
  { "200 ms, three after 5 ms", { 5 }, { 200 }, 1, 3 },
}

-- The same without names, over lua-resty-http.
local RESTY_ROWS = {
  { "0 ms", { 0 }, { 0 }, 1, 1000 },
  { "5 ms", { 5 }, { 5 }, 1, 150 },
  { "50 ms", { 50 }, { 50 }, 1, 20 },
  { "5 ms", { 5 }, { 5 }, 100, 3000 },
  { "50 ms", { 50 }, { 50 }, 100, 1500 },
  { "20 ms", { 20 }, { 20 }, 30, 1500, 1.25 },
}

--- What nginx measures. Each row has an address of its own, since answer times are remembered by origin.
local function ask(url, row, by)
  local query = ("by=%s&row=%d&before=%s&times=%s&at_once=%d&count=%d"):format(by, row.index, table.concat(row[2], ","),
    table.concat(row[3], ","), row[4], row[5])
  local pipe = assert(io.popen(("curl -sS --noproxy '*' '%s/measure?%s'"):format(url, query)))
  local text = pipe:read "*a"
  pipe:close()
  local latencies = {}
  for milliseconds, seconds in text:gmatch "(%d+)=([%d.]+)" do latencies[tonumber(milliseconds)] = tonumber(seconds) end
  return latencies, assert(tonumber(text:match "cpu ([%d.]+)"), text)
end

function bench.serve(url)
  local function numbers(text)
    local list = {}
    for number in (text or ""):gmatch "%d+" do list[#list + 1] = tonumber(number) end
    return list
  end
  local var = ngx.var
  url = url:gsub("127%.0%.0%.1", "127.0.0." .. var.arg_row)
  local makers = { bare = bare_caller, sleep = sleeper }
  local by = (makers[var.arg_by] or caller)(url, var.arg_by)
  local latencies, cpu = measure(by, numbers(var.arg_before), numbers(var.arg_times), tonumber(var.arg_at_once),
    tonumber(var.arg_count))
  for milliseconds, seconds in pairs(latencies) do ngx.say(milliseconds, "=", ("%.6f"):format(seconds)) end
  ngx.say("cpu ", ("%.9f"):format(cpu))
end

--- CPU time is the least of the rounds: others on the machine only add to it.
local function least(list) return math.min(unpack(list)) end

local function verdict_of(row, seen)
  local aim = row[6]
  if not aim then return "" end
  local limit = aim.cpu or seen.bare and aim.ratio * seen.bare
  local is_soon = seen.added <= math.max(aim.least, aim.share * seen.floor)
  if is_soon and (not limit or seen.cpu <= limit) then return "kept" end
  -- All that are there at once share the worker's processor: none can be done sooner than all of their work.
  local work = row[4] * seen.cpu
  return work > seen.floor and ("MISSED (their work alone: %.1f ms)"):format(work * 1e3) or "MISSED"
end

local function microseconds(seconds) return seconds and ("%.0f us"):format(seconds * 1e6) or "" end

local function show(row, name, seen)
  print(("  %-28s %4d  %8.1f  %+7.2f  %+6.1f %%  %8s  %8s  %8s  %8s   %s"):format(name, row[4], seen.floor * 1e3,
    seen.added * 1e3, 100 * seen.added / seen.floor, microseconds(seen.plain), microseconds(seen.sleep),
    microseconds(seen.bare), microseconds(seen.cpu), verdict_of(row, seen)))
  if not row[6] then return end
  report.row("nginx", ("answers of %s, %d at once"):format(name, row[4]), microseconds(seen.cpu),
    ("%+.1f %% latency"):format(100 * seen.added / seen.floor), "", verdict_of(row, seen))
end

--- One list in place of several.
local function mean_of(lists)
  local mean, count = {}, 0
  for _, list in pairs(lists) do
    count = count + 1
    for i, value in ipairs(list) do mean[i] = (mean[i] or 0) + value end
  end
  for i, sum in ipairs(mean) do mean[i] = sum / count end
  return { mean = mean }
end

--- Beside our CPU stands that which is not nginx's, of plain Lua, and that which is not ours: of waking up once, which
--- takes the longer the longer the processor has slept, and of lua-resty-http, if it is there.
local function compare_with_plain(service, host, row, rounds, has_bare)
  local floors, added, cpus, plain, bare, sleep = {}, {}, {}, {}, {}, {}
  for _, milliseconds in ipairs(row[3]) do floors[milliseconds], added[milliseconds] = {}, {} end
  for i = 1, rounds do
    local floor, ours
    floor, plain[i] = measure(caller(service), row[2], row[3], row[4], row[5])
    sleep[i] = select(2, ask(host, row, "sleep"))
    if has_bare then bare[i] = select(2, ask(host, row, "bare")) end
    ours, cpus[i] = ask(host, row, "curl")
    for milliseconds, list in pairs(floors) do
      list[i], added[milliseconds][i] = floor[milliseconds], ours[milliseconds] - floor[milliseconds]
    end
  end
  if row[7] then floors, added = mean_of(floors), mean_of(added) end
  for _, milliseconds in ipairs(row[7] and { row[7] } or row[3]) do
    show(row, #row[3] > 1 and ("%s: %s"):format(row[1], milliseconds) or row[1], {
      floor = report.median(floors[milliseconds]), added = report.median(added[milliseconds]), plain = least(plain),
      sleep = least(sleep), bare = has_bare and least(bare), cpu = least(cpus),
    })
  end
end

local function compare_with_bare(_, host, row, rounds)
  local bare, ours = {}, {}
  for i = 1, rounds do
    bare[i], ours[i] = select(2, ask(host, row, "bare")), select(2, ask(host, row, "resty"))
  end
  local ratio, aim = least(ours) / least(bare), row[6] or 2
  local verdict = ratio <= aim and "kept" or "MISSED"
  print(("  %-28s %4d  ratio %.2f   (%.0f us over %.0f us)   %s"):format(row[1], row[4], ratio, least(ours) * 1e6,
    least(bare) * 1e6, verdict))
  report.row("nginx", ("resty, answers of %s, %d at once"):format(row[1], row[4]), ("%.2f"):format(ratio), "",
    ("%.2f"):format(aim), verdict)
end

if ngx then return bench end

local service, host, rounds, what, wanted = arg[1], arg[2], tonumber(arg[3]), arg[4], arg[5]
local has_bare = arg[6] ~= ""
local compare = what == "curl" and compare_with_plain or compare_with_bare
if what == "curl" then
  print "                               at  plain Lua        added to it                    CPU a call"
  print "  answers of                  once        ms       ms             plain Lua     sleep      bare     nginx"
end
for index, row in ipairs(what == "curl" and ROWS or RESTY_ROWS) do
  row.index = index
  if (row[1] .. " at " .. row[4]):find(wanted, 1, true) then compare(service, host, row, rounds, has_bare) end
end

--- What a call in nginx costs, beside the same call in plain Lua, which waits in poll. Run by nginx.sh, which
--- starts the servers: it measures plain Lua itself, and asks nginx for its part, round by round. And what a call
--- over lua-resty-http costs, beside lua-resty-http itself.
---
---     luajit nginx.lua SERVICE_URL NGINX_URL ROUNDS curl|resty [ROWS_THAT_CONTAIN]

local aom = require "aom"
local core = require "aom.core"
local methods = require "aom.client.methods"
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

-- { what, answer times before, measured ones, calls at once, calls, whether the aims are for it }
local ROWS = {
  { "5 ms", { 5 }, { 5 }, 1, 150, true },
  { "20 ms", { 20 }, { 20 }, 1, 50, true },
  { "50 ms", { 50 }, { 50 }, 1, 20, true },
  { "200 ms", { 200 }, { 200 }, 1, 8, true },
  { "5 ms", { 5 }, { 5 }, 100, 3000, true },
  { "20 ms", { 20 }, { 20 }, 100, 2000, true },
  { "50 ms", { 50 }, { 50 }, 100, 1500, true },
  { "200 ms", { 200 }, { 200 }, 100, 600, true },
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
}

-- What is aimed at: the larger of two additions to the latency, and CPU alone and in a crowd.
local SHARE, LEAST, ALONE, CROWD = 0.1, 0.002, 800e-6, 150e-6

--- What nginx measures.
local function ask(url, row, by)
  local pipe = assert(io.popen(("curl -sS --noproxy '*' '%s/measure?by=%s&before=%s&times=%s&at_once=%d&count=%d'")
    :format(url, by, table.concat(row[2], ","), table.concat(row[3], ","), row[4], row[5])))
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
  local by = var.arg_by == "bare" and bare_caller(url) or caller(url, var.arg_by)
  local latencies, cpu = measure(by, numbers(var.arg_before), numbers(var.arg_times), tonumber(var.arg_at_once),
    tonumber(var.arg_count))
  for milliseconds, seconds in pairs(latencies) do ngx.say(milliseconds, "=", ("%.6f"):format(seconds)) end
  ngx.say("cpu ", ("%.9f"):format(cpu))
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

--- CPU time is the least of the rounds: others on the machine only add to it.
local function least(list) return math.min(unpack(list)) end

local function show(row, milliseconds, floors, added, cpus, bare)
  local floor, more, cpu = median(floors), median(added), least(cpus)
  local verdict = ""
  if row[6] then
    local kept = more <= math.max(LEAST, SHARE * floor) and cpu <= (row[4] > 1 and CROWD or ALONE)
    verdict = kept and "kept" or "MISSED"
  end
  local name = #row[3] > 1 and ("%s: %d"):format(row[1], milliseconds) or row[1]
  print(("  %-28s %4d  %8.1f  %+7.2f  %+6.1f %%  %6.0f us  %6.0f us   %s"):format(name, row[4], floor * 1e3, more * 1e3,
    100 * more / floor, least(bare) * 1e6, cpu * 1e6, verdict))
end

local function compare_with_plain(service, host, row, rounds)
  local floors, added, cpus, bare = {}, {}, {}, {}
  for _, milliseconds in ipairs(row[3]) do floors[milliseconds], added[milliseconds] = {}, {} end
  for i = 1, rounds do
    local floor, ours
    floor, bare[i] = measure(caller(service), row[2], row[3], row[4], row[5])
    ours, cpus[i] = ask(host, row, "curl")
    for milliseconds, list in pairs(floors) do
      list[i], added[milliseconds][i] = floor[milliseconds], ours[milliseconds] - floor[milliseconds]
    end
  end
  for _, milliseconds in ipairs(row[3]) do
    show(row, milliseconds, floors[milliseconds], added[milliseconds], cpus, bare)
  end
end

local function compare_with_bare(_, host, row, rounds)
  local bare, ours = {}, {}
  for i = 1, rounds do
    bare[i], ours[i] = select(2, ask(host, row, "bare")), select(2, ask(host, row, "resty"))
  end
  local ratio = least(ours) / least(bare)
  print(("  %-28s %4d  ratio %.2f   (%.0f us over %.0f us)   %s"):format(row[1], row[4], ratio, least(ours) * 1e6,
    least(bare) * 1e6, ratio <= 2 and "kept" or "MISSED"))
end

if ngx then return bench end

local service, host, rounds, what, wanted = arg[1], arg[2], tonumber(arg[3]), arg[4], arg[5] or ""
local compare = what == "curl" and compare_with_plain or compare_with_bare
if what == "curl" then
  print "                               at  plain Lua        added to it     CPU a call"
  print "  answers of                  once        ms       ms             plain Lua      nginx"
end
for _, row in ipairs(what == "curl" and ROWS or RESTY_ROWS) do
  if (row[1] .. " " .. row[4]):find(wanted, 1, true) then compare(service, host, row, rounds) end
end

--- Signs, calls and makes clients for a long time in each host, where 256 descriptors are all there are, and
--- prints what the process holds after the first tenth and at the end. Fails if memory in use or descriptors have
--- grown: what malloc and LuaJIT have given out, when all garbage is collected. Resident memory is shown beside: in
--- LuaJIT it holds compiled code, and what garbage there once was at the same time.
---
---     luajit spec/soak/run.lua [--scale 1] [--seed N] [--hosts "lua5.4 nginx"] [--work "requests clients"]
---
--- SCALE 1 is 1,000,000 signatures, 100,000 calls with faults and 100,000 clients. `make soak` runs it.

local hosts = require "spec.soak.hosts"

--- What is done in a step can be done by so many at once.
local AT_ONCE = 20

--- How much memory in use may grow, as a share of what is resident after the first tenth: two bytes a call.
local GROWTH = 0.01

local WORK = { { "signatures", 1000000 }, { "requests", 100000 }, { "clients", 100000 } }

--- The rows of a host's output: { what, count, first, last }. Nil: one is missing.
local function read(output, plan)
  local rows, at = {}, {}
  for what, rss, heap, open, own in output:gmatch "(%a+) (%d+) (%d+) (%d+) (%d+)\n" do
    local point = { rss = tonumber(rss), used = heap + own, open = tonumber(open) }
    if at[what] then at[what].last = point else at[what] = { first = point } end
  end
  for i, each in ipairs(plan) do
    local row = at[each[1]]
    if not row or not row.last then return nil end
    rows[i] = { what = each[1], count = each[2], first = row.first, last = row.last }
  end
  return rows
end

--- Runs a plan, of { what, count }, in one host.
local function run(host, plan, seed)
  local calls = 0
  for _, each in ipairs(plan) do calls = calls + each[2] end
  plan.limit = math.ceil(60 + calls / 100)
  local server = hosts.serve(seed)
  local output = hosts.run(host, server.url, plan)
  local requests, connections = server:get "/_count":match "(%d+) (%d+)"
  server:stop()
  return { rows = read(output, plan), outcomes = output:match "(%d+ [^\n]*ok[^\n]*)\n*$" or "", output = output,
    requests = tonumber(requests), connections = tonumber(connections) }
end

--- Prints a row. True: nothing has grown.
local function report(host, row, judges_memory)
  local first, last = row.first, row.last
  local used, resident = (last.used - first.used) / first.rss, last.rss / first.rss - 1
  local ok = last.open <= first.open and (used <= GROWTH or not judges_memory)
  print(("%-11s %-10s %9d  %6d %6d %+6.2f %%  %6d %6d %+6.2f %%  %4d %4d  %s"):format(host, row.what, row.count,
    first.used, last.used, used * 100, first.rss, last.rss, resident * 100, first.open, last.open,
    ok and "ok" or "GROWN"))
  return ok
end

local function words()
  local given = { scale = "1", seed = tostring(os.time() % 1000000),
    hosts = "lua5.4 lua5.3 lua5.2 lua5.1 luajit luv neovim nginx nginx-resty",
    work = "signatures requests clients" }
  for i = 1, #arg, 2 do
    local name = arg[i]:match "^%-%-(%a+)$"
    assert(given[name or 1] and arg[i + 1], "unknown option " .. arg[i])
    given[name] = arg[i + 1]
  end
  return given
end

--- Runs one host. True: nothing has failed.
local function soak_host(host, given)
  local scale, wanted = tonumber(given.scale), " " .. given.work .. " "
  local plan = { steps = scale < 0.1 and 10 or 100 }
  for _, each in ipairs(WORK) do
    local count = math.ceil(each[2] * scale / plan.steps / AT_ONCE) * AT_ONCE * plan.steps
    if wanted:find(" " .. each[1] .. " ", 1, true) then plan[#plan + 1] = { each[1], count } end
  end
  local started = os.time()
  local seen = run(host, plan, tonumber(given.seed))
  local ok = seen.rows ~= nil
  for _, row in ipairs(seen.rows or {}) do ok = report(host, row, scale >= 0.1) and ok end
  print(("%-11s %d requests over %d connections in %d s: %s"):format("", seen.requests or 0, seen.connections or 0,
    os.time() - started, seen.rows and seen.outcomes or "FAILED\n" .. seen.output))
  return ok
end

local function main()
  local given, count, bad = words(), 0, 0
  print(("seed %s, scale %s; KB after the first tenth and at the end"):format(given.seed, given.scale))
  print "host        what           count  memory in use          resident               descriptors"
  for host in given.hosts:gmatch "%S+" do
    count = count + 1
    if not soak_host(host, given) then bad = bad + 1 end
  end
  print(("soak: %d hosts, %d failed"):format(count, bad))
  os.exit(bad == 0 and count > 0 and 0 or 1)
end

main()

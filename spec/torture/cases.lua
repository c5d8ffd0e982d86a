--- Lets each allocation of a call fail, one call after the other, and prints what came of each:
--- a line with the number of the allocation, what the library says meanwhile, and the outcome.
---
---     LD_PRELOAD=short.so lua spec/torture/cases.lua CASE PARTY LENGTH FIRST GROWTH URL TLS_URL CA_FILE
---
--- PARTY is whose allocations fail (see short.c), LENGTH how many in a row, FIRST the first of
--- them; the next number is greater by one and by GROWTH of the last. spec/torture/run.lua runs it.

-- What LuaJIT has compiled may crash after an allocation of its own that failed.
if rawget(_G, "jit") then require("jit").off() end

local short = require "short"
local aom, safe = require "aom", require "aom.safe"
local errors = require "aom.util.errors"
local uv = require "luv"

local case, party, length, first, growth, url, tls_url, ca_file = (table.unpack or unpack)(arg)
length, first, growth = tonumber(length), tonumber(first), tonumber(growth)

-- Longer than any call may take here, with its time-outs: what ends this way hangs, while a transfer that
-- libcurl has lost ends by the call's own time-out, and is told as such.
local LIMIT = 30
-- How often a call is repeated whose memory seems not to come back: caches are filled once.
local REPEATS = 4

local options = { endpoint = url, project_id = ("0123456789abcdef"):rep(2), ak = "TORTUREKEY", sk = "torture-secret",
  proxy = "", loop = "blocking", timeout = 5, max_attempts = 2 }
local request = { method = "GET", host = "x.example", path = "/a b", query = { { "a", "b" } } }
local key = { ak = "a", sk = "b" }
local any = { method = "GET", path = "/v1/{project_id}/none", query = { a = "b" } }
local ids = { "wf-1", "wf-2", "wf-3", "wf-4", "wf-5" }
local client, raising = assert(safe.client(options)), aom.client(options)
local file = os.tmpname()
local slow = { concurrency = 3 }
local into = { file = file, names = { "name-of-wf-1", "name-of-wf-3" } }
-- By default `resume` waits half a minute for a call that may be under way still.
local at_once = { settle_timeout = 0.05 }

local function altered(changes)
  for name, value in pairs(options) do
    if changes[name] == nil then changes[name] = value end
  end
  return changes
end

-- What follows allocates nothing itself, where that would be taken for the library's.

--- Makes a client, uses and closes it.
local function with_new(changed, use)
  local made, err = safe.client(changed)
  if not made then return nil, err end
  local result
  result, err = use(made)
  made:close()
  return result, err
end

local function enable(made) return made:enable "wf-1" end

--- Whether every entry of a report says what became of it.
local function check_report(report, err)
  if not report then return nil, err end
  assert(#report == #ids and report.succeeded + report.failed == #ids, "entries are lost")
  for i, entry in ipairs(report) do
    assert(entry.id == ids[i] and (entry.result or entry.error), "an entry says nothing")
    err = err or entry.error
  end
  if err then return nil, err end
  return report
end

local over_luv = altered { loop = "uv" }
local over_tls = altered { endpoint = tls_url, ca_file = ca_file }

local calls, seen, seen_err, cut_short

local function note(err, result) calls, seen, seen_err = calls + 1, result, err end

local function enable_in_luv(made)
  calls, seen, seen_err = 0, nil, nil
  local handle, refused = made:enable("wf-1", note)
  if not handle then return nil, refused end
  if cut_short then cut_short(made, handle) end
  uv.run()
  assert(calls == 1, "not called back once")
  return seen, seen_err
end

--- A call with a callback, which `how` may cut short.
local function in_luv(how)
  cut_short = how
  return with_new(over_luv, enable_in_luv)
end

local function bulk_in_luv(made)
  calls, seen, seen_err = 0, nil, nil
  local handle, refused = made:trigger_all(ids, "enable", slow, note)
  if not handle then return nil, refused end
  uv.run()
  assert(calls == 1, "not called back once")
  if not seen then return nil, seen_err end
  return check_report(seen)
end

local function pause_and_resume(made)
  local window, err = made:pause(into)
  if not window then return nil, err end
  return made:resume(into.file, at_once)
end

local function cancel(_, handle) handle:cancel() end
local function close(made) made:close() end

local cases = {
  sign = function() return safe.sign(request, key) end,
  trigger = function() return enable(client) end,
  ["trigger, raising"] = function() return raising:enable "wf-1" end,
  ["error"] = function() return client:enable "no-such-workflow" end,
  request = function() return client:request(any) end,
  bulk = function() return check_report(client:trigger_all(ids, "enable", slow)) end,
  list = function() return client:all_workflows() end,
  iterator = function() return (client:workflows())() end,
  window = function() return with_new(options, pause_and_resume) end,
  client = function() return with_new(options, enable) end,
  tls = function() return with_new(over_tls, enable) end,
  callback = function() return in_luv() end,
  cancel = function() return in_luv(cancel) end,
  close = function() return in_luv(close) end,
  ["bulk callback"] = function() return with_new(over_luv, bulk_in_luv) end,
}

-- What comes of a case where nothing fails.
local right = { ["error"] = "service", request = "service", cancel = "cancelled", close = "cancelled" }

-- What is done before, with all the memory that it needs.
local windows = 0
local preparations = {
  window = function()
    os.remove(into.file)
    os.remove(into.file .. ".lock")
    windows = windows + 1
    into.file = file .. windows
    assert(client:trigger_all(ids, "enable"))
  end,
}

local function outcome_of(ok, result, err)
  if ok and result then return "ok" end
  if not ok then err = result end
  if aom.is_error(err) then return err.message == "out of memory" and "memory" or err.kind end
  if errors.is_memory(err) then return "raised" end
  return "RAW " .. tostring(err):gsub("\n", " ")
end

local run = assert(cases[case], "unknown case")

local function try(count)
  short.limit(LIMIT)
  if preparations[case] then preparations[case]() end
  short.arm(party, count, length)
  local ok, result, err = pcall(run)
  local failed = short.disarm()
  -- What an error has left to libuv's loop.
  uv.run()
  return outcome_of(ok, result, err), failed
end

local function is_served() return (pcall(function() assert(enable(client), "not served") end)) end

--- The blocks by the place in the code that has them; Lua's own left out.
local function snapshot()
  collectgarbage()
  collectgarbage()
  local list = short.blocks()
  for place in pairs(list) do
    if place:find "^lua" or place:find "^libluajit" or place:find "^ld%-linux" then list[place] = nil end
  end
  return list
end

local function growth_of(before)
  local more = {}
  for place, count in pairs(snapshot()) do
    if count > (before[place] or 0) then more[place] = count - (before[place] or 0) end
  end
  return more
end

--- The places whose blocks become more with every call that fails there.
local function leaks(count, before)
  local suspects = growth_of(before)
  for _ = 1, REPEATS do
    if not next(suspects) then return nil end
    before = snapshot()
    try(count)
    is_served()
    local more = growth_of(before)
    for place in pairs(suspects) do suspects[place] = more[place] end
  end
  local places = {}
  for place in pairs(suspects) do places[#places + 1] = place end
  table.sort(places)
  return places[1] and table.concat(places, " ")
end

io.stdout:setvbuf "no"
for _ = 1, 2 do assert(client:enable "wf-1") end
-- It also fills the caches.
local expected = right[case] or "ok"
for _ = 1, 3 do
  local outcome = try(1e15)
  assert(outcome == expected, "where nothing fails: " .. outcome)
end

local count = first
while true do
  io.write(count, " ")
  local before = snapshot()
  local outcome, failed = try(count)
  if failed == 0 then break end
  -- What a call loses, the next one may have to replace.
  local next_ok = is_served()
  local leaking = leaks(count, before)
  io.write("=> ", outcome == expected and "ok" or outcome, leaking and "\tLEAK " .. leaking or "",
    next_ok and "" or "\tNOT SERVED", "\n")
  count = count + 1 + math.floor(count * growth)
end
io.write "\ndone\n"
os.remove(into.file .. ".lock")
-- The state is not closed, since its allocator is gone before it.
os.remove(file)
os.remove(into.file)
os.exit(0)

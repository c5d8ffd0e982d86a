--- What the soak does in every host, in steps, and what the process holds after a step.

local aom = require "aom"
local core = require "aom.core"

local work = {}

--- `AT_ONCE`: how many calls are under way at once.
work.AT_ONCE = 20

local PROJECT = ("0123456789abcdef"):rep(2)

local function options(url, changes)
  local given = { endpoint = url, project_id = PROJECT, proxy = "", timeout = 20, attempt_timeout = 0.5,
    max_attempts = 2, max_response_bytes = 4096, transport = work.transport }
  for name, value in pairs(changes) do given[name] = value end
  return given
end

local steps, calls = {}, { ok = 0 }

--- What calls came to so far, by kinds of error.
---@return string
function work.outcomes()
  local list = {}
  for kind, count in pairs(calls) do list[#list + 1] = ("%d %s"):format(count, kind) end
  table.sort(list)
  return table.concat(list, ", ")
end

local function note(result, err)
  local kind = result and "ok" or aom.is_error(err) and err.kind or "no error value: " .. tostring(err)
  calls[kind] = (calls[kind] or 0) + 1
end

local request = { method = "PUT", host = "aom.example.com", path = "/v1/workflow/夜间 备份/action",
  query = { { "action", "enable" } }, headers = { ["Content-Type"] = "application/json" }, date = "20260102T030405Z" }
local key = { ak = "SOAKKEY", sk = "soak-secret" }
local own = core.signer(key)

--- Half of them by the function, half by a signer as a client keeps one.
function steps.signatures(_, count)
  for _ = 1, count / 2 do
    local query = { action = "enable" }
    assert(aom.sign({ method = "PUT", host = "aom.example.com", path = request.path, query = query }, key))
    assert(core.sign(request, own))
  end
end

local function ids_of(word, count)
  local ids = {}
  for i = 1, count do ids[i] = ("%s-%d"):format(word, i) end
  return ids
end

local function any_of(count)
  local list, paths = {}, { "alarm-rules", "events" }
  for i = 1, count do
    list[i] = { method = i % 3 == 0 and "POST" or "GET", path = "/v1/{project_id}/" .. paths[i % 2 + 1],
      body = i % 3 == 0 and { n = i } or nil }
  end
  return list
end

local function note_all(report, count)
  assert(#report == count and report.succeeded + report.failed == count, "results are lost")
  for _, entry in ipairs(report) do note(entry.result, entry.error) end
end

local at_once = { concurrency = work.AT_ONCE }

--- Brings the number of connections to what it may be at most, so that numbers can be compared.
local function fill(client)
  local report = client:with({ attempt_timeout = 20 }):trigger_all(ids_of("crowd", work.AT_ONCE), "enable", at_once)
  assert(report.failed == 0, "a good call has failed")
end

--- The client that is kept.
local function open(url)
  if not work.client then work.client = aom.client(options(url, { token = "soak-token" })) end
  return work.client
end

--- Two of three steps belong to one client with a token, the third to a client of its own with a key of its
--- own: a refused key rests.
function steps.requests(url, count, step)
  local is_own = step % 3 == 0
  local client = is_own and aom.client(options(url, { ak = "SOAKKEY" .. step, sk = "soak-secret" })) or open(url)
  if step % 2 == 0 then
    note_all(client:trigger_all(ids_of("any", count), "enable", at_once), count)
  else
    note_all(client:request_all(any_of(count), at_once), count)
  end
  if is_own then client:close() end
end

--- Each is used for one call and dropped without `close`. In nginx many do so at once. No call is made again
--- where the machine is slow, so that requests and connections can be counted.
function steps.clients(url, count)
  if ngx then open(url) end
  for i = 1, count do
    local client = aom.client(options(url, { ak = "SOAKKEY", sk = "soak-secret", timeout = 60, attempt_timeout = 60 }))
    note(client:enable("good-" .. i))
  end
end

--- Some of the work named.
---@param what "signatures"|"requests"|"clients"
function work.step(what, url, count, step) steps[what](url, count, step) end

--- Garbage is collected, and compiled code, which LuaJIT keeps as it comes, dropped.
local function settle()
  if work.client then fill(work.client) end
  if jit then jit.flush() end
  for _ = 1, 3 do collectgarbage() end
end

--- What the process holds: see measure.c. And what LuaJIT's own allocator holds, in KB.
---@return string
function work.measure()
  settle()
  local own_kb = jit and math.floor(collectgarbage "count") or 0
  local give_back = assert(package.loadlib(os.getenv "AOM_SOAK_LIBRARY", "measure"))
  give_back()
  local file = assert(io.open(os.getenv "AOM_SOAK_MEASURE"))
  local line = file:read "*l"
  file:close()
  return line .. " " .. own_kb
end

--- All of it, where one program does it: a line a measurement.
---@param plan table[]  { what, count }
---@return string
function work.run(url, plan, count_steps)
  local lines = {}
  for _, each in ipairs(plan) do
    for step = 1, count_steps do
      work.step(each[1], url, each[2] / count_steps, step)
      if step == count_steps / 10 or step == count_steps then lines[#lines + 1] = each[1] .. " " .. work.measure() end
    end
  end
  lines[#lines + 1] = work.outcomes()
  return table.concat(lines, "\n")
end

return work

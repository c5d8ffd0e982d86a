--- What the fuzzer throws texts at, see lua_fuzz.c: everything that reads what a server, a file
--- or a caller says. None may raise, take long, or return what is neither an error nor a result.

local bodies = require "aom.api.bodies"
local calls = require "spec.fuzz.calls"
local clock = require "aom.util.clock"
local times = require "aom.util.times"
local core = require "aom.core"
local diagnose = require "aom.http.diagnose"
local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local input = require "aom.api.input"
local journal = require "aom.client.window.journal"
local json = require "aom.util.json"
local nginx_http1 = require "aom.loop.nginx_http1"
local operations = require "aom.api.operations"
local profile = require "aom.config.profile"
local refusal = require "aom.api.refusal"
local response = require "aom.api.response"
local retry = require "aom.http.retry"
local safe = require "aom.safe"

local targets = {}

local function same(text) return text end

local function check_error(err)
  assert(errors.is_error(err), "no error")
  assert(not tostring(err):find "[%z\1-\31\127]", "a control byte in an error")
end

local function check(result, err)
  if result == nil or result == false then check_error(err) end
  return result
end

--- A system whose one file holds the text.
local function system_of(text)
  return {
    getenv = function(name) return name == "HOME" and "/home/x" or nil end,
    read_file = function() return text end,
    file_mode = function() return nil end,
  }
end

--- The text in two parts, at its first zero byte.
local function parts(text)
  local first, rest = text:match "^([^%z]*)%z?(.*)$"
  return first, rest
end

local made = {}
for name, row in pairs(operations) do
  if type(row) == "table" and row.result then made[#made + 1] = { name = name, row = row } end
end
table.sort(made, function(a, b) return a.name < b.name end)
local trigger = assert(input.build(operations.trigger, "w", "enable"))

function targets.failure(text)
  local head, body = parts(text)
  local status = 300 + #head % 300
  check_error(refusal.of({ status = status, headers = { ["content-type"] = head, date = head,
    ["retry-after"] = head, ["x-request-id"] = head }, body = body }, same))
end

function targets.answer(text)
  local result = check(response.read({ status = 200, headers = {}, body = text }, same, trigger))
  assert(not result or result.success)
  response.read_any({ status = 200 + #text % 300, headers = {}, body = text }, same)
end

function targets.bodies(text)
  for _, entry in ipairs(made) do
    local read = bodies[entry.row.result]
    if read then
      local ok, err = pcall(read, text, {})
      assert(ok, err)
    end
  end
end

function targets.times(text)
  local first, rest = parts(text)
  for _, parse in ipairs { times.parse_stamp, times.parse_http_date, times.parse_time } do
    local time = parse(first)
    assert(time == nil or type(time) == "number" and time == time, "no time")
  end
  clock.new({ time = function() return 1767323045 end }):learn(first, rest, 0)
  local seconds = retry.after({ ["retry-after"] = first, date = rest }, 1767323045)
  assert(seconds == nil or seconds >= 0, "a wait that is none")
end

function targets.difference(text)
  diagnose.difference("PUT\n/a/\nq=1\nhost:h\n\nhost\ne3", text)
end

function targets.profile(text)
  local values = check(profile.load(system_of(text)))
  for name, value in pairs(values or {}) do
    assert(not tostring(value):find "[%z\1-\31\127]", name .. " holds a control byte")
  end
end

function targets.journal(text)
  local state = { system = system_of(text), settings = { endpoint = { base = "https://aom.example.com" } } }
  local found = check(journal.load(state, "w.json"))
  if found then
    local shown = found:view()
    assert(type(tostring(shown)) == "string")
    found.system = { write_file = function() return true end }
    check(found:save())
  end
end

function targets.endpoint(text)
  local parsed, problem = endpoint.parse(text)
  assert(parsed and parsed.base:find "^https?://[^/]+$" or problem, "neither an endpoint nor a problem")
end

--- The first byte says how long the pieces are in which it comes.
function targets.http1(text)
  local at, size = 2, (text:byte() or 0) + 1
  local reader = nginx_http1.reader(function()
    if at > #text then return nil, { kind = "network", message = "closed", ended = true } end
    at = at + size
    return text:sub(at - size, at - 1)
  end, 4000)
  local answer, failure = nginx_http1.read(reader, #text % 2 == 0 and "GET" or "HEAD", 2000)
  if not answer then return assert(failure.kind and failure.message) end
  assert(answer.status >= 100 and answer.status < 1000 and #answer.body <= 2000)
end

function targets.json(text)
  local value = json.decode(text)
  if value ~= nil then json.encode(value) end
  json.unwrap(text)
end

-- --- values of all kinds, for functions that a caller's values reach

local words = { "method", "host", "path", "query", "headers", "body", "GET", "/a b", "ak", "sk", "region", "endpoint",
  "project_id", "timeout", "token", "http://127.0.0.1", "V11-HMAC-SHA256", "algorithm", "service", "date",
  "20260102T030405Z", "signed_headers", "X-Sdk-Date", "proxy", "name", "match", "names", "", "enable" }

--- Makes a value of the bytes from `at` on; returns it and where it ends.
local function value_at(text, at, depth)
  local tag = text:byte(at) or 0
  local kind, extra = tag % 8, math.floor(tag / 8)
  at = at + 1
  if kind == 0 then return nil, at end
  if kind == 1 then return extra % 2 == 0, at end
  if kind == 2 then return (extra - 16) * (text:byte(at) or 1) ^ (extra % 12), at + 1 end
  if kind == 3 then return text:sub(at, at + extra - 1), at + extra end
  if kind <= 5 then return words[(extra + kind * 3) % #words + 1], at end
  local made_table = {}
  for i = 1, depth > 4 and 0 or extra % 8 do
    local key = i
    if kind == 7 then key, at = value_at(text, at, depth + 1) end
    local value, stop = value_at(text, at, depth + 1)
    at = stop
    if key ~= nil and key == key then made_table[key] = value end
  end
  return made_table, at
end

local function values_of(text, count)
  local list, at = {}, 1
  for i = 1, count do list[i], at = value_at(text, at, 0) end
  return list
end

function targets.sign(text)
  local values = values_of(text, 2)
  check(safe.sign(values[1], values[2]))
end

function targets.request(text)
  local head, rest = parts(text)
  check(safe.sign({ method = "PUT", host = "h.example", path = "/" .. head, body = rest,
    query = { { head, rest } }, headers = { ["X-A"] = rest } }, { ak = "a", sk = "b", date = "20260102T030405Z" }))
end

local client = assert(safe.client { endpoint = "http://127.0.0.1:1", ak = "a", sk = "b", proxy = "",
  project_id = ("0123456789abcdef"):rep(2), max_attempts = 1, timeout = 1 })
client:close()

--- The arguments of every method; none gets far, since the client is closed.
function targets.arguments(text)
  local list = values_of(text, 4)
  if type(list[1]) == "table" then list[1].loop, list[1].on_event = "blocking", nil end
  local made_client = check(safe.client(list[1]))
  if made_client then made_client:close() end
  for _, name in ipairs { "trigger", "trigger_all", "request", "find", "create_workflow", "with", "pause", "resume" } do
    check(client[name](client, list[2], list[3], list[4]))
  end
end

function targets.client(text) calls(text) end

--- The core raises errors for arguments of a wrong type, and must do no worse.
function targets.core(text)
  local list = values_of(text, 4)
  for _, name in ipairs { "signer", "sign", "target", "is_unreserved", "mask", "file_mode", "terminal" } do
    pcall(core[name], list[1], list[2], list[3], list[4])
  end
  for _, name in ipairs { "look", "enter", "accept", "refuse", "release" } do
    pcall(core.lockout[name], list[1], list[2], list[3], list[4])
  end
  local engine = core.engine()
  for _, name in ipairs { "collect", "cancel", "is_sent", "on_socket" } do
    pcall(engine[name], engine, list[1], list[2], list[3])
  end
  pcall(engine.start, engine, list[1], list[2], list[3])
end

return targets

--- The faults of time: the machine's clock jumps by an hour, ahead or back, and a process stands
--- still. Deadlines go by another clock, and the service corrects the time of signatures.

local OK = require("spec.matrix.stage").OK

local BUSY = "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
local DATED = "HTTP/1.1 503 Busy\r\nDate: Fri, 02 Jan 2026 03:04:16 GMT\r\n"
  .. "Retry-After: Fri, 02 Jan 2026 03:04:17 GMT\r\nContent-Length: 0\r\n\r\n"

local USER = { ak = false, sk = false, iam_endpoint = "$SIMULATOR", username = "alice", password = "p",
  domain_name = "d" }
local USERS = { users = { alice = { password = "p", domain = "d" } } }
local KEYS = { ak = false, sk = false, metadata = true, metadata_endpoint = "$SIMULATOR" }
local SHORT = { attempt_timeout = 0.7 }

local faults = {}

local function add(fault) faults[#faults + 1] = fault end

for _, jump in ipairs { { "an hour ahead", "+3600" }, { "an hour back", "-3600" } } do
  local name, offset = jump[1], jump[2]
  local during, set = ("echo %s >$AT/clock"):format(offset), "write clock " .. offset
  local function step(what, row)
    row.name, row.needs = ("the clock jumps %s: %s"):format(name, what), "clock"
    add(row)
  end
  step("in a call", { replies = { OK }, delay = 0.5, run = during, steps = { "call", "call" } })
  step("in a call that gets no answer",
    { replies = { "" }, ["then"] = "hold", run = during, options = SHORT, steps = { "call" } })
  step("in a call over TLS", { tls = true, replies = { OK }, delay = 0.5, run = during, steps = { "call", "call" } })
  step("before a call is repeated", { replies = { BUSY, OK }, run = during, steps = { "call" } })
  step("before a call is repeated at a date", { replies = { DATED, OK }, run = during, steps = { "call" } })
  step("while nobody listens", { simulated = {}, options = { endpoint = "http://127.0.0.1:1" },
    steps = { "call", set, "call" } })
  step("between calls", { steps = { "call", set, "call", "call", "write clock +0", "call" } })
  -- Slow enough for all three to be signed before the second one ends.
  step("in a bulk", { simulated = { latency = 0.1 }, steps = { "bulk", "call" }, during = { bulk = set } })
  step("before a token has ended", { simulated = USERS, options = USER, steps = { "call", set, "call", "call" } })
  step("and a token has ended", { simulated = { users = USERS.users, token_lifetime = 2 }, options = USER,
    steps = { "call", set, "run sleep 2.2", "call", "call" } })
  step("before an agency's keys have ended", { options = KEYS, steps = { "call", set, "call", "call" } })
  step("in a window", { steps = { "pause", set, "resume" } })
  step("when a window begins", { steps = { "pause", "resume" }, during = { pause = set } })
  step("when a window ends, in another process", { steps = { "pause file", set }, again = { set, "resume file" } })
end

--- A process that the first request stops for some seconds.
local function stopped(what, pid, seconds, row)
  row.name = what
  row.run = ("(kill -STOP %s; sleep %g; kill -CONT %s) >/dev/null 2>&1 &"):format(pid, seconds, pid)
  add(row)
end

-- A signal has ended the wait of nginx for events, and it looks at its timers before its sockets.
local TIMERS = { ["nginx-resty"] = "nginx ends a cosocket's wait by its timer before it looks at the socket" }
local CALLER, SERVER = "$(cat $AT/pid)", "$PPID"

stopped("the caller stands still in a call", CALLER, 1, { replies = { OK }, delay = 0.5, steps = { "call" } })
stopped("the caller stands still, and the answer comes in time", CALLER, 1.5,
  { replies = { OK }, delay = 0.3, options = SHORT, steps = { "call", "call" }, differs = TIMERS })
stopped("the caller stands still, and the answer comes in time: execute", CALLER, 1.5,
  { replies = { OK }, delay = 0.3, options = SHORT, steps = { "execute" }, differs = TIMERS })
stopped("the caller stands still, and the answer comes over TLS", CALLER, 1.5,
  { tls = true, replies = { OK }, delay = 0.3, options = SHORT, steps = { "call" }, differs = TIMERS })
stopped("the caller stands still, and there is no answer", CALLER, 1.5,
  { replies = { "" }, ["then"] = "hold", options = SHORT, steps = { "call" } })
stopped("the server stands still in a call", SERVER, 1, { replies = { OK }, delay = 0.1, steps = { "call" } })
stopped("the server stands still for too long", SERVER, 6, { replies = { OK }, delay = 0.1, options = SHORT,
  steps = { "call" } })

return faults

--- The faults of processes: one is forked, or ended, or gets a signal, while calls are in flight.

local OK = require("spec.matrix.stage").OK

local KEPT = OK:gsub("Connection: close\r\n", "")

-- The third answer takes a second.
local SLOW = OK:gsub("Connection: close", "%0\r\nX-Pad: " .. ("x"):rep(300))

local faults = {}

local function add(fault) faults[#faults + 1] = fault end

--- Of three calls the second one ends while the third one is in flight. Over TLS that may not be sent yet.
local function in_flight(name, during, row)
  row.uncounted = row.tls
  row.name, row.steps, row.during = name, { "bulk", "call" }, { bulk = during }
  row.replies, row.by_request, row.chunk, row.gap = { OK, OK, SLOW, OK }, true, 70, 0.2
  add(row)
end

in_flight("a shell runs in flight", "run sleep 0.1", {})
in_flight("a program goes on in flight", "inherit", { differs = {
  ["nginx-resty"] = "nginx does not keep its own sockets from the programs that a worker starts" } })
in_flight("the client is closed in flight", "close", {})
in_flight("the process ends itself in flight", "leave", { ends = true })
in_flight("the process ends itself in flight, over TLS", "leave", { ends = true, tls = true })

local LOOP = "an event loop shares its epoll descriptor with the forked child, and cannot be used there"
local no_fork = { luv = LOOP, neovim = LOOP, ["nginx-curl"] = LOOP, ["nginx-resty"] = LOOP }
for _, tls in ipairs { false, true } do
  local where = tls and " over TLS" or ""
  for _, child in ipairs { { "calls", "fork call" }, { "ends", "fork leave" }, { "goes on", "fork" } } do
    in_flight(("a child that is forked in flight%s %s"):format(where, child[1]), child[2],
      { tls = tls, needs = "fork", left_out = no_fork })
  end
end

--- A signal when the first request has come.
local function signalled(name, command, row)
  row.name, row.run, row.steps = name, command, row.steps or { "call", "call" }
  add(row)
end

local HOLD = { "" }

signalled("SIGTERM in a call", "kill -TERM $(cat $AT/pid)", { replies = HOLD, ["then"] = "hold", ends = true })
signalled("SIGKILL in a call", "kill -KILL $(cat $AT/pid)", { replies = HOLD, ["then"] = "hold", ends = true })
signalled("SIGCHLD in a call", "for i in 1 2 3 4 5; do kill -CHLD $(cat $AT/pid); sleep 0.05; done",
  { replies = { OK }, delay = 0.1 })
signalled("Ctrl-C in a call", "kill -INT $(cat $AT/pid)", { replies = HOLD, ["then"] = "hold", ends = true })

local only_nginx = {}
for _, name in ipairs { "lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit", "luv", "neovim" } do
  only_nginx[name] = "is nginx's own"
end

local MASTER = "$(ps -o ppid= -p $(cat $AT/pid))"
for _, way in ipairs { { "is reloaded", "kill -HUP " .. MASTER }, { "quits", "kill -QUIT " .. MASTER },
  { "loses its worker", "kill -KILL $(cat $AT/pid)", true } } do
  signalled("nginx " .. way[1] .. " in a call", way[2], { replies = { OK }, delay = 0.5, steps = { "call" },
    ends = way[3], left_out = only_nginx })
end

--- The server is gone when something is written.
for _, tls in ipairs { false, true } do
  local where = tls and " over TLS" or ""
  add { name = "SIGPIPE: closed while a body is sent" .. where, tls = tls, replies = { "" }, no_read = true,
    delay = 0.5, ["then"] = "reset", steps = { "upload", "call" } }
  add { name = "SIGPIPE: reset between calls" .. where, tls = tls, replies = { KEPT }, ["then"] = "reset", after = 0.2,
    steps = { "call", "run sleep 0.5", "call" } }
end

--- The end of a process in the middle of a window, and another one that resumes it.
for _, way in ipairs { { "SIGKILL", "leave KILL" }, { "SIGTERM", "leave TERM" },
  { "the process ends itself", "leave" } } do
  local function row(when, steps, during)
    add { name = way[1] .. when, steps = steps, during = during, again = { "resume file" }, ends = true,
      uncounted = true }
  end
  row(" while a window begins", { "pause" }, { pause = way[2] })
  row(" in a window", { "pause", way[2] })
  row(" while a window ends", { "pause file", "resume" }, { resume = way[2] })
end

return faults

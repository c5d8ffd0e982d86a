--- The columns of the faults of files, of time and of processes: each cell is a process of the
--- host, with a folder and a server of its own. A cell says what came of each step, how the
--- process has ended where it did not end well, how many requests the server saw, and of
--- windows what they have left disabled.

local patience = require "spec.support.patience"
local process = require "spec.support.process"

local stage = {}

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)
local OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n{"success"}'

--- Without `replies` the server is the simulator. In commands, options and variables $AT is the
--- folder, $CERT and $KEY are the authority's files, and $SIMULATOR is the simulator's URL.
---@class aom.PlayedFault: aom.MatrixFault
---@field steps string[]    see spec/matrix/steps.lua
---@field again? string[]   those of a second process of the host
---@field during? table<string, string>  likewise
---@field file? string      of the window, in the folder; default "journal"
---@field before? string    what the shell runs first
---@field run? string       what the shell runs when the first request has come
---@field replies? string[]  of a raw server; `then`, delay, by_request, chunk, gap, after, no_read and
---  tls are its other options
---@field simulated? table  changes of the simulator's settings
---@field options? table<string, any>  of the client; false: without it
---@field env? table<string, string>
---@field needs? "mounts"|"clock"|"fork"
---@field ends? boolean     the process does not come to the end of its steps
---@field uncounted? boolean  how many requests are sent until then is chance

-- How to take the wall clock alone: deadlines go by the monotonic one.
local function clock_env()
  local preload = process.run "faketime -f +0 env 2>/dev/null":match "LD_PRELOAD=([^\n]+)"
  return preload and { LD_PRELOAD = preload, FAKETIME_TIMESTAMP_FILE = "$AT/clock", FAKETIME_NO_CACHE = "1",
    FAKETIME_DONT_FAKE_MONOTONIC = "1", DONT_FAKE_MONOTONIC = "1" }
end

--- What lets `os.execute "fork"` fork.
local function fork_env() return { LD_PRELOAD = process.shim "forking_system" } end

-- What the environment of a host is for a need.
local makers = { clock = clock_env, fork = fork_env }
local made = {}

local function env_for(need)
  if makers[need] and made[need] == nil then made[need] = makers[need]() or false end
  return made[need]
end

--- Why a fault cannot be tried here; nil: it can.
---@param fault aom.PlayedFault
---@return string|nil
function stage.lacks(fault)
  if fault.needs == "mounts" and not os.getenv "AOM_MATRIX_MOUNTS" then
    return "only root may mount a file system, and not everywhere"
  end
  if fault.needs == "clock" and not env_for "clock" then return "faketime is not installed (make deps-test)" end
end

local function fill_in(text, at)
  return (text:gsub("%$(%u+)", { AT = at.folder, CERT = at.authority.cert, KEY = at.authority.key,
    SIMULATOR = at.simulator.url }))
end

local function fill_all(values, at)
  local copy = {}
  for name, value in pairs(values or {}) do
    copy[name] = type(value) == "string" and fill_in(value, at) or value
  end
  return copy
end

local raw = { "then", "delay", "by_request", "chunk", "gap", "after", "no_read" }

local function start_raw(fault, at)
  local options = { replies = fault.replies, run = fault.run and fill_in(fault.run, at) }
  for _, name in ipairs(raw) do options[name] = fault[name] end
  if fault.tls then options.tls, options.cert, options.key = true, at.authority.cert, at.authority.key end
  return process.rawserver(options)
end

--- Three workflows, all on.
local function reset_simulator(simulator, changes)
  simulator.reset()
  local settings = { workflows = {} }
  for i = 1, 3 do
    settings.workflows["wf-" .. i] = { name = "wf-" .. i, type = "cron", trigger_status = "enable" }
  end
  for name, value in pairs(changes or {}) do settings[name] = value end
  simulator.set(settings)
end

--- What the host's process is told.
---@param second number  how long one is on this machine now
local function entry_of(host, fault, at, steps, second)
  local options = {
    endpoint = at.server and (fault.tls and "https://localhost:" or "http://127.0.0.1:") .. at.server.port
      or at.simulator.url,
    project_id = PROJECT, ak = "A", sk = "S", proxy = "", max_attempts = 2, timeout = 8 * second,
    attempt_timeout = 3 * second, connect_timeout = 3 * second, outage_timeout = 0.5,
  }
  if fault.tls and host.name ~= "nginx-resty" then options.ca_file = at.authority.cert end
  for name, value in pairs(fill_all(fault.options, at)) do
    options[name] = value or nil
    if not value then options[name] = nil end
  end
  return { name = fault.name, at = at.folder, steps = steps, during = fault.during, file = fault.file,
    options = options }
end

local function run_host(host, fault, at, steps)
  local env = fill_all(fault.env, at)
  if fault.needs == "clock" then process.run(("echo +0 > %s/clock"):format(at.folder)) end
  for name, value in pairs(fill_all(env_for(fault.needs) or nil, at)) do env[name] = value end
  local second = patience.of(1)
  local output, ending = host.run { entry_of(host, fault, at, steps, second), env = env,
    probe = "spec/matrix/steps.lua", resolves = fault.tls, limit = math.min(math.ceil(20 * second), 120),
    ca_file = at.authority.cert }
  local file = io.open(at.folder .. "/said", "rb")
  local said = file and file:read "*a" or ""
  if file then file:close() end
  os.remove(at.folder .. "/said")
  local words, is_whole = said:gsub("end\n$", "")
  words = words:gsub("\n$", ""):gsub("\n", "; ")
  if ending == "crashed" or ending == "hung" then
    words = words .. "; " .. ending
  elseif is_whole == 0 then
    words = words .. "; " .. (fault.ends and "ended" or "unfinished: " .. tostring(output))
  end
  return (words:gsub("^; ", ""))
end

--- The workflows that are off.
local function count_off(simulator)
  local off = 0
  for _, workflow in pairs(simulator.state().workflows) do
    if workflow.trigger_status == "disable" then off = off + 1 end
  end
  return off
end

local function play(host, fault, at)
  if fault.before then process.run(fill_in(fault.before, at)) end
  local parts = { run_host(host, fault, at, fault.steps) }
  if fault.again then parts[2] = "again: " .. run_host(host, fault, at, fault.again) end
  -- The server may still have something to read from a process that is no more.
  if fault.ends then process.run(("sleep %.1f"):format(patience.of(0.1))) end
  local requests = at.server and at.server.requests() or at.simulator.state().requests
  if not fault.uncounted then parts[#parts + 1] = ("%d requests"):format(#requests) end
  if not at.server then parts[#parts + 1] = ("%d off"):format(count_off(at.simulator)) end
  return table.concat(parts, "; ")
end

local function cell(host, fault, simulator, authority)
  local at = { folder = process.run "mktemp -d":match "^(%S+)\n", simulator = simulator, authority = authority }
  local fine, text = pcall(function()
    if fault.replies then at.server = start_raw(fault, at) else reset_simulator(simulator, fault.simulated) end
    return play(host, fault, at)
  end)
  if at.server then at.server.stop() end
  process.run(("umount %s/disk 2>/dev/null; rm -rf %s"):format(quote(at.folder), quote(at.folder)))
  return fine and text or "failed: " .. tostring(text)
end

--- The cells of a host, by the names of the faults.
---@param host aom.MatrixHost
---@param chosen aom.PlayedFault[]
---@param authority { cert: string, key: string }
---@return table<string, string>
function stage.column(host, chosen, authority)
  local simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, lifetime = 4 * 3600 }
  local cells = {}
  for _, fault in ipairs(chosen) do cells[fault.name] = cell(host, fault, simulator, authority) end
  simulator.stop()
  return cells
end

stage.OK = OK

return stage

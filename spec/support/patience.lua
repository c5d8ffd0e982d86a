--- Bounds of time that hold on a busy machine too. They are written for a machine at
--- rest; one that is slower now, since others use it or a tool watches every
--- instruction, gets as much longer.

local core = require "aom.core"

local patience = {}

-- The tools that `make sanitize` runs the specs under, and how much slower they are.
local build = os.getenv "BUILD" or ""
local tool = build:find "valgrind" and 30 or build:find "asan" and 4 or 1

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

local _, cores = read "/proc/cpuinfo":gsub("processor%s*:", "")

-- No more than that: where a service takes as much longer to answer, calls that wait half a minute would give up.
local MOST = 16

--- How long work of 20 ms of the processor takes, in parts of that time.
local function stretch()
  local SPIN = 0.02
  local used, started = os.clock(), core.now()
  repeat until os.clock() - used >= SPIN
  return (core.now() - started) / SPIN
end

local seen, seen_at

--- How many times longer than at rest things may take now. Client, server and test each
--- wait for their turn, so that waits add up. What was seen a second ago still holds.
local function factor()
  if seen and core.now() - seen_at < 1 then return seen end
  local load = tonumber(read "/proc/loadavg":match "^[%d.]+") or 0
  local busy = math.max(stretch(), load / math.max(1, cores))
  seen, seen_at = math.min(MOST, math.max(1, 2 * busy - 1)) * tool, core.now()
  return seen
end

---@param seconds number  at rest
---@return number seconds  now
function patience.of(seconds) return seconds * factor() end

--- How long a service is to take, so that something can be done meanwhile: also under a tool not so long that a
--- call would give up.
---@param seconds number  at rest
---@return number seconds  now
function patience.latency(seconds) return math.min(10, patience.of(seconds)) end

return patience

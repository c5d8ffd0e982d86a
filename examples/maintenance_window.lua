-- Disables scheduled workflows, runs a command, and enables exactly those again.
--
--     lua examples/maintenance_window.lua PATTERN FILE COMMAND…
--     lua examples/maintenance_window.lua --resume FILE
--
-- FILE remembers what was disabled. Should this script be killed half-way, the second
-- form puts everything back. It ends with the command's failure, or its own.

local aom = require "aom"

local usage = [[
usage: lua examples/maintenance_window.lua PATTERN FILE COMMAND…
       lua examples/maintenance_window.lua --resume FILE
]]

local pattern, file = arg[1], arg[2]
if not file or (pattern ~= "--resume" and not arg[3]) then
  io.stderr:write(usage)
  os.exit(2)
end

local client = aom.client()

local function resume()
  local resumed = client:resume(file)
  print(resumed.already and "this window has ended before" or ("resumed %d workflows"):format(resumed.resumed))
  for _, entry in ipairs(resumed.noticed) do print(("  %s %s"):format(entry.name, entry.note)) end
end

--- Lua 5.1 returns the exit status, later versions whether it was 0.
local function run_command()
  io.stdout:flush() -- what was printed comes before what the command prints
  local status = os.execute(table.concat(arg, " ", 3))
  return status == true or status == 0
end

local function window()
  if pattern == "--resume" then return resume() end
  local paused = client:pause { match = pattern, file = file }
  print(("paused %d workflows"):format(paused.paused))
  local fine = run_command()
  resume()
  if not fine then error("the command failed", 0) end
end

local ok, err = pcall(window)
client:close()
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

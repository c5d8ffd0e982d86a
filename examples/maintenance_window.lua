-- Disables scheduled workflows, runs a command, and enables exactly those again.
--
--     lua examples/maintenance_window.lua PATTERN FILE COMMAND…
--     lua examples/maintenance_window.lua --name NAME [--name NAME…] FILE COMMAND…
--     lua examples/maintenance_window.lua --resume FILE
--
-- PATTERN is a Lua pattern for names (in it, "%-" stands for a hyphen); NAME is an exact
-- name. FILE records what was disabled: if this script is killed, run the third form to
-- enable those workflows again. COMMAND runs only after all selected workflows are disabled.
--
-- Exit status:
--   0  the command succeeded, and the workflows are enabled again
--   1  the command failed, and the workflows are enabled again
--   2  wrong usage or configuration, or no such workflow or FILE; nothing was changed
--   3  the window could not begin: the command did not run, and workflows that had been
--      disabled are enabled again
--   4  some workflows may still be disabled: run the third form

local aom = require "aom"

local DONE, COMMAND_FAILED, USAGE, NOT_BEGUN, LEFT_DISABLED = 0, 1, 2, 3, 4

local usage = [[
usage: lua examples/maintenance_window.lua PATTERN FILE COMMAND…
       lua examples/maintenance_window.lua --name NAME [--name NAME…] FILE COMMAND…
       lua examples/maintenance_window.lua --resume FILE
]]

--- Returns the selection, the file, the command, and whether nothing is missing; for
--- --resume only the file.
local function read_arguments()
  if arg[1] == "--resume" then return nil, arg[2], nil, arg[2] ~= nil end
  local at, chosen = 2, { match = arg[1] }
  if arg[1] == "--name" then
    at, chosen = 1, { names = {} }
    while arg[at] == "--name" do
      chosen.names[#chosen.names + 1] = arg[at + 1]
      at = at + 2
    end
  end
  return chosen, arg[at], table.concat(arg, " ", at + 1), arg[at + 1] ~= nil
end

local selection, file, command, complete = read_arguments()
if not complete then
  io.stderr:write(usage)
  os.exit(USAGE)
end

local made, client = pcall(aom.client)
if not made then
  io.stderr:write(tostring(client), "\n")
  os.exit(USAGE)
end

local function finish(status)
  client:close()
  os.exit(status)
end

local function complain(err) io.stderr:write(tostring(err), "\n") end

-- The kinds of errors that are the caller's.
local WRONG = { argument = true, config = true, credentials = true }

--- Whether an error came before anything was changed.
local function is_usage(err)
  return aom.is_error(err) and WRONG[err.kind] and not err.paused
end

--- `left` is the status where it fails.
local function resume(left)
  local ok, resumed = pcall(client.resume, client, file)
  if not ok then
    complain(resumed)
    finish(left or is_usage(resumed) and USAGE or LEFT_DISABLED)
  end
  print(resumed.already and "this window was already resumed" or ("resumed %d workflows"):format(resumed.resumed))
  for _, entry in ipairs(resumed.noticed) do print(("  %s %s"):format(entry.name, entry.note)) end
end

--- Returns only if all selected workflows are disabled. Otherwise the command must not run:
--- it might disturb the enabled ones.
local function pause()
  selection.file = file
  local ok, paused = pcall(client.pause, client, selection)
  if ok then
    if paused.matched > paused.paused then
      print(("%d of the selected workflows were already disabled"):format(paused.matched - paused.paused))
    end
    print(("paused %d workflows"):format(paused.paused))
    return
  end
  complain(paused)
  if aom.is_error(paused) and paused.paused then resume(LEFT_DISABLED) end
  finish(is_usage(paused) and USAGE or NOT_BEGUN)
end

--- Lua 5.1 returns the exit status, later versions whether it was 0.
local function run_command()
  io.stdout:flush() -- so that our output precedes the command's
  local status = os.execute(command)
  return status == true or status == 0
end

if not selection then
  resume()
  finish(DONE)
end
pause()
local succeeded = run_command()
resume(LEFT_DISABLED)
if not succeeded then complain "the command failed" end
finish(succeeded and DONE or COMMAND_FAILED)

-- Runs a workflow, waits until it has ended (for SECONDS at most, 3600 by default), and
-- raises an alert if it did not succeed.
--
--     lua examples/run_and_wait.lua NAME [SECONDS [ALERT_COMMAND]]
--
-- ALERT_COMMAND is run by sh, with a description of the failure as its last argument: for
-- example `logger -t aom`, or a script. For a command that reads its standard input, such as
-- mail, use
--
--     sh -c 'printf "%s\n" "$1" | mail -s alert ops' alert
--
-- Exit status: 0 the workflow succeeded, 1 it did not or could not be run, 2 wrong usage or configuration, or
-- there is no such workflow: nothing was run.

local aom = require "aom"

local name, seconds, alert_command = arg[1], tonumber(arg[2] or 3600), arg[3]
if not name or not seconds or not (seconds > 0 and seconds < math.huge) then
  io.stderr:write("usage: lua examples/run_and_wait.lua NAME [SECONDS [ALERT_COMMAND]]\n")
  os.exit(2)
end

--- Lua 5.1 returns the exit status, later versions whether it was 0.
local function run_alert(text)
  local status = os.execute(alert_command .. " '" .. text:gsub("'", "'\\''") .. "'")
  if status ~= true and status ~= 0 then io.stderr:write("the alert command failed\n") end
end

-- The kinds of errors that are the caller's.
local WRONG = { argument = true, config = true, credentials = true }

local is_run = false

local function alert(format, err)
  local text = format:format(name, tostring(err))
  io.stderr:write("alert: ", text, "\n")
  if alert_command then run_alert(text) end
  os.exit(not is_run and aom.is_error(err) and WRONG[err.kind] and 2 or 1)
end

local last
local function show(waited, _, execution)
  if execution.status ~= last then print(("%5.1f s  %s"):format(waited, execution.status)) end
  last = execution.status
end

local made, client = pcall(aom.client)
if not made then alert("%s: %s", client) end

local function run()
  local workflow = client:find(name)
  local execution = client:execute(workflow.id)
  is_run = true
  print(("%s runs as %s"):format(name, execution.id))
  return client:wait(execution, { timeout = seconds, interval = 1, on_progress = show })
end

local ok, result = pcall(run)
client:close()
if not ok then alert("%s: %s", result) end
if result.status ~= "success" then alert("%s ended with status %s", result.status) end

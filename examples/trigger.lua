-- Switches the schedule of one workflow on or off, and prints the result or the error.
--
--     lua examples/trigger.lua WORKFLOW_ID enable|disable
--
-- Credentials and region come from the environment or from ~/.huaweicloud/credentials: see
-- doc/configuration.md.
--
-- Exit status: 0 switched, 1 failed, 2 wrong usage or configuration.

local aom = require "aom"

local id, action = arg[1], arg[2]
if not action then
  io.stderr:write("usage: lua examples/trigger.lua WORKFLOW_ID enable|disable\n")
  os.exit(2)
end

-- The kinds of errors that are the caller's.
local WRONG = { argument = true, config = true, credentials = true }

local function print_sorted(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = values[name]
    print(("  %-12s %s"):format(name, type(value) == "table" and value.message or tostring(value)))
  end
end

local ok, result = pcall(aom.trigger, id, action)
if ok then
  print(("workflow %s: %sd"):format(result.workflow_id, result.action))
  print_sorted(result)
elseif aom.is_error(result) then
  print(tostring(result))
  print_sorted(result)
  os.exit(WRONG[result.kind] and 2 or 1)
else
  error(result, 0)
end

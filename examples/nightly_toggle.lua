-- Switches scheduled workflows on or off: one by its name, or all whose names match a Lua
-- pattern (in a pattern, "%-" stands for a hyphen).
--
--     lua examples/nightly_toggle.lua enable|disable PATTERN
--     lua examples/nightly_toggle.lua enable|disable --name NAME
--
-- For cron, where a "%" must be written as "\%":
--
--     0 22 * * * lua nightly_toggle.lua disable '^nightly\%-'
--
-- Exit status: 0 all were switched, 1 one failed, 2 wrong usage or configuration, or none was found: nothing
-- was changed.

local aom = require "aom.safe"

local action, pattern, name = arg[1], arg[2], arg[3]
if not pattern or (pattern == "--name") ~= (name ~= nil) then
  io.stderr:write("usage: lua examples/nightly_toggle.lua enable|disable PATTERN\n",
    "       lua examples/nightly_toggle.lua enable|disable --name NAME\n")
  os.exit(2)
end

local selection = { type = "cron", name = name, match = not name and pattern or nil }

local function show(entry, done, total)
  print(("%d/%d  %s  %s"):format(done, total, entry.name or entry.id,
    entry.error and tostring(entry.error) or action .. "d"))
end

-- The kinds of errors that are the caller's.
local WRONG = { argument = true, config = true, credentials = true }

local function must(value, err)
  if value then return value end
  io.stderr:write(tostring(err), "\n")
  os.exit(WRONG[err.kind] and 2 or 1)
end

local client = must(aom.client())
local report = must(client:trigger_all(selection, action, { on_result = show }))
client:close()
print(("%d switched, %d failed"):format(report.succeeded, report.failed))
os.exit(report.failed == 0 and 0 or 1)

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
-- Exit status: 0 all were switched, 1 one failed or none was found, 2 wrong usage or configuration.

local aom = require "aom"

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

local made, client = pcall(aom.client)
if not made then
  io.stderr:write(tostring(client), "\n")
  os.exit(2)
end
local ok, report = pcall(client.trigger_all, client, selection, action, { on_result = show })
client:close()
if not ok then
  io.stderr:write(tostring(report), "\n")
  os.exit(1)
end
print(("%d switched, %d failed"):format(report.succeeded, report.failed))
os.exit(report.failed == 0 and 0 or 1)

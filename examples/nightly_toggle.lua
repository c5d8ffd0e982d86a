-- Switches every workflow on or off whose name matches a Lua pattern.
--
--     lua examples/nightly_toggle.lua enable|disable PATTERN
--
-- From cron, as `0 22 * * * lua nightly_toggle.lua disable '^nightly%-'`: it ends with
-- status 0 only when every workflow was switched.

local aom = require "aom"

local action, pattern = arg[1], arg[2]
if not pattern then
  io.stderr:write("usage: lua examples/nightly_toggle.lua enable|disable PATTERN\n")
  os.exit(2)
end

local function show(entry, done, total)
  print(("%d/%d  %s  %s"):format(done, total, entry.name or entry.id,
    entry.error and tostring(entry.error) or action .. "d"))
end

local client = aom.client()
local ok, report = pcall(client.trigger_all, client, { match = pattern, type = "cron" }, action, { on_result = show })
client:close()
if not ok then
  io.stderr:write(tostring(report), "\n")
  os.exit(1)
end
print(("%d switched, %d failed"):format(report.succeeded, report.failed))
os.exit(report.failed == 0 and 0 or 1)

-- Switches the workflow of a name in several regions at once, and prints one report.
--
--     lua examples/two_regions.lua enable|disable NAME PROJECT_ID@ENDPOINT PROJECT_ID@ENDPOINT …
--
-- for example
--
--     lua examples/two_regions.lua disable nightly-backup \
--       0123456789abcdef0123456789abcdef@https://aom.cn-north-4.myhuaweicloud.com \
--       fedcba9876543210fedcba9876543210@https://aom.cn-east-3.myhuaweicloud.com
--
-- Credentials come from the environment or the profile. Exit status: 0 all were switched,
-- 1 one failed or was not found, 2 wrong usage or configuration.

local aom = require "aom.safe"

local action, name, places = arg[1], arg[2], {}
for i = 3, #arg do
  local project, endpoint = arg[i]:match "^(%w+)@(.+)$"
  places[#places + 1] = project and { project = project, endpoint = endpoint } or nil
end
if action ~= "enable" and action ~= "disable" or #places < 1 or #places ~= #arg - 2 then
  io.stderr:write("usage: lua examples/two_regions.lua enable|disable NAME PROJECT_ID@ENDPOINT …\n")
  os.exit(2)
end

--- Requests that are refused at once are wrong: nothing was changed.
local function must(value, err)
  if value then return value end
  io.stderr:write(tostring(err), "\n")
  os.exit(2)
end

-- One client signs for all: a key pair belongs to the account, not to a region.
local client = must(aom.client { endpoint = places[1].endpoint, project_id = places[1].project })

local function at(place, request)
  request.endpoint, request.project_id = place.endpoint, place.project
  return request
end

local lists = {}
for i, place in ipairs(places) do
  lists[i] = at(place, {
    method = "POST", path = "/v1/{project_id}/cms/workflow-list", idempotent = true,
    body = { search = name, sort_field = "create_time", sort_type = "ASC", page = 1, size = 100 },
  })
end

local switches, failed = {}, 0
for i, entry in ipairs(must(client:request_all(lists))) do
  local found = #switches
  for _, workflow in ipairs(entry.result and entry.result.data.elements or {}) do
    if workflow.name == name then
      switches[#switches + 1] = at(places[i], {
        method = "PUT", path = "/v1/{project_id}/cms/workflow/" .. workflow.id .. "/trigger/action",
        query = { action = action },
      })
    end
  end
  if #switches == found then
    failed = failed + 1
    print(("%s  %s"):format(places[i].endpoint, entry.error and tostring(entry.error) or "has no workflow " .. name))
  end
end

local report = must(client:request_all(switches, {
  on_result = function(entry)
    print(("%s  %s"):format(entry.request.endpoint, entry.error and tostring(entry.error) or action .. "d"))
  end,
}))
client:close()
print(("%d switched, %d failed"):format(report.succeeded, report.failed + failed))
os.exit(report.failed + failed == 0 and 0 or 1)

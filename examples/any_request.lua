-- Lists what a service has, page by page, and creates something in it, by requests that no
-- method of this library describes. The paths are those of AOM's workflows; write those of
-- your own service in their place.
--
--     lua examples/any_request.lua ENDPOINT              list
--     lua examples/any_request.lua ENDPOINT NAME         create a workflow called NAME, then list
--
-- ENDPOINT is the base URL of the service, such as https://aom.cn-north-4.myhuaweicloud.com;
-- credentials, region and project come from the environment or the profile.
--
-- Exit status: 0 done, 1 a request failed, 2 wrong usage or configuration.

local aom = require "aom.safe"

local endpoint, name = arg[1], arg[2]
if not endpoint then
  io.stderr:write("usage: lua examples/any_request.lua ENDPOINT [NAME]\n")
  os.exit(2)
end

-- The kinds of errors that are the caller's.
local WRONG = { argument = true, config = true, credentials = true }

local function fail(err)
  io.stderr:write(tostring(err), "\n")
  os.exit(WRONG[err.kind] and 2 or 1)
end

-- What goes wrong on the way is printed as it happens.
local client, err = aom.client { on_event = aom.log "warn" }
if not client then return fail(err) end

if name then
  local answer
  answer, err = client:request {
    method = "POST", path = "/v1/{project_id}/cms/workflow", endpoint = endpoint,
    body = { name = name, type = "cron", task_type = "customize", template_id = "t-1", input = {},
      quote = aom.list {} },
  }
  if not answer then return fail(err) end
  print(("created %s: %s"):format(name, answer.data.id))
end

-- This list is asked for by a POST, which may be repeated all the same.
local function page_of(number) return { page = number, size = 100, sort_field = "create_time", sort_type = "ASC" } end

local number, count = 1, 0

local function next_page(answer)
  if #answer.data.elements < 100 then return nil end
  number = number + 1
  return {}, page_of(number)
end

for page, failure in client:pages {
  method = "POST", path = "/v1/{project_id}/cms/workflow-list", endpoint = endpoint, idempotent = true,
  body = page_of(1), next = next_page,
} do
  if not page then return fail(failure) end
  for _, workflow in ipairs(page.data.elements) do
    count = count + 1
    print(("%-40s %s"):format(workflow.id, workflow.name))
  end
end
print(("%d in all"):format(count))
client:close()

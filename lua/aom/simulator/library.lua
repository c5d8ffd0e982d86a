--- The scripts with their versions, the jobs, and the templates of the simulated account.
-- They are settings, which the service only lists.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"
local listing = require "aom.simulator.listing"

local library = {}

local rules = {
  sort = "order_by_column", direction = "sort_order", page = "page_num", size = "page_size",
  columns = { name = true, create_time = true, update_time = true },
}

local loose_rules = { optional_direction = true }
for name, value in pairs(rules) do
  loose_rules[name] = value
end

-- The entries of a setting that pass the filter, each with its id and its position.
local function entries(map, passes)
  local ids, found = {}, {}
  for id in pairs(map) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  for place, id in ipairs(ids) do
    local entry = { id = id, name = id, order = place }
    for name, value in pairs(map[id] ~= true and map[id] or {}) do
      entry[name] = value
    end
    if passes(entry) then
      found[#found + 1] = entry
    end
  end
  return found
end

local function view(entry)
  local shown = {}
  for name, value in pairs(entry) do
    shown[name] = value
  end
  shown.order, shown.versions = nil, nil
  return shown
end

-- Makes a handler that lists the entries of a setting.
local function lists(setting, the_rules, passes)
  return function(context, request)
    local body = listing.parse(request, the_rules)
    if not body then
      return listing.invalid()
    end
    local found = entries(context.settings[setting], function(entry)
      return listing.contains(entry.name, body.name) and (not passes or passes(entry, request))
    end)
    return listing.answer(found, body, the_rules, context.settings.page_cap, view)
  end
end

local function script_versions(context, request)
  local body = listing.parse(request, rules)
  local script = body and context.settings.scripts[body.script_id]
  if not body or not script then
    return listing.invalid()
  end
  local found = {}
  for number = 1, script ~= true and script.versions or 1 do
    found[number] = {
      order = number, script_id = body.script_id, version_id = body.script_id .. "-v" .. number,
      version_number = tostring(number), content = "echo " .. number, status_desc = number == 1 and 1 or 0,
    }
  end
  return listing.answer(found, body, rules, context.settings.page_cap, view)
end

local shares = { public = true, private = true }

local function template(context, request)
  local entry = context.settings.templates[request.parameters.template_id]
  if not shares[request:query_value "share_type"] then
    return listing.invalid()
  elseif not entry then
    return answers.service(404, "AOM.31001404", "The template does not exist")
  end
  local shown = view(entry ~= true and entry or {})
  shown.id, shown.version = request.parameters.template_id, "1"
  shown.nodes = json.array {}
  return answers.json(200, shown)
end

local function of_job(entry, request)
  return entry.job_id == request.parameters.job_id
end

local ROOT = "/v1/{project_id}/cms"

---@type aom.simulator.Route[]
library.routes = {
  { method = "POST", path = ROOT .. "/script/list", handler = lists("scripts", rules) },
  { method = "POST", path = ROOT .. "/script-version-list", handler = script_versions },
  { method = "POST", path = ROOT .. "/job/list", handler = lists("jobs", rules) },
  { method = "POST", path = ROOT .. "/template-list/{job_id}", handler = lists("templates", loose_rules, of_job) },
  { method = "GET", path = ROOT .. "/template/{template_id}", handler = template },
}

return library

--- The scripts with their versions, the jobs, and the templates of the simulated account.
-- They are settings, which the service only lists.

local answers = require "aom.simulator.answers"
local listing = require "aom.simulator.listing"
local shapes = require "aom.simulator.shapes"

local library = {}

local rules = {
  sort = "order_by_column", direction = "sort_order", page = "page_num", size = "page_size",
  columns = { name = true, create_time = true, update_time = true },
  types = { page_num = "integer", page_size = "integer", name = "string", script_id = "string" },
}

local loose_rules = { optional_direction = true }
for name, value in pairs(rules) do
  loose_rules[name] = value
end

-- An entry of a setting, with its id and its position.
local function entry_of(id, fields, place)
  local entry = { id = id, name = listing.name_of(id), order = place }
  for name, value in pairs(fields ~= true and fields or {}) do
    entry[name] = value
  end
  return entry
end

-- The entries of a setting that pass the filter.
local function entries(map, passes)
  local ids, found = {}, {}
  for id in pairs(map) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  for place, id in ipairs(ids) do
    local entry = entry_of(id, map[id], place)
    if passes(entry) then
      found[#found + 1] = entry
    end
  end
  return found
end

local BY = "operator"

-- What is known of every entry, and where it is.
local function view(context, request, shape, entry)
  local time = context.began * 1000
  local values = { create_time = time, update_time = time, create_by = BY, update_by = BY,
    enterprise_project_id = "0", project_id = request.parameters.project_id, is_latest_version = true,
    version_number = 1, version = "1", job_version = 1, share_type = "private", script_language = "SHELL",
    online_exist_status = true, online_id = entry.id .. "-v1" }
  for name, value in pairs(entry) do
    values[name] = value
  end
  return shapes.show(shape, values)
end

-- Makes a handler that lists the entries of a setting.
local function lists(setting, the_rules, shape, passes)
  return function(context, request)
    local body = listing.parse(request, the_rules)
    if not body then
      return listing.invalid()
    end
    local found = entries(context.settings[setting], function(entry)
      return listing.contains(entry.name, body.name) and (not passes or passes(entry, request))
    end)
    return listing.answer(found, body, the_rules, context.settings.page_cap, function(entry)
      return view(context, request, shape, entry)
    end)
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
    local entry = entry_of(body.script_id, script, number)
    entry.script_id, entry.version_id = body.script_id, body.script_id .. "-v" .. number
    entry.version_number, entry.content = tostring(number), "echo " .. number
    entry.status_desc, entry.job_reference_number = number == 1 and 1 or 0, 0
    found[number] = entry
  end
  return listing.answer(found, body, rules, context.settings.page_cap, function(entry)
    return view(context, request, shapes.script_version, entry)
  end)
end

local shares = { public = true, private = true }

local function template(context, request)
  local entry = context.settings.templates[request.parameters.template_id]
  if not shares[request:query_value "share_type"] then
    return listing.invalid()
  elseif not entry then
    return answers.service(404, "AOM.31001404", "The template does not exist")
  end
  local id = request.parameters.template_id
  return answers.json(200, view(context, request, shapes.template, entry_of(id, entry)))
end

local function of_job(entry, request)
  return entry.job_id == request.parameters.job_id
end

local ROOT = "/v1/{project_id}/cms"

---@type aom.simulator.Route[]
library.routes = {
  { method = "POST", path = ROOT .. "/script/list", handler = lists("scripts", rules, shapes.script) },
  { method = "POST", path = ROOT .. "/script-version-list", handler = script_versions },
  { method = "POST", path = ROOT .. "/job/list", handler = lists("jobs", rules, shapes.job) },
  {
    method = "POST",
    path = ROOT .. "/template-list/{job_id}",
    handler = lists("templates", loose_rules, shapes.template, of_job),
  },
  { method = "GET", path = ROOT .. "/template/{template_id}", handler = template },
}

return library

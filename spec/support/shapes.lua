--- What the service's reference says of the fields of its answers, and a check of a decoded
--- answer against it: no other field, each of its type.

local cjson = require "cjson"

local shapes = {}

--- Fields by type. A name with `*` is required.
local models = {
  workflow = {
    text = "id name* type description create_by update_by template_name template_id last_execution_id status job_name "
      .. "job_id service_scenario service_name task_type project_id workflow_id task_status output trigger_id "
      .. "trigger_status approve_id enterprise_project_id last_execute_by",
    time = "create_time update_time last_execution_start_time last_execution_end_time edit_time",
    flag = "is_delete",
    texts = "citation_urns quote execution_action_rules execution_permission",
    text_map = "tags",
    map = "input template_i18n",
    list = "nodes global_parameters steps",
  },
  execution = {
    text = "workflow_id execution_id* status* project_id last_record_id_with_snapshot",
    time = "begin_time* end_time last_update_time* workflow_edit_time",
    texts = "approve_user_name_list*",
    step = "execution_result_list*",
  },
  step = { text = "node_id* function_execution_id status*", time = "begin_time* end_time", map = "output" },
  script = {
    text = "create_by description enterprise_project_id id name* online_id project_id script_language* update_by",
    time = "create_time update_time", flag = "online_exist_status", approval = "approve_info", rate = "rate_control",
  },
  script_version = {
    text = "content* create_by enterprise_project_id name project_id script_id script_language update_by version_id "
      .. "version_number",
    time = "create_time update_time", count = "job_reference_number status_desc", list = "job_reference_name",
  },
  job = {
    text = "id name* create_by update_by description enterprise_project_id* project_id*",
    time = "create_time update_time", list = "steps* parameters*", flag = "is_latest_version",
    count = "version_number", approval = "approve_info*", rate = "rate_control*",
  },
  template = {
    text = "create_by enterprise_project_id id job_id name project_id share_type update_by version",
    time = "create_time update_time", flag = "is_collect is_publish need_synchronize", count = "job_version",
    list = "nodes parameters steps", texts = "quote", approval = "approve_info", rate = "rate_control",
  },
  approval = { text = "topic_selected smn_urn_list", flag = "need_approve" },
  rate = { flag = "have_rate_control", count = "time_delay max" },
}
-- A list of executions says who began each.
models.listed_execution = { text = models.execution.text .. " created_by*", time = models.execution.time,
  texts = models.execution.texts, step = models.execution.step }

local check

local function all(value, kind)
  if type(value) ~= "table" then return false end
  for _, item in pairs(value) do
    if type(item) ~= kind then return false end
  end
  return true
end

local function is_list(value) return type(value) == "table" and (next(value) == nil or value[1] ~= nil) end

local kinds = {
  text = function(value) return type(value) == "string" end,
  -- As JSON a whole number of milliseconds, thirteen digits at most.
  time = function(value) return type(value) == "number" and value % 1 == 0 and value > 1e12 and value < 1e13 end,
  count = function(value) return type(value) == "number" and value % 1 == 0 end,
  flag = function(value) return type(value) == "boolean" end,
  texts = function(value) return is_list(value) and all(value, "string") end,
  text_map = function(value) return all(value, "string") end,
  map = function(value) return type(value) == "table" and value[1] == nil end,
  list = is_list,
  step = function(value)
    for _, step in ipairs(is_list(value) and value or { 0 }) do
      if check("step", step) then return false end
    end
    return is_list(value)
  end,
  approval = function(value) return check("approval", value) == nil end,
  rate = function(value) return check("rate", value) == nil end,
}

function check(name, value)
  if type(value) ~= "table" then return name .. " is no object" end
  local known = {}
  for kind, names in pairs(models[name]) do
    for field, required in names:gmatch "([%w_]+)(%*?)" do
      known[field] = true
      local given = value[field]
      if given == nil then
        if required == "*" then return field .. " is missing" end
      elseif not kinds[kind](given) then
        return ("%s is %s"):format(field, cjson.encode(given))
      end
    end
  end
  for field in pairs(value) do
    if not known[field] then return ("%s is not in the reference"):format(field) end
  end
end

--- What is wrong with an object, nil for nothing.
---@param name string
---@param value any
---@return string|nil
shapes.check = check

return shapes

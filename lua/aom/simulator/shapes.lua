--- The fields of the service's answers, as its reference lists them: what a handler knows is
-- shown under these names and no others. A list or a map without entries is shown empty, a
-- flag is false, and a text or a number that is not known is left out.

local json = require "aom.simulator.json"

local shapes = {}

local function empty_list()
  return json.array {}
end

local function empty_map()
  return {}
end

-- The values that a field has without one of its own.
local absent = {
  plain = function() end,
  flags = function()
    return false
  end,
  lists = empty_list,
  maps = empty_map,
  translations = function()
    return { ["en-us"] = {}, ["zh-cn"] = {} }
  end,
  approvals = function()
    return { topic_selected = "", need_approve = false, smn_urn_list = "" }
  end,
  rates = function()
    return { have_rate_control = false, time_delay = 0, max = 1 }
  end,
}

local function shape(kinds)
  local fields = {}
  for kind, names in pairs(kinds) do
    for name in names:gmatch "%S+" do
      fields[name] = kind
    end
  end
  return fields
end

shapes.workflow = shape {
  plain = "id name type description create_time create_by update_time update_by template_name template_id "
    .. "last_execution_id status last_execution_start_time last_execution_end_time job_name job_id "
    .. "service_scenario service_name task_type project_id workflow_id task_status edit_time output trigger_id "
    .. "trigger_status approve_id enterprise_project_id last_execute_by",
  flags = "is_delete",
  lists = "citation_urns quote nodes execution_action_rules execution_permission global_parameters steps",
  maps = "tags input",
  translations = "template_i18n",
}

-- An execution by itself has no `created_by`, which the list of executions has.
shapes.execution = shape {
  plain = "workflow_id execution_id status begin_time end_time last_update_time project_id workflow_edit_time "
    .. "last_record_id_with_snapshot",
  lists = "approve_user_name_list execution_result_list",
}

shapes.listed_execution = shape {
  plain = "workflow_id execution_id status begin_time end_time last_update_time created_by project_id "
    .. "workflow_edit_time last_record_id_with_snapshot",
  lists = "approve_user_name_list execution_result_list",
}

shapes.script = shape {
  plain = "create_by create_time description enterprise_project_id id name online_id project_id script_language "
    .. "update_by update_time",
  flags = "online_exist_status",
  approvals = "approve_info",
  rates = "rate_control",
}

shapes.script_version = shape {
  plain = "content create_by create_time enterprise_project_id name project_id job_reference_number script_id "
    .. "script_language status_desc update_by update_time version_id version_number",
  lists = "job_reference_name",
}

shapes.job = shape {
  plain = "id name create_time create_by update_time update_by description enterprise_project_id project_id "
    .. "version_number",
  flags = "is_latest_version",
  lists = "steps parameters",
  approvals = "approve_info",
  rates = "rate_control",
}

shapes.template = shape {
  plain = "create_by create_time enterprise_project_id id job_id job_version name project_id share_type update_by "
    .. "update_time version",
  flags = "is_collect is_publish need_synchronize",
  lists = "nodes parameters quote steps",
  approvals = "approve_info",
  rates = "rate_control",
}

--- The fields of a shape, with the values that are known.
---@param fields table<string, string> one of the shapes
---@param values table
---@param known table|nil values that precede those
---@return table
function shapes.show(fields, values, known)
  local shown = {}
  for name, kind in pairs(fields) do
    local value = known and known[name]
    if value == nil then
      value = values[name]
    end
    if value == nil then
      value = absent[kind]()
    end
    shown[name] = value
  end
  return shown
end

return shapes

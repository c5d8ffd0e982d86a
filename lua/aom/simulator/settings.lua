--- The settings that can change while the simulator runs. Each is checked, so that a
-- misspelt setting in a test is an error and changes nothing.

local clock = require "aom.simulator.clock"
local issued = require "aom.simulator.issued"
local json = require "aom.simulator.json"

local settings = {}

local function is_kind(kind)
  return function(value)
    return type(value) == kind, "must be a " .. kind
  end
end

local function is_seconds(value)
  return type(value) == "number" and value >= 0, "must be a number of seconds"
end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0, "must be a whole number, 1 or more"
end

--- Header values, each a string or a list of strings.
---@param value any
---@return boolean
---@return string reason why it is refused
function settings.is_headers(value)
  local reason = "must map header names to a string or a list of strings without line ends"
  if type(value) ~= "table" then
    return false, reason
  end
  for name, given in pairs(value) do
    for _, text in ipairs(type(given) == "table" and given or { given }) do
      if type(name) ~= "string" or type(text) ~= "string" or (name .. text):find("[\r\n]") then
        return false, reason
      end
    end
  end
  return true, reason
end

-- Maps of changes: a value adds or replaces an entry, false or null removes it.
local function is_changes(accepts, hint)
  return function(value)
    if type(value) ~= "table" then
      return false, hint
    end
    for name, entry in pairs(value) do
      local removed = entry == false or entry == json.null
      if type(name) ~= "string" or not (removed or accepts(entry)) then
        return false, hint
      end
    end
    return true
  end
end

local function is_key(entry)
  return type(entry) == "table" and type(entry.sk) == "string"
end

local function is_entry(entry)
  return entry == true or type(entry) == "table"
end

local function is_run(run)
  return type(run) == "table" and type(run.status) == "string" and is_seconds(run.ago) and is_seconds(run.took)
end

-- A workflow, and the runs of its past, the oldest one first.
local function is_workflow(entry)
  if type(entry) ~= "table" then
    return entry == true
  end
  if entry.runs ~= nil and type(entry.runs) ~= "table" then
    return false
  end
  for _, run in ipairs(entry.runs or {}) do
    if not is_run(run) then
      return false
    end
  end
  return true
end

local function is_time(value)
  return type(value) == "string" and clock.parse(value) ~= nil, "must look like 20260102T030405Z"
end

local function is_user(entry)
  return type(entry) == "table" and type(entry.password) == "string" and type(entry.domain) == "string"
end

local function is_id_token(entry)
  return type(entry) == "table" and type(entry.idp) == "string"
end

local checks = {
  latency = is_seconds,
  time = is_time,
  clock_offset = is_kind "number",
  echo_canonical = is_kind "boolean",
  auto_create = is_kind "boolean",
  catch_all = is_kind "boolean",
  lock = is_kind "boolean",
  success_body = is_kind "string",
  response_headers = settings.is_headers,
  keys = is_changes(is_key, "must map access keys to {sk, security_token} or false"),
  tokens = is_changes(is_entry, "must map tokens to true, {expired} or false"),
  projects = is_changes(is_entry, "must map project ids to true, {name} or false"),
  users = is_changes(is_user, "must map user names to {password, domain} or false"),
  id_tokens = is_changes(is_id_token, "must map id tokens to {idp} or false"),
  pod_tokens = is_changes(is_entry, "must map the tokens of pods to true or false"),
  token_lifetime = is_kind "number",
  key_lifetime = is_kind "number",
  metadata_tokens = is_kind "boolean",
  metadata_agency = is_kind "boolean",
  expire_issued = is_kind "boolean",
  workflows = is_changes(is_workflow,
    "must map workflow ids to true, {name, type, trigger_status, runs = a list of {status, ago, took}} or false"),
  scripts = is_changes(is_entry, "must map script ids to true, {name, versions} or false"),
  jobs = is_changes(is_entry, "must map job ids to true, {name} or false"),
  templates = is_changes(is_entry, "must map template ids to true, {name, job_id} or false"),
  page_cap = is_count,
  nested_lists = is_kind "boolean",
  execution_time = is_seconds,
  execution_outcome = is_kind "string",
}

local merged = { keys = true, tokens = true, projects = true, workflows = true, users = true, id_tokens = true,
  pod_tokens = true, scripts = true, jobs = true, templates = true }

--- The defaults.
---@return table
function settings.defaults()
  return {
    latency = 0,
    clock_offset = 0,
    echo_canonical = true,
    auto_create = false,
    catch_all = false,
    lock = true,
    success_body = "{\"success\"}",
    response_headers = {},
    keys = {},
    tokens = {},
    projects = {},
    users = {},
    id_tokens = {},
    pod_tokens = {},
    token_lifetime = 86400,
    key_lifetime = 86400,
    metadata_tokens = true,
    metadata_agency = true,
    scripts = {},
    jobs = {},
    templates = {},
    page_cap = 1000,
    nested_lists = false,
    execution_time = 0,
    execution_outcome = "success",
  }
end

--- Checks changes without applying them.
---@param changes any
---@return boolean|nil ok
---@return string|nil err
function settings.check(changes)
  if type(changes) ~= "table" then
    return nil, "settings must be an object"
  end
  for name, value in pairs(changes) do
    if not checks[name] then
      return nil, "unknown setting '" .. tostring(name) .. "'"
    end
    local ok, why = checks[name](value)
    if not ok then
      return nil, "setting '" .. name .. "' " .. why
    end
  end
  return true
end

local function merge(into, changes)
  for name, entry in pairs(changes) do
    into[name] = entry ~= false and entry ~= json.null and entry or nil
  end
end

--- Applies checked changes, except those of workflows, which the caller keeps.
---@param current table
---@param changes table
function settings.apply(current, changes)
  for name, value in pairs(changes) do
    if name == "time" then
      current.clock_offset = clock.parse(value) - os.time()
    elseif name == "expire_issued" then
      issued.expire(current)
    elseif not merged[name] then
      current[name] = value
    elseif current[name] then
      merge(current[name], value)
    end
  end
end

local function sorted_names(map)
  local list = json.array {}
  for name in pairs(map) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

--- The settings for display, without secret keys and tokens.
---@param current table
---@return table
function settings.describe(current)
  local shown = {}
  for name, value in pairs(current) do
    shown[name] = value
  end
  shown.keys, shown.projects = sorted_names(current.keys), sorted_names(current.projects)
  shown.users = sorted_names(current.users)
  for _, name in ipairs { "tokens", "id_tokens", "pod_tokens" } do
    shown[name] = #sorted_names(current[name])
  end
  return shown
end

return settings

--- The credentials profile: an INI file, by default ~/.huaweicloud/credentials,
--- whose section [basic] holds the keys of one account.
---
---     [basic]
---     ak = …
---     sk = …
---     project_id = …

local credential_kinds = require "aom.config.credential_kinds"
local errors = require "aom.util.errors"
local has_control = require "aom.util.text".has_control
local trim = require "aom.util.text".trim

local profile = {}

--- The keys that are not credentials. All have the names of client options.
local keys = {
  project_id = true, region = true, endpoint = true, iam_endpoint = true, metadata = true, metadata_endpoint = true,
}
for name in pairs(credential_kinds.variables) do keys[name] = true end

---@param system aom.System
---@return string|nil path
---@return boolean|nil explicit  a variable names it
function profile.path(system)
  local explicit = system.getenv "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
  if explicit then return explicit, true end
  local home = system.getenv "HOME" or system.getenv "USERPROFILE"
  if home then return home .. "/.huaweicloud/credentials", false end
end

local OTHERS = 63 -- the permission bits of group and others, 077

--- The permission bits of a file that others than its owner may use; nil when no other may,
--- or when that is not known here.
---@param system aom.System
---@param path string
---@return integer|nil
function profile.open_mode(system, path)
  local mode = system.file_mode(path)
  if mode and mode % (OTHERS + 1) ~= 0 then return mode end
end

local function fault(path, number, message)
  -- The line itself stays out of the message: it may hold a secret.
  return errors.config(("profile %s, line %d: %s"):format(path, number, message))
end

--- Reads the text of a profile.
---@param text string
---@param path string  for messages
---@return table<string, table<string, string>>|nil sections
---@return aom.Error|nil err
function profile.parse(text, path)
  local sections, section = {}, nil
  local number = 0
  for raw in (text:gsub("^\239\187\191", "") .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local line = trim(raw)
    local name = line:match("^%[(.*)%]$")
    if name then
      name = trim(name)
      if name == "" then return nil, fault(path, number, "the section has no name") end
      section = sections[name] or {}
      sections[name] = section
    elseif line ~= "" and not line:find("^[#;]") then
      local key, value = line:match("^([%w_%-%.]+)%s*[=:]%s*(.*)$")
      if not key then return nil, fault(path, number, "expected [section] or key = value") end
      if not section then return nil, fault(path, number, "a key stands before the first [section]") end
      if section[key] then return nil, fault(path, number, ("%s is given twice"):format(key)) end
      section[key] = value
    end
  end
  return sections
end

local function usable(section, path)
  local found = {}
  for key, value in pairs(section) do
    if keys[key] and has_control(value) then
      return nil, errors.config(("profile %s: %s holds a control character"):format(path, key))
    end
    if keys[key] and value ~= "" then found[key] = value end
  end
  return found
end

--- The [basic] section of the profile file; an empty table when there is none.
---@param system aom.System
---@return table<string, string>|nil values
---@return aom.Error|nil err
---@return string|nil path
function profile.load(system)
  local path, explicit = profile.path(system)
  if not path then return {}, nil, nil end
  local text, why = system.read_file(path)
  if not text then
    if explicit then
      return nil, errors.config(("HUAWEICLOUD_SDK_CREDENTIALS_FILE: %s"):format(why or path))
    end
    return {}, nil, path
  end
  local sections, err = profile.parse(text, path)
  if not sections then return nil, err, path end
  local values
  values, err = usable(sections.basic or {}, path)
  return values, err, path
end

return profile

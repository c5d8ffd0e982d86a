--- Looks a setting up: argument, then environment, then the profile file. The
--- file is read only when something is looked for in it, and once.

local profile = require "aom.profile"

---@class aom.Source
---@field system aom.System
---@field given table  the checked client options
local Source = {}
Source.__index = Source

local source = {}

--- The variables of single settings; those of credentials stand with their providers.
source.variables = {
  region = "HUAWEICLOUD_SDK_REGION",
  endpoint = "HUAWEICLOUD_SDK_AOM_ENDPOINT",
  project_id = "HUAWEICLOUD_SDK_PROJECT_ID",
  iam_endpoint = "HUAWEICLOUD_SDK_IAM_ENDPOINT",
  metadata = "HUAWEICLOUD_SDK_METADATA",
  metadata_endpoint = "HUAWEICLOUD_SDK_METADATA_ENDPOINT",
}

---@param given table
---@param system aom.System
---@return aom.Source
function source.new(given, system)
  return setmetatable({ given = given, system = system }, Source)
end

--- The values of the profile's [basic] section, and the file's path.
---@return table<string, string>|nil values
---@return string|aom.Error|nil path_or_err
function Source:profile()
  if not self.values and not self.fault then
    self.values, self.fault, self.path = profile.load(self.system)
  end
  if self.fault then return nil, self.fault end
  return self.values, self.path
end

--- Reads the file again the next time: temporary keys in it may have been renewed.
--- No secret of the file's stays here meanwhile.
function Source:forget_profile()
  self.values, self.fault = nil, nil
end

--- Looks among what needs no file: the options and the environment.
---@param name string
---@return string|nil value
---@return string|nil where  where it was found; without a value, nil
function Source:nearby(name)
  if self.given[name] ~= nil then return self.given[name], "option " .. name end
  local variable = source.variables[name]
  local value = self.system.getenv(variable)
  if value then return value, "environment variable " .. variable end
end

---@param name string
---@return string|nil value
---@return string|nil where
---@return aom.Error|nil err  the profile is malformed
function Source:in_profile(name)
  local values, path = self:profile()
  if not values then return nil, nil, path end
  if values[name] then return values[name], ("%s in %s"):format(name, path) end
end

---@param name string
---@return string|nil value
---@return string|nil where
---@return aom.Error|nil err  the profile is malformed
function Source:lookup(name)
  local value, where = self:nearby(name)
  if value ~= nil then return value, where end
  return self:in_profile(name)
end

--- Where `lookup` has looked, for the error that says nothing was found.
---@param name string
---@return string
function Source:searched(name)
  local places = { "option " .. name, "environment variable " .. source.variables[name] }
  local path = profile.path(self.system)
  if path then places[#places + 1] = ("%s under [basic] in %s"):format(name, path) end
  return table.concat(places, ", ")
end

return source

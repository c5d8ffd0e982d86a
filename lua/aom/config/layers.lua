--- Looks a setting up: argument, then environment, then the profile file. The
--- file is read only when something is looked for in it, and once.
---
--- It also knows in which of these places credentials stand, so that nothing of one
--- account is joined to the keys of another.

local profile = require "aom.config.profile"

---@alias aom.Place "option"|"environment"|"profile"

---@class aom.Source
---@field system aom.System
---@field given table  the checked client options
---@field has_given_keys boolean  the options hold credentials, or held them
local Source = {}
Source.__index = Source

local layers = {}

--- The variables of single settings.
layers.variables = {
  region = "HUAWEICLOUD_SDK_REGION",
  endpoint = "HUAWEICLOUD_SDK_AOM_ENDPOINT",
  project_id = "HUAWEICLOUD_SDK_PROJECT_ID",
  iam_endpoint = "HUAWEICLOUD_SDK_IAM_ENDPOINT",
  metadata = "HUAWEICLOUD_SDK_METADATA",
  metadata_endpoint = "HUAWEICLOUD_SDK_METADATA_ENDPOINT",
}

--- The variables of credentials, by the names that options and profile keys have.
layers.credentials = {
  ak = "HUAWEICLOUD_SDK_AK", sk = "HUAWEICLOUD_SDK_SK",
  security_token = "HUAWEICLOUD_SDK_SECURITY_TOKEN",
  token = "HUAWEICLOUD_SDK_TOKEN",
  idp_id = "HUAWEICLOUD_SDK_IDP_ID", id_token_file = "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
  username = "HUAWEICLOUD_SDK_USERNAME", password = "HUAWEICLOUD_SDK_PASSWORD",
  domain_name = "HUAWEICLOUD_SDK_DOMAIN_NAME",
}

--- Looked for when none of the first pair is set; these stand in the provider's samples.
layers.sample_pair = { ak = "CLOUD_SDK_AK", sk = "CLOUD_SDK_SK" }

--- What a cluster tells a pod of its identity.
layers.pod = { uri = "HC_CONTAINER_CREDENTIALS_FULL_URI", file = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE" }

local function has_any(names, read)
  for name, variable in pairs(names) do
    if read(name, variable) ~= nil then return true end
  end
  return false
end

-- A security token says nothing without the pair beside which it stands.
local telling = {}
for name, variable in pairs(layers.credentials) do
  if name ~= "security_token" then telling[name] = variable end
end

---@param given table
---@param system aom.System
---@return aom.Source
function layers.new(given, system)
  local has_keys = given.credentials ~= nil or has_any(layers.credentials, function(name) return given[name] end)
  return setmetatable({ given = given, system = system, has_given_keys = has_keys }, Source)
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
---@return nil
---@return aom.Place|nil place
function Source:nearby(name)
  if self.given[name] ~= nil then return self.given[name], "option " .. name, nil, "option" end
  local variable = layers.variables[name]
  local value = self.system.getenv(variable)
  if value then return value, "environment variable " .. variable, nil, "environment" end
end

---@param name string
---@return string|nil value
---@return string|nil where
---@return aom.Error|nil err  the profile is malformed
---@return aom.Place|nil place
function Source:in_profile(name)
  local values, path = self:profile()
  if not values then return nil, nil, path end
  if values[name] then return values[name], ("%s in %s"):format(name, path), nil, "profile" end
end

---@param name string
---@return string|nil value
---@return string|nil where
---@return aom.Error|nil err  the profile is malformed
function Source:lookup(name)
  local value, where = self:nearby(name)
  if value ~= nil then return value, where end
  local err
  value, where, err = self:in_profile(name)
  return value, where, err
end

local function is_set(value) return value == "true" or value == "1" end

--- Whether anything in a place says who somebody is: credentials, a part of them, or
--- where they are to be had.
local function names_somebody(self, place)
  local getenv = self.system.getenv
  if place == "environment" then
    local function read(_, variable) return getenv(variable) end
    return has_any(layers.credentials, read) or has_any(layers.sample_pair, read) or has_any(layers.pod, read)
      or is_set(getenv(layers.variables.metadata))
  end
  local values = self:profile() or {}
  return has_any(layers.credentials, function(name) return values[name] end) or is_set(values.metadata)
end

--- The place whose credentials a client uses; nil where they are asked for elsewhere.
--- The providers of credentials look in the same order.
---@return aom.Place|nil
function Source:holder()
  if self.has_given_keys then return "option" end
  local getenv = self.system.getenv
  local function read(_, variable) return getenv(variable) end
  if has_any(telling, read) or has_any(layers.sample_pair, read) then return "environment" end
  local values = self:profile() or {}
  if has_any(telling, function(name) return values[name] end) then return "profile" end
end

--- Whether a place describes another account than the one whose credentials are used.
--- Options never do: nothing comes before them.
local function is_foreign(self, place)
  if place == "option" or not names_somebody(self, place) then return false end
  local holder = self:holder()
  return holder ~= nil and holder ~= place
end

local function passed_over(where)
  return where .. " was passed over, since other credentials than those in use stand beside it"
end

--- Looks up what belongs to one account. What stands beside other credentials than those
--- in use is another account's, and is passed over.
---@param name string
---@param also? aom.Place  whatever stands there is taken
---@return string|nil value
---@return string|nil where
---@return aom.Error|nil err  the profile is malformed
---@return string|nil passed  what was passed over, for people
function Source:own(name, also)
  local passed
  for _, look in ipairs { self.nearby, self.in_profile } do
    local value, where, err, place = look(self, name)
    if err then return nil, nil, err end
    if value ~= nil then
      if place == also or not is_foreign(self, place) then return value, where, nil, passed end
      passed = passed and passed .. "; " .. passed_over(where) or passed_over(where)
    end
  end
  return nil, nil, nil, passed
end

--- Where `lookup` has looked, for the error that says nothing was found.
---@param name string
---@return string
function Source:searched(name)
  local places = { "option " .. name, "environment variable " .. layers.variables[name] }
  local path = profile.path(self.system)
  if path then places[#places + 1] = ("%s under [basic] in %s"):format(name, path) end
  return table.concat(places, ", ")
end

return layers

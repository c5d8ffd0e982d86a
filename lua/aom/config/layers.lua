--- Looks up a setting: option, then environment, then profile. It also knows which of these
--- places hold credentials, so that settings of one account are never combined with keys of
--- another, and keeps the one record of where each setting was found. The profile is read
--- once, and only when something is looked for in it.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"

local paste = lazy "aom.config.paste"
local profile = lazy "aom.config.profile"

---@alias aom.Place "option"|"environment"|"profile"

--- Where a setting was found.
---@class aom.Origin
---@field where? string     for people
---@field place? aom.Place  nil: in none of them
---@field passed? string    what was found and belongs to another account, for people

---@class aom.Source
---@field system aom.System
---@field given table  the checked client options
---@field has_given_keys boolean  the options hold credentials, or held them
---@field provenance table<"region"|"endpoint"|"project_id"|"iam_endpoint"|"credentials", aom.Origin>
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

--- The variables by which a cluster gives a pod its identity.
layers.pod = { uri = "HC_CONTAINER_CREDENTIALS_FULL_URI", file = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE" }

-- The variables of the fields that some kind of credentials requires. The others, such as a
-- security token, mean nothing alone.
local required = {}
for _, kind in ipairs(kinds.list) do
  for _, name in ipairs(kind.required) do required[name] = kinds.variables[name] end
end

--- Whether the values of a place, by field, hold one of some fields.
local function has_any(fields, values)
  for name in each.pair(fields) do
    if values[name] ~= nil then return true end
  end
  return false
end

--- Blanks alone are nothing.
local function is_any_set(variables, getenv)
  for _, variable in each.pair(variables) do
    if (getenv(variable) or ""):find "%S" then return true end
  end
  return false
end

---@param given table
---@param system aom.System
---@return aom.Source
function layers.new(given, system)
  return setmetatable({
    given = given, system = system, has_given_keys = has_any(kinds.fields, given),
    provenance = { region = {}, endpoint = {}, project_id = {}, iam_endpoint = {}, credentials = {} },
  }, Source)
end

--- Records where a setting was found.
---@param name string
---@param where? string
---@param place? aom.Place
---@param passed? string
function Source:note(name, where, place, passed)
  local origin = self.provenance[name]
  if origin then origin.where, origin.place, origin.passed = where, place, passed or origin.passed end
end

--- The value of an environment variable.
---@param name string      the setting that it gives
---@param variable string
---@return string|nil
---@return aom.Error|nil err  it holds what cannot be meant
function Source:variable(name, variable)
  local text = self.system.getenv(variable)
  if not text then return nil end
  local value, problem = paste.from_variable(name, text)
  if problem then return nil, errors.config(("environment variable %s %s"):format(variable, problem)) end
  return value
end

--- The values of the profile's [basic] section, and the file's path.
---@return table<string, string>|nil values
---@return string|aom.Error|nil path_or_err
function Source:profile()
  if not self.values and not self.fault then
    self.values, self.fault, self.path, self.lack = profile.load(self.system)
  end
  if self.fault then return nil, self.fault end
  return self.values, self.path
end

--- The next look reads the file again: temporary keys in it may have been renewed.
--- Until then no secret of the file stays in memory.
function Source:forget_profile()
  self.values, self.fault = nil, nil
end

--- Looks in the places that need no file: the options and the environment.
---@param name string
---@return string|nil value
---@return string|nil where  where it was found; without a value, nil
---@return aom.Error|nil err  the variable holds what cannot be meant
---@return aom.Place|nil place
function Source:nearby(name)
  if self.given[name] ~= nil then return self.given[name], "option " .. name, nil, "option" end
  local variable = layers.variables[name]
  local value, err = self:variable(name, variable)
  if value then return value, "environment variable " .. variable, nil, "environment" end
  return nil, nil, err
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
---@return aom.Error|nil err  the variable or the profile is malformed
function Source:lookup(name)
  local value, where, err = self:nearby(name)
  if value ~= nil or err then return value, where, err end
  value, where, err = self:in_profile(name)
  return value, where, err
end

local function is_set(value)
  value = value and paste.from_variable("metadata", value)
  return value == "true" or value == "1"
end

--- Whether a place has credentials, a part of them, or says where to ask for them.
local function names_account(self, place)
  if place == "environment" then
    local getenv = self.system.getenv
    return is_any_set(kinds.variables, getenv) or is_any_set(kinds.samples, getenv)
      or is_any_set(layers.pod, getenv) or is_set(getenv(layers.variables.metadata))
  end
  local values = self:profile() or {}
  return has_any(kinds.variables, values) or is_set(values.metadata)
end

--- The place whose credentials a client uses; nil where they are asked for elsewhere.
--- The providers of credentials look in the same order.
---@return aom.Place|nil
function Source:holder()
  if self.has_given_keys then return "option" end
  local getenv = self.system.getenv
  if is_any_set(required, getenv) or is_any_set(kinds.samples, getenv) then return "environment" end
  if has_any(required, self:profile() or {}) then return "profile" end
end

--- Whether a place describes another account than the one whose credentials are used.
--- Options never do, since they come first.
local function is_foreign(self, place)
  if place == "option" or not names_account(self, place) then return false end
  local holder = self:holder()
  return holder ~= nil and holder ~= place
end

local function passed_over(where)
  return where .. " was ignored, because it is set next to credentials other than those in use"
end

--- Looks up a setting that belongs to an account, and records where it was found. One that
--- stands beside other credentials than those in use belongs to another account, and is
--- ignored.
---@param name string
---@param also? aom.Place  what is set there is never ignored
---@return string|nil value
---@return aom.Error|nil err  the variable or the profile is malformed
function Source:own(name, also)
  local passed
  for _, look in ipairs { self.nearby, self.in_profile } do
    local value, where, err, place = look(self, name)
    if err then return nil, err end
    if value ~= nil then
      if place == also or not is_foreign(self, place) then
        self:note(name, where, place, passed)
        return value
      end
      passed = passed and passed .. "; " .. passed_over(where) or passed_over(where)
    end
  end
  self:note(name, nil, nil, passed)
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

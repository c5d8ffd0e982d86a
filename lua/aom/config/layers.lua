--- Looks up a setting: option, then environment, then profile. It also knows which of these
--- places hold credentials, so that settings of one account are never combined with keys of
--- another, and keeps the one record of where each setting was found. The profile is read
--- once, and only when something is looked for in it.

local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"

local paste = lazy "aom.config.paste"

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
--- What it does where an option does not tell is loaded then.
local Source = setmetatable({}, { __index = lazy "aom.config.places" })
Source.__index = Source

local layers = {}

--- The variables of single settings.
Source.variables = {
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
function layers.new(given, system)
  return setmetatable({
    given = given, system = system, has_given_keys = kinds.has_any(kinds.fields, given),
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
  local variable = self.variables[name]
  local value, err = self:variable(name, variable)
  if value then return value, "environment variable " .. variable, nil, "environment" end
  return nil, nil, err
end

--- Looks up a setting that belongs to an account, and records where it was found. One that
--- stands beside other credentials than those in use belongs to another account, and is
--- ignored.
---@param name string
---@param also? aom.Place  what is set there is never ignored
---@return string|nil value
---@return aom.Error|nil err  the variable or the profile is malformed
function Source:own(name, also)
  local given = self.given[name]
  if given == nil then return self:own_of_place(name, also) end
  self:note(name, "option " .. name, "option")
  return given
end

return layers

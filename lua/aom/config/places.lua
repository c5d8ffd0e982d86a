--- What a source of settings does where an option does not tell: it reads the profile, and finds
--- out which of its places describe the account whose credentials are used.

local each = require "aom.util.each"
local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"

local paste = lazy "aom.config.paste"
local profile = lazy "aom.config.profile"

--- Methods of a source.
---@class aom.Source
local Source = {}

-- The variables of the fields that some kind of credentials requires. The others, such as a
-- security token, mean nothing alone.
local required = {}
for _, kind in ipairs(kinds.list) do
  for _, name in ipairs(kind.required) do required[name] = kinds.variables[name] end
end

--- Blanks alone are nothing.
local function is_any_set(variables, getenv)
  for _, variable in each.pair(variables) do
    if (getenv(variable) or ""):find "%S" then return true end
  end
  return false
end

--- The values of the profile's [basic] section, and the file's path.
---@return table<string, string>|nil values
---@return string|aom.Error|nil path_or_err
function Source:profile()
  if not self.values and not self.fault then
    self.values, self.fault, self.path, self.notes = profile.load(self.system)
    if self.notes.strays then profile.warn(self.system, self.notes.strays) end
  end
  if self.fault then return nil, self.fault end
  return self.values, self.path
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
      or is_any_set(kinds.pod, getenv) or is_set(getenv(self.variables.metadata))
  end
  local values = self:profile() or {}
  return kinds.has_any(kinds.variables, values) or is_set(values.metadata)
end

--- The place whose credentials a client uses; nil where they are asked for elsewhere.
--- The providers of credentials look in the same order.
---@return aom.Place|nil
function Source:holder()
  if self.has_given_keys then return "option" end
  local getenv = self.system.getenv
  if is_any_set(required, getenv) or is_any_set(kinds.samples, getenv) then return "environment" end
  if kinds.has_any(required, self:profile() or {}) then return "profile" end
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

--- As `own`, of what is no option.
---@param name string
---@param also? aom.Place
---@return string|nil value
---@return aom.Error|nil err
function Source:own_of_place(name, also)
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

--- How a setting can be given. A variable that was passed over would be passed over again.
---@param name string
---@return string
function Source:remedy(name)
  local variable, passed = self.variables[name], self.provenance[name].passed
  if passed and passed:find(variable, 1, true) then return ("set option %s"):format(name) end
  return ("set option %s or %s"):format(name, variable)
end

--- Where `lookup` has looked, for the error that says nothing was found.
---@param name string
---@return string
function Source:searched(name)
  local places = { "option " .. name, "environment variable " .. self.variables[name] }
  local path = profile.path(self.system)
  if path then
    local notes = self.notes or {}
    places[#places + 1] = ("%s under [basic] in %s%s"):format(name, path,
      notes.unreadable and (" (%s)"):format(notes.lack) or "")
  end
  return table.concat(places, ", ")
end

return Source

--- Credentials from the [basic] section of the profile file.

local errors = require "aom.errors"

---@class aom.ProfileProvider: aom.Provider
local Profile = {}
Profile.__index = Profile

local profile = {}

---@param source aom.Source
---@return aom.Provider
function profile.new(source)
  return setmetatable({ source = source }, Profile)
end

--- Nil without an error when there is no file, or no credentials in it.
function Profile:refresh()
  local values, path = self.source:profile()
  self.source:forget_profile()
  if not values then return nil, path end
  if values.ak and values.sk then
    return { ak = values.ak, sk = values.sk, security_token = values.security_token }
  elseif values.ak or values.sk then
    return nil, errors.config(("profile %s: [basic] has %s and lacks %s"):format(
      path, values.ak and "ak" or "sk", values.ak and "sk" or "ak"))
  elseif values.token then
    return { token = values.token }
  end
  return nil
end

return profile

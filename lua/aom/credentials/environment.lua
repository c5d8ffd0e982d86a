--- Credentials from environment variables.

local errors = require "aom.errors"

---@class aom.EnvironmentProvider: aom.Provider
local Environment = {}
Environment.__index = Environment

local environment = {}

-- In this order; the second pair of names is the one in the provider's samples.
local pairs_of_names = {
  {
    ak = "HUAWEICLOUD_SDK_AK", sk = "HUAWEICLOUD_SDK_SK",
    security_token = "HUAWEICLOUD_SDK_SECURITY_TOKEN",
  },
  { ak = "CLOUD_SDK_AK", sk = "CLOUD_SDK_SK" },
}
local token_name = "HUAWEICLOUD_SDK_TOKEN"

environment.searched = "environment variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, "
  .. "CLOUD_SDK_AK and CLOUD_SDK_SK, or HUAWEICLOUD_SDK_TOKEN"

---@param source aom.Source
---@return aom.Provider
function environment.new(source)
  return setmetatable({ source = source }, Environment)
end

--- Nil without an error when no variable is set.
function Environment:refresh()
  local getenv = self.source.system.getenv
  for _, names in ipairs(pairs_of_names) do
    local ak, sk = getenv(names.ak), getenv(names.sk)
    if ak and sk then
      return { ak = ak, sk = sk, security_token = names.security_token and getenv(names.security_token) }
    elseif ak or sk then
      return nil, errors.config(("environment variable %s is set and %s is not"):format(
        ak and names.ak or names.sk, ak and names.sk or names.ak))
    end
  end
  local token = getenv(token_name)
  if token then return { token = token } end
  return nil
end

return environment

--- Credentials from environment variables.

local errors = require "aom.util.errors"
local layers = require "aom.config.layers"
local stored = require "aom.credentials.providers.stored"

local environment = {}

local names, sample_names = layers.credentials, layers.sample_pair

local skipped = "environment variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, CLOUD_SDK_AK and "
  .. "CLOUD_SDK_SK, HUAWEICLOUD_SDK_TOKEN, HUAWEICLOUD_SDK_USERNAME, or HUAWEICLOUD_SDK_IDP_ID (none is set)"

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped
function environment.new(settings)
  local getenv = settings.source.system.getenv
  local used = names

  local function read()
    local values = {}
    for name, variable in pairs(names) do values[name] = getenv(variable) end
    used = names
    if not (values.ak or values.sk or values.idp_id or values.id_token_file) then
      values.ak, values.sk = getenv(sample_names.ak), getenv(sample_names.sk)
      -- A security token belongs to the pair beside which it stands.
      if values.ak or values.sk then used, values.security_token = sample_names, nil end
    end
    return values
  end

  return stored.new(settings, {
    where = "environment variables", skipped = skipped, read = read,
    complain = function(has, lacks)
      return errors.config(("environment variable %s is set and %s is not"):format(
        used[has] or names[has], used[lacks] or names[lacks]))
    end,
  })
end

return environment

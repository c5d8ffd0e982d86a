--- What settings are called by other tools, by the provider's variables, and by people: names that no
--- count of letters tells, but that can mean one setting only.

local lower = require "aom.util.text".lower

local other_names = {}

-- In small letters, without what stands between words.
local meant = {
  accesskey = "ak", accesskeyid = "ak",
  secret = "sk", secretkey = "sk", secretaccesskey = "sk", accesskeysecret = "sk",
  sessiontoken = "security_token", authtoken = "token",
  user = "username", domain = "domain_name", accountname = "domain_name",
  regionid = "region", regionname = "region",
  project = "project_id",
  url = "endpoint", baseurl = "endpoint", endpointurl = "endpoint", aomendpoint = "endpoint",
}

-- Of variables that hold the same.
local prefixes = { "^huaweicloud_sdk_", "^huaweicloud_", "^cloud_sdk_", "^hw_", "^aws_" }

--- The setting that a name is another one of, if it is one of those known.
---@param name string
---@param known table<string, any>
---@return string|nil
function other_names.of(name, known)
  local bare = lower(name):gsub("-", "_")
  for _, prefix in ipairs(prefixes) do
    local rest, count = bare:gsub(prefix, "")
    if count > 0 then
      if known[rest] then return rest end
      bare = rest
      break
    end
  end
  local found = meant[(bare:gsub("_", ""))]
  return found and known[found] and found or nil
end

return other_names

--- The known regions: their ids, their endpoints, and which of them offer workflow
--- automation.

local similar = require "aom.util.lazy" "aom.util.similar"
local text = require "aom.util.text"

local regions = {}

-- The AOM endpoint of each is https://aom.<id>.myhuaweicloud.com.
local known = {
  "ae-ad-1", "af-north-1", "af-south-1",
  "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
  "cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5",
  "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12",
  "cn-south-1", "cn-south-2", "cn-southwest-2", "cn-southwest-3",
  "la-north-2", "la-south-2", "me-east-1", "my-kualalumpur-1", "na-mexico-1",
  "ru-moscow-1", "ru-northwest-2", "sa-brazil-1", "tr-west-1",
}

-- The API is documented for these alone. Elsewhere the gateway may answer that it is not
-- published.
local automation = { "cn-north-4", "cn-east-2", "cn-east-3", "cn-south-1", "me-east-1" }

--- The regions with workflow automation, for messages.
regions.with_automation = table.concat(automation, ", ", 1, #automation - 1) .. " and " .. automation[#automation]

local function set_of(list)
  local set = {}
  for _, id in ipairs(list) do set[id] = true end
  return set
end

local by_id, automated = set_of(known), set_of(automation)

-- These regions have no identity service of their own: the central one serves them.
local without_iam = {
  ["ru-northwest-2"] = true, ["ap-southeast-5"] = true, ["af-north-1"] = true,
  ["cn-north-11"] = true, ["cn-southwest-3"] = true,
}

---@param region string
---@return string|nil endpoint  nil for a region that is not known
function regions.endpoint(region)
  if by_id[region] then return "https://aom." .. region .. ".myhuaweicloud.com" end
end

--- The known id that a misspelt one may mean.
---@param region string
---@return string|nil
function regions.nearest(region)
  -- Letters in capitals are not misspelt.
  return similar.nearest(text.lower(region), by_id)
end

--- The known id that one with capitals is in small letters, for hints.
---@param region string|nil
---@return string  a question, or nothing
function regions.ask_small(region)
  local id = region and text.lower(region)
  return id ~= region and by_id[id] and ('did you mean region "%s"? '):format(id) or ""
end

--- The known region whose own endpoint a host is.
---@param host string  in lower case
---@return string|nil region
function regions.of_host(host)
  local region = host:match "^aom%.([%w-]+)%.myhuaweicloud%.com$"
  return region and by_id[region] and region or nil
end

--- The region that a host is in, by its name: a known one, or on the provider's domains one
--- that may be newer than this list.
---@param host string  in lower case
---@return string|nil region
function regions.named_in(host)
  local is_provider = host:find "huaweicloud%.[%l.]+$" ~= nil
  for name in host:gmatch "[^.:]+" do
    if by_id[name] or is_provider and name:find "^%l%l%-%l+%-%d+$" then return name end
  end
end

---@param region string  a known one
---@return string endpoint  of the identity service
function regions.iam_endpoint(region)
  return "https://iam." .. (without_iam[region] and "" or region .. ".") .. "myhuaweicloud.com"
end

---@param region string
---@return boolean
function regions.has_automation(region)
  return automated[region] == true
end

--- The known ids, sorted, for messages.
---@return string
function regions.list()
  return table.concat(known, ", ")
end

--- The environment variable that overrides a region's endpoint.
---@param region string
---@return string
function regions.override_variable(region)
  return "HUAWEICLOUD_SDK_REGION_AOM_" .. (text.upper(region):gsub("-", "_"))
end

return regions

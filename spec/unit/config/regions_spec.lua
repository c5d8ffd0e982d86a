--- Proves the endpoints of regions and of their identity services.

local regions = require "aom.config.regions"

local unpack = table.unpack or unpack

local IDS = {
  "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12",
  "cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5", "cn-south-1", "cn-south-2",
  "cn-southwest-2", "cn-southwest-3",
  "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
  "af-north-1", "af-south-1", "la-north-2", "la-south-2", "na-mexico-1", "sa-brazil-1",
  "tr-west-1", "me-east-1", "ae-ad-1", "ru-northwest-2", "ru-moscow-1", "my-kualalumpur-1",
}

local AUTOMATION = {
  ["cn-north-4"] = true, ["cn-east-3"] = true, ["cn-east-2"] = true, ["cn-south-1"] = true, ["me-east-1"] = true,
}

describe("a region", function()
  for _, id in ipairs(IDS) do
    it(("%s has an endpoint%s"):format(id, AUTOMATION[id] and ", and automation" or ""), function()
      assert.are.equal("https://aom." .. id .. ".myhuaweicloud.com", regions.endpoint(id))
      assert.are.equal(AUTOMATION[id] == true, regions.has_automation(id))
    end)
  end

  for _, id in ipairs { "", "cn-north", "CN-NORTH-4", "cn-north-4 ", "eu-west-0", "../evil", "cn-north-4.evil" } do
    it(('"%s" is not known'):format(id), function()
      assert.is_nil(regions.endpoint(id))
      assert.is_false(regions.has_automation(id))
    end)
  end

  it("is listed, once, in order", function()
    local listed = {}
    for id in (regions.list() .. ", "):gmatch("(.-), ") do listed[#listed + 1] = id end
    assert.are.equal(31, #listed)
    local wanted = { unpack(IDS) }
    table.sort(wanted)
    local sorted = { unpack(listed) }
    table.sort(sorted)
    assert.are.same(wanted, sorted)
  end)

  for id, variable in pairs {
    ["cn-north-4"] = "HUAWEICLOUD_SDK_REGION_AOM_CN_NORTH_4",
    ["my-kualalumpur-1"] = "HUAWEICLOUD_SDK_REGION_AOM_MY_KUALALUMPUR_1",
    ["New-1"] = "HUAWEICLOUD_SDK_REGION_AOM_NEW_1",
  } do
    it(("%s is overridden by %s"):format(id, variable), function()
      assert.are.equal(variable, regions.override_variable(id))
    end)
  end
end)

--- The checks that need no network, which the doctor and :checkhealth share.

local checks = require "aom.client.checks"
local doctor = require "aom.client.doctor"
local scripted = require "spec.support.scripted"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"
local OTHER = "/elsewhere"

local function by_name(report)
  local found = {}
  for _, check in ipairs(report) do found[check.name] = found[check.name] or check end
  return found
end

describe("the check of the profile", function()
  local VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
  -- The environment, the file's mode or what keeps it from being read; the finding, and its fix.
  local rows = {
    { "no home", {}, nil, "ok", "no home directory is known" },
    { "no file", { HOME = "/h" }, nil, "ok", PATH .. " does not exist" },
    { "no file that a variable names", { [VARIABLE] = OTHER }, nil, "warn", "cannot be read", "unset " .. VARIABLE },
    { "a file that cannot be read", { HOME = "/h" }, "Permission denied", "warn", "Permission denied",
      "chmod 600 " .. PATH },
    { "a file of a variable's that cannot be read", { [VARIABLE] = OTHER }, "Is a directory", "warn", "Is a directory",
      "unset " .. VARIABLE },
    { "a file of its owner's alone", { HOME = "/h" }, 384, "ok", "the profile " .. PATH },
    { "a file of a variable's", { HOME = "/h", [VARIABLE] = OTHER }, 256, "ok", "the profile " .. OTHER },
    { "a file that a group reads", { HOME = "/h" }, 416, "warn", "mode 640", "chmod 600 " .. PATH },
    { "a file that all write", { [VARIABLE] = OTHER }, 390, "warn", "mode 606", "chmod 600 " .. OTHER },
  }
  for _, row in ipairs(rows) do
    it("finds " .. row[1], function()
      local w = world.new { env = row[2] }
      local path = row[2][VARIABLE] or PATH
      if type(row[3]) == "number" then w.files[path], w.modes[path] = "[basic]\nregion = cn-north-4", row[3] end
      if type(row[3]) == "string" then
        function w.read_file() return nil, path .. ": " .. row[3], false end
      end
      local report = checks.report()
      checks.profile(report, w)
      assert.are.equal(1, #report)
      assert.are.equal(row[4], report[1].status)
      assert.is_truthy(report[1].detail:find(row[5], 1, true), report[1].detail)
      assert.are.equal(row[6] ~= nil, report[1].fix ~= nil)
      if row[6] then assert.is_truthy(report[1].fix:find(row[6], 1, true), report[1].fix) end

      -- The doctor's report has the same finding, where it is trouble.
      local troubles = {}
      checks.add_troubles(troubles, checks.profile, w)
      assert.are.same(row[4] ~= "ok" and { report[1] } or {}, troubles)
    end)
  end
end)

describe("all checks", function()
  it("name what is there, and no secret of it", function()
    local w = world.new { env = { HUAWEICLOUD_SDK_AK = "hush-ak", HUAWEICLOUD_SDK_SK = "hush-sk",
      CLOUD_SDK_AK = "hush", HUAWEICLOUD_SDK_REGION = "cn-north-4" } }
    local report = checks.run(w)
    local found = by_name(report)
    assert.matches("^aom %d+%.%d+%.%d+, Lua", found.parts.detail)
    assert.are.equal("credentials in the environment: HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, CLOUD_SDK_AK",
      found.variables.detail)
    assert.are.equal("ok", found.configuration.status)
    assert.matches("region cn%-north%-4, from environment variable HUAWEICLOUD_SDK_REGION; endpoint ",
      found.configuration.detail)
    assert.matches("credentials from environment variables", found.configuration.detail)
    assert.is_nil(tostring(report):find("hush", 1, true))
  end)

  it("say the same as the doctor of what cannot be a client", function()
    for _, env in ipairs { {}, { HUAWEICLOUD_SDK_REGION = "cn-north-4" }, { HUAWEICLOUD_SDK_REGION = "nowhere" },
      { HUAWEICLOUD_SDK_REGION = "cn-north-4", HUAWEICLOUD_SDK_AK = "A" } } do
      local offline, online = checks.run(world.new { env = env }), doctor.examine(nil, world.new { env = env })
      assert.are.equal(1, #online)
      assert.are.equal("fail", online[1].status)
      assert.are.same(online[1], offline[#offline])
    end
  end)

  for _, case in ipairs { { "3.0.11", "3.0.19", "ok" }, { "1.1.1w", "3.0.19", "warn" } } do
    it(("compare OpenSSL %s with the %s of the build"):format(case[1], case[2]), function()
      local core = require "aom.core"
      local versions = core.versions
      local fake = versions()
      fake.openssl_running, fake.openssl_built = case[1], case[2]
      function core.versions() return fake end
      local troubles, report = {}, checks.report()
      checks.add_troubles(troubles, checks.parts)
      checks.parts(report)
      core.versions = versions
      assert.are.equal(case[3] == "ok" and 0 or 1, #troubles)
      if troubles[1] then assert.matches("^build it again", troubles[1].fix) end
      assert.is_truthy(tostring(report):find("OpenSSL " .. case[1], 1, true))
    end)
  end
end)

describe("the doctor's advice on a certificate that cannot be verified", function()
  local UNKNOWN = "unable to get local issuer certificate"
  for transport, case in pairs {
    curl = { UNKNOWN, "option ca_file", "nginx.conf" },
    resty = { UNKNOWN .. " (by nginx.conf: lua_ssl_trusted_certificate names …)", "see the message", "ca_file" },
  } do
    it("fits the transport " .. transport, function()
      local w = world.new {}
      local loop = scripted.new(w, { { kind = "tls", message = case[1] } })
      local found = by_name(doctor.examine(scripted.options(loop, { transport = transport }), w))
      assert.are.equal("fail", found.tls.status)
      assert.is_truthy(found.tls.detail:find(case[1], 1, true), found.tls.detail)
      assert.is_truthy(found.tls.fix:find(case[2], 1, true), found.tls.fix)
      assert.is_nil(found.tls.fix:find(case[3], 1, true), found.tls.fix)
    end)
  end

  it("is no CA certificate for one that has expired", function()
    local w = world.new {}
    local loop = scripted.new(w, { { kind = "tls", message = "certificate has expired" } })
    local found = by_name(doctor.examine(scripted.options(loop), w))
    assert.is_nil(found.tls.fix:find("CA", 1, true), found.tls.fix)
    assert.is_nil(found.tls.fix:find("trusted_certificate", 1, true), found.tls.fix)
  end)
end)

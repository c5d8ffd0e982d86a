--- Proves that a client's defaults behind a metatable count, and that the environment's other account
--- gets no request.

local accounts = require "spec.support.accounts"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local doctor = require "aom.client.doctor"
local process = require "spec.support.process"

local PRODUCTION, STAGING = ("a"):rep(32), ("b"):rep(32)

local production, staging, world

setup(function()
  production = process.simulator { ak = "PRODKEY", sk = "prod-secret", project = PRODUCTION, workflows = { "wf-1" } }
  staging = process.simulator { ak = "STAGEKEY", sk = "stage-secret", project = STAGING, workflows = { "wf-1" },
    catch_all = true }
  world = accounts.system {
    HUAWEICLOUD_SDK_AK = "PRODKEY", HUAWEICLOUD_SDK_SK = "prod-secret", HUAWEICLOUD_SDK_PROJECT_ID = PRODUCTION,
    HUAWEICLOUD_SDK_AOM_ENDPOINT = production.url, HUAWEICLOUD_SDK_IAM_ENDPOINT = production.url,
    HUAWEICLOUD_SDK_REGION = "cn-north-4",
  }
end)

teardown(function()
  production.stop()
  staging.stop()
end)

before_each(function()
  production.reset()
  staging.reset()
end)

--- What is behind the metatable, and how.
local function defaults(more)
  local values = { ak = "STAGEKEY", sk = "stage-secret", project_id = STAGING, endpoint = staging.url, proxy = "" }
  for name, value in pairs(more or {}) do values[name] = value or nil end
  return {
    ["a table"] = { __index = values },
    ["a function"] = { __index = function(_, name) return values[name] end },
    ["a chain"] = { __index = setmetatable({}, { __index = values }) },
  }
end

for _, kind in ipairs { "a table", "a function", "a chain" } do
  describe("defaults behind " .. kind, function()
    local function options(more) return setmetatable({ timeout = 5 }, defaults(more)[kind]) end

    it("configure the whole client", function()
      local state = assert(client.open(options(), world))
      assert.is_true(assert(methods.disable(state, "wf-1")).success)
      client.close(state)
      assert.are.equal("disable", staging.state().workflows["wf-1"].trigger_status)
      assert.are.equal(0, production.state().counts.total)
    end)

    it("are examined by the doctor", function()
      local report = assert(doctor.examine(options(), world))
      assert.is_truthy(tostring(report):find("project " .. STAGING .. ", from option project_id", 1, true))
      assert.are.equal(0, production.state().counts.total)
    end)

    it("are not combined with the environment's project, nor with its identity service", function()
      local state = assert(client.open(options { project_id = false }, world))
      local result, err = methods.disable(state, "wf-1")
      client.close(state)
      assert.is_nil(result)
      assert.are.equal("config", err.kind)
      assert.matches("HUAWEICLOUD_SDK_IAM_ENDPOINT was ignored", err.hint)
      assert.matches("HUAWEICLOUD_SDK_PROJECT_ID was ignored", err.hint)
      assert.are.same({ 0, 0 }, { production.state().counts.total, staging.state().counts.total })
    end)
  end)
end

it("defaults that raise make no client, instead of one from the environment", function()
  local given = setmetatable({ timeout = 5 }, { __index = function(_, name) error("strict: " .. name) end })
  local state, err = client.open(given, world)
  assert.is_nil(state)
  assert.are.equal("argument", err.kind)
  assert.matches("strict: ", err.message)
  local report = assert(doctor.examine(given, world))
  assert.are.equal("fail", report[1].status)
  assert.are.equal(0, production.state().counts.total)
end)

--- A simulated account with every way in, and clients that use one of them.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local process = require "spec.support.process"
local system = require "aom.util.platform"

local accounts = {}

accounts.PROJECT = ("0123456789abcdef"):rep(2)
accounts.REGION = "cn-north-4"

--- Starts the simulator that all of these specs talk to.
function accounts.simulator()
  local simulator = process.simulator { ak = "STATICKEY", sk = "static-secret", project = ("f"):rep(32),
    workflows = { "wf-1" } }
  simulator.provision = function()
    simulator.reset()
    simulator.set {
      projects = { [accounts.PROJECT] = { name = accounts.REGION } },
      users = { alice = { password = "correct-horse", domain = "acme" } },
      id_tokens = { ["id-token-1"] = { idp = "idp-1" } },
      pod_tokens = { ["pod-token-1"] = true },
    }
  end
  return simulator
end

--- The real system, with another environment.
---@param env? table<string, string>
---@param fields? table  further functions to replace
function accounts.system(env, fields)
  local own = { warnings = {} }
  function own.getenv(name) return (env or {})[name] end
  function own.warn(message) own.warnings[#own.warnings + 1] = message end
  for name, value in pairs(fields or {}) do own[name] = value end
  return setmetatable(own, { __index = system })
end

--- A client of the simulator. It knows the region, and no project.
function accounts.open(simulator, options, world)
  local all = {
    endpoint = simulator.url, iam_endpoint = simulator.url, metadata_endpoint = simulator.url,
    region = accounts.REGION, proxy = "",
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return client.open(all, world or accounts.system())
end

function accounts.trigger(state) return methods.trigger(state, "wf-1", "enable") end

--- How often the simulator was asked, by method and path.
function accounts.counts(simulator)
  local counts = setmetatable({}, { __index = function() return 0 end })
  for _, request in ipairs(simulator.state().requests) do
    local path = request.path:match("/trigger/action$") or request.path
    local name = request.method .. " " .. path
    counts[name] = counts[name] + 1
  end
  return counts
end

--- Runs calls as tasks of the client's loop.
function accounts.run(state, count)
  local results, failures, list = {}, {}, {}
  for i = 1, count do
    list[i] = function() results[i], failures[i] = accounts.trigger(state) end
  end
  state.loop.run(list, count)
  return results, failures
end

return accounts

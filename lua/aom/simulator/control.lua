--- The endpoints with which tests control and inspect the simulator. Only processes of the
-- same machine may use them, and no count includes them.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"

local control = {}

local PREFIX = "/_simulator"

---@param path string
---@return boolean
function control.owns(path)
  return path:sub(1, #PREFIX) == PREFIX
end

local function fail(message)
  return answers.json(400, { error = message })
end

-- Runs a change with the request's JSON, and answers with its outcome.
local function with_json(request, change)
  local value, err = json.decode(request.body)
  if value == nil then
    return fail("the body is not JSON: " .. err)
  end
  local ok, problem = change(value)
  if not ok then
    return fail(problem)
  end
  return answers.json(200, { ok = true })
end

local endpoints = {}

endpoints["GET /_simulator/state"] = function(simulator)
  return answers.json(200, simulator:state())
end

endpoints["POST /_simulator/reset"] = function(simulator)
  simulator:reset()
  return answers.json(200, { ok = true })
end

endpoints["POST /_simulator/script"] = function(simulator, request)
  return with_json(request, function(list)
    return simulator:script(list)
  end)
end

endpoints["POST /_simulator/settings"] = function(simulator, request)
  return with_json(request, function(changes)
    return simulator:set(changes)
  end)
end

---@param simulator aom.simulator.Simulator
---@param request aom.simulator.Request
---@return aom.simulator.Response
function control.handle(simulator, request)
  if not request:from_loopback() then
    return answers.json(403, { error = "control is for this machine only" })
  end
  local endpoint = endpoints[request.method .. " " .. request.path]
  if not endpoint then
    return answers.json(404, { error = "no such control endpoint" })
  end
  return endpoint(simulator, request)
end

return control

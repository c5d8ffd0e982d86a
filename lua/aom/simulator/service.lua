--- Handles one request: reads it, records it, applies a scripted fault, serves it, and
-- sends the response.

local cqueues = require "cqueues"
local answers = require "aom.simulator.answers"
local clock = require "aom.simulator.clock"
local control = require "aom.simulator.control"
local exchange = require "aom.simulator.exchange"

local service = {}

-- Headers of every response.
local function common_headers(simulator, request)
  local headers = {
    ["content-type"] = "application/json",
    ["date"] = clock.http_date(simulator:now()),
    ["x-request-id"] = request.id,
  }
  for name, value in pairs(simulator.settings.response_headers) do
    headers[name:lower()] = value
  end
  return headers
end

local function scripted_answer(simulator, request, status)
  if status == 200 then
    return { status = 200, body = simulator.settings.success_body }
  end
  return answers.usual(request, status)
end

-- The service's response, or the one that a script replaces it with.
local function make_answer(simulator, request, fault)
  local response = fault.status and scripted_answer(simulator, request, fault.status)
    or simulator.gateway:process(request, simulator.router, simulator)
  response.body = fault.body or response.body
  response.headers = fault.headers or response.headers
  return response
end

local function pause(seconds)
  if seconds > 0 then
    cqueues.sleep(seconds)
  end
end

-- Serves one API request. Returns how it ended.
local function serve(simulator, stream, request, fault)
  pause(simulator.settings.latency + (fault.delay or 0))
  if fault.hang or fault.close == "before_answer" then
    pause(fault.hang or 0)
    exchange.abort(stream)
    return fault.hang and "hung" or "closed"
  end
  local response = make_answer(simulator, request, fault)
  if fault.drop then
    exchange.abort(stream)
    return "dropped", response.status
  end
  exchange.write(stream, request, response, common_headers(simulator, request), fault.close)
  return fault.close == "mid_body" and "cut" or "answered", response.status
end

--- Handles a lua-http stream from its first byte to its last.
---@param simulator aom.simulator.Simulator
---@param stream table
function service.handle(simulator, stream)
  local request = exchange.read(stream)
  if not request then
    return
  end
  request.id, request.at = simulator:next_id(), simulator:elapsed()
  if control.owns(request.path) then
    local response = control.handle(simulator, request)
    return exchange.write(stream, request, response, common_headers(simulator, request))
  end
  -- A reset during this request must not count half of it.
  local recorder = simulator.recorder
  local record = recorder:begin(request)
  local fault = simulator.faults:take(request.target) or {}
  recorder:finish(record, request, serve(simulator, stream, request, fault))
end

return service

--- One call of a service: its project, who it goes out as, and the exchange that carries it.

local admission = require "aom.credentials.admission"
local exchange = require "aom.http.exchange"
local failover = require "aom.http.failover"
local lazy = require "aom.util.lazy"
local outage = require "aom.http.outage"
local throttle = require "aom.http.throttle"

local given = lazy "aom.api.request"
local prepared = lazy "aom.client.prepared"
local project = lazy "aom.credentials.project"

local call = {}

-- Other services of which a client remembers which pace they asked for, and whether they can be reached.
local MAX_PLACES = 64

local function place_of(root, endpoint)
  local name = endpoint.base .. endpoint.path
  local places = root.places or { count = 0 }
  if not places[name] then
    if places.count == MAX_PLACES then places = { count = 0 } end
    places.count = places.count + 1
    places[name] = { targets = failover.new { endpoint }, throttle = throttle.new(root.loop),
      outage = outage.new(root.loop) }
  end
  root.places = places
  return places[name]
end

--- What carries a request: the client, or its like for another service.
local function channel_of(client, target)
  if not target or not target.endpoint then return client end
  local place = place_of(client.root, target.endpoint)
  return setmetatable({ targets = place.targets, throttle = place.throttle, outage = place.outage },
    { __index = client })
end

--- Completes a request with what is the client's.
local function complete(client, request)
  if request.template then return given.fill(request, client.settings.project_id) end
  request.prefix, request.headers = client.prefix, client.settings.headers
end

--- Sends a request to its end.
---@param client aom.ClientState
---@param request aom.Request
---@param scope? aom.Scope  what it is a step of
---@param sent? aom.Sent    its first attempt
---@return table|nil result
---@return aom.Error|nil err
function call.run(client, request, scope, sent)
  complete(client, request)
  local target = request.target
  local carried = exchange.new(channel_of(client, target), request, admission.new(client, false, target), scope)
  if not client.settings.project_id and given.needs_project(request) then
    local id, err = project.ensure(client, carried.deadline, scope)
    if not id then return carried:fail(err) end
    complete(client, request)
  end
  local result, err = carried:run(sent)
  if result and request.operation.result == "acknowledgement" and client.loop.prepare and not client.closed then
    -- Should it be made again: of others, whose answers may be long, nothing is kept. A scope knows the
    -- coroutine that it runs for.
    carried.scope = false
    client.ways[request.operation] = function(...) return prepared.begin(carried, ...) end
  end
  return result, err
end

return call

--- One call of the service: its project, who it goes out as, and the exchange that
--- carries it.

local admission = require "aom.credentials.admission"
local exchange = require "aom.http.exchange"
local project = require "aom.credentials.project"

local call = {}

--- Sends a request to its end.
---@param client aom.ClientState
---@param request aom.Request
---@param scope? aom.Scope  what it is a step of
---@return table|nil result
---@return aom.Error|nil err
function call.run(client, request, scope)
  request.prefix = client.prefix
  local carried = exchange.new(client, request, admission.new(client), scope)
  if not client.settings.project_id then
    local id, err = project.ensure(client, carried.deadline, scope)
    if not id then return carried:fail(err) end
    request.prefix = client.prefix
  end
  return carried:run()
end

return call

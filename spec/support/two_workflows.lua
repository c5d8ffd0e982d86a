--- A service with two workflows, "a" and "b", for specs of maintenance windows: in a world
--- of tables and a time of its own.

local cjson = require "cjson"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local two_workflows = { FILE = "paused.json" }

local FILE = two_workflows.FILE

--- The service as an answer of a scripted loop. A call to a workflow that is in
--- `service.lost` is carried out so many seconds later, and nobody hears of it.
local function server(self, service)
  return function(attempt, _, loop)
    for _, late in ipairs(service.late) do
      if loop.now() >= late.at then service.status[late.id], late.at = "disable", math.huge end
    end
    local id = attempt.path:match "/workflow/(%w+)/trigger"
    if not id then
      self.looks = self.looks + 1
      local list = {}
      for _, name in ipairs { "a", "b" } do
        if service.status[name] then
          local workflow = { id = name, name = name, type = "cron", trigger_status = service.status[name] }
          for field, value in pairs(service.seen and service.seen[name] or {}) do workflow[field] = value end
          list[#list + 1] = workflow
        end
      end
      return { status = 200, headers = {}, body = cjson.encode { elements = list, total_elements = #list } }
    end
    local action = attempt.query[1][2]
    if action == "disable" and service.lost[id] then
      service.late[#service.late + 1] = { id = id, at = loop.now() + service.lost[id] }
      service.lost[id] = nil
      return nil, { kind = "timeout", message = "timed out", sent = true }
    end
    if service.missing == id then return { status = 404, headers = {}, body = "{}" } end
    service.status[id] = action
    return { status = 200, headers = {}, body = '{"success"}' }
  end
end

--- `world`, `service` (status, lost, late, missing, seen) and `looks`, how often the list was
--- asked for; every function makes a client of its own.
function two_workflows.new()
  local world = world_of.new()
  local service = { status = { a = "enable", b = "enable" }, lost = {}, late = {} }
  local self = { world = world, service = service, looks = 0 }

  --- A client, and its loop.
  function self.open(options)
    local loop = scripted.new(world, { server(self, service) })
    return assert(client.open(scripted.options(loop, options), world)), loop
  end

  function self.pause(options)
    local all = { match = ".", file = FILE }
    for name, value in pairs(options or {}) do all[name] = value end
    return methods.pause((self.open()), all)
  end

  --- Also the loop.
  function self.resume(options)
    local state, loop = self.open()
    local resumed, err = methods.resume(state, FILE, options)
    return resumed, err, loop
  end

  --- The process that pauses dies as soon as workflow b's call has left.
  function self.die_while_pausing(delay)
    service.lost.b = delay
    local state, loop = self.open { attempt_timeout = 20 }
    local fetch = loop.fetch
    function loop.fetch(attempt, ...)
      local answer, trouble = fetch(attempt, ...)
      if trouble then error("SIGKILL", 0) end
      return answer
    end
    assert(select(2, pcall(methods.pause, state, { match = ".", file = FILE })) == "SIGKILL")
    self.looks = 0
  end

  return self
end

return two_workflows

--- Whether a service can be reached, for all calls that want it. What they do while it cannot is
--- in aom.http.outage_waits, which is loaded when that happens.

local lazy = require "aom.util.lazy"
local single_flight = require "aom.loop.single_flight"

local outage = {}

---@class aom.Outage
---@field loop aom.Loop
---@field flight aom.SingleFlight  who has its hold is the one that probes
---@field began number|false  when it was noticed; false: there is none
---@field is_name boolean     all that is known is that the name does not resolve
---@field next_probe number
---@field err aom.Error|false  why the last request did not leave
-- A field that is missing would be looked for among the methods there.
local Outage = setmetatable({}, { __index = lazy "aom.http.outage_waits" })
Outage.__index = Outage

--- What waits: an exchange.
---@class aom.OutageCaller
---@field started number
---@field deadline number
---@field attempt table|false  it has tried to send already
---@field probe aom.FlightHold|false  it is the one that probes
---@field is_cancelled fun(self): boolean|nil

---@param loop aom.Loop
---@return aom.Outage
function outage.new(loop)
  return setmetatable({ loop = loop, flight = single_flight.new(), began = false, is_name = false, next_probe = 0,
    err = false }, Outage)
end

--- That of a service which a client asks beside its own. It is kept with the settings, since
--- what is known of the service concerns the next request too.
---@param settings table
---@param loop aom.Loop
---@param base string  the service's URL
---@return aom.Outage
function outage.at(settings, loop, base)
  settings.outages = settings.outages or {}
  settings.outages[base] = settings.outages[base] or outage.new(loop)
  return settings.outages[base]
end

--- Whether a trouble shows that the service cannot be reached, and nothing else. A connection
--- that the call's own deadline cut off shows nothing.
---@param trouble aom.Trouble
---@param is_late boolean  the deadline is over
---@return boolean
function outage.is_shown_by(trouble, is_late)
  return trouble.away ~= nil or trouble.kind == "timeout" and trouble.sent == false and not is_late
end

--- A connection came about: whoever waits goes on.
---@param caller aom.OutageCaller
function Outage:finish(caller)
  caller.probe = false
  if not self.began then return end
  self.began = false
  self.flight:release(self.flight.holder)
end

--- The caller has ended: if it was the one that probes, another one is.
---@param caller aom.OutageCaller
function Outage:leave(caller)
  if caller.probe then self.flight:release(caller.probe) end
  caller.probe = false
end

return outage

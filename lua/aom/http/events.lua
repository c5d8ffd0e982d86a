--- Tells the user's function `on_event` what happens in an exchange.

local errors = require "aom.util.errors"

local events = {}

--- How many different messages of one function become warnings: some hold what changes each time.
local MOST = 10

--- What each function has raised.
---@type table<function, { count: integer, [string]: true }>
local raised_by = setmetatable({}, { __mode = "k" })

--- A function that fails does so at each event of each call.
local function warn_once(system, on_event, message)
  local known = raised_by[on_event] or { count = 0 }
  raised_by[on_event] = known
  if known[message] or known.count == MOST then return end
  known[message], known.count = true, known.count + 1
  system.warn(message)
end

--- Tells of one event. Callers on the busy path look first whether there is a function.
---@param self aom.Exchange
---@param name string
---@param event table  its own fields
local function emit(self, name, event)
  local channel = self.channel
  local on_event = channel.settings.on_event
  if not on_event then return end
  event.event, event.operation, event.service = name, self.request.operation.name, channel.service
  event.attempt = event.attempt or self.attempts
  local ok, err = pcall(on_event, event)
  if ok then return end
  if errors.is_interrupt(err) then error(err, 0) end
  warn_once(channel.system, on_event, "on_event raised an error: " .. tostring(err))
end

events.emit = emit

--- Tells how an exchange has ended. What identity and metadata services answer is secret.
---@param self aom.Exchange
---@param result table|nil
---@param err aom.Error|nil
function events.tell_end(self, result, err)
  local channel = self.channel
  emit(self, "done", { result = not channel.service and result or nil, error = err,
    elapsed = channel.loop.now() - self.started })
end

return events

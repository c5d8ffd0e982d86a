--- The exit status of the command.

local errors = require "aom.util.errors"

local status = { done = 0, partly = 1, usage = 2, refused = 3, unreachable = 4, interrupted = 130 }

local by_kind = {
  argument = status.usage, config = status.usage, credentials = status.usage, network = status.unreachable,
  timeout = status.unreachable, tls = status.unreachable, service = status.refused, protocol = status.refused,
  cancelled = status.partly,
}

--- Whether a window that could not be paused or resumed has changed something.
local function has_changed(window) return window ~= nil and window.paused + window.resumed > 0 end

--- That of a command which ended with an error.
---@param err any
---@return integer
function status.of(err)
  if not errors.is_error(err) then return status.partly end
  if has_changed(err.paused) then return status.partly end
  -- An identity service that refuses is a service that refuses.
  if err.kind == "credentials" and err.status then return status.refused end
  return by_kind[err.kind] or status.refused
end

return status

--- A logger for `on_event`: one line an event.

local errors = require "aom.util.errors"
local text = require "aom.util.text"

local log = {}

-- From the most important; a level prints its own events and those before it.
local ranks = { error = 1, warn = 2, info = 3, debug = 4 }

local function rank_of(event)
  if event.event == "done" then return event.error and ranks.error or ranks.info end
  if event.event == "request" or event.event == "response" then return ranks.debug end
  return ranks.warn
end

--- What is particular to an event.
local details = {
  request = function(event) return ("%s %s, %d bytes"):format(event.method, event.url, event.body) end,
  response = function(event) return ("HTTP %d, %d bytes"):format(event.status, event.body) end,
  retry = function(event) return ("in %s s, after %s"):format(text.fixed(event.delay, 2), tostring(event.error)) end,
  skew = function(event) return ("the clock was corrected by %d s"):format(event.gap) end,
  outage = function(event)
    return ("waits %s s at most, after %s"):format(text.fixed(event.delay, 1), tostring(event.error))
  end,
  failover = function(event) return ("from %s to %s"):format(event.from, event.to) end,
  done = function(event)
    local result, took = event.result, ("%s s, attempts: %d"):format(text.fixed(event.elapsed, 3), event.attempt)
    if event.error then return ("%s: %s"):format(took, tostring(event.error)) end
    if not result then return took end
    return ("HTTP %d, %s%s"):format(result.status, took,
      result.request_id and ", request " .. result.request_id or "")
  end,
}

local function line_of(event)
  local detail = details[event.event]
  local service = event.service and event.service .. " " or ""
  return text.one_line(("aom: %s%s #%d %s%s"):format(service, event.operation, event.attempt, event.event,
    detail and ": " .. detail(event) or ""))
end

local function write_to_stderr(line) io.stderr:write(line, "\n") end

--- Makes a function for option `on_event`.
---@param level? "error"|"warn"|"info"|"debug"  default: info
---@param write? fun(line: string)              default: to standard error
---@return (fun(event: aom.Event))|nil
---@return aom.Error|nil
function log.new(level, write)
  local most = ranks[level == nil and "info" or level]
  if not most then
    return nil, errors.argument('log: level: expected "error", "warn", "info" or "debug", got %s', errors.show(level))
  end
  if write ~= nil and type(write) ~= "function" then
    return nil, errors.argument("log: write: expected a function, got %s", errors.show(write))
  end
  write = write or write_to_stderr
  return function(event)
    if rank_of(event) <= most then write(line_of(event)) end
  end
end

return log

--- Transfers of the engine that are begun and collected apart, and why an attempt has no answer,
--- in the same words for every loop and transport.

local core = require "aom.core"
local errors = require "aom.util.errors"
local read = require "aom.loop.answer"
local text = require "aom.util.text"

local transfer = {}

---@param kind string
---@param message string
---@param sent boolean
---@param hint? string
---@return nil
---@return aom.Trouble
function transfer.trouble(kind, message, sent, hint)
  return nil, { kind = kind, message = message, sent = sent, hint = hint }
end

-- What fails without any fault of the request: memory is short, or OpenSSL fails.
local blameless = { memory = "network", crypto = "config" }

--- The kind of the trouble where the core cannot write or sign an attempt.
---@param code string|nil  the core's
---@return string
function transfer.kind_of(code) return blameless[code] or "argument" end

---@param engine userdata
---@param attempt aom.Attempt
---@param seconds number
---@param transport aom.Transport
---@return integer|nil id
---@return aom.Trouble|nil
function transfer.start(engine, attempt, seconds, transport)
  local id, kind, message = engine:start(attempt, seconds, transport)
  if id then return id end
  return transfer.trouble(kind, message, false)
end

local function collect(engine, id) return read(engine:collect(id)) end

--- Of a transfer whose end there was no memory to tell. It is there beforehand.
---@type aom.Trouble
transfer.untold = { kind = "network", message = "out of memory", sent = true }

--- Takes a finished transfer out of the engine, which keeps nothing of it, also if memory is short.
---@param engine userdata
---@param id integer
---@return aom.Answer|nil
---@return aom.Trouble|nil
function transfer.collect(engine, id)
  local ok, answer, trouble = pcall(collect, engine, id)
  if ok then return answer, trouble end
  engine:cancel(id)
  if not errors.is_memory(answer) then error(answer, 0) end
  return nil, transfer.untold
end

--- As `collect`, of a transfer that a prepared call may have begun.
---@param engine userdata
---@param id integer
---@param object aom.Prepared|false
---@return aom.Answer|true|nil  true: as before
---@return aom.Trouble|string|nil  of such an answer: its request id
function transfer.take(engine, id, object)
  if object then
    local is_as_before, request_id = object:take(id)
    if is_as_before then return true, request_id end
  end
  return transfer.collect(engine, id)
end

---@return nil
---@return aom.Trouble
function transfer.cancelled() return transfer.trouble("cancelled", errors.CANCELLED, true) end

--- For transports without the engine: its words for an attempt that took too long.
---@param started number  when the attempt began
---@param awaited string  what it waited for in the end
---@param sent boolean
---@return nil
---@return aom.Trouble
function transfer.late(started, awaited, sent)
  local message = ("timed out after %s s, waiting for %s"):format(text.fixed(core.now() - started, 1), awaited)
  return transfer.trouble("timeout", message, sent)
end

return transfer

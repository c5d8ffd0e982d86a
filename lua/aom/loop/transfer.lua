--- What all loops that drive the C engine share: from the engine's values to the
--- tables that the rest of the library reads.

local transfer = {}

--- What came of an attempt when there is no answer.
---@class aom.Trouble
---@field kind string   an error kind
---@field message string
---@field code? integer  libcurl's number
---@field sent boolean   whether the server may have seen the request

---@class aom.Answer
---@field status integer
---@field headers table<string, string>  lower-case names; those that matter
---@field body string

---@param attempt aom.Attempt
---@param seconds number
---@return integer|nil id
---@return aom.Trouble|nil
function transfer.start(engine, attempt, seconds)
  local id, kind, message = engine:start(attempt, seconds)
  if id then return id end
  return nil, { kind = kind, message = message, sent = false }
end

--- Takes a finished transfer out of the engine.
---@return aom.Answer|nil
---@return aom.Trouble|nil
function transfer.collect(engine, id)
  local status, headers, body, code, sent = engine:collect(id)
  if status then return { status = status, headers = headers, body = body } end
  return nil, { kind = headers, message = body, code = code, sent = sent }
end

---@return nil
---@return aom.Trouble
function transfer.cancelled()
  return nil, { kind = "cancelled", message = "the call was cancelled", sent = true }
end

return transfer

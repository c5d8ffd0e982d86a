--- The errors of calls that are not sent, to keep the service from locking a key.

local errors = require "aom.util.errors"

local blocked = {}

--- The error that a refusal left. The second value says that other credentials would help.
---@param record aom.KeyRecord
---@param note string|nil  what was kept of it
---@return aom.Error err
---@return true
function blocked.remembered(record, note)
  local status, code, request_id, hint, message = (note or ""):match "^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$"
  local function given(text) return text ~= "" and text or nil end
  local err = errors.new(record.noun == "user" and "credentials" or "service", message or "refused before", {
    status = tonumber(status), code = given(code), request_id = given(request_id), attempts = 0, retryable = false,
  })
  hint = given(hint)
  err.hint = ("not sent: the service refused this %s, and further refusals would lock it; "
    .. "correct the credentials or wait five minutes%s"):format(record.noun, hint and ". " .. hint or "")
  return err, true
end

--- Nothing can be kept about the key.
---@return aom.Error
function blocked.unable()
  return errors.new("credentials", "not sent: too many other keys are being refused, so this one cannot be tracked",
    { attempts = 0, retryable = true, hint = "correct the other keys' credentials, or wait five minutes" })
end

return blocked

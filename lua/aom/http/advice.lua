--- What helps after a failure, where that is certain. The table of hints is loaded at the first
--- one; where it cannot be, since descriptors are what is used up, an error goes without a hint.

local diagnose = require "aom.util.lazy" "aom.http.diagnose"
local errors = require "aom.util.errors"
local evidence = require "aom.http.evidence"

local advice = {}

local function load() return diagnose.hint end

---@param seen aom.Seen
---@return string|nil
local function hint(seen)
  local loaded, why = pcall(load)
  if loaded then return diagnose.hint(seen) end
  if why ~= errors.NO_DESCRIPTORS then error(why, 0) end
end

--- After an attempt without an answer.
---@param trouble aom.Trouble
---@param settings table
---@param is_direct boolean|nil  no proxy was on the way
---@return string|nil hint
function advice.trouble(trouble, settings, is_direct)
  if trouble.message == errors.NO_DESCRIPTORS then return errors.DESCRIPTORS_HINT end
  return trouble.hint or hint {
    kind = trouble.kind, message = trouble.message, curl = trouble.code, proxy_status = trouble.proxy_status,
    fault = trouble.fault, trusted = settings.trusted,
    is_proxied = not is_direct and settings.proxy ~= nil and settings.proxy ~= "",
  }
end

--- After a refusal.
---@param err aom.Error
---@param said string    the service's whole message
---@param seen aom.Seen  what is known of the request; what the answer shows is added to it
---@return string|nil hint
function advice.refusal(err, said, seen)
  local status, code = err.status, err.code
  seen.status, seen.message = status, said
  if seen.endpoint_path == "" then seen.endpoint_path = nil end
  if code then seen.gateway = evidence.gateway_number(code) end
  seen.is_behind = code ~= nil and evidence.is_behind(code, status)
  return hint(seen)
end

return advice

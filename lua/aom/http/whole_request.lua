--- An attempt as the request that goes out, where Lua wants to know it: for a transport other than
--- libcurl, for messages, and to compare it with what a gateway computed.

local core = require "aom.core"
local each = require "aom.util.each"
local transfer = require "aom.loop.transfer"

local whole = {}

--- See `attempt:signed()`.
---@param attempt aom.Attempt
---@return string|nil method
---@return string url_or_why
---@return table<string, string>|string|nil headers
---@return string|nil body
function whole.signed(attempt)
  local headers = { Host = attempt.host }
  for name, value in each.pair(attempt.headers) do headers[name] = value end
  if not attempt.signer then
    local target, trouble = core.target(attempt.path, attempt.query)
    if not target then return nil, trouble, "network" end
    return attempt.method, attempt.base .. target, headers, attempt.body
  end
  local signed, why, code = core.sign(attempt, attempt.signer)
  if not signed then return nil, why, transfer.kind_of(code) end
  for name, value in each.pair(signed.headers) do headers[name] = value end
  return attempt.method, attempt.base .. signed.target, headers, attempt.body
end

--- A URL, for messages: where memory does not suffice to encode it, without its path.
---@param base string
---@param path string
---@param query table[]
---@return string
function whole.url(base, path, query) return base .. (core.target(path, query) or "/") end

--- What was signed, for comparison with what a gateway computed.
---@param attempt aom.Attempt
---@return string|nil
function whole.canonical_request(attempt)
  local signed = attempt.signer and core.sign(attempt, attempt.signer)
  return signed and signed.canonical_request or nil
end

return whole

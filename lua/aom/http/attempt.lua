--- One attempt at a request: what the engine signs and sends, or what a loop with a
--- transport of its own asks for with `attempt:signed()`.

local core = require "aom.core"
local each = require "aom.util.each"

---@class aom.Attempt
---@field method string
---@field base string      scheme and authority
---@field host string      the Host header
---@field path string      decoded
---@field query table[]    { name, value } pairs
---@field headers table<string, string>
---@field body string
---@field signer? userdata
---@field date string      X-Sdk-Date
---@field offset integer   of the clock that the date was taken from, in seconds
---@field connect_timeout number  seconds
---@field fresh boolean    never on a connection that was used before
---@field all_headers? boolean  of the answer are wanted, and not only those that matter
---@field no_proxy? boolean  connect directly, without a proxy
---@field plan? userdata  has what other attempts have too
local Attempt = {}
Attempt.__index = Attempt

local attempt = {}

attempt.class = Attempt

---@param fields table          those that the plan lacks; without one all
---@param plan? aom.AttemptPlan
---@return aom.Attempt
function attempt.new(fields, plan)
  fields.plan = plan and plan.core
  return setmetatable(fields, plan or Attempt)
end

-- What fails without any fault of the request: memory is short, or OpenSSL fails.
local blameless = { memory = "network", crypto = "config" }

--- The attempt as an HTTP request, for a transport other than libcurl.
---@return string|nil method  nil: signing failed, see the second value
---@return string url_or_why
---@return table<string, string>|string|nil headers  or the kind of the error
---@return string|nil body
function Attempt:signed()
  local headers = { Host = self.host }
  for name, value in each.pair(self.headers) do headers[name] = value end
  if not self.signer then
    local target, trouble = core.target(self.path, self.query)
    if not target then return nil, trouble, "network" end
    return self.method, self.base .. target, headers, self.body
  end
  local signed, why, code = core.sign(self, self.signer)
  if not signed then return nil, why, blameless[code] or "argument" end
  for name, value in each.pair(signed.headers) do headers[name] = value end
  return self.method, self.base .. signed.target, headers, self.body
end

--- A URL, for messages: where memory does not suffice to encode it, without its path.
---@param base string
---@param path string
---@param query table[]
---@return string
function attempt.url(base, path, query) return base .. (core.target(path, query) or "/") end

---@return string
function Attempt:url() return attempt.url(self.base, self.path, self.query) end

--- What was signed, for comparison with what a gateway computed.
---@return string|nil
function Attempt:canonical_request()
  local signed = self.signer and core.sign(self, self.signer)
  return signed and signed.canonical_request or nil
end

return attempt

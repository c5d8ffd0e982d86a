--- One attempt at a request: what the engine signs and sends, or what a loop with a
--- transport of its own asks for with `attempt:signed()`.

local whole = require "aom.util.lazy" "aom.http.whole_request"

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

--- The attempt as an HTTP request, for a transport other than libcurl.
---@return string|nil method  nil: signing failed, see the second value
---@return string url_or_why
---@return table<string, string>|string|nil headers  or the kind of the error
---@return string|nil body
function Attempt:signed() return whole.signed(self) end

---@return string
function Attempt:url() return whole.url(self.base, self.path, self.query) end

--- What was signed, for comparison with what a gateway computed.
---@return string|nil
function Attempt:canonical_request() return whole.canonical_request(self) end

return attempt

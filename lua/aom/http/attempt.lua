--- One attempt at a request: what the engine signs and sends, or what a loop with a
--- transport of its own asks for with `attempt:signed()`. What the attempts of an operation have in
--- common is a plan: prepared once, in Lua and in the core, and again when anything changes that it
--- was made from.

local core = require "aom.core"
local is_direct = require "aom.config.endpoint".is_direct
local lazy = require "aom.util.lazy"

local headers = lazy "aom.util.headers"
local whole = lazy "aom.http.whole_request"

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

--- The metatable of its attempts.
---@class aom.AttemptPlan
---@field __index table   the fields of all of them
---@field core userdata   the same in the core's memory
---@field endpoint aom.Endpoint
---@field settings table
---@field given table<string, string>  the account's headers
---@field own? table<string, string>   the request's
---@field no_proxy? boolean            the request's

local function make(operation, plan)
  local endpoint, settings = plan.endpoint, plan.settings
  plan.__index = setmetatable({
    method = operation.method,
    base = endpoint.base,
    host = endpoint.host,
    headers = plan.own and headers.merge(plan.given, plan.own) or plan.given,
    connect_timeout = settings.connect_timeout,
    fresh = not operation.idempotent,
    all_headers = operation.all_headers,
    no_proxy = plan.no_proxy or is_direct(endpoint, settings),
  }, Attempt)
  plan.core = core.plan(plan.__index)
  return plan
end

--- The plan of the next attempt. A channel keeps one for each operation.
---@param channel aom.Channel
---@param request aom.Request
---@param given table<string, string>  the headers of the account, or all
---@param endpoint aom.Endpoint
---@return aom.AttemptPlan
function attempt.plan(channel, request, given, endpoint)
  local operation, settings, plans = request.operation, channel.settings, channel.plans
  local own, no_proxy = request.headers, request.no_proxy
  local plan = plans and plans[operation]
  if plan and plan.given == given and plan.endpoint == endpoint and plan.own == own and plan.settings == settings
    and plan.no_proxy == no_proxy then
    return plan
  end
  plan = make(operation, { endpoint = endpoint, settings = settings, given = given, own = own, no_proxy = no_proxy })
  if plans then plans[operation] = plan end
  return plan
end

return attempt

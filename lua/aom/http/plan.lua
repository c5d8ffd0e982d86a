--- What the attempts of an operation have in common: prepared once, in Lua and in the core,
--- and again when anything changes that it was made from.

local Attempt = require "aom.http.attempt".class
local core = require "aom.core"
local headers = require "aom.util.lazy" "aom.util.headers"
local is_direct = require "aom.config.endpoint".is_direct

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
return function(channel, request, given, endpoint)
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

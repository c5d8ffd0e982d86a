--- The state of a client: opened from options, closed by its user. All that the methods
--- share lives here: settings, credentials, loop, clock, endpoints and pace.

local cache = require "aom.credentials.cache"
local clock = require "aom.util.clock"
local codec = require "aom.util.codec"
local failover = require "aom.http.failover"
local input = require "aom.api.input"
local lazy = require "aom.util.lazy"
local outage = require "aom.http.outage"
local platform = require "aom.util.platform"
local resolve = require "aom.config.resolve".resolve
local response = require "aom.api.response"
local select_loop = require "aom.loop.select"
local throttle = require "aom.http.throttle"
local version = require "aom.util.version"

local claim = lazy "aom.client.window.claim"
local derived = lazy "aom.client.derived"
local unopened = lazy "aom.client.unopened"

local state = {}

---@class aom.ClientState: aom.Channel
---@field credentials aom.CredentialCache
---@field prefix string  of the paths: version and project
---@field ways table<aom.Operation, function>  short ones for calls that went well before: see aom.client.prepared
---@field prepared table<aom.Operation, aom.PreparedCall>
---@field root aom.ClientState      the client that others were made from by `with`, or itself
---@field parent? aom.ClientState    of one that was made so
---@field scopes? table<aom.Scope, boolean>  of such a one: its calls that are under way; weak
---@field closed boolean

---@param given table|nil    client options
---@param world aom.System|nil  for specs; default: the real one
---@return aom.ClientState|nil
---@return aom.Error|nil
function state.open(given, world)
  world = world or platform
  local settings
  local err = codec.missing()
  if err then return nil, err end
  local unfound
  settings, err, unfound = resolve(given, world)
  if unfound then err = unopened.with_credentials(err, unfound) end
  if not settings then return nil, unopened.explained(err, world) end
  settings.user_agent = "lua-aom/" .. version .. (settings.user_agent and " " .. settings.user_agent or "")
  local new = {
    settings = settings, system = world, clock = clock.new(world), closed = false,
    read = response.read, prefix = input.prefix(settings.project_id),
    targets = failover.new(settings.endpoints), plans = {}, ways = {}, prepared = {},
  }
  new.root = new
  new.credentials, err = cache.new(settings)
  settings.source:forget_profile()
  if not new.credentials then return nil, unopened.explained(err, world) end
  new.loop, err = select_loop.loop(settings)
  if not new.loop then return nil, err end
  new.throttle, new.outage = throttle.new(new.loop), outage.new(new.loop)
  if settings.insecure then
    world.warn("option insecure: the server is not verified; anyone on the network path can read and change calls")
  end
  return new
end

--- Runs a call, or something longer.
---@param client aom.ClientState
---@param scope aom.Scope
---@param body fun(scope: aom.Scope): any, aom.Error|nil
---@return any
---@return aom.Error|nil
function state.run(client, scope, body)
  if not client.parent then return body(scope) end
  return derived.run(client, scope, body)
end

--- Ends the calls and wipes the keys, also where the calls cannot be ended: memory may be short,
--- or the user's loop raise an error. Closing twice does nothing.
---@param client aom.ClientState
function state.close(client)
  if client.closed then return end
  client.closed, client.plans, client.ways, client.prepared = true, nil, {}, {}
  if client.parent then return derived.close(client) end
  local ended, why = true, nil
  if client.loop.close then ended, why = pcall(client.loop.close) end
  client.credentials:close()
  if client.windows then claim.release_all(client) end
  if not ended then error(why, 0) end
end

return state

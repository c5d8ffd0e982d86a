--- Clients that are made from others by `with`: they have settings of their own, and share all the
--- rest.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local headers = require "aom.util.headers"
local options = require "aom.config.options"

local derived = {}

local weak = { __mode = "k" }

--- A client with settings of its own, which shares all the rest with the one it is made from,
--- and is closed with it.
---@param parent aom.ClientState
---@param given any
---@return aom.ClientState|nil
---@return aom.Error|nil
function derived.make(parent, given)
  if parent.closed then return nil, errors.argument "the client is closed" end
  local own, err = options.check_own(given)
  if not own then return nil, err end
  own.headers = headers.merge(parent.settings.headers, own.headers)
  return setmetatable({
    settings = setmetatable(own, { __index = parent.settings }), parent = parent, scopes = setmetatable({}, weak),
    plans = {}, ways = {}, prepared = {},
  }, { __index = parent })
end

--- Runs a call, or something longer, which ends when the client is closed.
---@param client aom.ClientState
---@param scope aom.Scope
---@param body fun(scope: aom.Scope): any, aom.Error|nil
---@return any
---@return aom.Error|nil
function derived.run(client, scope, body)
  local result, err
  local owner = client
  while owner.parent do
    owner.scopes[scope] = true
    owner = owner.parent
  end
  scope:run(client.loop, function() result, err = body(scope) end)
  while client.parent do
    client.scopes[scope] = nil
    client = client.parent
  end
  return result, err
end

--- Ends the calls of such a client.
---@param client aom.ClientState
function derived.close(client)
  local list = {}
  for scope in each.pair(client.scopes) do list[#list + 1] = scope end
  for _, scope in ipairs(list) do scope:cancel(client.loop, errors.CLOSED) end
end

return derived

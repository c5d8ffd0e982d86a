--- Credentials that stand somewhere by name, in the environment or in a file: read anew
--- at each renewal, and changed for a token or for temporary keys where they are a
--- password or the file of an id token.

local choice = require "aom.credentials.providers.choice"
local errors = require "aom.util.errors"
local id_token = require "aom.credentials.providers.id_token"
local password = require "aom.credentials.providers.password"

---@class aom.StoredProvider: aom.Provider
---@field read fun(): table<string, string>|nil, aom.Error|nil
---@field complain fun(has: string, lacks: string): aom.Error
local Stored = {}
Stored.__index = Stored

local stored = {}

local exchanges = { federation = id_token, password = password }

local function look(self)
  local values, err = self.read()
  if not values then return nil, nil, err end
  local kind, has, lacks = choice.of(values)
  if has then return nil, nil, self.complain(has, lacks) end
  return kind, values
end

--- The provider, when there is something to provide.
---@param settings table
---@param place { where: string, skipped: string, read: function, complain: function }
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped  why there is none
function stored.new(settings, place)
  local self = setmetatable({
    settings = settings, where = place.where, read = place.read, complain = place.complain,
  }, Stored)
  local kind, _, err = look(self)
  if err then return nil, err end
  if not kind then return nil, nil, place.skipped end
  -- Those have to be asked for, which may wait: it is left to the first call.
  self.lazy = exchanges[kind] ~= nil
  self.asks_iam = self.lazy
  self.window = exchanges[kind] == id_token and 2400 or nil
  return self
end

function Stored:refresh(context)
  local kind, values, err = look(self)
  if err then return nil, err end
  if not kind then return nil, errors.new("credentials", self.where .. " no longer hold any credentials") end
  if exchanges[kind] then return exchanges[kind].exchange(self.settings, context, values) end
  if kind == "token" then return { token = values.token } end
  return { ak = values.ak, sk = values.sk, security_token = values.security_token }
end

return stored

--- Credentials that have names in the environment or in a file: read anew at each renewal,
--- and exchanged where their kind asks for it.

local choice = require "aom.credentials.providers.choice"
local errors = require "aom.util.errors"

---@class aom.StoredProvider: aom.Provider
---@field read fun(): table<string, string>|nil, aom.Error|nil
---@field complain fun(has: string, lacks: string): aom.Error
local Stored = {}
Stored.__index = Stored

local stored = {}

local function look(self)
  local values, err = self.read()
  if not values then return nil, nil, err end
  local kind, has, lacks = choice.of(values)
  if lacks then return nil, nil, self.complain(has, lacks) end
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
  self.kind, self.window = kind, kind.window
  -- An exchange may wait, so it is left to the first call.
  self.lazy, self.asks_iam = kind.exchanged, kind.exchanged
  return self
end

function Stored:refresh(context)
  local kind, values, err = look(self)
  if err then return nil, err end
  if not kind then return nil, errors.new("credentials", "no credentials are left in " .. self.where) end
  return choice.credentials(self.settings, context, kind, values)
end

return stored

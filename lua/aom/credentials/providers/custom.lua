--- Credentials from a function of the user's, or from an object with a `refresh` method.

local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local plain = require "aom.util.plain"
local protect = require "aom.util.host".pcall

---@class aom.CustomProvider: aom.Provider
local Custom = { kind = kinds.provider, lazy = true, may_tell_project = true, where = "option credentials" }
Custom.__index = Custom

local custom = {}

-- What is read of its table, also behind a metatable; the rest is the user's own.
local fields = { ak = true, sk = true, security_token = true, token = true, project_id = true, expires_at = true }

---@param provider function|table
---@return aom.Provider|nil
---@return aom.Error|nil
function custom.new(provider)
  if type(provider) == "function" then
    return setmetatable({ what = "the function", call = function(context) return provider(context) end }, Custom)
  end
  local refresh, err = plain.index(provider, "refresh")
  if err then
    err.message = "option credentials: " .. err.message
    return nil, err
  end
  if type(refresh) ~= "function" then
    return nil, errors.argument("option credentials: the object has no refresh method")
  end
  return setmetatable({ what = "refresh", call = function(context) return provider:refresh(context) end }, Custom)
end

--- Of what is no table nothing is shown, nor of what comes with it: a key pair may have been returned as two strings.
local function unfit(what, values)
  return errors.new("credentials", ("option credentials: %s must return a table { ak, sk } or { token }, got a %s")
    :format(what, type(values)))
end

function Custom:refresh(context)
  local ok, values, why = protect(self.call, context)
  if not ok and errors.is_interrupt(values) then error(values, 0) end
  if not ok then values, why = nil, values end
  if type(values) == "table" then
    local read, err = plain.values(values, fields)
    if err then return nil, errors.config("the credentials provider's table: " .. err.message) end
    return read
  end
  if values then return nil, unfit(self.what, values) end
  if errors.is_error(why) then return nil, why end
  if why == nil then return nil, errors.new("credentials", "the credentials provider returned no credentials") end
  return nil, errors.new("credentials", "the credentials provider returned no credentials: " .. tostring(why),
    { cause = { message = tostring(why) } })
end

return custom

--- Credentials from a function, or from an object with a `refresh` method, that
--- the user brings.

local errors = require "aom.errors"

---@class aom.CustomProvider: aom.Provider
local Custom = { lazy = true, where = "option credentials" }
Custom.__index = Custom

local custom = {}

-- A provider may wait in the loop, and PUC Lua 5.1 cannot yield through a pcall: there
-- an error inside a coroutine goes its own way.
local protect = pcall
if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
  function protect(run, ...)
    if coroutine.running() then return true, run(...) end
    return pcall(run, ...)
  end
end

---@param provider function|table
---@return aom.Provider|nil
---@return aom.Error|nil
function custom.new(provider)
  if type(provider) == "function" then
    return setmetatable({ call = function(context) return provider(context) end }, Custom)
  end
  if type(provider.refresh) ~= "function" then
    return nil, errors.argument("option credentials: the object has no refresh method")
  end
  return setmetatable({ call = function(context) return provider:refresh(context) end }, Custom)
end

function Custom:refresh(context)
  local fine, values, why = protect(self.call, context)
  if not fine then values, why = nil, values end
  if type(values) == "table" then return values end
  if errors.is_error(why) then return nil, why end
  return nil, errors.new("credentials", "the credentials provider gave none",
    { cause = why ~= nil and { message = tostring(why) } or nil })
end

return custom

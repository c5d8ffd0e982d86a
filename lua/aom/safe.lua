--- All of `aom`, returning nil and the error where that raises it; the clients made
--- here do so too.

local is_found, why = pcall(require, "aom.core")
if not is_found then require "aom.util.native".fail(why) end

local facade = require "aom.client.facade"

---@type aom.Safe
local safe = facade.build(function(value, err)
  if value == nil then return nil, err end
  return value
end)

return safe

--- Huawei Cloud AOM workflows from Lua: one call switches a workflow's schedule on or
--- off, and returns a table or raises a structured error.
---
---     local aom = require "aom"
---     local result = aom.trigger("workflow-id", "enable")
---     print(result.request_id)

local face = require "aom.face"

---@type aom
local aom = face.build(function(value, err)
  -- The error is a table; a position in front of it would only be in the way.
  if value == nil then error(err, 0) end
  return value
end)

return aom

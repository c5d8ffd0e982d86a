--- Lets results print themselves. For everything else they are plain tables.

local lines = require "aom.util.lazy" "aom.api.lines"

local result = {}

-- One metatable for each operation, as long as that lives.
local classes = setmetatable({}, { __mode = "k" })

local Execution = {
  __name = "aom.execution", __tostring = function(execution) return lines.execution(execution) end,
}

--- Lets a result print itself.
---@param of table
---@param operation aom.Operation
---@return table of
function result.printable(of, operation)
  local class = classes[operation]
  if not class then
    class = { __name = "aom.result", __tostring = function(value) return lines.result(value, operation) end }
    classes[operation] = class
  end
  local execution = of.execution
  if execution and type(execution) == "table" then setmetatable(execution, Execution) end
  return setmetatable(of, class)
end

return result

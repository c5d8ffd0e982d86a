--- Gives a loop the form that the rest of the library calls: a table of functions, called
--- with a dot, as the adapters that users write are. The loops of this library are objects
--- with methods; their methods are bound to them once, when a client is made.

local core = require "aom.core"

local NAMES = { "fetch", "sleep", "waiter", "run", "spawn", "cancel", "current", "forgive", "enter", "close",
  "prepare" }

---@param object table  its methods of these names become the functions
---@param name string   of the loop
---@return aom.Loop
return function(object, name)
  local loop = { now = core.now, name = name, object = object }
  for _, function_name in ipairs(NAMES) do
    local method = object[function_name]
    if method then loop[function_name] = function(a, b) return method(object, a, b) end end
  end
  return loop
end

--- `pcall` around what may fail by itself. Ctrl-C and a lack of memory are raised again.

local errors = require "aom.util.errors"

local function sift(ok, raised, ...)
  if not ok and errors.ends_call(raised) then error(raised, 0) end
  return ok, raised, ...
end

---@param run function
---@param ... any  its arguments
---@return boolean ok
---@return any  what it returned, or what it raised
return function(run, ...) return sift(pcall(run, ...)) end

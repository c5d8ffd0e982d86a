--- `pcall` around what may wait in the loop.

local host = require "aom.util.host"

-- PUC Lua 5.1 cannot yield through a pcall: there an error inside a coroutine goes its
-- own way, to whoever resumes the coroutine.
if _VERSION ~= "Lua 5.1" or host.jit() then return pcall end

return function(run, ...)
  if coroutine.running() then return true, run(...) end
  return pcall(run, ...)
end

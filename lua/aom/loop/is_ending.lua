--- Whether this may run in a finaliser while LuaJIT closes its state: there nearly every
--- function of nginx crashes, and so does luv when it is to make a handle. LuaJIT switches
--- its compiler off before that; if the user has switched it off, a debug hook decides:
--- hooks do not fire in finalisers.

local host = require "aom.util.host"

local sethook, gethook = host.debug.sethook, host.debug.gethook
local jit_status = host.jit() and host.jit().status

---@return boolean
return function()
  if not jit_status or jit_status() then return false end
  local hook, mask, count = gethook()
  -- One of a profiler's, in C, which Lua could not set again: then it is not known.
  if type(hook) == "string" then return false end
  local rests = true
  sethook(function() rests = false end, "", 1)
  for _ = 1, 2 do rests = rests and true end
  sethook(hook, mask, count)
  return rests
end

--- Whether a finaliser runs that may be one of those which run while LuaJIT closes its state.
--- nginx crashes there at nearly every function of its own, and luv when it is to make a
--- handle. LuaJIT has turned its compiler off by then; where a user did so too, hooks tell:
--- they rest while a finaliser runs.

local host = require "aom.util.host"

local sethook, gethook = debug.sethook, debug.gethook
local jit_status = host.jit() and host.jit().status

---@return boolean
return function()
  if not jit_status or jit_status() then return false end
  local hook, mask, count = gethook()
  local rests = true
  sethook(function() rests = false end, "", 1)
  for _ = 1, 2 do rests = rests and true end
  sethook(hook, mask, count)
  return rests
end

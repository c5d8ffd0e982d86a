--- Runs a finaliser during something else, as garbage collection does whenever
--- it pleases.

local finaliser = {}

local function leave_garbage(finalise)
  if _VERSION == "Lua 5.1" then
    getmetatable(newproxy(true)).__gc = finalise -- luacheck: ignore 113
  else
    setmetatable({}, { __gc = finalise })
  end
end

--- Runs `body` so that `finalise` is called at the next time Lua looks after its garbage.
---@param body function
---@param finalise function
function finaliser.during(body, finalise)
  collectgarbage()
  collectgarbage "stop"
  leave_garbage(finalise)
  local multiplier = collectgarbage("setstepmul", 1000000)
  collectgarbage "restart"
  body()
  collectgarbage("setstepmul", multiplier)
end

--- Runs `body` so that `finalise` is called again and again meanwhile.
---@param body function
---@param finalise function
function finaliser.always(body, finalise)
  local ended = false
  local function again()
    if ended then return end
    leave_garbage(again)
    finalise()
  end
  local pause = collectgarbage("setpause", 0)
  finaliser.during(body, again)
  ended = true
  collectgarbage("setpause", pause)
end

return finaliser

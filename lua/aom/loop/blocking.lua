--- The loop of plain Lua, where nothing else runs while a call waits.

local bind = require "aom.loop.bind"
local engine_loop = require "aom.loop.engine"

local blocking = {}

---@class aom.BlockingLoop: aom.EngineLoop
local BlockingLoop = engine_loop.class()

--- Nothing drives the loop after this call has returned, so `body` runs to its end here.
---@param body function
function BlockingLoop:spawn(body) self:run({ body }, 1) end

---@param carrier aom.Carrier
---@param transport aom.Transport
---@return aom.Loop
function blocking.new(carrier, transport)
  return bind(engine_loop.new(BlockingLoop, carrier, transport), "blocking")
end

return blocking

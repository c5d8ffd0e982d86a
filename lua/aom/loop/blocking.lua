--- The loop of plain Lua, where nothing else runs while a call waits.

local bind = require "aom.loop.bind"
local engine_loop = require "aom.loop.engine"

local blocking = {}

---@class aom.BlockingLoop: aom.EngineLoop
local BlockingLoop = engine_loop.class()

--- Nothing drives the loop after this call has returned, so `body` runs to its end here.
---@param body function
function BlockingLoop:spawn(body) self:run({ body }, 1) end

---@param engine userdata  an engine of aom.core
---@return aom.Loop
function blocking.new(engine) return bind(engine_loop.new(BlockingLoop, engine), "blocking") end

return blocking

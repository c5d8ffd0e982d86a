--- The loop of plain Lua, where nothing else runs while a call waits.

local bind = require "aom.loop.bind"
local engine_loop = require "aom.loop.engine"
local errors = require "aom.util.errors"
local protect = require "aom.util.host".pcall
local waits = require "aom.util.lazy" "aom.loop.engine_waits"

local blocking = {}

---@class aom.BlockingLoop: aom.EngineLoop
local BlockingLoop = engine_loop.class()

BlockingLoop.on_yield = "aom: a function given to the call has yielded, and in plain Lua nothing would resume it"

--- Nothing drives the loop after this call has returned, so `body` runs to its end here.
--- On Lua 5.1 it cannot catch by itself what the user's functions raise in it.
---@param body function
---@param on_end? fun(ok: boolean, err: any): boolean|nil  true: the error has been told
function BlockingLoop:spawn(body, on_end)
  local ok, raised = protect(self.run, self, { body }, 1)
  if ok or on_end and not errors.is_interrupt(raised) and on_end(false, raised) then return end
  error(raised, 0)
end

--- Outside of any task, nothing is suspended while one waits for the answer.
---@param attempt aom.Attempt
---@param fields table
---@return aom.PreparedWay
function BlockingLoop:prepare(attempt, fields)
  local way = waits.prepare(self, attempt, fields)
  way.send, way.finish = way.object.send, function(id) return self:block(id) end
  return way
end

---@param carrier aom.Carrier
---@param transport aom.Transport
---@return aom.Loop
function blocking.new(carrier, transport)
  return bind(engine_loop.new(BlockingLoop, carrier, transport), "blocking")
end

return blocking

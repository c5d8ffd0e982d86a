--- The loop of plain Lua: nothing turns the wheel but the call that waits.

local engine_loop = require "aom.loop.engine"

local blocking = {}

---@param engine userdata  an engine of aom.core
---@return aom.Loop
function blocking.new(engine)
  local loop = engine_loop.new(engine, {})
  loop.name = "blocking"

  --- Nobody would come back to drive it later, so it runs to its end here.
  function loop.spawn(body) loop.run({ body }, 1) end

  return loop
end

return blocking

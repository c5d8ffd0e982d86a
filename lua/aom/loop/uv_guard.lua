--- What libuv calls. An error that is raised inside a luv callback ends the process: so where
--- memory was short, the body runs once more without the garbage, and goes on where it was cut.

local errors = require "aom.util.errors"

---@param body function  which may be cut anywhere, and run again
---@return function
return function(body)
  return function(...)
    local ok, err = pcall(body, ...)
    if ok then return end
    if not errors.is_memory(err) then error(err, 0) end
    collectgarbage()
    body(...)
  end
end

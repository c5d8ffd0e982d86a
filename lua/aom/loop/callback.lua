--- The callback form of a call: `callback(err, result)`, and a handle to cancel it.

local errors = require "aom.util.errors"
local open = require "aom.loop.select"
local protect = require "aom.util.pcall"

local async = {}

---@class aom.Handle
local Handle = { __name = "aom.handle" }
Handle.__index = Handle

--- Ends the call, if it is still under way: its callback gets a `cancelled` error.
--- Cancelling twice, or too late, does nothing.
function Handle:cancel()
  if self.done or self.cancelled then return end
  self.cancelled = true
  if self.on_cancel then self.on_cancel() end
  if self.task and self.loop.cancel then self.loop.cancel(self.task) end
end

--- What a call ends with when a function that the caller gave it raised an error.
local function thrown(raised)
  return errors.new("cancelled", "a function given to the call raised an error: " .. tostring(raised))
end

---@param loop aom.Loop
---@param run fun(scope: table): table|nil, aom.Error|nil
---@param callback fun(err: aom.Error|nil, result: table|nil)
---@return aom.Handle|nil
---@return aom.Error|nil err  no call can be made from here
function async.start(loop, run, callback)
  local refusal = open.enter(loop, true)
  if refusal then return nil, refusal end
  local handle = setmetatable({ loop = loop }, Handle)
  local function body()
    local fine, result, err = protect(run, handle)
    handle.done = true
    if fine then return callback(err, result) end
    callback(thrown(result))
    error(result, 0)
  end
  if loop.spawn then
    handle.task = loop.spawn(body)
  else
    loop.run({ body }, 1)
  end
  return handle
end

return async

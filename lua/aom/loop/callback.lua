--- Runs a call in a task of its own, for the callback form: the caller goes on, gets a
--- handle to cancel the call, and `callback(err, result)` when it has ended.

local errors = require "aom.util.errors"
local protect = require "aom.util.host".pcall
local scopes = require "aom.loop.scope"
local select_loop = require "aom.loop.select"

local callback = {}

--- What the user holds of a call that is under way.
---@class aom.Handle
---@field private loop aom.Loop
---@field private scope aom.Scope
---@field private task any
---@field private done boolean
local Handle = { __name = "aom.handle" }
Handle.__index = Handle

function Handle.__tostring(handle)
  local is_over = handle.done and "ended" or handle.scope.cancelled and "cancelled" or "under way"
  return ("aom.handle (%s)"):format(is_over)
end

--- Ends the call, if it is still under way: its callback gets a `cancelled` error.
--- Cancelling twice, or too late, does nothing.
function Handle:cancel()
  if type(self) ~= "table" or getmetatable(self) ~= Handle then
    error(errors.argument "call it as handle:cancel(), on a handle", 0)
  end
  if self.done or self.scope.cancelled then return end
  self.scope:cancel(self.loop)
  if self.task and self.loop.cancel then self.loop.cancel(self.task) end
end

--- The error of a call during which a function that the user gave it raised an error.
local function thrown(raised)
  return errors.shortage(raised)
    or errors.new("cancelled", "a function given to the call raised an error: " .. tostring(raised))
end

---@param loop aom.Loop
---@param run fun(scope: aom.Scope): table|nil, aom.Error|nil
---@param done fun(err: aom.Error|nil, result: table|nil)
---@return aom.Handle|nil
---@return aom.Error|nil err  no call can be made from here
function callback.start(loop, run, done)
  local refusal = select_loop.enter(loop, true)
  if refusal then return nil, refusal end
  local scope = scopes.new()
  local handle = setmetatable({ loop = loop, scope = scope, task = false, done = false }, Handle)
  -- Where memory is short, not even the first line of `body` may run.
  local function on_end(ok, raised)
    if ok or handle.done then return false end
    handle.done = true
    loop.spawn(function() done(thrown(raised)) end)
    return errors.shortage(raised) ~= nil
  end
  local function body()
    local ok, result, err = protect(run, scope)
    handle.done = true
    if ok then return done(err, result) end
    done(thrown(result))
    if not errors.shortage(result) then error(result, 0) end
  end
  if loop.spawn then
    handle.task = loop.spawn(body, on_end)
  else
    loop.run({ body }, 1)
  end
  return handle
end

return callback

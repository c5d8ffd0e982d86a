--- Clients as users hold them: empty tables, whose states stand here. So what a script prints
--- or serialises by accident holds no token.

local errors = require "aom.util.errors"
local host = require "aom.util.host"
local report = require "aom.util.lazy" "aom.util.report"
local single_flight = require "aom.loop.single_flight"
local states = require "aom.client.state"

local protect = host.pcall

local objects = {}

local state_of = setmetatable({}, { __mode = "k" })

local function describe(object)
  local state = state_of[object]
  return ("aom.client (%s%s)"):format(state.settings.endpoint.base, state.closed and ", closed" or "")
end

--- Of a core that was run with `protect`.
local function outcome(ok, value, err)
  if ok then return value, err end
  single_flight.abandon()
  local shortage = errors.shortage(value)
  if shortage then return nil, shortage end
  local ngx = host.ngx()
  -- Of ours too, where a function of the user's has raised it again.
  if ngx and errors.is_error(value) then report.record(ngx, value) end
  error(value, 0)
end

--- Runs a core. Lua raises when memory is short, wherever it stands, and so does a module that
--- cannot be loaded; what the user's own functions raise goes on.
---@param run function
---@param ... any  its arguments
---@return any value
---@return aom.Error|nil
function objects.attempt(run, ...) return outcome(protect(run, ...)) end

local attempt = objects.attempt

--- The state of what a method is called on.
---@param object any
---@param name string  of the method
---@return aom.ClientState|nil
---@return aom.Error|nil
function objects.state(object, name)
  local state = state_of[object]
  if state then return state end
  return nil, errors.argument("call it as client:%s(…), on a client", name)
end

--- A method of objects, of one of states.
---@param run fun(state: aom.ClientState, ...): any, aom.Error|nil
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@param name string
---@return function
function objects.method(run, finish, name)
  return function(object, ...)
    local state = state_of[object]
    if not state then return finish(objects.state(object, name)) end
    return finish(outcome(protect(run, state, ...)))
  end
end

--- What makes clients of states. Most of their methods are made when they are first looked for.
---@param index table<string, function>  the others
---@param find fun(name: any): function|nil
---@param refuse fun(name: any): aom.Error|nil  what is wrong with an assignment
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return fun(state: aom.ClientState|nil, err: aom.Error|nil): aom.Client|nil, aom.Error|nil
function objects.class(index, find, refuse, finish)
  local class = { __name = "aom.client", __tostring = describe, __metatable = "aom.client" }
  function class.__close(object) states.close(state_of[object]) end
  class.__index = setmetatable(index, objects.late(find, finish))
  function class.__newindex(object, name, value)
    local err = refuse(name)
    if err then
      finish(nil, err)
      -- An assignment has no value that could be the error.
      error(err, 0)
    end
    rawset(object, name, value)
  end
  return function(state, err)
    if not state then return nil, err end
    local object = setmetatable({}, class)
    state_of[object] = state
    return object
  end
end

--- The metatable of a table of functions that finds those which are not in it. What cannot be
--- looked for, since it cannot be loaded, is a function with that error.
---@param find fun(name: any): function|nil
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return table
function objects.late(find, finish)
  return { __index = function(_, name)
    local found, err = attempt(find, name)
    return err and function() return finish(nil, err) end or found
  end }
end

return objects

--- The methods of a client, by name, as functions of its state. They return nil and an
--- error; the face that raises wraps them.

local arguments = require "aom.client.arguments"
local dispatch = require "aom.client.dispatch"
local each = require "aom.util.each"
local lazy = require "aom.util.lazy"
local operations = require "aom.api.operations"
local states = require "aom.client.state"
local walks = require "aom.client.walks"

---@type table<string, fun(state: aom.ClientState, ...): any, aom.Error|nil>
local methods = {}

--- Adds a method that splits its arguments by a signature, and hands them to `run`.
---@param signature aom.Signature
---@param run fun(state: aom.ClientState, callback: function|nil, a: any, b: any, c: any): any, aom.Error|nil
local function add(signature, run)
  signature.callback = true
  methods[signature.name] = function(state, ...)
    local err, callback, a, b, c = arguments.split(signature, ...)
    if err then return nil, err end
    return run(state, callback, a, b, c)
  end
end

for name, row in each.pair(operations) do
  local has_fields = row.fields ~= nil
  add({ name = name, values = #row.arguments + (has_fields and 1 or 0), options = has_fields },
    function(state, callback, a, b, c) return dispatch.operation(state, row, callback, a, b, c) end)
end

-- The busy path makes no table of its arguments.
function methods.trigger(state, id, action, callback, ...)
  if select("#", ...) > 0 then
    local err = arguments.excess("trigger", 3, ...)
    if err then return nil, err end
  end
  return dispatch.operation(state, operations.trigger, callback, id, action)
end

for name, row in each.pair(operations) do methods[row.official_name] = methods[name] end
methods.execute = methods.execute_workflow

for _, action in ipairs { "enable", "disable" } do
  add({ name = action, values = 1 }, function(state, callback, id)
    return dispatch.operation(state, operations.trigger, callback, id, action)
  end)
end

add({ name = "request", values = 1 }, dispatch.request)

--- Adds a method that is longer than a call: see dispatch.task. Its module is loaded at its
--- first call.
local function add_task(signature, module, prepare)
  module = lazy(module)
  add(signature, function(state, callback, a, b, c) return dispatch.task(state, callback, module[prepare], a, b, c) end)
end

add_task({ name = "wait", values = 2, options = true }, "aom.client.waiter", "prepare_wait")
add_task({ name = "find", values = 1 }, "aom.client.selection", "prepare_find")
add_task({ name = "trigger_all", values = 3, options = true }, "aom.client.bulk", "prepare")
add_task({ name = "request_all", values = 2, options = true }, "aom.client.request_all", "prepare")
add_task({ name = "all_pages", values = 1 }, "aom.client.pages", "prepare_all")
add_task({ name = "pause", values = 1 }, "aom.client.window.pause", "prepare")
add_task({ name = "resume", values = 2, options = true }, "aom.client.window.resume", "prepare")

local paginator = lazy "aom.client.paginator"

for name, list in each.pair(walks.lists) do
  add({ name = "all_" .. name, values = walks.count_arguments(list), options = true }, function(state, callback, a, b)
    local function prepare() return paginator.prepare_all(state, list, a, b) end
    return dispatch.task(state, callback, prepare)
  end)
end

--- A client with other settings on the same state. The faces make an object of the state.
---@return aom.ClientState|nil
---@return aom.Error|nil
function methods.with(state, ...)
  local err = arguments.excess("with", 1, select(2, ...))
  if err then return nil, err end
  return states.derive(state, (...))
end

--- Ends the calls and wipes the keys. Closing twice does nothing.
function methods.close(state, ...)
  local err = arguments.excess("close", 0, ...)
  if err then return nil, err end
  states.close(state)
  return true
end

return methods

--- The methods of a client that `aom.client.methods` does not hold itself: the operations of
--- the service, and what is longer than a call.

local arguments = require "aom.client.arguments"
local dispatch = require "aom.client.dispatch"
local each = require "aom.util.each"
local lazy = require "aom.util.lazy"
local operations = require "aom.api.operations"
local steps = require "aom.client.steps"
local walks = require "aom.client.walks"

---@type table<string, fun(state: aom.ClientState, ...): any, aom.Error|nil>
local methods = {}

local function add(signature, run) methods[signature.name] = arguments.method(signature, run) end

for name, row in each.pair(operations) do
  if name ~= "trigger" then
    local has_fields = row.fields ~= nil
    add({ name = name, values = #row.arguments + (has_fields and 1 or 0), options = has_fields },
      function(state, callback, a, b, c) return dispatch.operation(state, row, callback, a, b, c) end)
    methods[row.official_name] = methods[name]
  end
end

methods.execute = methods.execute_workflow

--- Adds a method that is longer than a call: see steps.task. Its module is loaded at its
--- first call.
local function add_task(signature, module, prepare)
  module = lazy(module)
  add(signature, function(state, callback, a, b, c) return steps.task(state, callback, module[prepare], a, b, c) end)
end

add_task({ name = "wait", values = 2, options = true }, "aom.client.waiter", "prepare_wait")
add_task({ name = "find", values = 1 }, "aom.client.selection", "prepare_find")
add_task({ name = "trigger_all", values = 3, options = true }, "aom.client.bulk", "prepare")
add_task({ name = "request_all", values = 2, options = true, table = true }, "aom.client.request_all", "prepare")
add_task({ name = "all_pages", values = 1, table = true }, "aom.client.pages", "prepare_all")
add_task({ name = "pause", values = 1 }, "aom.client.window.pause", "prepare")
add_task({ name = "resume", values = 2, options = true }, "aom.client.window.resume", "prepare")

local paginator = lazy "aom.client.paginator"

for name, list in each.pair(walks.lists) do
  add({ name = "all_" .. name, values = walks.count_arguments(list), options = true }, function(state, callback, a, b)
    local function prepare() return paginator.prepare_all(state, list, a, b) end
    return steps.task(state, callback, prepare)
  end)
end

return methods

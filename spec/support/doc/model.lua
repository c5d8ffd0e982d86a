--- What the types and the reference are made from: the rows of operations, of their answers'
--- objects and of options, the annotations, and the rows of spec/support/doc/functions.lua,
--- brought into one form.

local tree = require "spec.lint.tree"

-- The rows are data, and need no core that was built.
package.preload["aom.core"] = package.preload["aom.core"] or function()
  return setmetatable({}, { __index = function() return function() end end })
end

local annotations = require "spec.support.doc.annotations"
local functions = require "spec.support.doc.functions"
local option_texts = require "spec.support.doc.options"
local objects = require "aom.api.objects"
local operations = require "aom.api.operations"
local options = require "aom.config.options"

local PAGE = "https://support.huaweicloud.com/api-aom/%s.html"

-- Where annotations of what users see stand.
local ANNOTATED = { "lua/aom/types/values.lua", "lua/aom/util/errors.lua", "lua/aom/client/checks.lua",
  "lua/aom/client/bulk.lua", "lua/aom/loop/callback.lua", "lua/aom/credentials/providers/chain.lua" }

local model = { sections = functions, classes = {} }

--- Under which names a class is found, in the order of the reference.
local order = {}

local function add(class)
  model.classes[class.name], order[#order + 1] = class, class.name
  return class
end

local function quoted(list) return '"' .. table.concat(list, '"|"') .. '"' end

local types_by_kind = { id = "string", text = "string", label = "string", string = "string", integer = "integer",
  number = "number", boolean = "boolean", list = "string[]", ["function"] = "function" }

local function type_of(row)
  if row.type then return row.type end
  if row.kind == "choice" then return quoted(row.choices) end
  if row.kind == "map" then return row.texts and "table<string, string>" or "table<string, any>" end
  return assert(types_by_kind[row.kind], row.kind)
end

local function range(min, max, unit)
  return (min == max and "%.0f %s" or "%.0f to %.0f %s"):format(min, min == max and unit or max, unit)
end

local limits_by_kind = {
  id = function(row)
    return range(row.min, row.max, "bytes") .. ", without / \\ % ? #, blanks and control characters"
  end,
  text = function(row) return range(row.min, row.max, "characters") end,
  label = function(row) return range(row.min, row.max, 'letters, digits, "-" and "_"') end,
  string = function(row) return row.max and range(1, row.max, "bytes") or nil end,
  integer = function(row)
    if row.unit then return row.unit end
    return row.max == 2 ^ 31 - 1 and ("%d or more"):format(row.min) or ("%.0f to %.0f"):format(row.min, row.max)
  end,
  number = function(row) return row.unit .. (row.min and ", " .. row.min .. " or more" or ", above 0") end,
  map = function(row) return row.max and ("at most %d"):format(row.max) or nil end,
  list = function(row)
    return row.max and ("at most %d of %s"):format(row.max, range(row.item_min, row.item_max, "characters")) or nil
  end,
}

--- What a value must be, beside its type; nil: nothing.
local function limits_of(row)
  local tell = limits_by_kind[row.kind]
  return tell and tell(row)
end

--- Meaning and type stand in the row, or apart from it.
local function field_of(name, row, meaning, type_name)
  meaning = meaning or row.meaning
  if row.default ~= nil then
    meaning = ("%s. Default: %s"):format(meaning, type(row.default) == "string" and ('"%s"'):format(row.default)
      or tostring(row.default))
  end
  return { name = name, optional = not row.required, type = type_name or type_of(row), limits = limits_of(row),
    meaning = meaning }
end

local function camel(name) return (("_" .. name):gsub("_(%l)", string.upper)) end

local function fields_of(rows, names)
  local wanted, list = {}, {}
  for _, name in ipairs(names or {}) do wanted[name] = true end
  for _, row in ipairs(rows) do
    if not names or wanted[row.name] then
      local field = field_of(row.name, row)
      field.optional = field.optional or names ~= nil
      list[#list + 1] = field
    end
  end
  return list
end

-- What a result holds beside what every result does.
local results = {
  acknowledgement = {},
  workflow = { { "workflow", "aom.Workflow", "the new workflow" } },
  elements = { { "elements", "%s[]", "what is on the page" },
    { "total", "integer", "how many there are on all pages, if the service says so", optional = true } },
  execution_id = { { "id", "string", "id of the execution" }, { "execution_id", "string", "the same" } },
  executions = { { "executions", "%s[]", "the executions" } },
  execution = { { "execution", "%s", "the execution" } },
  template = { { "template", "%s", "the template" } },
  outcome = { { "result", "any", "what the service says, such as \"success\"" } },
}

local function result_class(row)
  local fields = {}
  for _, name in ipairs(row.arguments) do
    fields[#fields + 1] = field_of(name, row.parameters[name])
    fields[#fields].optional, fields[#fields].limits = false, nil
  end
  for _, spec in ipairs(results[row.result]) do
    fields[#fields + 1] = {
      name = spec[1], type = spec[2]:format("aom." .. tostring(row.object)), meaning = spec[3],
      optional = spec.optional,
    }
  end
  return { name = "aom." .. camel(row.name) .. "Result", parent = "aom.Result", group = "results", fields = fields,
    meaning = ("What `%s` returns."):format(row.name) }
end

local function input_class(name, meaning, fields, group)
  return add { name = name, meaning = meaning, fields = fields, closed = true, group = group or "fields" }
end

for _, object in ipairs(objects) do
  local fields = {}
  for i, row in ipairs(object.fields) do
    fields[i] = {
      name = row.name, type = row.type, limits = row.unit, meaning = row.meaning, optional = not row.given,
    }
  end
  add { name = "aom." .. object.name, meaning = object.meaning, fields = fields, open = true, group = "objects" }
end

local names = {}
for name in pairs(operations) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  local row = operations[name]
  add(result_class(row))
  if row.fields then
    input_class("aom." .. camel(name) .. "Fields", ("The fields of `%s`."):format(name), fields_of(row.fields))
  end
end

-- Filters of the iterators: the fields of their operations, and more.
local partial = { name = "allow_partial", type = "boolean", optional = true,
  meaning = "accept an incomplete list. Default: false" }
for list, operation in pairs { Workflows = "list_workflows", Scripts = "list_scripts", Jobs = "list_jobs",
  ScriptVersions = "list_script_versions", Templates = "list_templates" } do
  input_class(("aom.%sFilter"):format(list), ("The filter of a list: the fields of `%s`, and more."):format(operation),
    { partial }, "filters").parent = "aom." .. camel(operation) .. "Fields"
end
table.sort(order)

local selecting = { "type", "search", "tags", "create_by", "enterprise_project_id" }
input_class("aom.SelectionFilter", "The service's filters that a selection may have.",
  fields_of(operations.list_workflows.fields, selecting), "filters")
table.remove(selecting, 1)
input_class("aom.PauseFilter", "The service's filters that `pause` may have.",
  fields_of(operations.list_workflows.fields, selecting), "filters")

local function options_of(rows)
  local list, count = {}, 0
  for _ in pairs(rows) do count = count + 1 end
  for _, text in ipairs(option_texts) do
    local row = rows[text[1]]
    if row then list[#list + 1] = field_of(text[1], row, text[2], text[3]) end
  end
  assert(#list == count, "an option has no text in spec/support/doc/options.lua")
  return list
end

input_class("aom.ClientOptions", "Options of a client. Each may be set elsewhere, too: see doc/configuration.md.",
  options_of(options.client), "options")
input_class("aom.OwnOptions", "What `with` takes. `headers` are added to the client's.", options_of(options.own),
  "options")

--- The classes that are generated, in order.
model.generated = {}
for i, name in ipairs(order) do model.generated[i] = model.classes[name] end

for _, path in ipairs(ANNOTATED) do
  local found = {}
  annotations.read(tree.read(path), found)
  for name, class in pairs(found) do
    if class.parent == "aom.Caught" then class.parent = nil end
    model.classes[name] = model.classes[name] or class
  end
end

local function args_of_operation(row)
  local args = {}
  for _, name in ipairs(row.arguments) do
    local parameter = row.parameters[name]
    args[#args + 1] = { name, type_of(parameter), parameter.meaning, limits = limits_of(parameter) }
  end
  if not row.fields then return args end
  local optional = true
  for _, field in ipairs(row.fields) do optional = optional and not field.required end
  args[#args + 1] = { "fields", "aom." .. camel(row.name) .. "Fields", "the other fields", optional = optional }
  return args
end

local by_name = {}

local function complete(of)
  local owner, name = of.name:match "^(%a+)[.:]([%w_]+)$"
  of.owner, of.short = owner, name
  local row = operations[of.operation or of.like]
  if of.operation then
    of.summary, of.args, of.waits = row.summary, args_of_operation(row), true
    of.returns = { "aom." .. camel(row.name) .. "Result", "" }
    of.once = not row.idempotent
    of.fields = row.fields and model.classes["aom." .. camel(row.name) .. "Fields"]
    if of.fields then of.fields.page = of.name end
    of.aliases = { row.official_name }
    if row.name ~= name then of.aliases[2] = row.name end
  end
  if of.default then
    local like = by_name[of.default]
    for key, value in pairs(like) do
      if of[key] == nil and key ~= "aliases" then of[key] = value end
    end
    of.summary = like.summary .. " With a client made from environment and profile."
    row = operations[like.operation or like.like]
  end
  if row then of.official, of.page, of.permission = row.official, PAGE:format(row.official), row.permission end
  of.errors = of.errors or {}
  for _, arg in ipairs(of.args) do
    if arg.kind then arg.limits = limits_of { kind = arg.kind, min = 1, max = 64 } end
  end
  by_name[of.name] = of
end

for _, section in ipairs(functions) do
  for _, of in ipairs(section) do complete(of) end
end

--- Whether the last argument may be left out before a callback.
function model.is_optional_last(of)
  local last = of.args[#of.args]
  return last and last.optional or false
end

--- Whether the reference describes a class; aliases have no page.
function model.has_page(name)
  local class = model.classes[name]
  return class ~= nil and not class.alias and not class.values
end

--- The call of a function, as in "client:wait(execution, [options], [callback])".
function model.call(of)
  local words = {}
  for i, arg in ipairs(of.args) do words[i] = arg.optional and "[" .. arg[1] .. "]" or arg[1] end
  if of.waits then words[#words + 1] = "[callback]" end
  return ("%s(%s)"):format(of.name, table.concat(words, ", "))
end

--- The classes that a reader meets, in the order of the reference: by group.
function model.groups()
  local groups = {
    { title = "Options", "aom.ClientOptions", "aom.OwnOptions", "aom.BulkOptions", "aom.WaitOptions",
      "aom.PauseOptions", "aom.ResumeOptions", "aom.Adapter" },
    { title = "Selections and filters", "aom.Selection", "aom.SelectionFilter", "aom.PauseFilter",
      "aom.WorkflowsFilter", "aom.ScriptsFilter", "aom.ScriptVersionsFilter", "aom.JobsFilter", "aom.TemplatesFilter" },
    { title = "Results", "aom.Result", "aom.Handle", "aom.BulkReport", "aom.BulkEntry", "aom.Window", "aom.WindowItem",
      "aom.Check", "aom.Versions" },
    { title = "Requests and signatures", "aom.AnyRequest", "aom.PagedRequest", "aom.Response", "aom.SignRequest",
      "aom.SignKey", "aom.Signed", "aom.Event", "aom.Credentials" },
    { title = "Objects of the service" },
    { title = "Errors", "aom.Error", "aom.ErrorDetail", "aom.ErrorCause" },
  }
  for _, class in ipairs(model.generated) do
    if class.group == "results" then table.insert(groups[3], class.name) end
  end
  for _, object in ipairs(objects) do table.insert(groups[5], "aom." .. object.name) end
  for _, group in ipairs(groups) do
    for i, name in ipairs(group) do group[i] = assert(model.classes[name], name) end
  end
  return groups
end

return model

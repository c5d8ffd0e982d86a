--- Writes doc/reference.md.

local model = require "spec.support.doc.model"

local reference = {}

local HEAD = [[
<!-- Made by `make doc` from the rows and annotations of the library: do not edit. -->

# Reference

Every public function, what it takes and what it returns. Ids are positional arguments; fields, filters and options go
in one table, under the names below, and an unknown name is an `argument` error. Every field is checked before anything
is sent. In signatures `[x]` may be left out.

- `aom.NAME` raises an [aom.Error](#aomerror). `require "aom.safe"` has the same functions, and its clients the same
  methods: they return `nil, err` instead.
- A function that lists `[callback]` takes `function(err, result)` there, and then returns an
  [aom.Handle](#aomhandle) at once; `handle:cancel()` ends the call. In plain Lua the function returns
  after it has called back.
- An iterator raises errors inside the `for`; that of `aom.safe` gives `false, err` once instead.
- Times are in seconds, unless a field says otherwise.

## Contents

]]

-- A text inside a cell of a table.
local function cell(text) return (text:gsub("|", "\\|")) end

local function anchor(title) return (title:lower():gsub("[^%w _-]", ""):gsub(" ", "-")) end

--- A link to a class; the fields of an operation stand on the operation's page.
local function link(name) return ("[%s](#%s)"):format(name, anchor(model.classes[name].page or name)) end

local function code(text) return "`" .. cell(text) .. "`" end

--- Makes links of the names of classes in a text.
local function linked(text)
  return (text:gsub("%f[%w]see (aom%.%w+)", function(name)
    return "see " .. (model.classes[name] and link(name) or name)
  end))
end

--- One type, with a link to its class.
local function simple_type(type)
  local name, rest = type:match "^(aom%.%w+)([%[%]]*)$"
  if not name or not model.has_page(name) then return code(type) end
  return link(name) .. (rest ~= "" and code(rest) or "")
end

--- A type, with links to the classes in it. One that has brackets is shown whole, with the
--- links behind it.
local function type_cell(type)
  if not type:find "[({<]" then
    local parts = {}
    for part in type:gmatch "[^|]+" do parts[#parts + 1] = simple_type(part) end
    return table.concat(parts, " or ")
  end
  local links = {}
  for name in type:gmatch "aom%.%w+" do
    if model.has_page(name) then links[#links + 1] = link(name) end
  end
  return code(type) .. (links[1] and ", with " .. table.concat(links, ", ") or "")
end

local function table_of(fields, limits)
  local lines = limits and { "| name | type | limits | meaning |", "| --- | --- | --- | --- |" }
    or { "| name | type | meaning |", "| --- | --- | --- |" }
  for _, field in ipairs(fields) do
    local name = ("`%s`%s"):format(field.name, limits and not field.optional and " (required)" or "")
    local parts = { name, type_cell(field.type) }
    if limits then parts[#parts + 1] = cell(field.limits or "") end
    local unit = not limits and field.limits and " (" .. field.limits .. ")" or ""
    parts[#parts + 1] = cell(linked(field.meaning)) .. unit
    lines[#lines + 1] = "| " .. table.concat(parts, " | ") .. " |"
  end
  return table.concat(lines, "\n") .. "\n"
end

local function errors_of(of)
  local lines = {}
  local every = of.waits or of.walk
  if every then lines[1] = "[those of every call](#errors-of-every-call)" end
  for _, err in ipairs(of.errors) do lines[#lines + 1] = ("`%s`, if %s"):format(err[1], err[2]) end
  return lines[1] and "**Errors:** " .. table.concat(lines, "; ") .. ".\n" or nil
end

--- What is in a result, beside what every result has.
local function fields_told(type)
  local class = model.classes[type]
  if not class or class.parent ~= "aom.Result" then return "" end
  local names = {}
  for i, field in ipairs(class.fields) do
    names[i] = ("`%s` (%s, %s)"):format(field.name, type_cell(field.type), field.meaning)
  end
  return (" It has %s, and the fields of every [aom.Result](#aomresult)."):format(table.concat(names, ", "))
end

local function arguments_of(of)
  local fields = {}
  for i, arg in ipairs(of.args) do
    fields[i] = { name = arg[1], type = arg[2], meaning = arg[3], limits = arg.limits, optional = arg.optional }
  end
  return fields
end

local function function_page(of)
  local parts = { "### " .. of.name .. "\n", "`" .. model.call(of) .. "`\n", of.summary .. "\n" }
  if of.fields then
    local fields = arguments_of(of)
    fields[#fields] = nil
    if fields[1] then parts[#parts + 1] = table_of(fields, true) end
    parts[#parts + 1] = ("Fields of the table `fields`%s:\n"):format(of.args[#of.args].optional
      and ", which may be left out" or "")
    parts[#parts + 1] = table_of(of.fields.fields, true)
  elseif of.args[1] then
    parts[#parts + 1] = table_of(arguments_of(of), true)
  end
  local type, meaning = of.returns[1], of.returns[2]
  local words = meaning ~= "" and ": " .. meaning or ""
  parts[#parts + 1] = ("**Returns:** %s%s%s.%s\n"):format(of.walk and "an iterator over " or "", type_cell(type), words,
    fields_told(type))
  parts[#parts + 1] = errors_of(of)
  if of.official then
    parts[#parts + 1] = ("**API:** [%s](%s), permission `%s`.%s%s\n"):format(of.official, of.page, of.permission,
      of.once and " Sent once: it is not repeated if it may have run." or "",
      of.aliases and " Its official name works too: `client:" .. of.aliases[1] .. "`." or "")
  end
  parts[#parts + 1] = "```lua\n" .. of.example .. "\n```\n"
  return table.concat(parts, "\n")
end

local function class_page(class)
  local parts = { "### " .. class.name .. "\n" }
  if class.meaning ~= "" then parts[#parts + 1] = class.meaning .. "\n" end
  if class.parent then
    parts[#parts + 1] = ("It has the fields of %s, too.\n"):format(link(class.parent))
  end
  if class.name == "aom.Handle" then parts[#parts + 1] = "`handle:cancel()` ends the call; it can be repeated.\n" end
  if class.fields[1] then parts[#parts + 1] = table_of(class.fields, class.closed) end
  return table.concat(parts, "\n")
end

local function kinds_page()
  local lines = { "### Errors of every call\n", "| `err.kind` | what happened |", "| --- | --- |" }
  for _, kind in ipairs(model.classes["aom.ErrorKind"].values) do
    lines[#lines + 1] = ("| `%s` | %s |"):format(kind.value, cell(kind.meaning))
  end
  return table.concat(lines, "\n") .. "\n"
end

local function contents()
  local lines = {}
  for _, section in ipairs(model.sections) do
    local names = {}
    for i, of in ipairs(section) do names[i] = ("[`%s`](#%s)"):format(of.name, anchor(of.name)) end
    lines[#lines + 1] = ("- [%s](#%s): %s"):format(section.title, anchor(section.title), table.concat(names, ", "))
  end
  for _, group in ipairs(model.groups()) do
    lines[#lines + 1] = ("- [%s](#%s)"):format(group.title, anchor(group.title))
  end
  return table.concat(lines, "\n") .. "\n"
end

---@return table<string, string>
function reference.files()
  local parts = { HEAD .. contents() }
  for _, section in ipairs(model.sections) do
    parts[#parts + 1] = "## " .. section.title .. "\n"
    for _, of in ipairs(section) do parts[#parts + 1] = function_page(of) end
  end
  for _, group in ipairs(model.groups()) do
    parts[#parts + 1] = "## " .. group.title .. "\n"
    if group.title == "Errors" then parts[#parts + 1] = kinds_page() end
    for _, class in ipairs(group) do parts[#parts + 1] = class_page(class) end
  end
  return { ["doc/reference.md"] = table.concat(parts, "\n") }
end

return reference

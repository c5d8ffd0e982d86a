--- Writes doc/aom.txt, for `:help aom`.

local model = require "spec.support.doc.model"

local help = {}

local WIDTH = 78

--- Breaks a text into lines, the first behind `head`, the others as far in.
local function wrap(text, head, indent)
  local lines, line = {}, head or ""
  local filled = false
  for word in text:gmatch "%S+" do
    if filled and #line + 1 + #word > WIDTH then
      lines[#lines + 1], line, filled = line, (" "):rep(indent or 0), false
    end
    line, filled = line .. (filled and " " or "") .. word, true
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- A text, and a tag at the right end of its line.
local function tagged(text, tag)
  local gap = WIDTH - #text - #tag - 2
  if gap < 2 then return (" "):rep(WIDTH - #tag - 2) .. "*" .. tag .. "*\n" .. text end
  return text .. (" "):rep(gap) .. "*" .. tag .. "*"
end

local function rule(title, tag) return ("="):rep(WIDTH) .. "\n" .. tagged(title:upper(), tag) .. "\n" end

local function tag_of(name) return name:find "^client:" and "aom-" .. name .. "()" or name .. "()" end

--- Markdown's code becomes help's, names of classes and functions become links.
local function marked(text)
  return (text:gsub("see (aom%.%w+)", "see |%1|"):gsub("`(aom%.%l+)`", "|%1()|"))
end

--- A link to a class.
local function linked(name) return model.has_page(name) and "|" .. name .. "|" or name end

--- Between two `|` a word is a link.
local function linked_type(type) return (type:gsub("|", " or "):gsub("aom%.%w+", linked)) end

local function entry(field)
  local limits = field.limits and " (" .. field.limits .. ")" or ""
  return wrap(("(%s) %s%s"):format(linked_type(field.type), marked(field.meaning), limits),
    ("    {%s}%s "):format(field.name, field.optional == false and " required" or ""), 8)
end

local function entries(fields)
  local lines = {}
  for i, field in ipairs(fields) do lines[i] = entry(field) end
  return table.concat(lines, "\n") .. "\n"
end

local function errors_of(of)
  local lines = { (of.waits or of.walk) and "those of every call, |aom-errors|" or nil }
  for _, err in ipairs(of.errors) do lines[#lines + 1] = ("%s, if %s"):format(err[1], marked(err[2])) end
  return lines[1] and wrap(table.concat(lines, "; ") .. ".", "    Errors: ", 8) .. "\n" or nil
end

local function function_page(of)
  local parts = { tagged(model.call(of), tag_of(of.name)) .. "\n", wrap(marked(of.summary), "    ", 4) .. "\n" }
  local fields = {}
  for i, arg in ipairs(of.args) do
    fields[i] = {
      name = arg[1], type = arg[2], limits = arg.limits, optional = arg.optional or false, meaning = arg[3],
    }
  end
  if fields[1] then parts[#parts + 1] = entries(fields) end
  local meaning = of.returns[2]
  parts[#parts + 1] = wrap((of.walk and "an iterator over " or "") .. linked_type(of.returns[1])
    .. (meaning ~= "" and ": " .. marked(meaning) or ""), "    Returns: ", 8) .. "\n"
  parts[#parts + 1] = errors_of(of)
  if of.official then
    parts[#parts + 1] = wrap(("%s, permission %s%s"):format(of.official, of.permission,
      of.once and "; sent once" or ""), "    API: ", 8) .. "\n        " .. of.page .. "\n"
  end
  parts[#parts + 1] = "    Example: >\n        " .. of.example:gsub("\n", "\n        ") .. "\n<"
  return table.concat(parts, "\n")
end

local function class_page(class)
  local parts = { tagged(class.name, class.name) .. "\n" }
  if class.meaning ~= "" then parts[#parts + 1] = wrap(marked(class.meaning), "    ", 4) .. "\n" end
  if class.parent then parts[#parts + 1] = ("    It has the fields of |%s|, too.\n"):format(class.parent) end
  if class.fields[1] then parts[#parts + 1] = entries(class.fields) end
  return table.concat(parts, "\n")
end

local function kinds()
  local lines = {}
  for i, kind in ipairs(model.classes["aom.ErrorKind"].values) do
    lines[i] = wrap(kind.meaning, ("    %-12s "):format(kind.value), 17)
  end
  return "The `kind` of an error is\n\n" .. table.concat(lines, "\n") .. "\n"
end

local HEAD = [[
*aom.txt*  Switch AOM workflows from Lua. Made by `make doc`: do not edit.

Lua functions for Huawei Cloud AOM workflows: >
    require("aom").trigger("workflow-id", "disable", function(err, result)
      vim.notify(tostring(err or result))
    end)
<
With a callback the editor goes on meanwhile; without one the call blocks,
unless it is made in a coroutine. `aom` raises errors, `aom.safe` returns nil
and the error. `:checkhealth aom` shows what is installed and configured.

]]

local function tag_of_section(title) return "aom-" .. title:lower():gsub("[^%w]+", "-") end

local function contents(groups)
  local lines = { tagged("CONTENTS", "aom") .. "\n" }
  for _, list in ipairs { model.sections, groups } do
    for _, section in ipairs(list) do
      lines[#lines + 1] = ("    %-40s |%s|"):format(section.title, tag_of_section(section.title))
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

---@return table<string, string>
function help.files()
  local groups = model.groups()
  local fields = { title = "Fields of operations" }
  for _, class in ipairs(model.generated) do
    if class.group == "fields" then fields[#fields + 1] = class end
  end
  table.insert(groups, 3, fields)
  local parts = { HEAD .. contents(groups) }
  for _, section in ipairs(model.sections) do
    parts[#parts + 1] = rule(section.title, tag_of_section(section.title))
    for _, of in ipairs(section) do parts[#parts + 1] = function_page(of) .. "\n" end
  end
  for _, group in ipairs(groups) do
    parts[#parts + 1] = rule(group.title, tag_of_section(group.title))
    if group.title == "Errors" then parts[#parts + 1] = kinds() end
    for _, class in ipairs(group) do parts[#parts + 1] = class_page(class) end
  end
  parts[#parts + 1] = " vim:tw=78:ts=8:noet:ft=help:norl:\n"
  return { ["doc/aom.txt"] = table.concat(parts, "\n") }
end

return help

--- Writes the LuaCATS files for editors and type checkers.

local model = require "spec.support.doc.model"

local types = {}

local WIDTH = 100
local HEAD = "--- Made by `make doc` from the rows and annotations of the library: do not edit. Nothing here\n"
  .. "--- runs.\n---@meta\n"

--- Breaks a text into comment lines.
local function comment(text, indent)
  local lines, line = {}, "---" .. (indent or " ")
  local start = line
  for word in text:gmatch "%S+" do
    if #line + #word > WIDTH and line ~= start then
      lines[#lines + 1], line = line, "---" .. (indent or " ")
      start = line
    end
    line = line .. (line == start and "" or " ") .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function told(field)
  return field.meaning .. (field.limits and ": " .. field.limits or "")
end

--- An annotation, broken where it is too long.
local function annotation(head, text)
  if text == "" then return head end
  if #head + 2 + #text <= WIDTH + 20 then return head .. "  " .. text end
  return head .. "\n" .. comment(text, "  ")
end

local function class(of)
  local lines = { comment(of.meaning), "---@class " .. of.name .. (of.parent and ": " .. of.parent or "") }
  for _, field in ipairs(of.fields) do
    lines[#lines + 1] = annotation(("---@field %s%s %s"):format(field.name, field.optional and "?" or "", field.type),
      told(field))
  end
  if of.open then lines[#lines + 1] = "---@field [string] any  what the service adds" end
  if of.closed then lines[#lines + 1] = "---@field [string] aom.NoSuchName" end
  return table.concat(lines, "\n") .. "\n"
end

local function classes_of(...)
  local wanted, list = {}, { HEAD }
  for _, group in ipairs { ... } do wanted[group] = true end
  for _, of in ipairs(model.generated) do
    if wanted[of.group] then list[#list + 1] = class(of) end
  end
  return table.concat(list, "\n")
end

-- The two faces: what their objects are called, and what a call gives back.
local faces = {
  raising = {
    module = "aom", client = "aom.Client", variable = "aom",
    words = "`aom`, whose functions raise an aom.Error. With a callback, a function that calls a service returns an "
      .. "aom.Handle, and the callback gets the error or the result.",
  },
  safe = {
    module = "aom.Safe", client = "aom.SafeClient", variable = "safe", is_safe = true,
    words = "`aom.safe`, which has the functions of `aom`, and whose clients have its methods: they return nil and the "
      .. "error where those raise it.",
  },
}

--- A type, or nil.
local function maybe(type) return type:find "^[%w_.]+$" and type .. "?" or "(" .. type .. ")?" end

local function own(face, type) return (type:gsub("^aom%.Client$", face.client)) end

local function errors_line(of)
  local kinds = {}
  for _, err in ipairs(of.errors) do kinds[#kinds + 1] = ("`%s` (%s)"):format(err[1], err[2]) end
  local list = table.concat(kinds, ", ")
  if of.waits or of.walk then return "Errors: those of every call" .. (list ~= "" and "; " .. list or "") .. "." end
  return list ~= "" and "Errors: " .. list .. "." or nil
end

local function description(of)
  local lines = { comment(of.summary) }
  if of.official then
    lines[#lines + 1] = "---\n" .. comment(("%s, which needs the permission %s%s: %s"):format(of.official,
      of.permission, of.once and " and is sent once" or "", of.page))
  end
  local errors = errors_line(of)
  if errors then lines[#lines + 1] = "---\n" .. comment(errors) end
  return lines
end

local function callback_type(of, face)
  return ("fun(err: aom.Error?, result: %s)"):format(maybe(own(face, of.returns[1])))
end

--- The form with a callback, of the first so many arguments.
local function overload(of, face, count)
  local parts = {}
  if of.owner == "client" then parts[1] = "self: " .. face.client end
  for i = 1, count do parts[#parts + 1] = ("%s: %s"):format(of.args[i][1], of.args[i][2]
    .. (of.args[i].optional and "|nil" or "")) end
  parts[#parts + 1] = "callback: " .. callback_type(of, face)
  return ("---@overload fun(%s): %s"):format(table.concat(parts, ", "),
    face.is_safe and "aom.Handle?, aom.Error?" or "aom.Handle")
end

local function returns(of, face, lines)
  local type, meaning = own(face, of.returns[1]), of.returns[2]
  if of.walk then
    lines[#lines + 1] = face.is_safe
      and ("---@return fun(): %s|false|nil, aom.Error?  %s; false and the error at an error"):format(type, meaning)
      or ("---@return fun(): %s?  %s"):format(type, meaning)
  elseif face.is_safe and not of.never and type ~= "true" then
    lines[#lines + 1] = annotation(("---@return %s result"):format(maybe(type)), meaning)
    lines[#lines + 1] = "---@return aom.Error? err"
  else
    lines[#lines + 1] = annotation("---@return " .. type .. " result", meaning)
  end
end

local function method(of, face)
  local lines, words = description(of), {}
  for i, arg in ipairs(of.args) do
    words[i] = arg[1]
    lines[#lines + 1] = annotation(("---@param %s%s %s"):format(arg[1], arg.optional and "?" or "", arg[2]),
      arg[3] .. (arg.limits and ": " .. arg.limits or ""))
  end
  returns(of, face, lines)
  if of.waits then
    lines[#lines + 1] = overload(of, face, #of.args)
    if model.is_optional_last(of) then lines[#lines + 1] = overload(of, face, #of.args - 1) end
  end
  local owner = of.owner == "client" and "client:" or face.variable .. "."
  lines[#lines + 1] = ("function %s%s(%s) end"):format(owner, of.short, table.concat(words, ", "))
  for _, alias in ipairs(of.aliases or {}) do
    lines[#lines + 1] = ("\n---The official name of `%s`, or another.\nclient.%s = client.%s"):format(of.short, alias,
      of.short)
  end
  return table.concat(lines, "\n") .. "\n"
end

local function face_file(face)
  local list = { HEAD .. "---\n" .. comment(face.words) .. "\n", ("---@class %s\nlocal %s = {}\n"):format(face.module,
    face.variable) }
  for _, owner in ipairs { "aom", "client" } do
    if owner == "client" then list[#list + 1] = ("---@class %s%s\nlocal client = {}\n"):format(face.client,
      face.is_safe and "" or ": aom.Caught") end
    for _, section in ipairs(model.sections) do
      for _, of in ipairs(section) do
        if of.owner == owner then list[#list + 1] = method(of, face) end
      end
    end
  end
  list[#list + 1] = "return " .. face.variable .. "\n"
  return table.concat(list, "\n")
end

--- The files by path.
---@return table<string, string>
function types.files()
  return {
    ["lua/aom/types/aom.lua"] = face_file(faces.raising),
    ["lua/aom/types/safe.lua"] = face_file(faces.safe),
    ["lua/aom/types/objects.lua"] = classes_of("objects"),
    ["lua/aom/types/fields.lua"] = classes_of("fields", "filters", "results"),
    ["lua/aom/types/options.lua"] = classes_of("options"),
  }
end

return types

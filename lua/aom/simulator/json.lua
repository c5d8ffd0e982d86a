--- JSON for the simulator. lua-cjson decodes. Encoding is done here, so that responses are
-- the same every time: sorted keys, empty lists as `[]`, no escaped slashes.

local cjson = require "cjson"

local json = { null = cjson.null }

local array_mt = { __name = "aom.simulator.json.array" }

--- Marks a table as a list, so that it is encoded as one even if it is empty.
---@param list table
---@return table list
function json.array(list)
  return setmetatable(list, array_mt)
end

local short_escapes = { ["\""] = "\\\"", ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(char)
  return short_escapes[char] or string.format("\\u%04x", char:byte())
end

--- A JSON string with its quotes. Bytes above 127 stay unchanged.
---@param text string
---@return string
function json.string(text)
  return "\"" .. text:gsub("[%c\"\\]", escape) .. "\""
end

local encode

local function encode_list(list)
  local parts = {}
  for i = 1, #list do
    parts[i] = encode(list[i])
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function encode_map(map)
  local names, parts = {}, {}
  for name in pairs(map) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = json.string(name) .. ":" .. encode(map[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_number(number)
  if number % 1 == 0 and math.abs(number) < 2 ^ 53 then
    return string.format("%.0f", number)
  end
  return string.format("%.14g", number)
end

--- Encodes the simulator's own values: string keys, lists without holes.
---@param value any
---@return string
function json.encode(value)
  local kind = type(value)
  if kind == "string" then
    return json.string(value)
  elseif kind == "number" then
    return encode_number(value)
  elseif kind ~= "table" then
    return value == json.null and "null" or tostring(value)
  elseif getmetatable(value) == array_mt or value[1] ~= nil then
    return encode_list(value)
  end
  return encode_map(value)
end

encode = json.encode

--- Decodes a text; never raises.
---@param text string
---@return any value
---@return string|nil err
function json.decode(text)
  local ok, value = pcall(cjson.decode, text)
  if not ok then
    return nil, tostring(value)
  end
  return value
end

return json

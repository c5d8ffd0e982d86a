--- JSON as the library reads and writes it.
---
--- The codec yields floats on Lua 5.3 and 5.4, and a null value of its own: here
--- integral numbers become integers and null members of an object are absent.

local codecs = require "aom.util.codec"
local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local containers = require "aom.util.containers"

local json = {}

local has_integers = math.tointeger ~= nil
local to_integer = math.tointeger or function(number) return number end

--- An integral number as an integer, where Lua has such.
---@param number number
---@return number
function json.integer(number) return to_integer(number) or number end

---@param text string
---@return any value  nil when `text` is not JSON
---@return string|nil why
function json.decode(text)
  local found, err, null = codecs.find()
  if not found then return nil, err.message end
  -- RFC 8259, section 8.1: a byte order mark may be ignored.
  if text:byte() == 239 then text = text:gsub("^\239\187\191", "") end
  local called, value, why = errors.caught(found.decode, text)
  if not called then value, why = nil, value end
  -- That the text is JSON, or not, is unknown then.
  if errors.ends_call(why) then error(why, 0) end
  if value == nil then return nil, why or "not JSON" end
  -- Where numbers are all of one kind, there is nothing to tidy but nulls.
  if not has_integers and not text:find("null", 1, true) then return value end
  return core.tidy(value, null)
end

--- As `decode`, of a text that may have been wrapped into a JSON string once more.
---@param text string
---@return any value
function json.unwrap(text)
  local value = json.decode(text)
  if type(value) == "string" then
    local inner = json.decode(value)
    if type(inner) == "table" then return inner end
  end
  return value
end

local List = { __name = "aom.list" }

--- Marks a table as a list, which it stays when it is empty: any other empty table is an
--- object.
---@generic T
---@param value T[]
---@return T[]
function json.list(value) return setmetatable(value, List) end

--- As `list`, of what a caller gives.
---@param value any
---@return table|nil
---@return aom.Error|nil
function json.marked(value)
  if value == nil then value = {} end
  if type(value) ~= "table" then return nil, errors.argument("list: expected a table, got %s", errors.show(value)) end
  local elements = containers.list(value)
  local stray = elements and containers.stray_key(value, #elements)
  if stray ~= nil then
    return nil, errors.argument("list: expected a list without holes, got the key %s", errors.show(stray))
  end
  local ok, marked = errors.caught(json.list, value)
  if not ok then return nil, errors.argument "list: the table's metatable is protected" end
  return marked
end

-- Tables within tables; more are a circle, or nothing that a service reads.
local MAX_DEPTH = 100

-- What the text that is written now is written with.
local codec, null

local function is_list(value)
  local meta = containers.metatable(value)
  if meta ~= nil and (meta == List or meta == codec.array_mt or meta == codec.empty_array_mt) then return true end
  return rawget(value, 1) ~= nil
end

local write

-- What is being written is `keys.count` keys deep, and the first so many of them lead to it.
local function write_list(value, depth, keys)
  local parts = {}
  for i, entry in ipairs(value) do
    keys[depth] = i
    parts[i] = write(entry, depth, keys)
  end
  keys.count = depth - 1
  if containers.stray_key(value, #parts) ~= nil then error("a list has holes, or keys that are no numbers", 0) end
  return "[" .. table.concat(parts, ",") .. "]"
end

--- Sorted, so that the same table is always the same text.
local function write_object(value, depth, keys)
  local names, parts = {}, {}
  for name in each.raw(value) do
    if type(name) ~= "string" then error("a table has keys that are neither names nor those of a list", 0) end
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    keys[depth] = name
    parts[i] = write(name, depth, keys) .. ":" .. write(value[name], depth, keys)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- A whole number, which a codec may round.
local function write_whole(value)
  if math.type and math.type(value) == "integer" then return ("%d"):format(value) end
  return value % 1 == 0 and math.abs(value) < 2 ^ 53 and ("%.0f"):format(value) or nil
end

--- Tables are written here, since codecs differ about empty ones and about keys that are
--- numbers; what is in them by the codec.
function write(value, depth, keys)
  keys.count = depth
  if type(value) == "table" and value ~= null then
    if depth == MAX_DEPTH then
      keys.count = 0
      error("tables are nested too deep", 0)
    end
    return (is_list(value) and write_list or write_object)(value, depth + 1, keys)
  end
  local whole = type(value) == "number" and write_whole(value)
  if whole then return whole end
  local text, why = codec.encode(value)
  return text or error(why, 0)
end

---@param value any
---@return string|nil text
---@return string|nil why  and where in the value
function json.encode(value)
  local err
  codec, err, null = codecs.find()
  if not codec then return nil, err.message end
  local keys = {}
  local ok, text = errors.caught(write, value, 0, keys)
  if ok then return text end
  return nil, keys.count > 0 and ("%s: %s"):format(containers.path(keys, keys.count), text) or text
end

return json

--- JSON through lua-cjson, or through Neovim's own copy of it.
---
--- cjson yields floats on Lua 5.3 and 5.4, and a null value of its own: here
--- integral numbers become integers and null members of an object are absent.

local json = {}

local function codec()
  local found, cjson = pcall(require, "cjson.safe")
  -- A private instance: settings that the host changes on its own do not leak in.
  if found then return cjson.new and cjson.new() or cjson, cjson.null end
  if vim and vim.json then return vim.json, vim.NIL end
  error("aom: lua-cjson is not installed (luarocks install lua-cjson, or apt-get install lua-cjson)", 0)
end

local loaded, null

local function load_codec()
  if not loaded then
    loaded, null = codec()
    -- No JSON, and no key of a table either.
    if loaded.decode_invalid_numbers then loaded.decode_invalid_numbers(false) end
    -- What an empty table becomes is a setting of the host's in some codecs.
    if loaded.encode_empty_table_as_object then loaded.encode_empty_table_as_object(true) end
  end
  return loaded
end

local to_integer = math.tointeger or function(number) return number end

--- An integral number as an integer, where Lua has such.
---@param number number
---@return number
function json.integer(number) return to_integer(number) or number end

local function tidy(value)
  if type(value) == "number" then return json.integer(value) end
  if type(value) ~= "table" then return value end
  for key, member in pairs(value) do
    if member == null and type(key) == "string" then
      value[key] = nil
    elseif type(member) == "table" or type(member) == "number" then
      value[key] = tidy(member)
    end
  end
  return value
end

---@param text string
---@return any value  nil when `text` is not JSON
---@return string|nil why
function json.decode(text)
  local called, value, why = pcall(load_codec().decode, text)
  if not called then return nil, value end
  if value == nil then return nil, why or "not JSON" end
  return tidy(value)
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

---@param value any
---@return string|nil text
---@return string|nil why
function json.encode(value)
  local called, text, why = pcall(load_codec().encode, value)
  if not called then return nil, text end
  return text, why
end

return json

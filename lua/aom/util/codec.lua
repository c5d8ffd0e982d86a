--- What reads and writes JSON here: lua-cjson, or Neovim's own copy of it.

local core = require "aom.core"
local errors = require "aom.util.errors"

local codec = {}

local MAX_WHY = 200

local HINT = "install it for this Lua: luarocks install lua-cjson, or apt-get install lua-cjson"

--- Raises what is wrong with it.
local function load_cjson()
  local cjson = require "cjson.safe"
  if type(cjson) ~= "table" or type(cjson.decode) ~= "function" or type(cjson.encode) ~= "function" then
    error("the module has no decode and encode", 0)
  end
  -- A private instance: settings that the host changes on its own do not leak in.
  local own = cjson.new and cjson.new() or cjson
  local text, value = own.encode { a = true }, own.decode '{"a":[1]}'
  if text ~= '{"a":true}' or type(value) ~= "table" or type(value.a) ~= "table" or value.a[1] ~= 1 then
    error("the module does not encode and decode as it should", 0)
  end
  return own, cjson.null
end

local loaded, null

-- Of a module that failed once, Lua 5.1 says no more than that it did.
local first_why

local function absence(why)
  if core.lacks_descriptors() then return errors.shortage(errors.NO_DESCRIPTORS) end
  why = type(why) == "string" and why or errors.show(why)
  if why:find("module 'cjson.safe' not found", 1, true) then
    return errors.config("lua-cjson is not installed, and nothing can be sent without it", HINT)
  end
  first_why = first_why or why
  if why:find("loop or previous error", 1, true) then why = first_why end
  return errors.config("lua-cjson cannot be loaded, and nothing can be sent without it: "
    .. why:gsub("%s+", " "):sub(1, MAX_WHY), HINT)
end

--- Whether a codec still knows numbers: it keeps the decimal point of the locale in which it
--- was made, and a host may set another one at any moment.
local function knows_numbers(own)
  local ok, value = errors.caught(own.decode, "[0.5,1]")
  return ok and type(value) == "table" and value[1] == 0.5 and value[2] == 1
end

--- Finds what reads and writes JSON here. A failure is not remembered.
---@return table|nil codec
---@return aom.Error|nil err
---@return any null  what the codec makes of it
function codec.find()
  if loaded and knows_numbers(loaded) then return loaded, nil, null end
  local found, cjson, its_null = errors.caught(load_cjson)
  local vim = rawget(_G, "vim")
  if found then
    loaded, null = cjson, its_null
  elseif type(vim) == "table" and vim.json then
    loaded, null = vim.json.new and vim.json.new() or vim.json, vim.NIL
  else
    return nil, absence(cjson)
  end
  -- A finaliser that is older than the codec may use it when the Lua state closes: its library
  -- must be there still, and no buffer of its own that it has freed.
  core.keep_loaded(loaded.encode)
  if loaded.encode_keep_buffer then loaded.encode_keep_buffer(false) end
  -- No JSON, and no key of a table either.
  if loaded.decode_invalid_numbers then loaded.decode_invalid_numbers(false) end
  -- What an empty table becomes is a setting of the host's in some codecs.
  if loaded.encode_empty_table_as_object then loaded.encode_empty_table_as_object(true) end
  return loaded, nil, null
end

--- Why there is no JSON here, or nil. Whoever makes a client asks first: later it would
--- show when a request has been carried out already.
---@return aom.Error|nil
function codec.missing()
  local _, err = codec.find()
  return err
end

return codec

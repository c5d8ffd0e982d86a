--- Lets lua-http's HTTP/2 side read header values of any length.
--
-- Its Huffman decoder unpacks a list of bytes onto the stack, which holds some 8,000
-- values. A token is longer, and the connection then hangs. lua-http has no setting for
-- this, so this module gives the one function a `string.char` that takes the list. If
-- lua-http's internals differ, nothing is changed.

-- luacheck: read globals setfenv debug.upvaluejoin

local hpack = require "http.hpack"

local long_headers = {}

local PIECE = 4000

local function join_bytes(list)
  local parts = {}
  for first = 1, #list, PIECE do
    parts[#parts + 1] = string.char(unpack(list, first, math.min(first + PIECE - 1, #list)))
  end
  return table.concat(parts)
end

local function find_upvalue(fn, wanted)
  local i, name, value = 1, debug.getupvalue(fn, 1)
  while name and name ~= wanted do
    i = i + 1
    name, value = debug.getupvalue(fn, i)
  end
  return name and i, value
end

-- A closure whose only upvalue is a function that returns its list unchanged.
local function with_own_unpack()
  local unpack_nothing = function(list) return list end
  return function() return unpack_nothing end
end

--- May be called more than once.
function long_headers.allow()
  local _, decode = find_upvalue(hpack.decode_string, "huffman_decode")
  local index = decode and find_upvalue(decode, "unpack")
  if index then
    -- The encoder shares the upvalue and needs the real one, so only the decoder's changes.
    debug.upvaluejoin(decode, index, with_own_unpack(), 1)
    setfenv(decode, setmetatable({ string = { char = join_bytes } }, { __index = _G }))
  end
end

return long_headers

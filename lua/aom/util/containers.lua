--- Reads tables from the caller whose keys or elements are not known in advance. One whose
--- metatable may hide some is refused rather than read as if they were not there.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local plain = require "aom.util.plain"

local containers = {}

-- Unlike the plain function it sees a metatable that hides itself.
local metatable_of = require "aom.util.host".debug.getmetatable

containers.metatable = metatable_of

--- A list's elements, as a table without a metatable; nil where it may have others than
--- those that can be seen. Those behind `__index` or `__len` show on some Luas alone.
---@param container table
---@return any[]|nil
function containers.list(container)
  local list, length = {}, 0
  while rawget(container, length + 1) ~= nil do
    length = length + 1
    list[length] = rawget(container, length)
  end
  if metatable_of(container) == nil then return list end
  if length == 0 then return nil end
  local following, err = plain.index(container, length + 1)
  if err or following ~= nil then return nil end
  return list
end

--- A key of a table that is none of its first elements, or nil.
---@param container table
---@param length integer
---@return any
function containers.stray_key(container, length)
  for key in each.raw(container) do
    if type(key) ~= "number" or key < 1 or key > length or key % 1 ~= 0 then return key end
  end
end

-- What makes a table other than what it holds itself.
local veils = { "__index", "__pairs", "__len" }

--- Whether a table may hold more than can be seen.
---@param container table
---@return boolean
function containers.is_veiled(container)
  local meta = metatable_of(container)
  if meta == nil then return false end
  for _, name in ipairs(veils) do
    if rawget(meta, name) ~= nil then return true end
  end
  return false
end

-- Deeper than JSON's encoder goes.
local DEPTH = 1000

-- Of a key, for messages.
local MAX_NAME = 40

--- How messages call a member of a table, by the keys that lead to it: a.list[2]["odd key"].
---@param keys any[]
---@param count integer  how many of them
---@return string
function containers.path(keys, count)
  local parts = {}
  for i = 1, count do
    local key = keys[i]
    local is_name = type(key) == "string" and key:find "^[%a_][%w_]*$" and #key <= MAX_NAME
    parts[i] = is_name and (i > 1 and "." or "") .. key or ("[%s]"):format(errors.show(key))
  end
  return table.concat(parts)
end

--- Fills `keys` with those that lead to a table that is veiled; returns how many, or nil.
local function find_veiled(value, keys, depth)
  if type(value) ~= "table" or depth > DEPTH then return nil end
  if containers.is_veiled(value) then return depth end
  for key, entry in each.raw(value) do
    keys[depth + 1] = key
    local count = find_veiled(entry, keys, depth + 1)
    if count then return count end
  end
end

--- For a row's test: whether a table, or one in it, is veiled.
---@param value any
---@param wanted string
---@return string|nil wanted  nil: none is
---@return string|nil got     which one, where it is in the table
function containers.veil(value, wanted)
  local keys = {}
  local count = find_veiled(value, keys, 0)
  if not count then return nil end
  return wanted, count > 0 and "one with a metatable as " .. containers.path(keys, count) or nil
end

return containers

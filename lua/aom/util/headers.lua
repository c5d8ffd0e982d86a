--- The headers of a request, as users give them: values by name.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local text = require "aom.util.text"

local headers = {}

--- Whether a text can be a method, or the name of a header.
---@param value string
---@return boolean
function headers.is_token(value) return value:find("^[%w!#$%%&'*+.^_`|~-]+$") ~= nil end

--- The value is not shown, for it may be a secret. A tab inside it is legal HTTP.
local function fault_of(name, given, what)
  if type(name) ~= "string" or not headers.is_token(name) then
    return errors.argument("%s: expected a header name, got %s", what, errors.show(name))
  end
  local value = text.of(given)
  if not value then
    return errors.argument("%s: %s: expected a string, finite number or boolean, got %s", what, errors.show(name),
      errors.show(given))
  end
  if text.has_control((value:gsub("\t", ""))) then
    return errors.argument("%s: %s: expected a value without control characters", what, errors.show(name))
  end
end

--- A copy, with values that are strings.
---@param given table|nil  what fits the row
---@param what string      how messages call them
---@return table<string, string>|nil copy
---@return aom.Error|nil err
---@return table<string, string>|nil spelling  of each name by its lower-case form
function headers.read(given, what)
  local copy, spelling = {}, {}
  for name, value in each.raw(given or {}) do
    local err = fault_of(name, value, what)
    if err then return nil, err end
    local lower = text.lower(name)
    if spelling[lower] then
      return nil, errors.argument("%s: %s and %s differ only in case", what, errors.show(spelling[lower]),
        errors.show(name))
    end
    spelling[lower], copy[name] = name, text.of(value)
  end
  return copy, nil, spelling
end

-- What says who calls, and where one message ends and the next begins.
local reserved = {}
for name in ([[authorization host x-auth-token x-security-token x-project-id content-length connection expect
  keep-alive te trailer transfer-encoding upgrade]]):gmatch "%S+" do reserved[name] = true end

local function is_reserved(lower)
  return reserved[lower] or lower:find "^x%-sdk%-" ~= nil or lower:find "^proxy%-" ~= nil
end

--- As `read`, of headers that are sent beside those that the library sets.
---@param given table|nil
---@param what string
---@return table<string, string>|nil
---@return aom.Error|nil
function headers.read_own(given, what)
  local copy, err, spelling = headers.read(given, what)
  if not copy then return nil, err end
  for lower, name in each.pair(spelling) do
    if is_reserved(lower) then
      return nil, errors.argument("%s: the library sets %s, so it cannot be given", what, errors.show(name))
    end
    copy[name] = text.trim(copy[name])
  end
  return copy
end

--- Two sets of headers as one; of a name in both, in any case, the second value counts.
---@param first table<string, string>|nil
---@param second table<string, string>|nil
---@return table<string, string>|nil
function headers.merge(first, second)
  if not first or not second then return first or second end
  local merged, overridden = {}, {}
  for name, value in each.pair(second) do merged[name], overridden[text.lower(name)] = value, true end
  for name, value in each.pair(first) do
    if not overridden[text.lower(name)] then merged[name] = value end
  end
  return merged
end

return headers

--- Hides secrets wherever they stand: in a text, and in headers.

local core = require "aom.core"
local each = require "aom.util.each"
local lower = require "aom.util.text".lower

local unpack = table.unpack or unpack

local mask = {}

local secret_headers = {
  ["authorization"] = true, ["x-auth-token"] = true, ["x-metadata-token"] = true, ["x-security-token"] = true,
  ["x-subject-token"] = true,
}

--- Whether a header holds a secret.
---@param name string  in any case
---@return boolean
function mask.is_secret_header(name) return secret_headers[lower(name)] == true end

--- A copy of headers, fit to be shown.
---@param headers table<string, string>
---@param hide fun(text: string): string  for those that should hold no secret, and may echo one
---@return table<string, string>
function mask.headers(headers, hide)
  local copy = {}
  for name, value in each.pair(headers) do copy[name] = secret_headers[lower(name)] and "***" or hide(value) end
  return copy
end

---@param secrets string[]  none of them empty
---@return fun(text: string): string  finds them also behind the escapes of URLs and JSON
function mask.of(secrets)
  return function(text) return core.mask(text, unpack(secrets)) end
end

return mask

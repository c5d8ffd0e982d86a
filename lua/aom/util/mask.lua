--- Hides secrets wherever they stand: in a text, and in headers.

local mask = {}

local secret_headers = {
  ["authorization"] = true, ["x-auth-token"] = true, ["x-metadata-token"] = true, ["x-security-token"] = true,
  ["x-subject-token"] = true,
}

--- Whether a header holds a secret.
---@param name string  in any case
---@return boolean
function mask.is_secret_header(name) return secret_headers[name:lower()] == true end

--- A copy of headers, fit to be shown.
---@param headers table<string, string>
---@return table<string, string>
function mask.headers(headers)
  local copy = {}
  for name, value in pairs(headers) do copy[name] = secret_headers[name:lower()] and "***" or value end
  return copy
end

local function hide(text, secret)
  local parts, at = {}, 1
  local from, to = text:find(secret, 1, true)
  while from do
    parts[#parts + 1] = text:sub(at, from - 1)
    at = to + 1
    from, to = text:find(secret, at, true)
  end
  if at == 1 then return text end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts, "***")
end

--- A secret, and what stands for it inside a JSON text: encoders differ about the slash.
local function spellings(secret, list)
  local escaped = secret:gsub('[\\"]', "\\%0")
  for _, spelling in ipairs { secret, escaped, (escaped:gsub("/", "\\/")) } do
    if spelling ~= list[#list] then list[#list + 1] = spelling end
  end
end

---@param secrets string[]  none of them empty
---@return fun(text: string): string
function mask.of(secrets)
  local list = {}
  for _, secret in ipairs(secrets) do spellings(secret, list) end
  return function(text)
    for _, spelling in ipairs(list) do text = hide(text, spelling) end
    return text
  end
end

return mask

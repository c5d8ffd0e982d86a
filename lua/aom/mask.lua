--- Hides secrets wherever they stand in a text.

local mask = {}

local function hide(text, secret)
  local from, to = text:find(secret, 1, true)
  while from do
    text = text:sub(1, from - 1) .. "***" .. text:sub(to + 1)
    from, to = text:find(secret, from + 3, true)
  end
  return text
end

---@param secrets string[]  none of them empty
---@return fun(text: string): string
function mask.of(secrets)
  return function(text)
    for _, secret in ipairs(secrets) do text = hide(text, secret) end
    return text
  end
end

return mask

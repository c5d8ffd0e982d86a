--- Whether a text is UTF-8, and how long it is then.

local utf8 = {}

--- How many characters a UTF-8 text has. Bytes that do not begin one are not counted.
---@param value string
---@return integer
function utf8.length(value)
  local _, continued = value:gsub("[\128-\191]", "")
  return #value - continued
end

-- RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
local sequences = {
  "\240[\144-\191][\128-\191][\128-\191]", "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]", "\224[\160-\191][\128-\191]", "[\225-\236][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]", "[\238\239][\128-\191][\128-\191]", "[\194-\223][\128-\191]",
}

---@param value string
---@return boolean
function utf8.is_utf8(value)
  for _, sequence in ipairs(sequences) do
    if not value:find "[\128-\255]" then return true end
    value = value:gsub(sequence, " ")
  end
  return not value:find "[\128-\255]"
end

return utf8

--- Two questions about texts that many rooms ask: what stands between the blanks, and
--- what percent-encoding stands for.

local text = {}

--- A text without the blanks around it. The pattern `^%s*(.-)%s*$` takes quadratic time,
--- which is for ever where somebody sends a million blanks.
---@param value string
---@return string
function text.trim(value)
  local from = value:find "%S"
  return from and value:match(".*%S", from) or ""
end

--- The bytes that percent-encoding stands for. What is no escape stays.
---@param value string
---@return string
function text.percent_decode(value)
  return (value:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

return text

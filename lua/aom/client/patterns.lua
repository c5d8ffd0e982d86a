--- Lua patterns, read item by item as Lua does, to tell what their writer meant. Pure.

local patterns = {}

---@class aom.PatternItem
---@field kind "character"|"escaped"|"class"|"set"|"any"|"other"
---@field text string         what a character is
---@field at integer          where the item ends
---@field quantifier? string  one of * + ? -

--- Where the set ends that begins at `at`; nil: nowhere.
local function end_of_set(pattern, at)
  local i = at + 1
  if pattern:sub(i, i) == "^" then i = i + 1 end
  -- A "]" in the first place stands for itself.
  repeat
    i = i + (pattern:sub(i, i) == "%" and 2 or 1)
    if i > #pattern then return nil end
  until pattern:sub(i, i) == "]"
  return i
end

--- The item that an escape at `at` begins: its kind, its end, its text.
local function escape(pattern, at)
  local escaped = pattern:sub(at + 1, at + 1)
  if escaped == "" then return nil end
  if escaped == "b" then return "other", at + 3 end
  if escaped == "f" then return "other", pattern:sub(at + 2, at + 2) == "[" and end_of_set(pattern, at + 2) or nil end
  if escaped:find "^[0-9]" then return "other", at + 1 end
  if escaped:find "^[A-Za-z]" then return "class", at + 1 end
  return "escaped", at + 1, escaped
end

local function item_at(pattern, at)
  local first = pattern:sub(at, at)
  if first == "%" then return escape(pattern, at) end
  if first == "[" then return "set", end_of_set(pattern, at) end
  if first == "(" or first == ")" or (first == "$" and at == #pattern) then return "other", at end
  if first == "." then return "any", at end
  return "character", at, first
end

--- The items of a pattern, up to where it makes no sense.
---@param pattern string
---@return aom.PatternItem[]
function patterns.items(pattern)
  local items, at = {}, pattern:sub(1, 1) == "^" and 2 or 1
  while at <= #pattern do
    local kind, last, text = item_at(pattern, at)
    if not last then break end
    local quantifier = kind ~= "other" and pattern:match("^[%*%+%?%-]", last + 1) or nil
    items[#items + 1] = { kind = kind, text = text, at = last, quantifier = quantifier }
    at = last + (quantifier and 2 or 1)
  end
  return items
end

--- Where a "-" is a quantifier that was hardly meant as one: after a letter or a digit,
--- as in "nightly-backup", which matches no text that holds itself.
---@param pattern string
---@return string|nil meant  the pattern with "%-" in those places; nil when there are none
function patterns.with_hyphens(pattern)
  local parts, from = {}, 1
  for _, item in ipairs(patterns.items(pattern)) do
    if item.quantifier == "-" and item.kind == "character" and item.text:find "^[0-9A-Za-z\128-\255]" then
      parts[#parts + 1] = pattern:sub(from, item.at) .. "%-"
      from = item.at + 2
    end
  end
  if not parts[1] then return nil end
  return table.concat(parts) .. pattern:sub(from)
end

--- The longest text that each match holds, as far as can be told at a glance.
---@param pattern string
---@return string
function patterns.longest_text(pattern)
  local longest, run = "", ""
  local function close()
    if #run > #longest then longest = run end
    run = ""
  end
  for _, item in ipairs(patterns.items(pattern)) do
    local sure = item.text and (item.quantifier == nil or item.quantifier == "+")
    if sure then run = run .. item.text end
    if not sure or item.quantifier then close() end
  end
  close()
  return longest
end

return patterns

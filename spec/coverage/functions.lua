--- Which function of a file a line belongs to, by its name: what is not run is explained by
--- function, since the numbers of lines change.

local functions = {}

--- C: from the line with its name to the `}` in the first column.
---@param lines string[]
---@return table<integer, string>
function functions.of_c(lines)
  local names, name = {}, nil
  for number, line in ipairs(lines) do
    if line:find "^[%a_]" and not line:find ";%s*$" then name = line:match "([%w_]+)%(" or name end
    names[number] = name
    if line:find "^}" then name = nil end
  end
  return names
end

--- Lua: the innermost function that has a name, from its first to its last line, as the
--- compiler's listing has them; elsewhere "the file".
---@param lines string[]
---@param listing string
---@return table<integer, string>
function functions.of_lua(lines, listing)
  local names, sizes = {}, {}
  for first, last in listing:gmatch "\nfunction <[^>]*:(%d+),(%d+)>" do
    first, last = tonumber(first), tonumber(last)
    local name = lines[first]:match "function%s+([%w_.:]+)%s*%(" or lines[first]:match "([%w_.]+)%s*=%s*function"
    for number = first, name and last or 0 do
      if not sizes[number] or last - first < sizes[number] then names[number], sizes[number] = name, last - first end
    end
  end
  return setmetatable(names, { __index = function() return "the file" end })
end

return functions

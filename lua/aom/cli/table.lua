--- Lays rows out in columns. Where a terminal is too narrow, columns that matter least are
--- left out first, then those that may be cut are cut, and at last all that are left.

local text = require "aom.util.text"
local width = require "aom.cli.width"

local layout = {}

local GAP = 2

-- A text that is cut further says little.
local LEAST = 12

---@class aom.Column
---@field title string
---@field text fun(row: any): any  what is no text, number or boolean is not shown
---@field color? fun(row: any): string|nil  a color of aom.cli.shell
---@field share? number   it may be cut to this share of the terminal
---@field rank? integer   columns with the highest rank are left out first; without one, never

local function cells_of(columns, rows)
  local cells = { {} }
  for i, column in ipairs(columns) do cells[1][i] = column.title end
  for number, row in ipairs(rows) do
    local line = {}
    for i, column in ipairs(columns) do line[i] = width.printable(text.of(column.text(row)) or "-") end
    cells[number + 1] = line
  end
  return cells
end

local function natural_widths(columns, cells)
  local widths = {}
  for i in ipairs(columns) do
    widths[i] = 0
    for _, line in ipairs(cells) do widths[i] = math.max(widths[i], width.of(line[i])) end
  end
  return widths
end

local function total(shown, widths)
  local sum = -GAP
  for _, i in ipairs(shown) do sum = sum + GAP + widths[i] end
  return sum
end

--- The place in `shown` of the column that matters least.
local function least_important(columns, shown)
  local place
  for at, i in ipairs(shown) do
    local rank = columns[i].rank
    if rank and (not place or rank > columns[shown[place]].rank) then place = at end
  end
  return place
end

--- The place of the widest column that may be cut further.
local function widest(shown, widths, least)
  local found
  for _, i in ipairs(shown) do
    if widths[i] > least[i] and (not found or widths[i] > widths[found]) then found = i end
  end
  return found
end

--- A wide column that had to go makes room for narrow ones that went before it.
local function bring_back(shown, gone, least, limit)
  for at = #gone, 1, -1 do
    shown[#shown + 1] = gone[at]
    if total(shown, least) > limit then table.remove(shown) end
  end
  table.sort(shown)
end

--- Chooses columns and their widths for a terminal.
local function choose(columns, widths, limit)
  local shown, gone, least = {}, {}, {}
  for i in ipairs(columns) do shown[i] = i end
  if not limit then return shown end
  for i, column in ipairs(columns) do
    least[i] = column.share and math.min(widths[i], math.max(LEAST, math.floor(limit * column.share)))
      or widths[i]
  end
  while total(shown, least) > limit and least_important(columns, shown) do
    gone[#gone + 1] = table.remove(shown, least_important(columns, shown))
  end
  bring_back(shown, gone, least, limit)
  if total(shown, least) > limit then
    for _, i in ipairs(shown) do least[i] = 1 end
  end
  local cut = widest(shown, widths, least)
  while cut and total(shown, widths) > limit do
    widths[cut] = widths[cut] - 1
    cut = widest(shown, widths, least)
  end
  return shown
end

--- The lines of a table, its titles first.
---@param columns aom.Column[]
---@param rows any[]
---@param limit? integer  columns of the terminal; nil: as wide as it takes
---@param paint? fun(color: string|nil, value: string): string
---@return string[]
function layout.lines(columns, rows, limit, paint)
  local cells = cells_of(columns, rows)
  local widths = natural_widths(columns, cells)
  local shown, lines = choose(columns, widths, limit), {}
  for number, line in ipairs(cells) do
    local parts = {}
    for at, i in ipairs(shown) do
      local value = at < #shown and width.fit(line[i], widths[i]) or width.cut(line[i], widths[i])
      local color = number > 1 and columns[i].color and columns[i].color(rows[number - 1])
      parts[at] = paint and paint(number == 1 and "bold" or color, value) or value
    end
    lines[number] = table.concat(parts, (" "):rep(GAP))
  end
  return lines
end

return layout

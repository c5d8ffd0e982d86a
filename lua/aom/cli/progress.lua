--- How far something is: a bar at the foot of a terminal, below the lines that stay. Where
--- standard error is no terminal there is none.

local width = require "aom.cli.width"

local progress = {}

local CLEAR = "\r\27[K"
local SHORTEST, LONGEST = 10, 30

---@class aom.Progress
---@field shell aom.Shell
---@field shown boolean
local Progress = {}
Progress.__index = Progress

--- A bar, as in "[######....] 6/10 nightly-db".
---@param done integer
---@param total integer
---@param label string
---@param columns integer  that it may take
---@return string
function progress.bar(done, total, label, columns)
  local size = math.max(SHORTEST, math.min(LONGEST, math.floor(columns / 3)))
  local filled = total > 0 and math.floor(size * done / total) or size
  local bar = ("[%s%s] %d/%d %s"):format(("#"):rep(filled), ("."):rep(size - filled), done, total,
    width.printable(label))
  return width.cut(bar, columns)
end

---@param shell aom.Shell
---@return aom.Progress
function progress.new(shell)
  local self = setmetatable({ shell = shell, shown = false }, Progress)
  shell.progress = self
  return self
end

--- Shows a text at the foot, in place of the one before. The last column stays empty, since
--- some terminals break the line there.
---@param make fun(columns: integer): string
local function show(self, make)
  local columns = self.shell:columns_for_progress()
  if not columns then return end
  io.stderr:write(CLEAR, make(columns - 1))
  io.stderr:flush()
  self.shown = true
end

---@param done integer
---@param total integer
---@param label string
function Progress:bar(done, total, label)
  show(self, function(columns) return progress.bar(done, total, label, columns) end)
end

--- Shows what is waited for, when nobody knows how long.
---@param label string
function Progress:wait(label)
  show(self, function(columns) return width.cut(width.printable(label), columns) end)
end

--- Makes room for a line.
function Progress:hide()
  if not self.shown then return end
  io.stderr:write(CLEAR)
  io.stderr:flush()
  self.shown = false
end

return progress

--- What a command has around it: its output, which may be a terminal, its options, and a
--- client made of them.

local aom = require "aom.safe"
local core = require "aom.core"
local json = require "aom.util.json"
local platform = require "aom.util.platform"
local status = require "aom.cli.status"

local shell = {}

local STDOUT, STDERR = 1, 2
local DEFAULT_COLUMNS = 80

-- The reader of the pipe has gone, as `head` does: it has what it wants.
local EPIPE = 32

local COLORS = { bold = "1", red = "31", green = "32", yellow = "33" }

---@class aom.Shell
---@field args table           what was parsed
---@field columns? integer     of the terminal that shows standard output; nil: it is none
---@field error_columns? integer  of that which shows standard error
---@field quiet boolean        standard output is for JSON alone
---@field progress? aom.Progress
---@field lost? boolean        standard output takes no more
---@field fault? string        why, if that is a fault
local Shell = {}
Shell.__index = Shell

local function columns_of(descriptor)
  local columns = platform.getenv "TERM" ~= "dumb" and core.terminal(descriptor)
  if not columns then return nil end
  return columns > 0 and columns or tonumber(platform.getenv "COLUMNS") or DEFAULT_COLUMNS
end

---@param args table
---@return aom.Shell
function shell.new(args)
  local no_color = platform.getenv "NO_COLOR"
  return setmetatable({
    args = args, quiet = args.json or false, columns = columns_of(STDOUT), error_columns = columns_of(STDERR),
    colored = (no_color == nil or no_color == ""),
  }, Shell)
end

--- A text in a color, where standard output is a terminal that may show colors.
---@param color string|nil
---@param value string
---@return string
function Shell:paint(color, value)
  if not color or not self.columns or not self.colored then return value end
  return ("\27[%sm%s\27[0m"):format(COLORS[color], value)
end

--- The columns of the terminal that shows standard error now; nil: it is none.
---@return integer|nil
function Shell:columns_for_progress() return self.error_columns and columns_of(STDERR) end

--- Writes to standard output. A fault ends no work that has begun: `close` tells it.
---@param text string
function Shell:write(text)
  if self.lost then return end
  if self.progress then self.progress:hide() end
  local ok, why, number = io.stdout:write(text)
  if ok then ok, why, number = io.stdout:flush() end
  if ok then return end
  self.lost, self.fault = true, number ~= EPIPE and why or nil
end

--- The end of a command: its exit status, unless its output is lost.
---@param code integer
---@return integer
function Shell:close(code)
  if not self.fault then return code end
  self:complain("standard output cannot be written: " .. self.fault)
  return code == status.done and status.partly or code
end

--- Writes a line for a reader.
function Shell:say(line)
  if not self.quiet then self:write(line .. "\n") end
end

--- Writes a line to standard error, above the progress.
function Shell:note(line)
  if self.progress then self.progress:hide() end
  io.stderr:write(line, "\n")
end

--- Writes a line that must be seen.
function Shell:complain(line) self:note("aom: " .. line) end

--- A list for `answer`, also where it is empty.
---@generic T
---@param value T[]
---@return T[]
function shell.list(value)
  local copy = {}
  for i, each in ipairs(value) do copy[i] = each end
  return json.list(copy)
end

--- A window for `answer`, with lists that may be empty.
---@param window aom.Window
---@return aom.Window
function shell.window(window)
  window.workflows, window.noticed = shell.list(window.workflows), shell.list(window.noticed)
  return window
end

--- Writes the result for a program.
---@param value any
---@param member? string  JSON of one more member of the object
function Shell:answer(value, member)
  local text, why = json.encode(value)
  if not text then error(why, 0) end
  self:write((member and text:gsub("}$", function() return "," .. member .. "}" end) or text) .. "\n")
end

--- What a function of aom.safe returned; an error ends the command.
---@generic T
---@param value T|nil
---@param err aom.Error|nil
---@return T
function shell.must(value, err)
  if value == nil then error(err, 0) end
  return value
end

--- The options of a client that the command line gives.
---@return aom.ClientOptions
function Shell:options()
  local args = self.args
  return {
    region = args.region, project_id = args.project_id, timeout = args.timeout,
    on_event = args.verbose and shell.must(aom.log("debug", function(line) self:note(line) end)) or nil,
  }
end

---@return aom.SafeClient
function Shell:client() return shell.must(aom.client(self:options())) end

return shell

--- How commands are told which workflows they are about: by ids, by names, or by a pattern.

local errors = require "aom.util.errors"
local text = require "aom.util.text"
local width = require "aom.cli.width"

local choice = {}

--- Adds the arguments to a command.
---@param command table  of argparse
---@param by_id? boolean  ids may be given as well
function choice.define(command, by_id)
  if by_id then command:argument("ID", "Ids of workflows."):argname "ID":target "ids":args "*" end
  command:option("--name", "The workflow of exactly this name; may be repeated."):argname "NAME":count "*"
  command:option("--match", "Workflows whose names match a Lua pattern; in it, %- is a hyphen."):argname "PATTERN"
end

--- What was chosen, as trigger_all takes it. Exactly one way must have been used.
---@param args table
---@return table
function choice.read(args)
  local ids, given = args.ids or {}, {}
  if ids[1] then given[#given + 1] = ids end
  if args.name[1] then given[#given + 1] = { names = args.name } end
  if args.match then given[#given + 1] = { match = args.match } end
  if #given == 1 then return given[1] end
  local ways = args.ids and "ids, --name or --match" or "--name or --match"
  error(errors.argument("expected one of %s%s", ways, given[1] and ", got several" or ""), 0)
end

--- How a workflow is called in a line: a name is the service's, and may be anything.
---@param entry { id: string, name?: any }
---@return string
function choice.label(entry)
  local name = width.printable(text.of(entry.name) or "")
  return name:find "%S" and name or entry.id
end

return choice

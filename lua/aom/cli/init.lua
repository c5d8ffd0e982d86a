--- The command `aom`: reads its words, runs one command, and says by its exit status how it
--- went.

local aom = require "aom.safe"
local core = require "aom.core"
local errors = require "aom.util.errors"
local numbers = require "aom.cli.numbers"
local refusal = require "aom.cli.refusal"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"
local switch = require "aom.cli.commands.switch"
local window = require "aom.cli.commands.window"
local wording = require "aom.cli.wording"

local cli = {}

-- In the order of `aom --help`.
local commands = {
  require "aom.cli.commands.list", switch.enable, switch.disable, window.pause, window.resume,
  require "aom.cli.commands.run", require "aom.cli.commands.doctor", require "aom.cli.commands.request",
  require "aom.cli.commands.sign", require "aom.cli.commands.simulate", (require "aom.cli.commands.completion"),
}

local by_name = {}
for _, command in ipairs(commands) do by_name[command.name] = command end

local EPILOG = [[
Credentials come from the environment or ~/.huaweicloud/credentials.
Status: 0 done, 1 partly, 2 usage or configuration, 3 refused, 4 not reached.]]

local NO_ARGPARSE = "aom: argparse is not installed: luarocks install argparse, or apt-get install lua-argparse\n"

local function define_common(command)
  command:option("--region", "The region, such as cn-north-4."):argname "ID"
  command:option("--project-id", "The project in that region."):argname "ID"
  numbers.option(command, "--timeout", "SECONDS", "Seconds for each call with its retries (60).")
  command:flag("--json", "Print the result as JSON.")
  command:flag("--verbose", "Show every request on standard error.")
end

--- An action of argparse that prints a text and ends the process.
local function print_and_exit(make)
  return function()
    local shell = shells.new {}
    shell:say(make())
    os.exit(shell:close(status.done))
  end
end

local function define_help(parser)
  parser:add_help { action = print_and_exit(function() return parser:get_help() end) }
end

--- The parser of the command line.
---@param argparse table  the module
---@return table
---@return table<string, table>  those of its commands
local function parser_of(argparse)
  local parser = argparse("aom", nil, EPILOG)
  parser:usage "Usage: aom COMMAND [OPTION]...    (aom COMMAND --help lists its options)"
  parser:command_target "command":help_max_width(80):help_description_margin(16)
  define_help(parser)
  local version = function() return "aom " .. aom.version().aom end
  parser:flag("--version", "Print the version."):action(print_and_exit(version))
  local defined = {}
  for _, each in ipairs(commands) do
    local command = parser:command(each.name):summary(each.summary):description(each.summary)
    defined[each.name] = command
    command:help_description_margin(25)
    define_help(command)
    each.define(command)
    if not each.raw then define_common(command) end
  end
  return parser, defined
end

local function report(shell, command, err)
  if errors.is_interrupt(err) then
    local advice = command.interrupted and command.interrupted(shell)
    shell:complain("interrupted" .. (advice and "; " .. advice or ""))
    return status.interrupted
  end
  shell:complain(wording.error(err))
  if not errors.is_error(err) then return status.partly end
  if err.paused then shells.window(err.paused) end
  if shell.quiet then shell:answer { error = err } end
  local code = status.of(err)
  if code == status.partly and command.failed then shell:complain(command.failed(shell)) end
  return code
end

--- What argparse refuses.
local function refuse(words, why)
  io.stderr:write("aom: ", why, "\n", "aom --help lists the commands, aom COMMAND --help its options\n")
  for _, word in ipairs(words) do
    if word == "--json" then
      shells.new({}):answer { error = errors.argument("%s", why) }
      break
    end
  end
  return status.usage
end

--- Runs the command that the words name.
---@param words string[]
---@return integer status
function cli.main(words)
  local found, argparse = pcall(require, "argparse")
  if not found then
    io.stderr:write(NO_ARGPARSE)
    return status.usage
  end
  local parser, defined = parser_of(argparse)
  local ok, args = parser:pparse(words)
  if not ok then return refuse(words, refusal.explain(words, args, parser, defined)) end
  local shell, command = shells.new(args), by_name[args.command]
  if not command.raw then core.guard_output() end
  local ran, code = pcall(command.run, shell, parser)
  if shell.progress then shell.progress:hide() end
  return shell:close(ran and code or report(shell, command, code))
end

return cli

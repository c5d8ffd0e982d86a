--- `aom completion`: a script that completes the command in a shell.

local errors = require "aom.util.errors"
local status = require "aom.cli.status"

local completion = { name = "completion", summary = "Print a completion script for bash, zsh or fish.", raw = true }

-- They are commands of this command, since argparse completes those, and no arguments.
function completion.define(command)
  command:command_target "shell":require_command(false):usage "Usage: aom completion bash|zsh|fish"
  for _, name in ipairs { "bash", "zsh", "fish" } do
    command:command(name):summary(("Print the script for %s."):format(name))
  end
end

function completion.run(shell, parser)
  local name = shell.args.shell or error(errors.argument "expected one of bash, zsh or fish", 0)
  shell:write(parser["get_" .. name .. "_complete"](parser))
  return status.done
end

return completion

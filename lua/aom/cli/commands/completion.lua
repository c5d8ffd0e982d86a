--- `aom completion`: a script that completes the command in a shell.

local status = require "aom.cli.status"

local completion = { name = "completion", summary = "Print a completion script for bash, zsh or fish." }

function completion.define(command) command:argument("shell"):choices { "bash", "zsh", "fish" } end

function completion.run(shell, parser)
  shell:write(parser["get_" .. shell.args.shell .. "_complete"](parser))
  return status.done
end

return completion

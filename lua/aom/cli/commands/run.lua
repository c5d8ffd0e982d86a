--- `aom run`: executes a workflow now, and may wait for its end.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lists = require "aom.cli.lists"
local must = require "aom.cli.shell".must
local numbers = require "aom.cli.numbers"
local options = require "aom.config.options"
local progress = require "aom.cli.progress"
local status = require "aom.cli.status"
local waiter = require "aom.client.waiter"
local width = require "aom.cli.width"
local wording = require "aom.cli.wording"

local run = { name = "run", summary = "Execute a workflow now; --wait waits for its end." }

function run.define(command)
  command:argument("ID", "The workflow's id."):argname "ID":target "id":args "?"
  command:option("--name", "The workflow of exactly this name, instead of an id."):argname "NAME"
  command:flag("--wait", "Wait until the execution has ended.")
  command:option("--final", "With --wait: a status that ends an execution; may be repeated.")
    :argname "STATUS":count "*"
  numbers.option(command, "--limit", "SECONDS", "With --wait: for how many seconds at most (3600).")
end

--- Before anything runs: the workflow must not start if its end cannot be waited for as asked.
local function check_wait(args)
  for option, given in each.pair { ["--limit"] = args.limit, ["--final"] = args.final[1] } do
    if given and not args.wait then error(errors.argument("%s has no meaning without --wait", option), 0) end
  end
  must(options.read_table("run", { timeout = args.limit }, waiter.options))
end

local function id_of(client, args)
  if (args.id ~= nil) == (args.name ~= nil) then
    error(errors.argument("expected one of an id and --name"), 0)
  end
  return args.id or must(client:find(args.name)).id
end

--- Shows each new status, and on a terminal how long it has been going on.
local function watcher(shell)
  local bar, last = progress.new(shell), nil
  return function(done, total, execution)
    local now = width.printable(tostring(execution.status))
    if now ~= last then shell:say(("%6.1f s  %s"):format(done, now)) end
    last = now
    bar:wait(("waiting: %s for %.0f s of %.0f"):format(last, done, total))
  end
end

--- The workflow runs already: whatever happens now, it was done partly.
local function wait(shell, client, execution)
  local ended, err = client:wait(execution, {
    timeout = shell.args.limit, final = shell.args.final, on_progress = watcher(shell),
  })
  if not ended then
    shell:complain(wording.error(err))
    if shell.args.json then shell:answer { execution_id = execution.id, error = err } end
    return status.partly
  end
  if shell.args.json then shell:answer(lists.mark(ended)) end
  return ended.status == "success" and status.done or status.partly
end

function run.run(shell)
  local args = shell.args
  check_wait(args)
  local client = shell:client()
  local execution = must(client:execute(id_of(client, args)))
  shell.execution = execution
  shell:say("execution " .. width.printable(execution.id))
  if args.wait then return wait(shell, client, execution) end
  if args.json then shell:answer { workflow_id = execution.workflow_id, execution_id = execution.id } end
  return status.done
end

function run.interrupted(shell)
  return shell.execution and ("the execution %s goes on"):format(shell.execution.id) or nil
end

return run

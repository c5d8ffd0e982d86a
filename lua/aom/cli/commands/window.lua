--- `aom pause` and `aom resume`: a maintenance window, remembered in a file.

local choice = require "aom.cli.choice"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local numbers = require "aom.cli.numbers"
local progress = require "aom.cli.progress"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"

local must = shells.must

local function quote(path)
  return path:find "[^%w_./+-]" and "'" .. path:gsub("'", "'\\''") .. "'" or path
end

local function define_common(command)
  numbers.count(command, "--concurrency", "How many calls run at once (8).")
  numbers.option(command, "--rate", "N", "How many calls begin in a second, at most.")
  command:option("--on", "A trigger_status that means enabled; may be repeated."):argname "WORD":count "*"
  command:option("--off", "A trigger_status that means disabled; may be repeated."):argname "WORD":count "*"
  command:flag("--dry-run", "Change nothing; list what would be done.")
end

local function line_of(entry)
  return ("%-8s %s%s"):format(entry.state, choice.label(entry), entry.note and ": " .. entry.note or "")
end

--- The options that both have. `last` is what goes on after the last workflow.
local function options_of(shell, last)
  local args, bar = shell.args, progress.new(shell)
  return {
    concurrency = args.concurrency, rate = args.rate, dry_run = args.dry_run, states = { on = args.on, off = args.off },
    on_result = function(entry, done, total)
      shell:say(line_of(entry))
      if done < total then bar:bar(done, total, choice.label(entry)) else bar:wait(last) end
    end,
  }
end

local function show(shell, window, summary)
  if shell.args.json then return shell:answer(shells.window(window)) end
  if window.dry_run then
    for _, entry in ipairs(window.workflows) do shell:say(line_of(entry)) end
    return shell:say "nothing was changed: a dry run"
  end
  shell:say(summary)
end

local pause = { name = "pause", summary = "Disable what is enabled, and remember it in a file." }

function pause.define(command)
  choice.define(command)
  command:option("--file", "The file for aom resume; only a dry run needs none."):argname "FILE"
  define_common(command)
end

function pause.run(shell)
  local args, options = shell.args, options_of(shell, "saving what they look like now")
  if not args.file and not args.dry_run then error(errors.argument "expected --file or --dry-run, got neither", 0) end
  for name, value in each.pair(choice.read(args)) do options[name] = value end
  -- The process ends, and the window goes on.
  options.file, options.detach = args.file, true
  local window = must(shell:client():pause(options))
  show(shell, window, ("%d paused; aom resume %s enables them again"):format(window.paused, quote(args.file or "")))
  return status.done
end

function pause.interrupted(shell)
  return ("aom resume %s enables again what was disabled"):format(quote(shell.args.file or ""))
end

pause.failed = pause.interrupted

local resume = { name = "resume", summary = "Enable again what aom pause disabled." }

function resume.define(command)
  command:argument("FILE", "The file that aom pause has written."):argname "FILE":target "file"
  command:flag("--force", "Resume even while the process that paused still runs.")
  define_common(command)
end

function resume.run(shell)
  local args, options = shell.args, options_of(shell, "waiting for late calls that may disable some again")
  options.force = args.force
  local window = must(shell:client():resume(args.file, options))
  show(shell, window, window.already and "the window had been resumed before"
    or ("%d resumed, %d gone"):format(window.resumed, window.gone))
  return status.done
end

function resume.interrupted(shell) return ("aom resume %s goes on"):format(quote(shell.args.file)) end

resume.failed = resume.interrupted

return { pause = pause, resume = resume }

--- `aom enable` and `aom disable`: switch the schedules of one workflow or many.

local choice = require "aom.cli.choice"
local numbers = require "aom.cli.numbers"
local progress = require "aom.cli.progress"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"
local text = require "aom.util.text"
local wording = require "aom.cli.wording"

--- Says what became of an entry, and how far the whole is.
local function reporter(shell, verb)
  local bar = progress.new(shell)
  return function(entry, done, total)
    if entry.error then
      shell:complain(("%s: %s"):format(choice.label(entry), wording.error(entry.error)))
    else
      shell:say(("%s %s"):format(verb, choice.label(entry)))
    end
    if done < total then bar:bar(done, total, choice.label(entry)) end
  end
end

local function answer(shell, report)
  shell:answer {
    succeeded = report.succeeded, failed = report.failed, elapsed = report.elapsed, entries = shells.list(report),
  }
end

local function status_of(report)
  if report.failed == 0 then return status.done end
  return report.succeeded > 0 and status.partly or status.of(report[1].error)
end

local function new(action, verb, summary)
  local switch = { name = action, summary = summary }

  function switch.define(command)
    choice.define(command, true)
    numbers.count(command, "--concurrency", "How many calls run at once (16).")
    numbers.option(command, "--rate", "N", "How many calls begin in a second, at most.")
  end

  function switch.run(shell)
    local args = shell.args
    local report = shells.must(shell:client():trigger_all(choice.read(args), action, {
      concurrency = args.concurrency, rate = args.rate, on_result = reporter(shell, verb),
    }))
    if args.json then answer(shell, report) end
    if #report > 1 then
      shell:say(("%d %s, %d failed in %s s"):format(report.succeeded, verb, report.failed,
        text.fixed(report.elapsed, 1)))
    end
    return status_of(report)
  end

  function switch.interrupted() return "workflows not named above may be switched or not; it may be run again" end

  return switch
end

return {
  enable = new("enable", "enabled", "Enable the schedules of workflows."),
  disable = new("disable", "disabled", "Disable the schedules of workflows."),
}

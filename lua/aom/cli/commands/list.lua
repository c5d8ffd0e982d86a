--- `aom list`: the workflows, their states, how they ran last, and what can be done next.

local choice = require "aom.cli.choice"
local lists = require "aom.cli.lists"
local selection = require "aom.client.selection"
local shells = require "aom.cli.shell"
local states = require "aom.client.window.states"
local status = require "aom.cli.status"
local text = require "aom.util.text"
local layout = require "aom.cli.table"
local waiter = require "aom.client.waiter"

local must = shells.must

local list = { name = "list", summary = "List workflows: state, last run, next command, id." }

function list.define(command)
  choice.define(command)
  command:flag("--allow-partial", "Show a list that the service cuts short, too.")
  command:option("--type", "Only workflows of this type."):choices { "cron", "manual", "event" }
end

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "m" } }

--- How long it is since a time in milliseconds, as in "3d"; nil for less than a minute.
local function age(milliseconds)
  local seconds = os.time() - milliseconds / 1000
  for _, unit in ipairs(UNITS) do
    if seconds >= unit[1] then return ("%d%s"):format(math.floor(seconds / unit[1]), unit[2]) end
  end
end

--- A time of the service's, or nil where there is none: it writes 0 for that, too.
local function time_of(value)
  local time = tonumber(value)
  return time and time > 0 and time or nil
end

--- As in "success 2h ago", or "executing for 5m" while it goes on.
local function last_run(workflow)
  local result, words = text.of(workflow.status), "%s %s ago"
  if not result then return nil end
  local began, ended = time_of(workflow.last_execution_start_time), time_of(workflow.last_execution_end_time)
  local time = ended or began
  if began and not waiter.final[result] then time, words = began, "%s for %s" end
  if not time then return result end
  local since = age(time)
  return since and words:format(result, since) or result .. " just now"
end

local spellings = states.table_of()
local names = { on = "enabled", off = "disabled" }

--- What is no known spelling is shown as it is.
local function state_of(workflow) return names[states.of(spellings, workflow)] or workflow.trigger_status end

local by_state = { on = "disable", off = "enable" }

--- The command that changes a workflow from where it is. Nothing is said while it may be running,
--- of a state that nobody knows, and of other types, of which no source tells what a switch does.
local function next_command(workflow)
  local last = text.of(workflow.status)
  if last and not waiter.final[last] then return nil end
  if workflow.type == "manual" then return "run" end
  return workflow.type == "cron" and by_state[states.of(spellings, workflow)] or nil
end

local state_colors = { enabled = "green", disabled = "yellow" }
local run_colors = { success = "green", fail = "red", approvalFailed = "red" }

---@type aom.Column[]
local columns = {
  { title = "NAME", text = function(workflow) return workflow.name end, share = 0.2 },
  { title = "STATE", text = state_of, color = function(workflow) return state_colors[state_of(workflow)] end },
  { title = "TYPE", text = function(workflow) return workflow.type end, rank = 3 },
  { title = "LAST RUN", text = last_run, color = function(workflow) return run_colors[workflow.status] end, rank = 1 },
  { title = "NEXT", text = next_command, rank = 4 },
  { title = "ID", text = function(workflow) return workflow.id end, rank = 2 },
}

--- What is chosen, or nil: all. It is read before anything is sent.
local function selector_of(args)
  if not args.match and not args.name[1] then return nil end
  return must(selection.selector(choice.read(args), { operation = "find", noun = "workflow" }))
end

function list.run(shell)
  local args, client = shell.args, shell:client()
  local selector = selector_of(args)
  local workflows = must(client:all_workflows { type = args.type, allow_partial = args.allow_partial })
  if selector then workflows = must(selection.pick(selector, workflows)) end
  if args.json then
    shell:answer(lists.mark(shells.list(workflows)))
  elseif workflows[1] then
    local lines = layout.lines(columns, workflows, shell.columns, function(...) return shell:paint(...) end)
    shell:say(table.concat(lines, "\n"))
  else
    shell:say "no workflows"
  end
  return status.done
end

return list

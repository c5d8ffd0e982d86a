--- `aom list`: the workflows, their states, and how they ran last.

local choice = require "aom.cli.choice"
local selection = require "aom.client.selection"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"
local layout = require "aom.cli.table"

local must = shells.must

local list = { name = "list", summary = "List workflows: state, last run, id." }

function list.define(command)
  choice.define(command)
  command:option("--type", "Only those of a type."):choices { "cron", "manual", "event" }
end

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "m" } }

--- How long ago a time in milliseconds was, as in "3d ago".
local function age(milliseconds)
  local seconds = os.time() - milliseconds / 1000
  for _, unit in ipairs(UNITS) do
    if seconds >= unit[1] then return ("%d%s ago"):format(math.floor(seconds / unit[1]), unit[2]) end
  end
  return "just now"
end

local function last_run(workflow)
  local time = tonumber(workflow.last_execution_end_time) or tonumber(workflow.last_execution_start_time)
  local shown = { workflow.status, time and time > 0 and age(time) or nil }
  return shown[1] and table.concat(shown, " ") or nil
end

local state_colors = { enable = "green", disable = "yellow" }
local run_colors = { success = "green", fail = "red" }

---@type aom.Column[]
local columns = {
  { title = "NAME", text = function(workflow) return workflow.name end, share = 0.2 },
  { title = "STATE", text = function(workflow) return workflow.trigger_status end,
    color = function(workflow) return state_colors[workflow.trigger_status] end },
  { title = "TYPE", text = function(workflow) return workflow.type end, rank = 3 },
  { title = "LAST RUN", text = last_run, color = function(workflow) return run_colors[workflow.status] end, rank = 1 },
  { title = "ID", text = function(workflow) return workflow.id end, rank = 2 },
}

local function chosen(args, workflows)
  if not args.match and not args.name[1] then return workflows end
  local selector = must(selection.selector(choice.read(args), { operation = "find", noun = "workflow" }))
  return must(selection.pick(selector, workflows))
end

function list.run(shell)
  local args = shell.args
  local workflows = chosen(args, must(shell:client():all_workflows { type = args.type }))
  if args.json then
    shell:answer(shells.list(workflows))
  elseif workflows[1] then
    local lines = layout.lines(columns, workflows, shell.columns, function(...) return shell:paint(...) end)
    for _, line in ipairs(lines) do shell:say(line) end
  else
    shell:say "no workflows"
  end
  return status.done
end

return list

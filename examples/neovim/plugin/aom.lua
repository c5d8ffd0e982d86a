-- A Neovim plugin, which never blocks the editor and reports through vim.notify:
-- `:AomWorkflow {id} {enable|disable}` switches the schedule of a workflow;
-- `:AomWorkflows [text]` lists the workflows whose names hold a text, or match it as a Lua
-- pattern, to pick one and what to do with it.
--
-- Add this to your init.lua, with a checkout in ~/src/lua-aom that `make LUA=luajit` has
-- built:
--
--     vim.opt.runtimepath:append "~/src/lua-aom"                  -- the module, and :checkhealth aom
--     package.cpath = vim.fn.expand "~/src/lua-aom/build/luajit/?.so;" .. package.cpath
--     vim.opt.runtimepath:append "~/src/lua-aom/examples/neovim"  -- this file
--
-- Credentials and region come from the environment or from ~/.huaweicloud/credentials;
-- `:checkhealth aom` shows what is found there.

if vim.g.loaded_aom then return end
vim.g.loaded_aom = 1

local ACTIONS = { "enable", "disable" }
local STATES = { enable = "enabled", disable = "disabled" }

local function notify(level, format, ...)
  vim.notify("aom: " .. format:format(...), vim.log.levels[level])
end

local function report(err, result)
  if err then
    notify("ERROR", "%s%s", err.message, err.hint and "\n" .. err.hint or "")
  else
    notify("INFO", "workflow %s: %sd", result.workflow_id, result.action)
  end
end

-- Wrong arguments and a missing configuration are returned here; all other errors go to the
-- callback.
local function trigger(id, action)
  local handle, err = require("aom.safe").trigger(id, action, report)
  if not handle then report(err) end
end

local function switch(command)
  local id, action = command.fargs[1], command.fargs[2]
  if not action or command.fargs[3] then
    return notify("ERROR", "usage: AomWorkflow {id} {enable|disable}")
  end
  trigger(id, action)
end

local function label(workflow)
  local state = workflow.trigger_status
  return ("%s  (%s, last run: %s)"):format(workflow.name, STATES[state] or state or "no schedule",
    workflow.status or "none")
end

local function pick_action(workflow)
  vim.ui.select(ACTIONS, {
    prompt = "Workflow " .. workflow.name .. ":",
    format_item = function(action) return action .. (action == workflow.trigger_status and " (as it is)" or "") end,
  }, function(action)
    if action then trigger(workflow.id, action) end
  end)
end

-- A hyphen of a name is a quantifier in a pattern, so the text itself counts first. Lua may find
-- what is wrong in a pattern only with some names.
local function is_meant(name, text)
  if name:find(text, 1, true) then return true end
  local fine, at = pcall(string.find, name, text)
  return fine and at ~= nil
end

local function pick_workflow(err, workflows, text)
  if err then return report(err) end
  local found = vim.tbl_filter(function(workflow) return is_meant(workflow.name, text) end, workflows)
  if not found[1] then return notify("WARN", "no workflow matches %q", text) end
  vim.ui.select(found, { prompt = "AOM workflow:", format_item = label }, function(workflow)
    if workflow then pick_action(workflow) end
  end)
end

local lister

local function list(command)
  local err
  if not lister then lister, err = require("aom.safe").client() end
  if not lister then return report(err) end
  lister:all_workflows(function(failure, workflows) pick_workflow(failure, workflows, command.args) end)
end

-- Completes the action; ids cannot be completed.
local function complete(lead, line, position)
  local words = vim.split(line:sub(1, position), "%s+")
  if #words ~= 3 then return {} end
  return vim.tbl_filter(function(action) return vim.startswith(action, lead) end, ACTIONS)
end

vim.api.nvim_create_user_command("AomWorkflow", switch, {
  nargs = "*", complete = complete, desc = "Switch the schedule of an AOM workflow: {id} {enable|disable}",
})
vim.api.nvim_create_user_command("AomWorkflows", list, {
  nargs = "?", desc = "Pick an AOM workflow, and enable or disable its schedule: [text]",
})

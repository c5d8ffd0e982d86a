-- A Neovim plugin: `:AomWorkflow {id} {enable|disable}` switches the schedule of a workflow
-- without blocking the editor, and reports the result through vim.notify.
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

local function switch(command)
  local id, action = command.fargs[1], command.fargs[2]
  if not action or command.fargs[3] then
    return notify("ERROR", "usage: AomWorkflow {id} {enable|disable}")
  end
  -- Wrong arguments and a missing configuration are returned here; all other errors go to
  -- the callback.
  local handle, err = require("aom.safe").trigger(id, action, report)
  if not handle then report(err) end
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

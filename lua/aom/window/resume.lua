--- The end of a maintenance window: switches on again exactly what was switched off,
--- from the journal. It can be cut off and run again as often as it takes.

local errors = require "aom.errors"
local journals = require "aom.window.journal"
local states = require "aom.window.states"
local switch = require "aom.window.switch"

local resume = {}

local allowed = { "dry_run", "states", "concurrency", "rate", "on_result" }

local pending = { pausing = true, paused = true, resuming = true }

--- The workflows of entries that are to be switched on, as they are now.
local function present(entries, by_id)
  local list = {}
  for _, entry in ipairs(entries) do list[#list + 1] = by_id[entry.id] end
  return list
end

local function entries_to_resume(journal)
  local list = {}
  for _, entry in ipairs(journal.workflows) do
    if pending[entry.state] then list[#list + 1] = entry end
  end
  return list
end

local watched = { "update_time", "update_by", "name" }

--- Whether somebody has edited a workflow since it was switched off.
local function is_edited(entry, workflow)
  for _, name in ipairs(watched) do
    if entry.seen and entry.seen[name] ~= workflow[name] then return true end
  end
  return false
end

--- Sorts the entries out; returns those to switch on.
local function sort_out(self, entries, by_id)
  local list = {}
  for _, entry in ipairs(entries) do
    local workflow = by_id[entry.id]
    local resuming = entry.state == "resuming"
    if not workflow then
      entry.state, entry.note = "gone", "was deleted, or lost its schedule, meanwhile"
    elseif states.of(self.chosen.spellings, workflow) == "on" then
      -- A window that was cut off may not have got to this one, or have resumed it.
      if entry.state == "paused" then entry.note = "was enabled by somebody else meanwhile" end
      entry.state = "resumed"
    else
      entry.state = "resuming"
      if not resuming and is_edited(entry, workflow) then entry.note = "was edited by somebody else meanwhile" end
      list[#list + 1] = entry
    end
  end
  return list
end

local function settle(entry, err)
  if not err then
    entry.state = "resumed"
  elseif err.status == 404 then
    entry.state, entry.note = "gone", err.message
  else
    entry.note = "not enabled yet: " .. err.message
  end
end

--- A workflow that has gone cannot be on again, and is no failure.
local function serious(failures)
  local list = {}
  for _, err in ipairs(failures) do
    if err.status ~= 404 then list[#list + 1] = err end
  end
  return list
end

local function finish(self, list)
  local journal = self.journal
  journal.stage = "resuming"
  local saved, err = journal:save()
  if not saved then return nil, err end
  local failures, fault = switch.run(self, list, "enable", settle)
  failures = serious(failures)
  if failures[1] then
    err = switch.failure(journal, failures, "enabled", "client:resume(file) tries those again")
    err.retryable = true
    return nil, err
  end
  if fault then return nil, fault end
  journal.stage = "resumed"
  saved, err = journal:save()
  if not saved then return nil, err end
  return journal:view()
end

--- The scheduled workflows by id. With nothing to switch on there is nothing to look at.
local function look(self, entries)
  if not entries[1] then return {} end
  local list, by_id = switch.list(self.state, self.scope, { type = "cron" })
  if not list then return nil, by_id end
  return by_id
end

local function run(self)
  local err
  self.journal, err = journals.load(self.state, self.path)
  if not self.journal then return nil, err end
  local entries = entries_to_resume(self.journal)
  local by_id
  by_id, err = look(self, entries)
  if not by_id then return nil, err end
  err = states.check(self.chosen.spellings, present(entries, by_id))
  if err then return nil, err end
  local list = sort_out(self, entries, by_id)
  self.done, self.total = 0, #list
  if self.chosen.dry_run then
    local view = self.journal:view()
    view.dry_run = true
    return view
  end
  return finish(self, list)
end

--- For `invoke.task`: what was resumed.
---@param paused any   what `pause` returned, or the path of its file
---@param given any    options
function resume.prepare(state, paused, given)
  local chosen, err = switch.options("resume", given == nil and {} or given, allowed)
  if not chosen then return nil, err end
  local path = paused
  if type(paused) == "table" then
    if paused.dry_run then return nil, errors.argument("resume: a dry run has paused nothing") end
    path = paused.file
  end
  if type(path) ~= "string" or path == "" then
    return nil, errors.argument("resume: expected what client:pause returned, or its file, got %s",
      errors.show(paused))
  end
  return function(scope) return run { state = state, scope = scope, chosen = chosen, path = path } end
end

return resume

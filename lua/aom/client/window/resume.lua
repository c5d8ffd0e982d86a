--- The end of a maintenance window: switches on again exactly what was switched off,
--- from the journal. It can be cut off and run again as often as it takes.

local claim = require "aom.client.window.claim"
local errors = require "aom.util.errors"
local journal = require "aom.client.window.journal"
local numbers = require "aom.client.window.numbers"
local plain = require "aom.util.plain"
local scopes = require "aom.loop.scope"
local states = require "aom.client.window.states"
local switch = require "aom.client.window.switch"

local resume = {}

local allowed = { "dry_run", "force", "states", "settle_timeout", "concurrency", "rate", "on_result" }

local pending = { pausing = true, paused = true, resuming = true }

---@class aom.Resume: aom.WindowWork
---@field path string
---@field paused any  what `pause` returned, or its file
local Resume = {}
Resume.__index = Resume

--- The workflows of entries that are to be switched on, as they are now.
local function present(entries, by_id)
  local list = {}
  for _, entry in ipairs(entries) do list[#list + 1] = by_id[entry.id] end
  return list
end

--- Those of which `is_wanted(entry)` is true.
local function entries_that(self, is_wanted)
  local list = {}
  for _, entry in ipairs(self.journal.workflows) do
    if is_wanted(entry) then list[#list + 1] = entry end
  end
  return list
end

local function is_pending(entry) return pending[entry.state] end

local function is_unsettled(entry) return entry.unsettled end

local watched = { "update_time", "update_by", "name" }

--- Whether somebody has edited a workflow since it was switched off.
local function is_edited(entry, workflow)
  for _, name in ipairs(watched) do
    if entry.seen and numbers.text(entry.seen[name]) ~= numbers.text(workflow[name]) then return true end
  end
  return false
end

local function lose(entry, note)
  entry.state, entry.note, entry.unsettled = "gone", note or "was deleted, or lost its schedule, meanwhile", nil
end

--- Sorts the entries out; returns those to switch on.
local function sort_out(self, entries, by_id)
  local list = {}
  for _, entry in ipairs(entries) do
    local workflow = by_id[entry.id]
    local resuming = entry.state == "resuming"
    if not workflow then
      lose(entry)
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

--- Sorts out those that a late call may have switched off again.
local function sort_out_late(self, entries, by_id)
  local list = {}
  for _, entry in ipairs(entries) do
    local workflow = by_id[entry.id]
    entry.unsettled = nil
    if not workflow then
      lose(entry)
    elseif states.of(self.chosen.spellings, workflow) == "off" then
      entry.state, entry.note = "resuming", "was disabled late, by an interrupted call"
      list[#list + 1] = entry
    end
  end
  return list
end

local function settle(entry, err)
  if not err then
    entry.state = "resumed"
  elseif err.status == 404 then
    lose(entry, err.message)
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

--- Enables workflows even if the journal cannot be saved: the file then lists too many, and
--- enabling twice is harmless.
local function enable(self, list)
  self.journal.stage, self.total = "resuming", self.total + #list
  self.journal:save()
  local failures = serious((switch.run(self, list, "enable", settle)))
  if not failures[1] then return true end
  return nil, switch.failure(self.journal, failures, "enabled", "resume again to retry them", true)
end

--- What is to be switched on, by `sort` and by how the scheduled workflows look now.
--- With nothing to look for there is no look.
local function look(self, entries, sort)
  if not entries[1] then return {} end
  local list, by_id = switch.list(self.state, self.scope, { type = "cron", allow_partial = true }, entries)
  if not list then return nil, by_id end
  -- The call may have looked the project up, and in another one the window's workflows seem gone.
  local err = journal.check_owner(self.state, self.journal, self.journal.path or self.path)
    or states.check(self.chosen.spellings, present(entries, by_id))
  if err then return nil, err end
  return sort(self, entries, by_id)
end

--- Waits until no call of the window can be under way at the service any more.
local function wait(self, settled_at)
  local loop = self.state.loop
  local left = settled_at - loop.now()
  if left > 0 then loop.sleep(left) end
  local why = scopes.reason(self.state, self.scope)
  if not why then return true end
  local err = errors.new("cancelled", why .. " while resume waited for late calls")
  err.hint, err.paused = "resume again to continue", self.journal:view()
  return nil, err
end

--- Enables once more what a late call of the window has disabled meanwhile.
local function enable_late(self, settled_at)
  local entries = entries_that(self, is_unsettled)
  if not entries[1] then return true end
  local ok, err = wait(self, settled_at)
  if not ok then return nil, err end
  local list
  list, err = look(self, entries, sort_out_late)
  if not list then return nil, err end
  return enable(self, list)
end

--- When no call that disables can be under way any more. It is not known when the last one
--- began, and clocks of two machines differ: so it may have begun just before this.
local function settling_time(self)
  local patience, limit = self.journal.patience, self.chosen.settle_timeout
  return self.state.loop.now() + (limit and math.min(patience, limit) or patience)
end

--- The journal in the file; where that is lost, what `pause` has returned is enough.
local function read(self)
  local found, err, what = journal.load(self.state, self.path)
  if not found and what then found = journal.recall(self.state, self.paused) end
  return found, err
end

local function already(self)
  local view = self.journal:view()
  view.already = true
  return view
end

--- Says that all is done, but for the file.
local function unsaved(self, err)
  err.message = "the paused workflows are enabled again, but " .. err.message
  err.hint = ('the file still records the stage "%s"; resume can be repeated'):format(
    self.journal.written or "nothing")
  err.retryable, err.paused = true, self.journal:view()
  return nil, err
end

local function resume_and_save(self)
  local settled_at = settling_time(self)
  local list, ok, err
  list, err = look(self, entries_that(self, is_pending), sort_out)
  if not list then return nil, err end
  ok, err = enable(self, list)
  if ok then ok, err = enable_late(self, settled_at) end
  if not ok then return nil, err end
  self.journal.stage = "resumed"
  ok, err = self.journal:save()
  if not ok then return unsaved(self, err) end
  journal.forget(self.path)
  return self.journal:view()
end

local function preview(self)
  local list, err = look(self, entries_that(self, is_pending), sort_out)
  if not list then return nil, err end
  local view = self.journal:view()
  view.dry_run = true
  return view
end

--- The journal is read before the lock is taken, so that none is made for a file that is
--- no window's; and once more after that, since somebody may have ended it meanwhile.
function Resume:run()
  local err
  self.journal, err = read(self)
  if not self.journal then return nil, err end
  if self.chosen.dry_run then
    if self.journal.stage == "resumed" then return already(self) end
    return preview(self)
  end
  local taken
  taken, err = claim.to_resume(self.state, self.scope, self.path, self.chosen.force)
  if taken == nil then
    if self.journal.stage == "resumed" then return already(self) end
    return nil, err
  end
  return claim.hold(self.state, taken, function()
    self.journal, err = read(self)
    if not self.journal then return nil, err end
    if self.journal.stage == "resumed" then return already(self) end
    return resume_and_save(self)
  end, function() return self.journal and self.journal.written == "resumed" and "finish" or nil end)
end

--- For steps.task: what was resumed.
---@param paused any   what `pause` returned, or the path of its file
---@param given any    options
function resume.prepare(state, paused, given)
  local chosen, err = switch.options("resume", given == nil and {} or given, allowed)
  if not chosen then return nil, err end
  local path = paused
  if type(paused) == "table" then
    local window
    window, err = plain.values(paused, { dry_run = true, file = true })
    if not window then return nil, err end
    if window.dry_run then return nil, errors.argument("resume: a dry run paused nothing") end
    path = window.file
  end
  if type(path) ~= "string" or path == "" then
    return nil, errors.argument("resume: expected what client:pause returned, or its file, got %s",
      errors.show(paused))
  end
  return function(scope)
    return setmetatable({
      state = state, scope = scope, chosen = chosen, path = path, paused = paused,
      journal = false, done = 0, total = 0,
    }, Resume):run()
  end
end

return resume

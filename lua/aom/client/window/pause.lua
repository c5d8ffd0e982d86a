--- The beginning of a maintenance window: switches off every scheduled workflow that is
--- meant and on, and remembers exactly those.

local check = require "aom.util.check"
local claim = require "aom.client.window.claim"
local errors = require "aom.util.errors"
local journal = require "aom.client.window.journal"
local late = require "aom.http.late"
local selection = require "aom.client.selection"
local numbers = require "aom.client.window.numbers"
local operations = require "aom.api.operations"
local paginator = require "aom.client.paginator"
local states = require "aom.client.window.states"
local switch = require "aom.client.window.switch"
local walks = require "aom.client.walks"

local pause = {}

local allowed = { "name", "names", "match", "allow_none", "file", "dry_run", "detach", "states", "search", "tags",
  "create_by", "enterprise_project_id", "concurrency", "rate", "on_result" }
local filters = { "search", "tags", "create_by", "enterprise_project_id" }

---@class aom.Pause: aom.WindowWork
---@field selector aom.Selector
---@field filter table          of the list of scheduled workflows
---@field failures aom.Error[]
---@field matched? integer      how many workflows were meant
local Pause = {}
Pause.__index = Pause

--- Refuses to overwrite a window that was not resumed. True: there is no file.
local function check_file(self)
  local old, err, what = journal.load(self.state, self.chosen.file)
  if what == "absent" then return true end
  if not old then return nil, err end
  if old.stage == "resumed" then return false end
  err = errors.argument("%s contains a window that has not been resumed", old.path)
  err.hint = "resume it; then the file can be used again"
  return nil, err
end

--- Refuses ids that no call accepts: such a workflow could not be enabled again.
local function check_id(workflow)
  local fault = check.value("id", workflow.id, operations.trigger.parameters.workflow_id)
  if not fault then return nil end
  return errors.new("protocol", ("the service lists a workflow named %s that cannot be switched: %s"):format(
    errors.show(workflow.name), fault.message))
end

--- An entry for each workflow that is meant and on. That none of them is on is no
--- error: nothing would run meanwhile.
local function plan(self, list)
  local entries, spellings = {}, self.chosen.spellings
  local meant, err = selection.pick(self.selector, list)
  if not meant then return nil, err end
  self.matched = #meant
  for _, workflow in ipairs(meant) do
    err = check_id(workflow)
    if err then return nil, err end
  end
  err = states.check(spellings, meant)
  if err then return nil, err end
  for _, workflow in ipairs(meant) do
    if states.of(spellings, workflow) == "on" then
      entries[#entries + 1] = { id = workflow.id, name = workflow.name, state = "planned" }
    end
  end
  return entries
end

local function skip(entry, state, note) entry.state, entry.note = state, note end

--- Those of a batch that are still on. What somebody else has switched off since the
--- plan was made is theirs, and not to be switched on later.
local function still_on(self, batch, by_id)
  local present = {}
  for _, entry in ipairs(batch) do present[#present + 1] = by_id[entry.id] end
  local err = states.check(self.chosen.spellings, present)
  if err then return nil, err end
  local list = {}
  for _, entry in ipairs(batch) do
    local workflow = by_id[entry.id]
    if not workflow then
      skip(entry, "gone", "was deleted, or lost its schedule, before it could be disabled")
    elseif states.of(self.chosen.spellings, workflow) == "off" then
      skip(entry, "skipped", "was disabled by somebody else meanwhile")
    else
      entry.state, entry.unsettled = "pausing", true
      list[#list + 1] = entry
    end
  end
  return list
end

--- The service may still execute an attempt whose response was lost, even after later attempts.
local function settle(entry, err, result)
  if not err then
    entry.state, entry.unsettled = "paused", late.may_follow(result) or nil
  elseif switch.is_refused(err) then
    entry.state, entry.note, entry.unsettled = err.attempts == 0 and "planned" or "failed", err.message, nil
  else
    entry.note = "may or may not be disabled: " .. err.message
  end
end

--- Disables a batch. The journal says what may happen before it happens.
local function pause_batch(self, batch, by_id)
  local list, err = still_on(self, batch, by_id)
  if not list then return nil, err end
  local saved
  saved, err = self.journal:save()
  if not saved then
    for _, entry in ipairs(list) do entry.state, entry.unsettled = "planned", nil end
    return nil, err
  end
  local failures, fault = switch.run(self, list, "disable", settle)
  for _, failure in ipairs(failures) do self.failures[#self.failures + 1] = failure end
  if fault then return nil, fault end
  return true
end

local function batch_from(entries, first, size)
  local batch = {}
  for i = first, math.min(first + size - 1, #entries) do batch[#batch + 1] = entries[i] end
  return batch
end

--- Batch by batch; before each one but the first a new look at what there is.
local function pause_all(self, by_id)
  local entries, size = self.journal.workflows, self.chosen.concurrency
  for first = 1, #entries, size do
    if first > 1 then
      local list
      list, by_id = switch.list(self.state, self.scope, self.filter)
      if not list then return nil, by_id end
    end
    local ok, err = pause_batch(self, batch_from(entries, first, size), by_id)
    if not ok then return nil, err end
  end
  return true
end

--- Remembers what the workflows look like now, so that an edit will be noticed. Without
--- this look the window is as good, and edits go unnoticed.
local function look_again(self)
  if self.journal:count "paused" == 0 then return end
  local list, by_id = switch.list(self.state, self.scope, self.filter)
  if not list then return end
  for _, entry in ipairs(self.journal.workflows) do
    local workflow = entry.state == "paused" and by_id[entry.id]
    if workflow then
      entry.seen = {
        update_time = numbers.text(workflow.update_time), update_by = workflow.update_by, name = workflow.name,
      }
      if states.of(self.chosen.spellings, workflow) == "on" then
        entry.note = "is shown as enabled, though it was disabled"
      end
    end
  end
end

local HINT = "resume enables again those that were disabled"

--- An error after the first change leaves the caller what is needed to undo it.
local function unfinished(self, err)
  err.paused = self.journal:view()
  err.hint = err.hint and err.hint .. "; " .. HINT or HINT
  return nil, err
end

local function view_of(self)
  local view = self.journal:view()
  view.matched = self.matched
  return view
end

--- What there is, and an entry for each workflow that is to be switched off.
local function survey(self)
  local list, by_id = switch.list(self.state, self.scope, self.filter)
  if not list then return nil, by_id end
  local entries, err = plan(self, list)
  if not entries then return nil, err end
  self.journal = journal.new(self.state, self.chosen.file, entries)
  self.total = #entries
  return by_id
end

local function preview(self)
  local by_id, err = survey(self)
  if not by_id then return nil, err end
  local view = view_of(self)
  view.dry_run, view.file = true, nil
  return view
end

local function pause_and_keep(self)
  local absent, err = check_file(self)
  if absent == nil then return nil, err end
  local by_id
  by_id, err = survey(self)
  if not by_id then return nil, err end
  self.journal.create = absent
  local ok
  ok, err = self.journal:save()
  if not ok then return nil, err end
  ok, err = pause_all(self, by_id)
  if not ok then return unfinished(self, err) end
  if self.failures[1] then return nil, switch.failure(self.journal, self.failures, "disabled", HINT, false) end
  look_again(self)
  self.journal.stage = "paused"
  ok, err = self.journal:save()
  if not ok then return unfinished(self, err) end
  return view_of(self)
end

--- Pauses, and keeps the window for this client from the moment when there is one.
function Pause:run()
  if self.chosen.dry_run then return preview(self) end
  local taken, err = claim.to_pause(self.state, self.scope, self.chosen.file)
  if not taken then return nil, err end
  return claim.hold(self.state, taken, function() return pause_and_keep(self) end, function()
    local kept = self.journal and self.journal.written and not self.chosen.detach
    return kept and "keep" or nil
  end)
end

--- For steps.task: what was paused.
---@param given any  options
function pause.prepare(state, given)
  local chosen, err = switch.options("pause", given, allowed)
  if not chosen then return nil, err end
  if not chosen.file and not chosen.dry_run then
    return nil, errors.argument("pause: file: expected the path of a file, got nil; a dry run needs none")
  end
  local selector
  selector, err = selection.selector(chosen, { operation = "pause", noun = "scheduled workflow" })
  if not selector then return nil, err end
  if chosen.detach == nil then chosen.detach = state.system.has_workers() end
  local filter = { type = "cron", allow_partial = false }
  for _, name in ipairs(filters) do filter[name] = chosen[name] end
  local checked
  checked, err = paginator.walk(state, walks.lists.workflows, filter)
  if not checked then return nil, err end
  return function(scope)
    return setmetatable({
      state = state, scope = scope, chosen = chosen, selector = selector, filter = filter, failures = {},
      journal = false, done = 0, total = 0,
    }, Pause):run()
  end
end

return pause

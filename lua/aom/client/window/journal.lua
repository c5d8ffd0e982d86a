--- The file that remembers what a maintenance window has changed. It is written before
--- a change begins and after it ended, each time whole and synced, so that a process may
--- be killed at any moment: what the file says is enough to put everything back.
---
--- It holds ids and names, and no secret.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local json = require "aom.util.json"
local numbers = require "aom.client.window.numbers"
local one_line = require "aom.util.text".one_line
local containers = require "aom.util.containers"

local FORMAT = "lua-aom window 1"

--- What has become of a workflow:
---   planned    it was on when the window began; nothing was sent
---   pausing    it may have been switched off
---   paused     it was switched off
---   skipped    it was left alone, since somebody else got there first
---   failed     the service refused to switch it off
---   resuming   it may have been switched on again
---   resumed    it is on again
---   gone       it does not exist any more, or has no schedule
---@class aom.WindowEntry
---@field id string
---@field name string
---@field state string
---@field note? string  what was noticed about it
---@field seen? table   what it looked like when it had been switched off
---@field unsettled? boolean  a call that disables it may still be under way at the service

---@class aom.Journal
---@field path? string
---@field stage "pausing"|"paused"|"resuming"|"resumed"
---@field workflows aom.WindowEntry[]
---@field patience number   seconds for which a call may be under way after its process died
---@field create? boolean   there is no such file yet, and nobody else's is to be replaced
---@field written? string   the stage that the file tells
local Journal = {}
Journal.__index = Journal

local journal = {}

-- The journals of what callers were shown, for when the file cannot be read.
local shown_of = setmetatable({}, { __mode = "k" })

---@param state aom.ClientState
---@param path string|nil  nil: remembered nowhere, for a dry run
---@param entries aom.WindowEntry[]
---@return aom.Journal
function journal.new(state, path, entries)
  local settings = state.settings
  return setmetatable({
    system = state.system, path = path, stage = "pausing", workflows = entries,
    project_id = settings.project_id, endpoint = settings.endpoint.base,
    begun = state.system.time(), patience = settings.attempt_timeout,
  }, Journal)
end

--- Saves it. Nothing may be disabled at the service while this fails.
---@return boolean|nil
---@return aom.Error|nil
function Journal:save()
  local lines = {}
  for i, entry in ipairs(self.workflows) do
    local text, why = json.encode(entry)
    if not text then return nil, errors.config(("%s: cannot be written as JSON: %s"):format(entry.id, why)) end
    lines[i] = "    " .. text
  end
  local text = ('{\n  "format": %s,\n  "project_id": %s,\n  "endpoint": %s,\n  "begun": %s,\n'
    .. '  "patience": %s,\n  "stage": %s,\n  "workflows": [\n%s\n  ]\n}\n'):format(
    json.encode(FORMAT), json.encode(self.project_id), json.encode(self.endpoint), numbers.write(self.begun),
    numbers.write(self.patience), json.encode(self.stage), table.concat(lines, ",\n"))
  local written, why, taken = self.system.write_file(self.path, text, self.create)
  if taken then return nil, errors.argument("%s was created by another process meanwhile", self.path) end
  if not written then return nil, errors.config("the window's file cannot be saved: " .. why) end
  self.create, self.written = nil, self.stage
  return true
end

local stages = { pausing = true, paused = true, resuming = true, resumed = true }
local entry_states = { planned = true, skipped = true, failed = true, gone = true }
for stage in each.pair(stages) do entry_states[stage] = true end

--- With a state that is not known a workflow would be left as it is, and nobody told.
local function is_entry(entry)
  return type(entry) == "table" and type(entry.id) == "string" and entry_states[entry.state] == true
    and (entry.seen == nil or type(entry.seen) == "table") and (entry.note == nil or type(entry.note) == "string")
end

local function is_sound(value)
  if type(value) ~= "table" or value.format ~= FORMAT or type(value.workflows) ~= "table" then return false end
  local count = 0
  for _, entry in ipairs(value.workflows) do
    if not is_entry(entry) then return false end
    count = count + 1
  end
  return containers.stray_key(value.workflows, count) == nil and value.patience ~= nil and stages[value.stage] == true
end

--- What keeps a client from a window. A client that looks its project up may not know it
--- before its first call, and has to be checked again then.
---@param state aom.ClientState
---@param value { project_id: string|nil, endpoint: string }  a window
---@param path string
---@return aom.Error|nil
function journal.check_owner(state, value, path)
  local known = state.settings.project_id
  local other = known and value.project_id ~= known
  if other or value.endpoint ~= state.settings.endpoint.base then
    return errors.argument("%s records a window of project %s at %s; this client uses another project or endpoint",
      path, tostring(value.project_id), tostring(value.endpoint))
  end
end

--- Reads one back; nil and why when there is none, or one that makes no sense.
---@param state aom.ClientState
---@param path string
---@return aom.Journal|nil
---@return aom.Error|nil err
---@return "absent"|"unreadable"|"foreign"|nil what  of the file; nil: another project's window
function journal.load(state, path)
  local text, why, absent = state.system.read_file(path, true)
  if not text then
    return nil, errors.argument("the window's file cannot be read: %s", why or path),
      absent and "absent" or "unreadable"
  end
  local value = json.decode(numbers.quote(text))
  if type(value) == "table" then value.patience = numbers.read(value.patience) end
  if not is_sound(value) then
    return nil, errors.argument("%s is not the file of a maintenance window", path), "foreign"
  end
  local err = journal.check_owner(state, value, path)
  if err then return nil, err end
  value.system, value.path, value.written = state.system, path, value.stage
  value.begun = numbers.read(value.begun) or 0
  return setmetatable(value, Journal)
end

--- The journal behind what a caller was shown in this Lua state.
---@param state aom.ClientState
---@param shown any
---@return aom.Journal|nil
function journal.recall(state, shown)
  local known = type(shown) == "table" and shown_of[shown] or nil
  return known and not journal.check_owner(state, known, known.path) and known or nil
end

--- Marks all windows that were returned for this file as resumed.
---@param path string
function journal.forget(path)
  for _, known in each.pair(shown_of) do
    if known.path == path then known.stage = "resumed" end
  end
end

--- How many entries are in one of the states.
function Journal:count(...)
  local wanted, found = {}, 0
  for i = 1, select("#", ...) do wanted[select(i, ...)] = true end
  for _, entry in ipairs(self.workflows) do
    if wanted[entry.state] then found = found + 1 end
  end
  return found
end

--- What the caller gets to see of an entry.
---@param entry aom.WindowEntry
---@return table
function Journal.view_of(_, entry)
  return { id = entry.id, name = entry.name, state = entry.state, note = entry.note }
end

-- What is shown prints itself; for everything else it is a plain table.
local View = { __name = "aom.window" }

local counts = { "paused", "resumed", "skipped", "failed", "gone" }

function View.__tostring(view)
  local parts, lines = {}, {}
  for _, name in ipairs(counts) do
    if view[name] ~= 0 then parts[#parts + 1] = ("%s %s"):format(tostring(view[name]), name) end
  end
  lines[1] = ("%s: %s%s, %s"):format(view.file or "a window without a file", tostring(view.stage),
    view.dry_run and " (dry run)" or "", parts[1] and table.concat(parts, ", ") or "no workflows")
  for i, entry in ipairs(view.noticed or {}) do
    lines[i + 1] = ("  %s (%s): %s"):format(tostring(entry.name), tostring(entry.id), tostring(entry.note))
  end
  for i, line in ipairs(lines) do lines[i] = one_line(line) end
  return table.concat(lines, "\n")
end

--- What the caller gets to see.
---@return table
function Journal:view()
  local shown = {
    file = self.path, stage = self.stage, workflows = {}, noticed = {},
    paused = self:count("pausing", "paused", "resuming"), resumed = self:count "resumed",
    skipped = self:count "skipped", failed = self:count "failed", gone = self:count "gone",
  }
  for i, entry in ipairs(self.workflows) do
    local copy = self:view_of(entry)
    shown.workflows[i] = copy
    if copy.note then shown.noticed[#shown.noticed + 1] = copy end
  end
  shown_of[shown] = self
  return setmetatable(shown, View)
end

return journal

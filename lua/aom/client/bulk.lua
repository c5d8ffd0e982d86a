--- Makes many calls: side by side over few connections, with one entry for each, in order,
--- also if calls fail. Its own calls switch workflows; `client:request_all` makes any.

local call = require "aom.client.call"
local check = require "aom.util.check"
local errors = require "aom.util.errors"
local selection = require "aom.client.selection"
local operations = require "aom.api.operations"
local options = require "aom.config.options"
local pacer = require "aom.client.pacer"
local containers = require "aom.util.containers"
local plain = require "aom.util.plain"
local input = require "aom.api.input"
local scopes = require "aom.loop.scope"
local text = require "aom.util.text"

local bulk = {}

local CONCURRENCY = 16

--- What became of one call of many.
---@class aom.BulkEntry
---@field id? string        of a workflow
---@field name? string      when it was found by a selection
---@field request? table    of request_all: what was given
---@field result? aom.TriggerResult|aom.Response  what the call returned
---@field error? aom.Error    or why it failed

--- What became of many calls. It can be printed.
---@class aom.BulkReport: aom.Caught
---@field [integer] aom.BulkEntry
---@field succeeded integer  number of calls
---@field failed integer     number of calls
---@field elapsed number     seconds

local row = operations.trigger

local MAX_SHOWN = 20

-- A report prints itself; for everything else it is a plain list.
local Report = { __name = "aom.report" }

local function show(entry)
  local request = entry.request
  local label = request and tostring(request.method) .. " " .. tostring(request.path) or tostring(entry.id)
  return text.one_line(("  %s%s: %s"):format(label,
    entry.name and " (" .. tostring(entry.name) .. ")" or "", tostring(entry.error)))
end

function Report.__tostring(report)
  local lines, more = {}, 0
  for _, entry in ipairs(report) do
    if entry.error and #lines < MAX_SHOWN then
      lines[#lines + 1] = show(entry)
    elseif entry.error then
      more = more + 1
    end
  end
  table.insert(lines, 1, ("%s succeeded, %s failed (%s s)"):format(tostring(report.succeeded),
    tostring(report.failed), text.fixed(tonumber(report.elapsed) or 0, 3)))
  if report[1] == nil then lines[1] = lines[1] .. "; nothing was given or selected" end
  if more > 0 then lines[#lines + 1] = ("  and %d more"):format(more) end
  return table.concat(lines, "\n")
end

--- What every bulk takes.
---@type table<string, aom.Row>
bulk.options = {
  concurrency = options.rows.count, rate = options.rows.rate, stop_on_error = options.rows.flag,
  on_result = options.rows.callable,
}

local function no_id(place)
  local err = errors.argument("ids[%d]: expected an id or a workflow, got a table without id", place)
  err.hint = "a selection is not written in a list: { name = … }, { names = { … } } or { match = … }"
  return err
end

--- The entries of a report, before anything was sent.
local function entries_of(ids)
  local elements, list = containers.list(ids), {}
  if not elements then
    return nil, errors.argument("ids: expected a plain list, got a table with a metatable")
  end
  for i, given in ipairs(elements) do
    local entry, err = { id = given }
    if type(given) == "table" then entry, err = plain.values(given, { id = true, name = true }) end
    if not entry then return nil, err end
    if type(given) == "table" and entry.id == nil then return nil, no_id(i) end
    err = check.value(("ids[%d]"):format(i), entry.id, row.parameters.workflow_id)
    if err then return nil, err end
    list[i] = entry
  end
  local stray = containers.stray_key(ids, #list)
  if stray ~= nil then
    return nil, errors.argument(
      "ids: expected a list without holes, or a selection such as { name = … }, got the key %s", errors.show(stray))
  end
  return list
end

---@class aom.Bulk
---@field state aom.ClientState
---@field scope aom.Scope
---@field pacer aom.Pacer
---@field report aom.BulkReport
---@field name string                      of the calls' operation
---@field build fun(entry: aom.BulkEntry): aom.Request|nil, aom.Error|nil
---@field shorten fun(entry: aom.BulkEntry): table|nil, aom.Sent|nil  makes a call the short way, if it may
---@field chosen table                    checked options
---@field twins table<string, integer[]>  an id's places: one that is there twice is sent once
---@field stopped boolean                 by an error, as `stop_on_error` asks
local Bulk = {}
Bulk.__index = Bulk

local function count(self, entry)
  local report = self.report
  if entry.error then report.failed = report.failed + 1 else report.succeeded = report.succeeded + 1 end
  local on_result = self.chosen.on_result
  if on_result then on_result(entry, report.succeeded + report.failed, #report) end
end

local function settle(self, places, result, err)
  for _, place in ipairs(places) do
    local entry = self.report[place]
    entry.result, entry.error = result, err
    if err and self.chosen.stop_on_error and err.kind ~= "cancelled" then self.stopped = true end
    count(self, entry)
  end
end

---@return boolean
function Bulk:is_cancelled() return self.scope:is_cancelled() or self.state.closed end

local function is_over(self) return self.stopped or self:is_cancelled() end

local function left_out(self)
  local why = scopes.reason(self.state, self.scope) or "stop_on_error: another call failed"
  return errors.new("cancelled", why .. " before this call was sent",
    { operation = self.name, attempts = 0 })
end

local function no_way() end

local function carry(self, places)
  local state, entry = self.state, self.report[places[1]]
  local result, sent = self.shorten(entry)
  if result then return settle(self, places, result) end
  local built, refusal = self.build(entry)
  if built then return settle(self, places, call.run(state, built, self.scope, sent)) end
  refusal.attempts = 0
  settle(self, places, nil, refusal)
end

local function send(self, places)
  if not is_over(self) then self.pacer:turn(self) end
  if is_over(self) then return settle(self, places, nil, left_out(self)) end
  self.scope:run(self.state.loop, function() carry(self, places) end)
end

local function jobs_of(self)
  local jobs = {}
  for place, entry in ipairs(self.report) do
    local id = entry.id
    local places = id and self.twins[id]
    if places then
      places[#places + 1] = place
    else
      places = { place }
      if id then self.twins[id] = places end
      jobs[#jobs + 1] = function() send(self, places) end
    end
  end
  return jobs
end

local function run(self)
  local loop, report = self.state.loop, self.report
  local started = loop.now()
  loop.run(jobs_of(self), self.chosen.concurrency or CONCURRENCY)
  report.elapsed = loop.now() - started
  return setmetatable(report, Report)
end

--- Runs the calls for the entries; they become the report.
---@param state aom.ClientState
---@param scope aom.Scope
---@param entries aom.BulkEntry[]
---@param name string   of the calls' operation
---@param build fun(entry: aom.BulkEntry): aom.Request|nil, aom.Error|nil
---@param chosen table  checked options
---@param shorten? fun(entry: aom.BulkEntry): table|nil, aom.Sent|nil
---@return aom.BulkReport
function bulk.run(state, scope, entries, name, build, chosen, shorten)
  entries.succeeded, entries.failed = 0, 0
  return run(setmetatable({
    state = state, scope = scope, report = entries, name = name, build = build, chosen = chosen, twins = {},
    stopped = false, shorten = shorten or no_way,
    pacer = pacer.new(state.loop, state.throttle, chosen.rate, state.settings.timeout),
  }, Bulk))
end

--- Switches workflows.
---@param state aom.ClientState
---@param scope aom.Scope
---@param entries aom.BulkEntry[]
---@param action string
---@param chosen table  checked options
---@return aom.BulkReport
function bulk.switch(state, scope, entries, action, chosen)
  local function build(entry) return input.build(row, entry.id, action) end
  local function shorten(entry)
    local way = state.ways[row]
    if way then return way(state, row, entry.id, action, scope) end
  end
  return bulk.run(state, scope, entries, row.name, build, chosen, shorten)
end

local function run_selected(state, scope, select, action, chosen)
  local found, err = select(scope)
  if not found then return nil, err end
  local entries
  entries, err = entries_of(found)
  if not entries then return nil, err end
  return bulk.switch(state, scope, entries, action, chosen)
end

--- For steps.task: a report.
---@param ids any      ids, or workflows; or a selection: { name = … }, { match = …, … }
---@param action any
---@param given? table  options
function bulk.prepare(state, ids, action, given)
  local err = check.value("action", action, row.parameters.action)
  if err then return nil, err end
  local chosen
  chosen, err = options.read_table("trigger_all", given == nil and {} or given, bulk.options)
  if not chosen then return nil, err end
  if type(ids) ~= "table" then return nil, errors.argument("ids: expected a list, got %s", errors.show(ids)) end
  if rawget(ids, 1) == nil then
    local select
    select, err = selection.prepare_select(state, ids)
    if err then return nil, err end
    if select then return function(scope) return run_selected(state, scope, select, action, chosen) end end
  end
  local entries
  entries, err = entries_of(ids)
  if not entries then return nil, err end
  return function(scope) return bulk.switch(state, scope, entries, action, chosen) end
end

return bulk

--- The common part of pause and resume: options, the list of scheduled workflows, and calls
--- that keep the journal.

local bulk = require "aom.client.bulk"
local errors = require "aom.util.errors"
local options = require "aom.config.options"
local paginator = require "aom.client.paginator"
local states = require "aom.client.window.states"
local walks = require "aom.client.walks"

local switch = {}

local CONCURRENCY = 8

-- Checked by those who know more of them.
local ANYTHING = { test = function() end }

local rows = {
  name = ANYTHING, names = ANYTHING, match = ANYTHING, allow_none = ANYTHING, states = ANYTHING,
  search = ANYTHING, tags = ANYTHING, create_by = ANYTHING, enterprise_project_id = ANYTHING,
  file = { test = function(value)
    return not (type(value) == "string" and value ~= "" and not value:find "%z") and "the path of a file" or nil
  end },
  dry_run = options.rows.flag, detach = options.rows.flag, force = options.rows.flag,
  settle_timeout = options.rows.duration,
  concurrency = options.rows.count, rate = options.rows.rate, on_result = options.rows.callable,
}

--- Checks the options of `what`.
---@param what string
---@param given any
---@param allowed string[]
---@return table|nil
---@return aom.Error|nil
function switch.options(what, given, allowed)
  local known = {}
  for _, name in ipairs(allowed) do known[name] = rows[name] end
  local chosen, err = options.read_table(what, given, known)
  if not chosen then return nil, err end
  chosen.concurrency = chosen.concurrency or CONCURRENCY
  chosen.spellings, err = states.table_of(chosen.states)
  if err then return nil, err end
  return chosen
end

--- Every scheduled workflow, as a list and by id. With `allow_partial` in the filter the
--- list must hold those that are wanted, and may lack others.
---@param state aom.ClientState
---@param scope table
---@param filter table
---@param wanted? aom.WindowEntry[]
---@return table[]|nil
---@return table<string, table>|aom.Error by_id
function switch.list(state, scope, filter, wanted)
  local walk, err = paginator.walk(state, walks.lists.workflows, filter)
  if not walk then return nil, err end
  local list
  list, err = walk:rest(scope)
  if not list then return nil, err end
  local by_id = {}
  for _, workflow in ipairs(list) do
    if workflow.id ~= nil then by_id[workflow.id] = workflow end
  end
  for _, entry in ipairs(wanted or {}) do
    if walk.shortfall and not by_id[entry.id] then return nil, walk.shortfall end
  end
  return list, by_id
end

--- Whether the service has certainly not done what was asked. Credentials may be refused after
--- an attempt that was carried out.
---@param err aom.Error
function switch.is_refused(err)
  local status = err.kind == "service" and err.status or 0
  return err.attempts == 0 or (err.attempts == 1 and status >= 400 and status < 500 and status ~= 408)
end

--- What pausing and resuming keep while they run.
---@class aom.WindowWork
---@field state aom.ClientState
---@field scope aom.Scope
---@field chosen table               checked options
---@field journal aom.Journal|false  false until it is known
---@field done integer               workflows switched
---@field total integer              workflows to switch

--- Switches the workflows of `entries`; `settle(entry, err, result)` says what became of each,
--- and the journal is saved after each.
---@param work aom.WindowWork
---@param entries aom.WindowEntry[]
---@param action string
---@param settle fun(entry: aom.WindowEntry, err: aom.Error|nil, result: aom.TriggerResult|nil)
---@return aom.Error[] failures
---@return aom.Error|nil fault  of the journal
function switch.run(work, entries, action, settle)
  local calls, by_id, failures, fault = {}, {}, {}, nil
  for i, entry in ipairs(entries) do
    calls[i] = { id = entry.id, name = entry.name }
    by_id[entry.id] = entry
  end
  local chosen = work.chosen
  bulk.switch(work.state, work.scope, calls, action, {
    concurrency = chosen.concurrency, rate = chosen.rate,
    on_result = function(call)
      local entry = by_id[call.id]
      settle(entry, call.error, call.result)
      if call.error then failures[#failures + 1] = call.error end
      local _, err = work.journal:save()
      fault = fault or err
      work.done = work.done + 1
      if chosen.on_result then chosen.on_result(work.journal:view_of(entry), work.done, work.total) end
    end,
  })
  return failures, fault
end

--- The error of a window that is not as it should be.
---@param journal aom.Journal
---@param failures aom.Error[]
---@param what string   "disabled" or "enabled"
---@param hint string
---@param retryable boolean
---@return aom.Error
function switch.failure(journal, failures, what, hint, retryable)
  local err = errors.copy(failures[1])
  err.message = ("%d of %d workflows could not be %s; the first: %s")
    :format(#failures, #journal.workflows, what, err.message)
  err.hint, err.retryable, err.paused = hint, retryable, journal:view()
  return err
end

return switch

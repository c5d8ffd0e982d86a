--- Whether a workflow's schedule is on. The service shows that as `trigger_status`,
--- whose values its reference does not list: what is not known here is never guessed.

local check = require "aom.util.check"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lower = require "aom.util.text".lower
local selection = require "aom.client.selection"

local states = {}

--- Compared without regard to case; option `states` adds to them.
local known = {
  on = { "enable", "enabled", "active", "on" },
  off = { "disable", "disabled", "inactive", "off" },
}

local function add(table_of, list, meaning)
  for _, spelling in ipairs(list) do table_of[lower(spelling)] = meaning end
end

local rows = { on = { kind = "list" }, off = { kind = "list" } }

--- The spellings, with those that the caller adds.
---@param more? { on?: string[], off?: string[] }
---@return table<string, "on"|"off">|nil
---@return aom.Error|nil
function states.table_of(more)
  local spellings = {}
  add(spellings, known.on, "on")
  add(spellings, known.off, "off")
  if more == nil then return spellings end
  if type(more) ~= "table" or rawget(more, 1) ~= nil then
    return nil, errors.argument("states: expected { on = { … }, off = { … } }, got %s",
      type(more) == "table" and "a list" or errors.show(more))
  end
  local lists, err = check.table(more, rows, check.label("states", "list"))
  if not lists then return nil, err end
  for meaning, list in each.pair(lists) do
    for _, spelling in ipairs(list) do
      local other = spellings[lower(spelling)]
      if other and other ~= meaning then
        return nil, errors.argument("states: %s cannot mean both on and off", errors.show(spelling))
      end
    end
    add(spellings, list, meaning)
  end
  return spellings
end

--- "on", "off", or nil for what is not known.
---@param spellings table<string, string>
---@param workflow table
---@return string|nil
function states.of(spellings, workflow)
  return type(workflow.trigger_status) == "string" and spellings[lower(workflow.trigger_status)] or nil
end

--- An error that lists the workflows whose state is not known, or nil.
---@param spellings table<string, string>
---@param workflows table[]
---@return aom.Error|nil
function states.check(spellings, workflows)
  local unknown = {}
  for _, workflow in ipairs(workflows) do
    if not states.of(spellings, workflow) then
      unknown[#unknown + 1] = ("%s has %s"):format(errors.show(workflow.name), errors.show(workflow.trigger_status))
    end
  end
  if not unknown[1] then return nil end
  local err = errors.new("protocol", "unknown trigger_status: " .. selection.enumerate(unknown))
  err.hint = 'say what it means with option states = { on = { … }, off = { … } }'
  return err
end

return states

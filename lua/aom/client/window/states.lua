--- Whether a workflow's schedule is on. The service shows that as `trigger_status`,
--- whose values its reference does not list: what is not known here is never guessed.

local errors = require "aom.util.errors"
local selection = require "aom.client.selection"
local plain = require "aom.util.plain"

local states = {}

--- Compared without regard to case; option `states` adds to them.
local known = {
  on = { "enable", "enabled", "active", "on" },
  off = { "disable", "disabled", "inactive", "off" },
}

local function add(table_of, list, meaning)
  for _, spelling in ipairs(list) do table_of[spelling:lower()] = meaning end
end

--- The texts of a list, or nil when it is none.
local function texts_of(value)
  local list = type(value) == "table" and plain.list(value)
  if not list then return nil end
  for _, spelling in ipairs(list) do
    if type(spelling) ~= "string" then return nil end
  end
  return list
end

local function refuse(meaning)
  return nil, errors.argument("states: expected lists of texts under on and off, and found %s", errors.show(meaning))
end

--- The spellings, with those that the caller adds.
---@param more? { on?: string[], off?: string[] }
---@return table<string, "on"|"off">|nil
---@return aom.Error|nil
function states.table_of(more)
  local spellings = {}
  add(spellings, known.on, "on")
  add(spellings, known.off, "off")
  if more == nil then return spellings end
  if type(more) ~= "table" then
    return nil, errors.argument("states: expected { on = { … }, off = { … } }, got %s", errors.show(more))
  end
  for meaning in next, more do
    if not known[meaning] then return refuse(meaning) end
  end
  local lists, err = plain.values(more, known)
  if not lists then return nil, err end
  for meaning, value in pairs(lists) do
    local list = texts_of(value)
    if not list then return refuse(meaning) end
    add(spellings, list, meaning)
  end
  return spellings
end

--- "on", "off", or nil for what is not known.
---@param spellings table<string, string>
---@param workflow table
---@return string|nil
function states.of(spellings, workflow)
  return type(workflow.trigger_status) == "string" and spellings[workflow.trigger_status:lower()] or nil
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
  local err = errors.new("protocol", "a trigger_status that is not known: " .. selection.enumerate(unknown))
  err.hint = 'say what it means with option states = { on = { … }, off = { … } }'
  return err
end

return states

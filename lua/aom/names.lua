--- Workflows by name: one by its whole name, many by a pattern.

local errors = require "aom.errors"
local options = require "aom.options"
local pages = require "aom.pages"

local names = {}

local MAX_NAMED = 10

--- What an error lists: the first few, and how many more there are.
---@param items string[]
---@return string
function names.enumerate(items)
  if #items <= MAX_NAMED then return table.concat(items, ", ") end
  return ("%s and %d more"):format(table.concat(items, ", ", 1, MAX_NAMED), #items - MAX_NAMED)
end

local function describe(workflow) return ("%s (%s)"):format(errors.show(workflow.name), tostring(workflow.id)) end

local function not_found(name, near)
  local err = errors.argument("no workflow is named %s", errors.show(name))
  if near[1] then
    local list = {}
    for i, workflow in ipairs(near) do list[i] = describe(workflow) end
    err.hint = "the service's search finds: " .. names.enumerate(list)
  end
  return err
end

local function ambiguous(name, found)
  local ids = {}
  for i, workflow in ipairs(found) do ids[i] = tostring(workflow.id) end
  local err = errors.argument("%d workflows are named %s: %s", #found, errors.show(name), names.enumerate(ids))
  err.matches = found
  return err
end

local function find(walk, scope, name)
  local workflows, err = walk:rest(scope)
  if not workflows then return nil, err end
  local found, near = {}, {}
  for _, workflow in ipairs(workflows) do
    local list = workflow.name == name and found or near
    list[#list + 1] = workflow
  end
  if #found == 1 then return found[1] end
  err = #found == 0 and not_found(name, near) or ambiguous(name, found)
  err.operation = "find"
  return nil, err
end

--- For `invoke.task`: the one workflow of that name. The service searches in names and
--- descriptions, for texts that contain the word; only equal names count here.
function names.prepare_find(state, name)
  if type(name) ~= "string" or name == "" then
    return nil, errors.argument("name: expected a non-empty string, got %s", errors.show(name))
  end
  local walk, err = pages.walk(state, pages.lists.workflows, { search = name })
  if not walk then
    err.message = err.message:gsub("^list_workflows: search", "name")
    return nil, err
  end
  return function(scope) return find(walk, scope, name) end
end

--- A function that says whether a workflow is meant.
---@param match string|fun(workflow: table): boolean  a Lua pattern for its name, or a test
---@return (fun(workflow: table): boolean|nil, aom.Error|nil)|nil
---@return aom.Error|nil
function names.matcher(match)
  -- Only its first value counts: a test may end with `return workflow.name:find "…"`.
  if type(match) == "function" then return function(workflow) return (match(workflow)) end end
  if type(match) ~= "string" then
    return nil, errors.argument("match: expected a Lua pattern or a function, got %s", errors.show(match))
  end
  -- Lua looks at a pattern only as far as a text matches it: what is wrong further on
  -- shows with a name that gets there.
  local function search(name)
    local fine, found = pcall(string.find, name, match)
    if fine then return found ~= nil end
    return nil, errors.argument("match: %s is not a Lua pattern: %s", errors.show(match), found)
  end
  local fine, err = search ""
  if fine == nil then return nil, err end
  return function(workflow)
    if type(workflow.name) ~= "string" then return false end
    return search(workflow.name)
  end
end

--- Those of a list that are meant.
---@param workflows table[]
---@param matches fun(workflow: table): boolean|nil, aom.Error|nil
---@return table[]|nil
---@return aom.Error|nil
function names.filter(workflows, matches)
  local meant = {}
  for _, workflow in ipairs(workflows) do
    local is_meant, err = matches(workflow)
    if err then return nil, err end
    if is_meant then meant[#meant + 1] = workflow end
  end
  return meant
end

local selecting = { match = true, type = true, search = true, tags = true, create_by = true,
  enterprise_project_id = true }

--- Whether a table is meant as a selection, perhaps an incomplete one.
---@param given table
---@return boolean
function names.is_selection(given)
  for name in next, given do
    if selecting[name] then return true end
  end
  return false
end

--- A walk over the workflows that a selection means: `match`, and filters of the service.
---@param state aom.ClientState
---@param selection table
---@return (fun(scope: table): table[]|nil, aom.Error|nil)|nil
---@return aom.Error|nil
function names.prepare_select(state, selection)
  local matches, err
  selection, err = options.read(selection, selecting, "field")
  if not selection then return nil, err end
  matches, err = names.matcher(selection.match)
  if not matches then return nil, err end
  local filter = {}
  for name, value in pairs(selection) do
    if name ~= "match" then filter[name] = value end
  end
  local checked
  checked, err = pages.walk(state, pages.lists.workflows, filter)
  if not checked then return nil, err end
  return function(scope)
    local list, failure = pages.walk(state, pages.lists.workflows, filter):rest(scope)
    if not list then return nil, failure end
    return names.filter(list, matches)
  end
end

return names

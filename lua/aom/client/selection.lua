--- Selects workflows by exact names, a Lua pattern or a function, for `find`, `trigger_all`
--- and `pause`.

local check = require "aom.util.check"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local operations = require "aom.api.operations"
local options = require "aom.config.options"
local paginator = require "aom.client.paginator"
local patterns = require "aom.client.patterns"
local containers = require "aom.util.containers"
local plain = require "aom.util.plain"
local input = require "aom.api.input"
local similar = require "aom.util.similar"
local walks = require "aom.client.walks"

local selection = {}

local MAX_NAMED = 10
local MAX_NEAR = 5

--- What an error lists: the first few, and how many more there are.
---@param items string[]
---@return string
function selection.enumerate(items)
  if #items <= MAX_NAMED then return table.concat(items, ", ") end
  return ("%s and %d more"):format(table.concat(items, ", ", 1, MAX_NAMED), #items - MAX_NAMED)
end

--- What a caller says of names: one of these three.
local sorts = { "name", "names", "match" }
local WANTED = 'selection: expected exactly one of name, names or match (a Lua pattern or a function; "" means all)'

---@class aom.Selector
---@field wanted? string[]     names, each once; else a test:
---@field matches? fun(workflow: table): boolean|nil, aom.Error|nil
---@field text? string         what names near to the pattern look like
---@field given any
---@field allow_none? boolean
---@field operation string     what selects
---@field noun string          what is selected, in messages

local function check_name(label, name)
  if type(name) ~= "string" or name == "" then
    return errors.argument("%s: expected a non-empty string, got %s", label, errors.show(name))
  end
  local _, err = input.build(operations.list_workflows, { search = name })
  return err and errors.argument("%s", (err.message:gsub("^list_workflows: search", label)))
end

local read = {}

function read.name(selector, name)
  selector.wanted = { name }
  return check_name("name", name)
end

function read.names(selector, list)
  if type(list) ~= "table" then return errors.argument("names: expected a list of names, got %s", errors.show(list)) end
  local wanted, listed, items = {}, {}, containers.list(list)
  if not items then
    return errors.argument("names: expected a plain list, got a table with a metatable")
  end
  for i, name in ipairs(items) do
    local err = check_name(("names[%d]"):format(i), name)
    if err then return err end
    if not listed[name] then wanted[#wanted + 1] = name end
    listed[name] = true
  end
  local stray = containers.stray_key(list, #items)
  if stray ~= nil then
    return errors.argument("names: expected a list without holes, got the key %s", errors.show(stray))
  end
  if not wanted[1] and not selector.allow_none then
    return errors.argument("names: expected at least one name, got an empty list")
  end
  selector.wanted = wanted
end

--- Lua looks at a pattern only as far as a text matches it: what is wrong further on
--- shows with a name that gets there.
local function searcher(pattern)
  return function(workflow)
    if type(workflow.name) ~= "string" then return false end
    local ok, found = errors.caught(string.find, workflow.name, pattern)
    if ok then return found ~= nil end
    return nil, errors.argument("match: %s is not a Lua pattern: %s", errors.show(pattern), found)
  end
end

local function mistaken_hyphen(pattern, meant)
  local err = errors.argument('match: in %s the "-" after a letter or digit is a quantifier of Lua patterns, '
    .. 'not a hyphen', errors.show(pattern))
  err.hint = ('for a literal name use name instead of match; in a pattern a hyphen is written %%-, as in %s'):format(
    errors.show(meant))
  return err
end

function read.match(selector, match)
  -- Only its first value counts: a test may end with `return workflow.name:find "…"`.
  if type(match) == "function" then
    selector.matches = function(workflow) return (match(workflow)) end
    return nil
  end
  if type(match) ~= "string" then
    return errors.argument("match: expected a Lua pattern or a function, got %s", errors.show(match))
  end
  local meant = patterns.with_hyphens(match)
  if meant then return mistaken_hyphen(match, meant) end
  selector.matches, selector.text = searcher(match), patterns.longest_text(match)
  local _, err = selector.matches { name = "" }
  return err
end

local selector_options = { allow_none = options.rows.flag }

--- Reads what is said of names.
---@param given table       name, names or match; allow_none
---@param purpose { operation: string, noun: string }
---@return aom.Selector|nil
---@return aom.Error|nil
function selection.selector(given, purpose)
  local sort
  for _, name in ipairs(sorts) do
    if given[name] ~= nil and sort then
      return nil, errors.argument("%s, got %s and %s", WANTED, sort, name)
    end
    if given[name] ~= nil then sort = name end
  end
  if not sort then return nil, errors.argument("%s, got none", WANTED) end
  local chosen, err = options.read_table("selection", { allow_none = given.allow_none }, selector_options)
  if not chosen then return nil, err end
  local selector = {
    given = given[sort], allow_none = chosen.allow_none, operation = purpose.operation, noun = purpose.noun,
  }
  err = read[sort](selector, given[sort])
  if err then return nil, err end
  return selector
end

local function describe(workflow) return ("%s (%s)"):format(errors.show(workflow.name), tostring(workflow.id)) end

--- The hint that names what the words may have meant.
local function near(words, workflows)
  local list, listed = {}, {}
  for _, word in ipairs(words) do
    for _, workflow in ipairs(similar.workflows(word, workflows, MAX_NEAR)) do
      if not listed[workflow] and #list < MAX_NAMED then list[#list + 1] = describe(workflow) end
      listed[workflow] = true
    end
  end
  return list[1] and "similar names: " .. selection.enumerate(list) or nil
end

--- The hint where an id was given in place of a name.
local function as_id(words, workflows)
  local wanted = {}
  for _, word in ipairs(words) do wanted[word] = true end
  for _, workflow in ipairs(workflows) do
    if wanted[workflow.id] then
      return ("%s is an id, of the workflow named %s"):format(errors.show(workflow.id), errors.show(workflow.name))
    end
  end
end

local function refusal(selector, parts, hint)
  if selector.operation ~= "find" then parts[#parts + 1] = "nothing was changed" end
  local err = errors.argument("%s", table.concat(parts, "; "))
  err.operation, err.hint = selector.operation, hint
  return err
end

local function matches_none(selector, workflows)
  local match, count = selector.given, #workflows
  local what = type(match) == "string" and errors.show(match) or "the function match"
  local message = ("no %s matches %s; the service lists %s"):format(selector.noun, what, count > 0 and count or "none")
  return refusal(selector, { message }, near({ selector.text }, workflows))
end

--- Those of a list for which `matches` is true.
local function filter(workflows, matches)
  local meant = {}
  for _, workflow in ipairs(workflows) do
    local is_meant, err = matches(workflow)
    if err then return nil, err end
    if is_meant then meant[#meant + 1] = workflow end
  end
  return meant
end

--- The workflows of each name that is wanted.
local function by_name(selector, workflows)
  local found = {}
  for _, name in ipairs(selector.wanted) do found[name] = {} end
  for _, workflow in ipairs(workflows) do
    local list = found[workflow.name]
    if list then list[#list + 1] = workflow end
  end
  return found
end

local function show_all(list)
  local shown = {}
  for i, value in ipairs(list) do shown[i] = errors.show(value) end
  return selection.enumerate(shown)
end

local function describe_ambiguous(selector, name, found)
  local ids = {}
  for i, workflow in ipairs(found) do ids[i] = tostring(workflow.id) end
  return ("%d %ss are named %s: %s"):format(#found, selector.noun, errors.show(name), selection.enumerate(ids))
end

local function pick_named(selector, workflows)
  local found, meant, missing, parts, ambiguous = by_name(selector, workflows), {}, {}, {}, nil
  for _, name in ipairs(selector.wanted) do
    local list = found[name]
    if #list == 0 then missing[#missing + 1] = name end
    if #list == 1 then meant[#meant + 1] = list[1] end
    if #list > 1 then
      parts[#parts + 1] = describe_ambiguous(selector, name, list)
      ambiguous = ambiguous or {}
      for _, workflow in ipairs(list) do ambiguous[#ambiguous + 1] = workflow end
    end
  end
  if #meant == #selector.wanted or (selector.allow_none and #missing == #selector.wanted) then return meant end
  if missing[1] then table.insert(parts, 1, ("no %s is named %s"):format(selector.noun, show_all(missing))) end
  local err = refusal(selector, parts, as_id(missing, workflows) or near(missing, workflows))
  err.matches = ambiguous
  return nil, err
end

--- Those of a list that are meant. None, one of the wanted names missing, or two workflows
--- of one name is an error.
---@param selector aom.Selector
---@param workflows table[]
---@return table[]|nil
---@return aom.Error|nil
function selection.pick(selector, workflows)
  if selector.wanted then return pick_named(selector, workflows) end
  local meant, err = filter(workflows, selector.matches)
  if not meant then return nil, err end
  if meant[1] or selector.allow_none then return meant end
  return nil, matches_none(selector, workflows)
end

local function list_all(state, scope, filters)
  local walk, err = paginator.walk(state, walks.lists.workflows, filters)
  if not walk then return nil, err end
  return walk:rest(scope)
end

local function copy(given)
  local new = {}
  for name, value in each.pair(given) do new[name] = value end
  return new
end

--- The workflows that are meant. The service can search for a name, in names and in
--- descriptions, for texts that contain it; how it reads the text is its own affair, and
--- so what is not found is looked for among all.
local function find(state, scope, selector, filters)
  local only = selector.wanted and #selector.wanted == 1 and not filters.search and selector.wanted[1]
  if only then
    local narrowed = copy(filters)
    narrowed.search = only
    local list, err = list_all(state, scope, narrowed)
    if not list then return nil, err end
    local found = by_name(selector, list)[only]
    if found[1] then return selection.pick(selector, list) end
  end
  local list, err = list_all(state, scope, filters)
  if not list then return nil, err end
  return selection.pick(selector, list)
end

--- For steps.task: the one workflow of that name.
function selection.prepare_find(state, name)
  local err = check_name("name", name)
  if err then return nil, err end
  local selector = selection.selector({ name = name }, { operation = "find", noun = "workflow" })
  return function(scope)
    local found, failure = find(state, scope, selector, { allow_partial = false })
    return found and found[1], failure
  end
end

--- The service's filters that a selection may have.
local filtering = { "type", "search", "tags", "create_by", "enterprise_project_id", "allow_partial" }

local label = check.label("trigger_all", "field")

local selecting = { allow_none = true }
for _, name in ipairs(sorts) do selecting[name] = true end
for _, name in ipairs(filtering) do selecting[name] = true end

--- The workflows that a selection means, for something that changes them.
---@param state aom.ClientState
---@param given table
---@return (fun(scope: table): table[]|nil, aom.Error|nil)|nil  nil without an error: it is no selection
---@return aom.Error|nil
function selection.prepare_select(state, given)
  local values, err = plain.values(given, selecting)
  if not values then return nil, err end
  if next(values) == nil then return nil end
  err = check.names(given, selecting, label)
  if err then return nil, err end
  local selector
  selector, err = selection.selector(values, { operation = "trigger_all", noun = "workflow" })
  if not selector then return nil, err end
  local filters = {}
  for _, name in ipairs(filtering) do filters[name] = values[name] end
  local checked
  checked, err = paginator.walk(state, walks.lists.workflows, filters)
  if not checked then return nil, err end
  return function(scope) return find(state, scope, selector, filters) end
end

return selection

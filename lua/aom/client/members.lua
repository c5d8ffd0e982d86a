--- What a client, or the module, has under a name that is looked for the first time.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local more = require "aom.client.more_methods"
local iterators = require "aom.client.iterators"
local objects = require "aom.client.objects"
local options = require "aom.config.options"
local similar = require "aom.util.similar"

local members = {}

-- Shorter names are near to too many others.
local MIN_NAME = 4

--- Answers a misspelt name with a function whose error names the one that is meant, instead
--- of a nil that cannot be called.
---@param name any
---@param names table<string, any>
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@param kind string    what the names are of
---@param prefix string  what is written before them
---@return function|nil
local function misspelt(name, names, finish, kind, prefix)
  local nearest = type(name) == "string" and #name >= MIN_NAME and similar.nearest(name, names)
  if not nearest then return nil end
  return function()
    local err = errors.argument("unknown %s %s%s", kind, prefix, name)
    err.hint = ('did you mean "%s"?'):format(nearest)
    return finish(nil, err)
  end
end

local function names_of(index)
  local names = {}
  for _, set in ipairs { index, more } do
    for name in each.raw(set) do names[name] = true end
  end
  return names
end

--- Answers a name of the other kind: a method's, looked for in the module, or the reverse.
local function elsewhere(name, finish, format)
  return function() return finish(nil, errors.argument(format, name, name)) end
end

local function is_iterator(name)
  for _, known in ipairs(iterators.names) do
    if known == name then return true end
  end
end

--- A method of a client, which is kept from then on.
---@param index table<string, function>   the methods that have been made
---@param module table<string, function>  the functions of the module
---@param name any
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return function|nil
function members.find(index, module, name, finish)
  local run = more[name]
  if run then
    index[name] = objects.method(run, finish, name)
    return index[name]
  end
  if rawget(module, name) then
    return elsewhere(name, finish, "client:%s is a function of the module: call it as aom.%s(…)")
  end
  return misspelt(name, names_of(index), finish, "method", "client:")
end

--- What the module has under a name that is none of its functions'.
---@param index table<string, function>   the methods that have been made
---@param module table<string, function>
---@param name any
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return function|nil
function members.of_module(index, module, name, finish)
  if names_of(index)[name] then
    local refuse = elsewhere(name, finish, "aom.%s is a method of a client: call it as aom.client():%s(…)")
    return is_iterator(name) and function() return iterators.failing(select(2, refuse()), finish) end or refuse
  end
  return misspelt(name, module, finish, "function", "aom.")
end

--- What is wrong with an assignment to a client: its options are what they are.
---@param name any
---@return aom.Error|nil
function members.refuse_option(name)
  if not options.client[name] then return nil end
  local err = errors.argument("client.%s: the options of a client cannot be assigned", name)
  err.hint = options.own[name] and ("client:with { %s = … } gives a client with another one"):format(name)
    or "give them to aom.client"
  return err
end

return members

--- What a client, or the module, has under a name that is looked for the first time.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local more = require "aom.client.more_methods"
local objects = require "aom.client.objects"
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
function members.misspelt(name, names, finish, kind, prefix)
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

--- A method of a client, which is kept from then on.
---@param index table<string, function>  the methods that have been made
---@param name any
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return function|nil
function members.find(index, name, finish)
  local run = more[name]
  if not run then return members.misspelt(name, names_of(index), finish, "method", "client:") end
  index[name] = objects.method(run, finish, name)
  return index[name]
end

return members

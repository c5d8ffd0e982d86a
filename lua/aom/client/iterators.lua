--- Makes the iterators of a `for` from walks over what comes in pages.

local objects = require "aom.client.objects"

local walks = require "aom.util.lazy" "aom.client.walks"

local attempt = objects.attempt

local iterators = {}

--- The methods that return one. They are known before any walk is loaded, since a loop cannot
--- use what another method would return of an error.
iterators.names = { "workflows", "scripts", "script_versions", "jobs", "templates", "pages" }

--- In `aom.safe` an error is one more iteration, with `false` and the error, so that an
--- incomplete loop never looks complete.
local function iterator(walk, finish)
  return function()
    if not walk then return nil end
    local element, err = attempt(walk.next, walk)
    if not err then return element end
    walk = nil
    local _, reported = finish(nil, err)
    return false, reported
  end
end

--- An iterator that has nothing but an error.
---@param err aom.Error
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return function
function iterators.failing(err, finish)
  return iterator({ next = function() return nil, err end }, finish)
end

local function begin_walk(name, finish, state, ...)
  local walk, err = walks.begin[name](state, ...)
  if not walk then return nil, err end
  return iterator(walk, finish)
end

--- A method that returns an iterator.
---@param name string
---@param finish fun(value: any, err: aom.Error|nil): any, aom.Error|nil
---@return function
function iterators.method(name, finish)
  return function(object, ...)
    local turn
    local state, err = objects.state(object, name)
    if state then turn, err = attempt(begin_walk, name, finish, state, ...) end
    if turn then return turn end
    finish(nil, err)
    return iterators.failing(err, finish)
  end
end

return iterators

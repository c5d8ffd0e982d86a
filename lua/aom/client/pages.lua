--- Walks the pages of an answer to any request. What the next page is, only the caller knows:
--- a function of theirs says it of each answer.

local any_request = require "aom.api.request"
local check = require "aom.util.check"
local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local query = require "aom.util.query"
local steps = require "aom.client.steps"

local pages = {}

--- What stands in `next`: the query of the next page, as far as it differs, and its body where
--- that differs; nothing at the end.
---@alias aom.NextPage fun(answer: aom.Response): table|nil, table|string|nil

---@class aom.PageWalk
---@field state aom.ClientState
---@field given table             the request of the page that was asked for last
---@field request aom.Request     the same, to send
---@field following aom.NextPage
---@field answer? aom.Response    of that page
---@field seen table<string, boolean>  what was asked for already
---@field over boolean
local PageWalk = {}
PageWalk.__index = PageWalk

local names = { next = true }
for name in each.pair(any_request.rows) do names[name] = true end

local label = check.label("pages", "field")

local next_row, query_row = { kind = "function", required = true }, query.row

--- Takes up a request; false where it is that of a page before.
local function take_up(self, given)
  local request, err = any_request.build(given, self.state.settings)
  if not request then return nil, err end
  local key = core.target("/", request.query) .. "\n" .. request.body
  if self.seen[key] then return false end
  self.seen[key] = true
  self.given, self.request, self.answer = given, request, nil
  return true
end

--- The pairs of a query, those of the same names replaced.
local function merge(before, changes)
  local merged, replaced = {}, {}
  for _, pair in ipairs(changes) do replaced[pair[1]] = true end
  for _, pair in ipairs(before) do
    if not replaced[pair[1]] then merged[#merged + 1] = pair end
  end
  for _, pair in ipairs(changes) do merged[#merged + 1] = pair end
  return merged
end

--- Finds out which page follows. False: none.
local function advance(self)
  local changes, body = self.following(self.answer)
  if not changes then return false end
  local err = check.value("pages: what next returns", changes, query_row)
  if err then return nil, err end
  changes, err = query.read(changes, "pages: what next returns")
  if not changes then return nil, err end
  local given = {}
  for name, value in each.pair(self.given) do given[name] = value end
  given.query = merge(self.request.query, changes)
  if body ~= nil then given.body = body end
  local taken
  taken, err = take_up(self, given)
  if taken == false then
    return nil, errors.new("protocol", "the next page is one that was read already", { operation = "request" })
  end
  return taken, err
end

--- The answer that is the next page; nil at the end. After an error of a page the same page is
--- asked for again.
---@param scope? aom.Scope
---@return aom.Response|nil
---@return aom.Error|nil
function PageWalk:next(scope)
  if self.over then return nil end
  if self.answer then
    local more, err = advance(self)
    if not more then
      self.over = true
      return nil, err
    end
  end
  local err
  self.answer, err = steps.next(self.state, scope, self.request)
  return self.answer, err
end

--- Begins a walk; nothing is sent yet.
---@param state aom.ClientState
---@param value any  what `request` takes, and `next`
---@return aom.PageWalk|nil
---@return aom.Error|nil
function pages.walk(state, value)
  local given, err = check.read(value, names, label)
  if not given then return nil, any_request.explain(value, err) end
  local following = given.next
  err = check.value("pages: next", following, next_row)
  if err then return nil, err end
  given.next = nil
  local self = setmetatable({ state = state, following = following, seen = {}, over = false }, PageWalk)
  local taken
  taken, err = take_up(self, given)
  return taken and self or nil, err
end

--- For steps.task: all pages, as a list.
function pages.prepare_all(state, given)
  local walk, err = pages.walk(state, given)
  if not walk then return nil, err end
  return function(scope)
    local all = {}
    while true do
      local answer, failure = walk:next(scope)
      if failure then return nil, failure end
      if not answer then return all end
      all[#all + 1] = answer
    end
  end
end

return pages

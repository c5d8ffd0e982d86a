--- Lists that the service hands out in pages, walked one element at a time.
---
--- A list is complete, or an error. A service may count the elements of a page where it
--- states the total, number its pages from 0, give shorter pages than it was asked for,
--- or ignore the page's number. So a walk goes on until a page is empty, brings nothing
--- new, or is short and reaches the total; unless the total is met
--- exactly, page 0 is requested too. A list may also change while it is walked: elements are told apart by
--- their ids, so that one which moved to a later page does not come twice.

local errors = require "aom.util.errors"
local fields = require "aom.api.fields"
local json = require "aom.util.json"
local operations = require "aom.api.operations"
local options = require "aom.config.options"
local input = require "aom.api.input"
local steps = require "aom.client.steps"

local paginator = {}

local SIZE = 100

---@class aom.Walk
---@field shortfall? aom.Error  what was missing at the end of a walk that allows it
---@field pages integer     pages received
---@field found integer     different elements so far
---@field total? integer    as the service stated it last
---@field most? integer    the greatest that it stated
---@field changed boolean   whether it stated more than one
---@field first integer     the page that the walk began with
---@field over boolean      whether there is no further page, but perhaps page 0
---@field cut? boolean      whether the service has no number for a further page
---@field asked_zero boolean  or not to be asked
local Walk = {}
Walk.__index = Walk

--- What the list's operation takes.
local function call_arguments(self, filter)
  if self.has_id then return self.id, filter end
  return filter
end

local walk_options = { allow_partial = options.rows.flag }

--- Takes the options of a walk out of its filter: the rest is for the service.
local function take_options(filter, what)
  local chosen, err = options.read_table(what, { allow_partial = filter.allow_partial }, walk_options)
  filter.allow_partial = nil
  return chosen and chosen.allow_partial, err
end

--- Begins to walk a list; asks nothing yet. In the filter, `allow_partial = true` takes a
--- list that is not whole; false says that the caller has no such choice.
---@param state aom.ClientState
---@param list aom.PagedList
---@param a any  the id that the list belongs to, if its operation takes one; else the filter
---@param b any
---@return aom.Walk|nil
---@return aom.Error|nil
function paginator.walk(state, list, a, b)
  local row = operations[list.operation]
  local has_id = #row.arguments > 0
  local id, filter = a, b
  if not has_id then id, filter = nil, a end
  local self = setmetatable({
    state = state, list = list, has_id = has_id, id = id, elements = {}, at = 0, seen = {},
    pages = 0, found = 0, fresh = true, changed = false, over = false,
  }, Walk)
  local err
  filter, err = fields.read(row, filter, walk_options)
  if not filter then return nil, err end
  filter[list.size] = filter[list.size] or SIZE
  self.allow_partial, err = take_options(filter, row.name)
  if err then return nil, err end
  local built
  built, err = input.build(row, call_arguments(self, filter))
  if not built then return nil, err end
  self.filter, self.size, self.first = filter, filter[list.size], filter[list.page] or 1
  self.next_page, self.asked_zero = self.first, self.first ~= 1
  return self
end

--- Some services state a total of 0 with a page that they do not have.
local function note_total(self, total)
  if total == nil or (total == 0 and #self.elements == 0 and self.pages > 1) then return end
  self.changed = self.changed or (self.total ~= nil and total ~= self.total)
  self.total, self.most = total, math.max(self.most or 0, total)
end

local function fetch(self, scope, page)
  local list = self.list
  self.filter[list.page] = page
  local result, err = steps.call(self.state, scope, list.operation, call_arguments(self, self.filter))
  if not result then return nil, err end
  self.pages, self.elements, self.at, self.fresh = self.pages + 1, result.elements, 0, false
  note_total(self, result.total)
  return true
end

local can_be_id = { string = true, number = true }

--- Elements without ids may be alike on one page, and are the same on two: all of such an
--- element stands for it.
local function is_new(self, element)
  local key = element.version_id or element.id
  local has_id = can_be_id[type(key)] and key ~= ""
  if not has_id then key = json.encode(element) or "" end
  local page = self.seen[key]
  if page and (has_id or page ~= self.pages) then return false end
  self.seen[key] = self.pages
  self.found, self.fresh = self.found + 1, true
  return true
end

--- A walk that does not begin at the first page cannot be compared with the total.
local function known_total(self) return self.first <= 1 and self.total or nil end

local function reaches_total(self)
  local total = known_total(self)
  return total ~= nil and self.found >= total
end

--- Whether the page that was read to its end was the last one.
local function is_last(self)
  if self.pages == 0 then return false end
  local page, count = self.next_page - 1, #self.elements
  -- A service that counts from 1 may have no page 0, or take it for page 1.
  if count == 0 then return page > 0 end
  if not self.fresh then return page > 1 end
  -- With more elements than the total, the total is wrong.
  return self.next_page > self.list.last or (count < self.size and self.found == known_total(self))
end

--- Whether an error says that there is no such page.
local function is_no_page(err) return err.status == 400 or err.status == 404 end

--- Page 0 is worth a request when the total does not say that all is there.
local function wants_zero(self) return not self.asked_zero and self.found ~= known_total(self) end

local function incomplete(self, message)
  local err = errors.new("protocol", message, { operation = self.list.operation, retryable = self.changed })
  if self.changed then
    err.hint = "the list changed while it was read; the same call may succeed now"
  elseif self.allow_partial == nil then
    err.hint = "allow_partial = true accepts an incomplete list"
  end
  return err
end

--- What is wrong with a walk that is over, or nil.
local function verdict(self)
  local total, list = known_total(self), self.list
  -- Where one element went, another may have moved to a page that was read already.
  local counts = total and ("the service states a total of %.14g and sent %.14g"):format(self.most, self.found)
  if self.cut and self.found ~= total then
    return incomplete(self, ("the list is longer than the %.0f pages that can be requested%s"):format(list.last,
      counts and ": " .. counts or ""))
  end
  if total and self.found < self.most then return incomplete(self, "the list is incomplete: " .. counts) end
end

--- Gets the next page. False at the end.
local function advance(self, scope)
  if not self.over and not is_last(self) then
    local fetched, err = fetch(self, scope, self.next_page)
    if fetched then
      self.next_page = self.next_page + 1
      return true
    end
    -- Some services refuse a page that they do not have.
    if not (is_no_page(err) and reaches_total(self)) then return nil, err end
  end
  if not self.over then
    self.over, self.cut = true, self.next_page > self.list.last and self.fresh and #self.elements >= self.size
  end
  if wants_zero(self) then
    local fetched, err = fetch(self, scope, 0)
    if not fetched and not is_no_page(err) then return nil, err end
    self.asked_zero = true
    if fetched then return true end
  end
  self.shortfall = verdict(self)
  if self.shortfall and not self.allow_partial then return nil, self.shortfall end
  return false
end

--- The next element; nil at the end, nil and an error when a page cannot be had, or the
--- list is not whole. After an error of a page the same page is asked for again.
---@param scope? table
---@return table|nil
---@return aom.Error|nil
function Walk:next(scope)
  while true do
    self.at = self.at + 1
    local element = self.elements[self.at]
    if element == nil then
      local more, err = advance(self, scope)
      if not more then return nil, err end
    elseif is_new(self, element) then
      return element
    end
  end
end

--- All that is left of a walk, as a list.
---@param scope? table
---@return table[]|nil
---@return aom.Error|nil
function Walk:rest(scope)
  local all, count = {}, 0
  while true do
    local elements = self.elements
    for i = self.at + 1, #elements do
      if is_new(self, elements[i]) then
        count = count + 1
        all[count] = elements[i]
      end
    end
    self.at = #elements
    local more, err = advance(self, scope)
    if err then return nil, err end
    if not more then return all end
  end
end

--- For steps.task: a whole list.
function paginator.prepare_all(state, list, a, b)
  local walk, err = paginator.walk(state, list, a, b)
  if not walk then return nil, err end
  return function(scope) return walk:rest(scope) end
end

return paginator

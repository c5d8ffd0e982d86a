--- Lists that the service hands out in pages, walked one element at a time.
---
--- A list may change while it is walked. Elements are told apart by their ids, so that
--- one which moved to a later page does not come twice, and a walk ends at a page that
--- is empty or brings nothing new, whatever total the service states.

local errors = require "aom.errors"
local fields = require "aom.fields"
local invoke = require "aom.invoke"
local operations = require "aom.operations"
local request = require "aom.request"

local pages = {}

---@class aom.PagedList
---@field operation string  that returns a page
---@field page string       the field with the page's number, from 1
---@field size string       the field with the length of a page
---@field last integer      the last page that can be asked for

---@type table<string, aom.PagedList>
pages.lists = {
  workflows = { operation = "list_workflows", page = "page", size = "size", last = 9999999 },
  scripts = { operation = "list_scripts", page = "page_num", size = "page_size", last = 100 },
  script_versions = { operation = "list_script_versions", page = "page_num", size = "page_size", last = 100 },
  jobs = { operation = "list_jobs", page = "page_num", size = "page_size", last = 1000 },
  templates = { operation = "list_templates", page = "page_num", size = "page_size", last = 9999999 },
}

local SIZE = 100

---@class aom.Walk
---@field received integer  elements so far, those that came twice included
---@field total? integer    as the service stated it last
local Walk = {}
Walk.__index = Walk

--- What the list's operation takes.
local function arguments(self, filter)
  if self.has_id then return self.id, filter end
  return filter
end

--- Begins to walk a list; asks nothing yet.
---@param state aom.ClientState
---@param list aom.PagedList
---@param a any  the id that the list belongs to, if its operation takes one; else the filter
---@param b any
---@return aom.Walk|nil
---@return aom.Error|nil
function pages.walk(state, list, a, b)
  local row = operations[list.operation]
  local has_id = #row.arguments > 0
  local id, filter = a, b
  if not has_id then id, filter = nil, a end
  local self = setmetatable({
    state = state, list = list, has_id = has_id, id = id, elements = {}, at = 0, seen = {}, received = 0, fresh = true,
  }, Walk)
  local err
  filter, err = fields.read(row, filter)
  if not filter then return nil, err end
  filter[list.size] = filter[list.size] or SIZE
  local built
  built, err = request.build(row, arguments(self, filter))
  if not built then return nil, err end
  self.filter, self.size = filter, filter[list.size]
  self.next_page = filter[list.page] or 1
  return self
end

--- Whether the page that was read to its end was the last one.
local function is_last(self)
  if self.answered == nil then return false end
  if #self.elements == 0 or not self.fresh then return true end
  if self.total then return self.received >= self.total end
  return #self.elements < self.size
end

local function fetch(self, scope)
  local list = self.list
  if self.next_page > list.last then
    return nil, errors.new("protocol",
      ("the list is longer than the %.0f pages that the service has"):format(list.last))
  end
  self.filter[list.page] = self.next_page
  local result, err = invoke.step(self.state, scope, list.operation, arguments(self, self.filter))
  if not result then return nil, err end
  local repeated = result.body == self.answered
  self.answered, self.total, self.next_page = result.body, result.total, self.next_page + 1
  -- A service that ignores the page's number sends the same page for ever.
  self.elements, self.at, self.fresh = repeated and {} or result.elements, 0, false
  self.received = self.received + #self.elements
  return true
end

local function is_new(self, element)
  local key = element.version_id or element.id
  if key ~= nil and self.seen[key] then return false end
  if key ~= nil then self.seen[key] = true end
  self.fresh = true
  return true
end

--- The next element; nil at the end, nil and an error when a page cannot be had. After
--- an error the same page is asked for again.
---@param scope? table
---@return table|nil
---@return aom.Error|nil
function Walk:next(scope)
  while true do
    self.at = self.at + 1
    local element = self.elements[self.at]
    if element == nil then
      if is_last(self) then return nil end
      local fetched, err = fetch(self, scope)
      if not fetched then return nil, err end
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
  local all = {}
  while true do
    local element, err = self:next(scope)
    if err then return nil, err end
    if element == nil then return all end
    all[#all + 1] = element
  end
end

--- For `invoke.task`: a whole list.
function pages.prepare_all(state, list, a, b)
  local walk, err = pages.walk(state, list, a, b)
  if not walk then return nil, err end
  return function(scope) return walk:rest(scope) end
end

return pages

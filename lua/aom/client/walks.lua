--- The walks over what comes in pages, by the names that users call them by. They are not
--- methods: the faces make iterators of them.

local arguments = require "aom.client.arguments"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"
local operations = require "aom.api.operations"
local pages = lazy "aom.client.pages"
local paginator = lazy "aom.client.paginator"

local walks = {}

---@class aom.PagedList
---@field operation string  that returns a page
---@field page string       the field with the page's number
---@field size string       the field with the length of a page
---@field last integer      the last page that can be asked for

--- The service's lists.
---@type table<string, aom.PagedList>
walks.lists = {
  workflows = { operation = "list_workflows", page = "page", size = "size", last = 9999999 },
  scripts = { operation = "list_scripts", page = "page_num", size = "page_size", last = 100 },
  script_versions = { operation = "list_script_versions", page = "page_num", size = "page_size", last = 100 },
  jobs = { operation = "list_jobs", page = "page_num", size = "page_size", last = 1000 },
  templates = { operation = "list_templates", page = "page_num", size = "page_size", last = 9999999 },
}

--- How many arguments a walk over a list takes.
---@param list aom.PagedList
---@return integer
function walks.count_arguments(list) return #operations[list.operation].arguments + 1 end

--- What begins each of them.
---@type table<string, fun(state: aom.ClientState, ...): aom.Walk|aom.PageWalk|nil, aom.Error|nil>
walks.begin = {}

local function add(name, values, begin, is_table)
  local signature = { name = name, values = values, table = is_table }
  walks.begin[name] = function(state, ...)
    local err, _, a, b = arguments.split(signature, ...)
    if err then return nil, err end
    if state.closed then return nil, errors.argument("the client is closed") end
    return begin(state, a, b)
  end
end

for name, list in each.pair(walks.lists) do
  add(name, walks.count_arguments(list), function(state, a, b) return paginator.walk(state, list, a, b) end)
end

add("pages", 1, function(state, given) return pages.walk(state, given) end, true)

return walks

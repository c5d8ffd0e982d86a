--- The service's lists: filtered, sorted, in pages, as the request's body asks. Its
-- required fields are checked here.

local answers = require "aom.simulator.answers"
local json = require "aom.simulator.json"

local listing = {}

local directions = { ASC = true, DESC = true }

---@class aom.simulator.Listing
---@field sort string the field that names the column
---@field direction string the field with ASC or DESC
---@field columns table<string, boolean>
---@field page string the field with the page's number
---@field size string the field with the length of a page
---@field optional_direction boolean|nil
---@field types table<string, string> of the fields that have one: "integer", or a type of Lua's

local function invalid()
  return answers.service(400, "AOM.31001302", "Invalid param")
end

listing.invalid = invalid

--- Whether the fields of a body are of their types, as far as it says them.
---@param body table
---@param types table<string, string>
---@return boolean
function listing.has_types(body, types)
  for name, wanted in pairs(types) do
    local value = listing.given(body[name])
    local is_right = type(value) == wanted or wanted == "integer" and type(value) == "number" and value % 1 == 0
    if value ~= nil and not is_right then
      return false
    end
  end
  return true
end

--- The request's body, if it is valid for a listing.
---@param request aom.simulator.Request
---@param rules aom.simulator.Listing
---@return table|nil
function listing.parse(request, rules)
  local body = json.decode(request.body)
  if type(body) ~= "table" or not rules.columns[body[rules.sort]] or not listing.has_types(body, rules.types) then
    return nil
  end
  local direction = body[rules.direction]
  if not directions[direction] and not (direction == nil and rules.optional_direction) then
    return nil
  end
  return body
end

local function sorted(items, column, descending)
  table.sort(items, function(a, b)
    local left, right = a[column] or 0, b[column] or 0
    if left == right then
      left, right = a.order, b.order
    end
    if descending then
      return left > right
    end
    return left < right
  end)
  return items
end

--- The response with one page. `cap` limits the length of a page, also if the request asks
-- for a longer one.
---@param items table[] each with a number `order`
---@param body table of `listing.parse`
---@param rules aom.simulator.Listing
---@param cap integer
---@param show fun(item: table): table
---@return aom.simulator.Response
function listing.answer(items, body, rules, cap, show)
  sorted(items, body[rules.sort], body[rules.direction] == "DESC")
  local page = math.max(listing.given(body[rules.page]) or 1, 1)
  local size = math.min(listing.given(body[rules.size]) or 10, cap)
  local elements = json.array {}
  for i = (page - 1) * size + 1, math.min(page * size, #items) do
    elements[#elements + 1] = show(items[i])
  end
  return answers.json(200, { elements = elements, total_elements = #items })
end

--- A value that a body may leave out, or say as null.
---@param value any
---@return any
function listing.given(value)
  if value ~= json.null then
    return value
  end
end

---@param text string|nil
---@param part string|nil nothing is contained in everything
---@return boolean
function listing.contains(text, part)
  part = listing.given(part)
  return part == nil or (text or ""):find(part, 1, true) ~= nil
end

--- The name of what was given none: never its id, which a script must not take for a name.
---@param id string
---@return string
function listing.name_of(id)
  return "name-of-" .. id
end

return listing

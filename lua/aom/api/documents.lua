--- Turns the body of a successful response into result fields, where it is a JSON document:
--- see aom.api.bodies.

local json = require "aom.util.json"

---@type table<string, fun(body: string, result: table, document: any): boolean>
local documents = {}

local function decode_table(body, document)
  local value = document
  if value == nil then value = json.unwrap(body) end
  return type(value) == "table" and value or nil
end

local function is_list(value) return type(value) == "table" and (value[1] ~= nil or next(value) == nil) end

--- Times are documented as numbers in one place and as texts in another.
local function to_number(value)
  if type(value) ~= "string" or not value:find("^%d+$") then return value end
  return json.integer(tonumber(value))
end

local function tidy_execution(execution)
  if type(execution) ~= "table" then return nil end
  for _, name in ipairs { "begin_time", "end_time", "last_update_time", "workflow_edit_time" } do
    execution[name] = to_number(execution[name])
  end
  return execution
end

function documents.workflow(body, result, document)
  local workflow = decode_table(body, document)
  if not workflow or type(workflow.id or workflow.name) ~= "string" then return false end
  result.workflow = workflow
  return true
end

function documents.template(body, result, document)
  local template = decode_table(body, document)
  if not template or next(template) == nil or is_list(template) then return false end
  result.template = template
  return true
end

--- A count that makes sense, or nil.
local function to_count(value)
  local count = to_number(value)
  return type(count) == "number" and count >= 0 and count % 1 == 0 and count or nil
end

--- Null members are absent once they are decoded.
local function has_null_elements(body) return body:find 'elements\\?"%s*:%s*null' ~= nil end

--- A page: `{ elements, total_elements }`, or the bare list. What is empty may be null, as
--- it may be beyond the last page, with any total.
function documents.elements(body, result, document)
  local page = decode_table(body, document)
  if not page then return false end
  local bare = page.elements == nil and is_list(page) and body:find "^%s*%["
  local elements = bare and page or page.elements
  result.total = to_count(page.total_elements) or to_count(page.total)
  if elements == nil and (result.total == 0 or has_null_elements(body)) then elements = {} end
  if not is_list(elements) then return false end
  for i = 1, #elements do
    local element = elements[i]
    if type(element) ~= "table" or element[1] ~= nil then return false end
  end
  result.elements = elements
  return true
end

function documents.execution_id(body, result, document)
  local execution = decode_table(body, document)
  local id = execution and execution.execution_id
  if type(id) ~= "string" or id == "" then return false end
  result.id, result.execution_id = id, id
  return true
end

function documents.execution(body, result, document)
  local execution = decode_table(body, document)
  -- One edition of the reference puts it into a list.
  if execution and is_list(execution) then execution = execution[1] end
  execution = tidy_execution(execution)
  if not execution or next(execution) == nil then return false end
  result.execution = execution
  return true
end

local function flatten(list, into)
  for _, entry in ipairs(list) do
    if type(entry) ~= "table" then return false end
    if is_list(entry) then
      if not flatten(entry, into) then return false end
    else
      into[#into + 1] = tidy_execution(entry)
    end
  end
  return true
end

--- A bare list; in one edition of the reference a list of lists.
function documents.executions(body, result, document)
  local list = decode_table(body, document)
  if list and list.elements ~= nil then list = list.elements end
  if not is_list(list) then return false end
  if next(list) == nil and not body:find "[%[]" and not has_null_elements(body) then return false end
  result.executions = {}
  return flatten(list, result.executions)
end

return documents

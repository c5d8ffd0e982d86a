--- What results print: one readable line.

local caught = require "aom.util.errors".caught
local fixed = require "aom.util.text".fixed
local one_line = require "aom.util.text".one_line

local lines = {}

local function plural(count, noun) return ("%d %s%s"):format(count, noun, count == 1 and "" or "s") end

-- What a result tells, by the kind that its operation has.
local told = {
  elements = function(of)
    return plural(#of.elements, "element") .. (of.total and " of " .. tostring(of.total) or "")
  end,
  executions = function(of) return plural(#of.executions, "execution") end,
  execution = function(of) return "status " .. tostring(of.execution.status) end,
  workflow = function(of) return tostring(of.workflow.name or of.workflow.id) end,
  template = function(of) return tostring(of.template.name or of.template.id) end,
  execution_id = function(of) return tostring(of.id) end,
  outcome = function(of) return tostring(of.result) end,
}

--- Nothing where its user has taken out what would be told.
local function outcome(of, operation)
  local tell = told[operation.result]
  local ok, text = caught(tell or error, of)
  return ok and ": " .. text or ""
end

---@param of table  a result
---@param operation aom.Operation
---@return string
function lines.result(of, operation)
  local names = { operation.name }
  for _, name in ipairs(operation.arguments) do names[#names + 1] = tostring(of[name]) end
  return one_line(("%s%s (HTTP %s%s, %s, %s s)"):format(table.concat(names, " "), outcome(of, operation),
    tostring(of.http_status), of.request_id and ", request " .. tostring(of.request_id) or "",
    plural(tonumber(of.attempts) or 0, "attempt"), fixed(tonumber(of.elapsed) or 0, 3)))
end

---@param execution table
---@return string
function lines.execution(execution)
  return one_line(("execution %s of workflow %s: %s"):format(tostring(execution.execution_id),
    tostring(execution.workflow_id), tostring(execution.status)))
end

return lines

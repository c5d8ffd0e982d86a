--- Makes one call for each fault, in whatever host runs this, and tells what came of it.
---
---@param list table[]  { name, options, execute }
---@return string  a line a fault: its name, a tab, and the cell
return function(list)
  local safe = require "aom.safe"
  local lines = {}
  for i, fault in ipairs(list) do
    local client, err = safe.client(fault.options)
    local result
    if client then
      if fault.execute then result, err = client:execute "wf-1" else result, err = client:enable "wf-1" end
      client:close()
    end
    local outcome = result or err
    local what = result and "ok" or err.status and err.kind .. " " .. err.status or err.kind
    if not result and err.retryable then what = what .. ", retryable" end
    lines[i] = ("%s\t%s, %s attempts"):format(fault.name, what, tostring(outcome.attempts or 0))
  end
  return table.concat(lines, "\n")
end

--- How benchmarks report: one line each, and a row of the table that `make bench` prints at its end.

local report = {}

--- The value below which a share of a list's values are.
local function quantile(list, share)
  table.sort(list)
  return list[math.max(1, math.ceil(#list * share))]
end

---@param list number[]
---@return number
function report.median(list) return quantile(list, 0.5) end

--- A ratio's median, and between what half of the rounds are; with `aim` in the table.
---@param what string    such as "trigger"
---@param label string   such as "lua5.4, HTTP/1.1"
---@param ratios number[]
---@param aim? number    the ratio should be at most this
---@param more? string   what else there is to say
function report.ratio(what, label, ratios, aim, more)
  local middle, low, high = report.median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)
  print(("  %-28s ratio %.2f, %.2f to %.2f   %s"):format(label, middle, low, high, more or ""))
  report.row(what, label, ("%.2f"):format(middle), ("%.2f to %.2f"):format(low, high),
    aim and ("%.2f"):format(aim) or "", aim and (middle <= aim and "kept" or "MISSED") or "")
end

--- Adds a row to the table.
---@param ... string  its cells
function report.row(...)
  local path = os.getenv "AOM_BENCH_TABLE"
  if not path then return end
  local file = assert(io.open(path, "a"))
  file:write(("%-12s %-44s %9s   %-16s %6s   %s\n"):format(...))
  file:close()
end

return report

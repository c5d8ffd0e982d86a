--- Maintenance windows of other processes, for specs.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote

local windows = {}

--- Options of `resume`: long enough for calls in flight, since the simulator answers at once.
windows.SHORTLY = { settle_timeout = 0.05 }

---@param path string
---@return boolean
function windows.exists(path)
  local opened = io.open(path)
  if opened then opened:close() end
  return opened ~= nil
end

--- What runs spec/support/killed_window.lua, whose arguments are said there, for the shell or env.
---@param what "pause"|"resume"
---@param url string
---@param file string
---@param point integer
---@param limit? string   a command in front
---@param words? string   more arguments
---@return string
function windows.command(what, url, file, point, limit, words)
  return ("LUA_PATH=%s LUA_CPATH=%s %s %s %s %s %s %s %d %s"):format(quote(package.path), quote(package.cpath),
    limit or "", lua, quote(process.root .. "/spec/support/killed_window.lua"), what, quote(url), quote(file), point,
    words or "")
end

--- Removes a window's file and the files beside it.
---@param file string
function windows.remove(file)
  for _, suffix in ipairs { "", ".new", ".lock" } do os.remove(file .. suffix) end
end

--- Thirteen workflows in a simulator: eight selected and enabled; two disabled; one of
--- another name; two without a schedule.
---@param simulator table
---@return table<string, string> before  the trigger status of each, by id
function windows.prepare(simulator)
  simulator.reset()
  local workflows, before = {}, {}
  for i = 1, 13 do
    local id = ("wf-%02d"):format(i)
    workflows[id] = {
      name = i == 11 and "daily-report" or "nightly-" .. i, type = i > 11 and "manual" or "cron",
      trigger_status = (i == 3 or i == 6) and "disable" or "enable",
    }
    before[id] = workflows[id].trigger_status
  end
  simulator.set { workflows = workflows }
  return before
end

---@param simulator table
---@return table<string, string>  the trigger status of each workflow, by id
function windows.states(simulator)
  local found = {}
  for id, workflow in pairs(simulator.state().workflows) do found[id] = workflow.trigger_status end
  return found
end

---@param simulator table
---@param before table<string, string>
---@return string  the ids of the workflows whose trigger status differs
function windows.differences(simulator, before)
  local list = {}
  for id, status in pairs(windows.states(simulator)) do
    if before[id] and status ~= before[id] then list[#list + 1] = id end
  end
  table.sort(list)
  return table.concat(list, " ")
end

return windows

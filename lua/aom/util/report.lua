--- What the library tells beside results and errors, and where: on the terminal, in nginx's log, or
--- in Neovim. See aom.util.platform.

local host = require "aom.util.host"

local getinfo, pcall, xpcall = host.debug.getinfo, pcall, xpcall

--- The phases of nginx in which nothing else runs yet.
local starting = { init = true, init_worker = true }

local report = {}

--- Why a variable that is set outside may not be seen here; nil where it can be.
---@param name string
---@return string|nil
function report.hidden(name)
  local ngx = host.ngx()
  if not ngx or ngx.get_phase() == "init" then return nil end
  return ("nginx hides the environment from its workers: list each variable in nginx.conf (`env %s;`), "
    .. "or make the client in init_by_lua"):format(name)
end

---@param message string
function report.warn(message)
  local text = "aom: " .. message
  local ngx, vim = host.ngx(), host.vim()
  if ngx then
    ngx.log(ngx.WARN, text)
  elseif vim then
    vim.schedule(function() vim.notify(text, vim.log.levels.WARN) end)
  else
    io.stderr:write(text, "\n")
  end
end

--- Whether a function that runs now catches errors, in the coroutine that runs.
local function is_caught()
  local level, info = 2, getinfo(2, "f")
  while info do
    if info.func == pcall or info.func == xpcall then return true end
    level = level + 1
    info = getinfo(level, "f")
  end
  return false
end

--- Records an error that is about to be raised, where the host shows of a table that nobody
--- catches no more than "unknown error". While nginx starts, also where somebody does: it ends
--- when that is raised again.
---@param ngx table
---@param err aom.Error
function report.record(ngx, err)
  if starting[ngx.get_phase()] or not is_caught() then ngx.log(ngx.ERR, tostring(err)) end
end

--- What nobody catches in a light thread, in words and with where it was raised: of a table nginx
--- shows no more than "unknown reason".
---@param raised any
---@return string
function report.legible(raised) return host.debug.traceback(tostring(raised), 2) end

return report

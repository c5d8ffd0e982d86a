--- What the library takes from the world around it: environment, files, clocks,
--- chance, and a way to warn. Everything else receives these as one table, so
--- that a spec can put its own in their place. Nothing is read at `require`.

local core = require "aom.core"
local host = require "aom.util.host"

local getinfo, pcall, xpcall = host.debug.getinfo, pcall, xpcall

--- The phases of nginx in which nothing else runs yet.
local starting = { init = true, init_worker = true }

---@class aom.System
---@field getenv fun(name: string): string|nil
---@field read_file fun(path: string, lasting?: boolean): string|nil, string|nil, boolean|nil  contents; or nil, why,
---  if it is not there. `lasting`: only of a file that can be read again, which a pipe is not
---@field file_mode fun(path: string): integer|nil  permission bits; nil where there are none
---@field write_file fun(path: string, text: string, create?: boolean): boolean|nil, string|nil, boolean|nil
---  durably, at once, mode 0600. With `create` not over a file that is there: nil, why, true
---@field lock_file fun(path: string): aom.FileLock|nil, string|nil, "self"|aom.LockOwner|nil
---  the lock, and why it binds this process alone; or nil, why, and who has it where somebody has
---@field has_workers fun(): boolean  whether other processes serve the same users as this one
---@field time fun(): integer  seconds since 1970, UTC
---@field random fun(): number  in [0, 1)
---@field warn fun(message: string)
---@field hidden? fun(name: string): string|nil  why an environment variable may not be seen
local platform = {}

--- One claim to a lock that the process holds; collecting it releases it. Other parts of
--- the process may hold claims too, but only one works at a time.
---@class aom.FileLock
---@field rest fun(self: aom.FileLock)     the work is over, the claim is not
---@field finish fun(self: aom.FileLock)   ends the lock, for all of the process
---@field is_held fun(self: aom.FileLock): boolean
---@field release fun(self: aom.FileLock)

---@class aom.LockOwner
---@field pid? integer  nil: not known
---@field host? string

---@param name string
---@return string|nil
function platform.getenv(name)
  local value = os.getenv(name)
  -- An empty variable is how shells and service files say "not set".
  if value == "" then return nil end
  return value
end

--- Why a variable that is set outside may not be seen here; nil where it can be.
---@param name string
---@return string|nil
function platform.hidden(name)
  local ngx = host.ngx()
  if not ngx or ngx.get_phase() == "init" then return nil end
  return ("nginx hides the environment from its workers: list each variable in nginx.conf (`env %s;`), "
    .. "or make the client in init_by_lua"):format(name)
end

platform.read_file = core.read_file
platform.file_mode = core.file_mode
platform.write_file = core.write_file
platform.lock_file = core.lock_file

---@return boolean
function platform.has_workers() return host.ngx() ~= nil end

platform.time = os.time

---@return number
function platform.random()
  -- Without randomness every client would come back at the same moment: half is
  -- a poor jitter, but a valid one.
  return core.random() or 0.5
end

---@param message string
function platform.warn(message)
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
---@param err aom.Error
function platform.record(err)
  local ngx = host.ngx()
  if ngx and (starting[ngx.get_phase()] or not is_caught()) then ngx.log(ngx.ERR, tostring(err)) end
end

return platform

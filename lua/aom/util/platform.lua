--- What the library takes from the world around it: environment, files, clocks,
--- chance, and a way to warn. Everything else receives these as one table, so
--- that a spec can put its own in their place. Nothing is read at `require`.

local core = require "aom.core"
local host = require "aom.util.host"
local lazy = require "aom.util.lazy"

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
local platform = setmetatable({}, { __index = lazy "aom.util.report" })

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

return platform

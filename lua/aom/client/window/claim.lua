--- Ownership of a window. The process whose client paused owns it, by a lock on FILE.lock that
--- ends with the client or with the process, so no other process can end a window whose
--- owner is alive. Within a process any client may resume, and one at a time is at work on a file.

local errors = require "aom.util.errors"
local protect = require "aom.util.host".pcall
local scopes = require "aom.loop.scope"

local claim = {}

local function owner_of(owner)
  if not owner.pid then return "another process" end
  return ("process %d on %s"):format(owner.pid, owner.host)
end

-- Seconds. A process that was killed holds its locks for a moment more.
local PATIENCE, STEP = 0.5, 0.05

--- Takes the lock, and waits a little where somebody has it. A lock that nobody holds any
--- more may wait for the collector: its task was ended in the middle by its host, as
--- nginx does when a client goes away.
local function lock(state, scope, path)
  local loop = state.loop
  local give_up = loop.now() + PATIENCE
  local taken, why, owner = state.system.lock_file(path)
  if owner == "self" then collectgarbage() end
  while owner and loop.now() < give_up and not scopes.reason(state, scope) do
    loop.sleep(STEP)
    taken, why, owner = state.system.lock_file(path)
  end
  return taken, why, owner
end

local function refusal(state, scope, path, owner, how)
  local why = scopes.reason(state, scope)
  if why then return errors.new("cancelled", why) end
  if owner == "self" then
    return errors.argument("%s: this process is pausing or resuming this window", path)
  end
  local err = errors.argument("%s: %s is still running and holds this window", path, owner_of(owner))
  err.hint = how
  return err
end

--- To pause: without the lock nothing begins.
---@param state aom.ClientState
---@param scope table
---@param path string
---@return aom.FileLock|nil
---@return aom.Error|nil
function claim.to_pause(state, scope, path)
  local taken, why, owner = lock(state, scope, path)
  if owner then return nil, refusal(state, scope, path, owner, "end that window first, or use another file") end
  if not taken then return nil, errors.config("the window's file cannot be locked: " .. why) end
  if why then state.system.warn(why .. ", so another process can resume this window meanwhile") end
  return taken
end

--- To resume: where no lock can be had it goes on without, since workflows must not stay disabled.
---@param state aom.ClientState
---@param scope table
---@param path string
---@param force boolean|nil  also when somebody has it
---@return aom.FileLock|false|nil  false: goes on without one
---@return aom.Error|nil
function claim.to_resume(state, scope, path, force)
  local taken, why, owner
  if force then
    taken, why, owner = state.system.lock_file(path)
    if owner then return false end
  else
    taken, why, owner = lock(state, scope, path)
  end
  if taken then return taken end
  if owner then
    return nil, refusal(state, scope, path, owner,
      "resume it in that process or close its client; or resume it here with force = true")
  end
  state.system.warn("the window is resumed without a lock: " .. why)
  return false
end

--- Keeps the window for the client until it is closed or collected.
local function keep(state, taken)
  state = state.root
  if state.closed then return taken:release() end
  taken:rest()
  local kept = { taken }
  for _, other in ipairs(state.windows or {}) do
    if other:is_held() then kept[#kept + 1] = other else other:release() end
  end
  state.windows = kept
end

--- Does `work()` under a lock. Then `outcome()` says what becomes of that, also when an
--- error was raised: "keep" for the client, "finish" for the whole process, nil: release.
---@param state aom.ClientState
---@param taken aom.FileLock|false
---@param work fun(): any, aom.Error|nil
---@param outcome fun(): "keep"|"finish"|nil
---@return any
---@return aom.Error|nil
function claim.hold(state, taken, work, outcome)
  local ok, result, err = protect(work)
  if taken then
    local after = outcome()
    if after == "keep" then
      keep(state, taken)
    else
      if after == "finish" then taken:finish() end
      taken:release()
    end
  end
  if not ok then error(result, 0) end
  return result, err
end

--- Gives up what a client keeps.
---@param state aom.ClientState
function claim.release_all(state)
  for _, taken in ipairs(state.windows or {}) do taken:release() end
  state.windows = nil
end

return claim

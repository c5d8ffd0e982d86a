--- Credentials from the [basic] section of the profile file.

local choice = require "aom.credentials.providers.choice"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local files = require "aom.config.profile"
local kinds = require "aom.config.credential_kinds"
local stored = require "aom.credentials.providers.stored"

local profile = {}

local function warn_if_open(system, path)
  local mode = files.open_mode(system, path)
  if not mode then return end
  files.warn(system, ("the profile %s is accessible to other users (mode %o): run chmod 600 on it"):format(path, mode))
end

local function holds_secret(values)
  for name, field in each.pair(kinds.fields) do
    if field.secret and values[name] then return true end
  end
  return false
end

local LABELS = choice.labels(function(kind) return kind.rank end)

local function skipped(path, lack)
  if not path then return "the profile (no home directory is known)" end
  return ("%s under [basic] in %s (%s)"):format(LABELS, path, lack or "none is there")
end

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped
function profile.new(settings)
  local source = settings.source
  local path

  local function read()
    local values, where = source:profile()
    source:forget_profile()
    if not values then return nil, where end
    path = where
    if path and holds_secret(values) then warn_if_open(source.system, path) end
    return values
  end

  local provider, err = stored.new(settings, {
    where = "the profile " .. tostring((files.path(source.system))), read = read,
    complain = function(has, lacks)
      return errors.config(("profile %s: [basic] has %s but no %s"):format(path, has, lacks))
    end,
  })
  if provider or err then return provider, err end
  return nil, nil, skipped(path, source.notes.lack)
end

return profile

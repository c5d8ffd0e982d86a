--- The places of credentials that are no options, in the order in which they count.

local choice = require "aom.credentials.providers.choice"
local errors = require "aom.util.errors"
local lazy = require "aom.util.lazy"

local environment = lazy "aom.credentials.providers.environment"
local metadata = lazy "aom.credentials.providers.metadata"
local pod = lazy "aom.credentials.providers.pod"
local profile = lazy "aom.credentials.providers.profile"

local elsewhere = {}

--- The error that none of some places has credentials.
---@param skipped string[]
---@param unreadable? string  what keeps one of them from being read
---@return aom.Error
function elsewhere.nothing(skipped, unreadable)
  return errors.new("credentials", "no credentials were found" .. (unreadable and ", and " .. unreadable or ""),
    { hint = "looked for " .. table.concat(skipped, "; ") })
end

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
function elsewhere.find(settings)
  local skipped = { "options " .. choice.labels(function() return true end) .. " (none is set)" }
  for _, maker in ipairs { environment, profile, pod, metadata } do
    local provider, err, why = maker.new(settings)
    if err then return nil, err end
    if provider then
      -- The last resort: whoever meant another place needs to know why it was skipped.
      if maker == metadata then provider.skipped = "these sources were tried first: " .. table.concat(skipped, "; ") end
      return provider
    end
    skipped[#skipped + 1] = why
  end
  return nil, elsewhere.nothing(skipped, settings.source.notes.unreadable)
end

return elsewhere

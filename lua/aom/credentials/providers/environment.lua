--- Credentials from environment variables.

local choice = require "aom.credentials.providers.choice"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local stored = require "aom.credentials.providers.stored"

local environment = {}

local names, samples = kinds.variables, kinds.samples

--- What tells the kinds that stand in variables, the provider's samples included.
local function searched()
  local pair = kinds.label(kinds.key_pair, names)
  local labels = choice.labels(function(kind) return kind.rank end, names)
  return pair .. ", " .. kinds.label(kinds.key_pair, samples) .. labels:sub(#pair + 1)
end

local SKIPPED = "environment variables " .. searched() .. " (none is set)"

local function read_all(variables, source)
  local values = {}
  for name, variable in each.pair(variables) do
    local err
    values[name], err = source:variable(name, variable)
    if err then return nil, err end
  end
  return values
end

---@param settings table
---@return aom.Provider|nil
---@return aom.Error|nil
---@return string|nil skipped
function environment.new(settings)
  local source = settings.source
  local used = names

  --- The samples' pair stands for a key pair, where no kind is found that goes before it.
  local function read()
    local values, err = read_all(names, source)
    if not values then return nil, err end
    local kind = choice.of(values)
    used = names
    if kind and kind.rank <= kinds.key_pair.rank then return values end
    local pair
    pair, err = read_all(samples, source)
    if not pair then return nil, err end
    if next(pair) == nil then return values end
    used = samples
    return pair
  end

  return stored.new(settings, {
    where = "environment variables", skipped = SKIPPED, read = read,
    complain = function(has, lacks)
      return errors.config(("environment variable %s is set, but %s is not"):format(used[has], used[lacks]))
    end,
  })
end

return environment

--- Credentials given as client options: direct ones are handed over once, the others are
--- exchanged at each renewal.

local errors = require "aom.util.errors"
local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"

local choice = lazy "aom.credentials.providers.choice"
local custom = lazy "aom.credentials.providers.custom"

---@class aom.StaticProvider: aom.Provider
---@field values? table<string, string>
local Static = { fixed = true }
Static.__index = Static

---@class aom.ExchangedProvider: aom.Provider
local Exchanged = { lazy = true, asks_iam = true }
Exchanged.__index = Exchanged

local static = {}

--- The kind that the options name, and no other one.
local function single_kind(given)
  local found, labels = nil, {}
  for _, kind in ipairs(kinds.list) do
    if kinds.look(kind, given, kind.fields) then
      found = kind
      labels[#labels + 1] = kinds.label(kind)
    end
  end
  if not labels[2] then return found end
  return nil, errors.argument("options %s cannot be combined: give credentials of one kind only",
    table.concat(labels, ", "))
end

--- Takes a kind's options out of `given`, so that no copy of a secret stays there.
local function take(kind, given)
  local values = {}
  for _, name in ipairs(kind.fields) do values[name], given[name] = given[name], nil end
  local has, lacks = kinds.look(kind, values, kind.fields)
  if not lacks then return values end
  return nil, errors.config(("option %s is set, but option %s is not"):format(has, lacks), kind.advice)
end

--- Takes the options out of `given`.
---@param settings table
---@param given table  checked client options
---@return aom.Provider|nil provider  nil without err: no option gives credentials
---@return aom.Error|nil err
function static.new(settings, given)
  local kind, err = single_kind(given)
  if not kind then return nil, err end
  if kind == kinds.provider then return custom.new(given.credentials) end
  local values
  values, err = take(kind, given)
  if not values then return nil, err end
  local label = kinds.label(kind)
  local where = (kind.required[2] and "options " or "option ") .. label
  if not kind.exchanged then return setmetatable({ kind = kind, where = where, values = values }, Static) end
  -- In a closure, where nothing that prints tables finds the secrets.
  local function exchange(context) return choice.credentials(settings, context, kind, values) end
  return setmetatable({ kind = kind, where = where, window = kind.window, exchange = exchange }, Exchanged)
end

--- Hands its secrets over once: from then on the client's signer holds them.
function Static:refresh()
  local values = self.values
  if not values then
    return nil, errors.new("credentials", "the credentials given as options cannot be renewed")
  end
  self.values = nil
  return values
end

function Exchanged:refresh(context) return self.exchange(context) end

return static

--- From the named values of one source to credentials: which kind they are, and how that
--- kind comes to a key pair or a token.

local kinds = require "aom.config.credential_kinds"
local lazy = require "aom.util.lazy"

local choice = {}

-- What the identity service gives for an exchanged kind, by its name.
local exchangers = {
  id_token = lazy "aom.credentials.providers.id_token", password = lazy "aom.credentials.providers.password",
}

--- The kind that the values of the environment or of the profile amount to. It must be
--- whole: nothing is joined from two kinds.
---@param values table<string, string>
---@return aom.CredentialKind|nil kind
---@return string|nil has    a field that is there, where the kind is not whole
---@return string|nil lacks  and the first that is missing
function choice.of(values)
  local found, has, lacks
  for _, kind in ipairs(kinds.list) do
    if kind.rank and (not found or kind.rank < found.rank) then
      local first, missing = kinds.look(kind, values, kind.required)
      if first then found, has, lacks = kind, first, missing end
    end
  end
  return found, lacks and has, lacks
end

--- The credentials that requests are sent with. May wait, where the kind is exchanged.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param kind aom.CredentialKind
---@param values table<string, string>
---@return aom.Credentials|nil
---@return aom.Error|nil
function choice.credentials(settings, context, kind, values)
  if kind.exchanged then return exchangers[kind.name].exchange(settings, context, values) end
  local credentials = {}
  for _, name in ipairs(kind.fields) do credentials[name] = values[name] end
  return credentials
end

--- The labels of all kinds that a place may hold: "a and b, c, or d".
---@param is_held fun(kind: aom.CredentialKind): boolean|nil
---@param names? table<string, string>
---@return string
function choice.labels(is_held, names)
  local labels = {}
  for _, kind in ipairs(kinds.list) do
    if is_held(kind) then labels[#labels + 1] = kinds.label(kind, names) end
  end
  return table.concat(labels, ", ", 1, #labels - 1) .. ", or " .. labels[#labels]
end

return choice

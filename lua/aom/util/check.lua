--- The one checker of what a caller gives: client options, fields of operations, arguments
--- of methods and the signer's input are rows of one kind of table, which say what a value
--- must be. A message is always "NAME: expected WANTED, got SHOWN".

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local kinds = require "aom.util.kinds"
local plain = require "aom.util.plain"
local similar = require "aom.util.lazy" "aom.util.similar"
local text = require "aom.util.text"

local check = {}

--- What a value must be: of a kind, or what the row's own test takes.
---@class aom.Row
---@field kind? string        one of aom.util.kinds
---@field test? fun(value: any, row: aom.Row): string|nil, string|nil  without a kind: what was expected, if the value
---  is not it, and what stands there instead, where the test knows better than the value as a whole
---@field required? boolean   nil is checked too
---@field secret? boolean     a string or number never stands in a message
---@field min? number         of a text: characters; of a number: the least
---@field max? number         of a list or map: entries
---@field unit? string        of a number
---@field choices? string[]
---@field wanted? string     of a table of values by name: what it is called
---@field item_min? integer   characters of a list's items
---@field item_max? integer
---@field texts? boolean      a map's values are strings
---@field meaning? string     for the reference: see spec/support/doc
---@field type? string        for the reference, where the kind does not tell it

--- How messages call a table and what is in it.
---@class aom.Label
---@field whole string   the table
---@field noun string    one of its members
---@field before string  what stands in front of "unknown NOUN"
---@field member string  what stands in front of a member's name
---@field known_as? fun(name: string, rows: table<string, any>): string|nil  the row that has another name, too

---@param whole string   such as "wait"
---@param noun string    such as "option"
---@param member? string default: "WHOLE: "
---@return aom.Label
function check.label(whole, noun, member)
  return { whole = whole, noun = noun, before = whole .. ": ", member = member or whole .. ": " }
end

--- What can be said of a value that may be a secret.
local function outline(value)
  if type(value) == "number" then return "a number" end
  if type(value) ~= "string" then return errors.show(value) end
  if value == "" then return "an empty string" end
  if text.has_control(value) then return "a string with a control character" end
  return ("a string of %d byte%s"):format(#value, #value == 1 and "" or "s")
end

--- The test that a row makes: it returns what was expected when a value is something else.
---@param row aom.Row
---@return fun(value: any, row: aom.Row): string|nil
function check.test_of(row)
  local kind = row.kind
  return kind and kinds[kind] or row.test
end

--- What is wrong with a value, or nil.
---@param name string  how the message calls it
---@param value any
---@param row aom.Row
---@return aom.Error|nil
function check.value(name, value, row)
  local wanted, got = check.test_of(row)(value, row)
  if not wanted then return nil end
  got = got or row.secret and outline(value) or errors.show(value)
  return errors.argument("%s: expected %s, got %s", name, wanted, got)
end

--- Whether a value is what a row says.
---@param value any
---@param row aom.Row
---@return boolean
function check.is(value, row) return check.value("", value, row) == nil end

--- What a name without a row may be meant for.
local function hint_on(name, rows, label)
  if type(name) == "number" then return ("each %s has a name: { NAME = value }"):format(label.noun) end
  if type(name) ~= "string" then return nil end
  local nearest = label.known_as and label.known_as(name, rows) or similar.nearest(name, rows)
    or similar.of_last_word(name, rows)
  return nearest and 'did you mean "' .. nearest .. '"?'
end

--- Refuses names that have no row, as far as they can be seen.
---@param container table
---@param rows table<string, any>
---@param label aom.Label
---@return aom.Error|nil
function check.names(container, rows, label)
  for name in each.raw(container) do
    if rows[name] == nil then
      local err = errors.argument("%sunknown %s %s", label.before, label.noun, errors.show(name))
      err.hint = hint_on(name, rows, label)
      return err
    end
  end
end

--- Reads a table by the names of rows, so that values behind its metatable count. Names
--- that have no row are refused, as far as they can be seen. Checks no value.
---@param container any
---@param rows table<string, any>
---@param label aom.Label
---@return table|nil copy  without a metatable
---@return aom.Error|nil
function check.read(container, rows, label)
  if type(container) ~= "table" or errors.is_client(container) then
    return nil, errors.argument("%s: expected a table of %ss, got %s", label.whole, label.noun, errors.show(container))
  end
  local err = check.names(container, rows, label)
  if err then return nil, err end
  local copy
  copy, err = plain.values(container, rows)
  if not copy then err.message = label.member .. err.message end
  return copy, err
end

--- Checks the members of a table. Of several faults the first by name is told, so that the
--- same table always gives the same error.
---@param container table
---@param rows table<string, aom.Row>
---@param label aom.Label
---@return aom.Error|nil
function check.members(container, rows, label)
  local first, err
  for name, row in each.pair(rows) do
    local value = container[name]
    if (value ~= nil or row.required) and (not first or name < first) then
      local fault = check.value(label.member .. name, value, row)
      if fault then first, err = name, fault end
    end
  end
  return err
end

--- Reads a table by the names of rows, and checks its members.
---@param container any
---@param rows table<string, aom.Row>
---@param label aom.Label
---@return table|nil copy  without a metatable
---@return aom.Error|nil
function check.table(container, rows, label)
  local copy, err = check.read(container, rows, label)
  if not copy then return nil, err end
  err = check.members(copy, rows, label)
  if err then return nil, err end
  return copy
end

return check

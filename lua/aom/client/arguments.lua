--- Splits what a caller gives to a function or a method: values by position, a table of
--- options that may be left out, and a callback. An argument too many is an error.

local errors = require "aom.util.errors"

local arguments = {}

--- What a method takes.
---@class aom.Signature
---@field name string
---@field values integer      how many come by position, the table of options among them
---@field options? boolean    the last of them is a table that may be left out
---@field callback? boolean
---@field table? boolean      the first is a table, so that of a text in its place nothing else is said

--- What is wrong with arguments that follow the last one which is known, or nil. A nil at
--- the end is no argument: `f(g())` must not fail because `g` returns one.
---@param name string    the function
---@param most integer   how many arguments it takes
---@param ... any        what follows them
---@return aom.Error|nil
function arguments.excess(name, most, ...)
  for i = select("#", ...), 1, -1 do
    if select(i, ...) ~= nil then
      local wanted = most == 0 and "no argument" or most == 1 and "at most 1 argument"
        or ("at most %d arguments"):format(most)
      return errors.argument("%s: expected %s, got %d", name, wanted, most + i)
    end
  end
end

--- What is wrong with a table where the callback stands, or nil: it is a table of options too many, or
--- in the wrong place. Of one that behaves like something else no more is said.
---@param name string    the function
---@param values integer  how many arguments come before the callback
---@param given any
---@param takes_table? boolean  the last of them is a table
---@return aom.Error|nil
function arguments.no_callback(name, values, given, takes_table)
  if type(given) ~= "table" then return nil end
  local err = errors.argument("%s: argument %d is the callback: expected a function, got %s", name, values + 1,
    errors.show(given))
  if takes_table and getmetatable(given) == nil then
    err.hint = ("%s %s takes stands in one table, argument %d"):format(
      values == 1 and "all that" or "the rest of what", name, values)
  end
  return err
end

---@param signature aom.Signature
---@param ... any
---@return aom.Error|nil
---@return any callback
---@return any a  the values by position
---@return any b
---@return any c
function arguments.split(signature, ...)
  if signature.table and type((...)) == "string" then return nil, nil, (...) end
  local count, callback = signature.values, nil
  local most = signature.callback and count + 1 or count
  local err = arguments.excess(signature.name, most, select(most + 1, ...))
  local given = { ... }
  if signature.callback then
    -- The options may be left out before it.
    if signature.options and given[most] == nil and type(given[count]) == "function" then most = count end
    callback, given[most] = given[most], nil
    err = err or arguments.no_callback(signature.name, count, callback,
      signature.options or count == 1 and type(given[1]) == "table")
  end
  return err, callback, given[1], given[2], given[3]
end

--- A method that splits what it is given by a signature, and hands it to `run`.
---@param signature aom.Signature
---@param run fun(state: aom.ClientState, callback: function|nil, a: any, b: any, c: any): any, aom.Error|nil
---@return fun(state: aom.ClientState, ...): any, aom.Error|nil
function arguments.method(signature, run)
  signature.callback = true
  return function(state, ...)
    local err, callback, a, b, c = arguments.split(signature, ...)
    if err then return nil, err end
    return run(state, callback, a, b, c)
  end
end

return arguments

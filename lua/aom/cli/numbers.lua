--- Options of the command line that take a number. None takes 0 or less.

local errors = require "aom.util.errors"

local numbers = {}

--- Adds an option to a command.
---@param command table  of argparse
---@param name string
---@param argname string
---@param description string
function numbers.option(command, name, argname, description)
  command:option(name, description):argname(argname):convert(function(word)
    local value = tonumber(word)
    if value and value > 0 then return value end
    return nil, ("%s: expected a number above 0 (as in %s=10), got %s"):format(name, name, errors.show(word))
  end)
end

return numbers

--- Options of the command line that take a number.

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
    if value then return value end
    return nil, ("%s: expected a number, got %s"):format(name, errors.show(word))
  end)
end

return numbers

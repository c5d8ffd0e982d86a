--- Options of the command line that take a number. None takes 0 or less.

local errors = require "aom.util.errors"

local numbers = {}

local function add(command, name, argname, description, wanted, fits)
  command:option(name, description):argname(argname):convert(function(word)
    local value = tonumber(word)
    if value and value > 0 and fits(value) then return value end
    return nil, ("%s: expected a %s above 0 (as in %s=10), got %s"):format(name, wanted, name, errors.show(word))
  end)
end

--- Adds an option to a command.
---@param command table  of argparse
---@param name string
---@param argname string
---@param description string
function numbers.option(command, name, argname, description)
  add(command, name, argname, description, "number", function() return true end)
end

--- Adds one that counts something.
---@param command table  of argparse
---@param name string
---@param description string
function numbers.count(command, name, description)
  add(command, name, "N", description, "whole number", function(value) return value % 1 == 0 end)
end

return numbers

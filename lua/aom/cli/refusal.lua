--- What argparse refuses, in words that name what is wrong and say how it is written. argparse
--- tells the fault alone: which word has it is found by parsing fewer words.

local errors = require "aom.util.errors"
local similar = require "aom.util.similar"

local TOO_MANY, NO_COMMAND = "too many arguments", "a command is required"
local NO_VALUE, UNKNOWN = "^option '(.-)' requires an argument$", "^unknown (%l+) '(.-)'"

---@class aom.Refusal
---@field words string[]
---@field parser table                 of argparse
---@field commands table<string, table>  the parsers of its commands
local Refusal = {}
Refusal.__index = Refusal

--- What is wrong with the first words, and perhaps one more; nil: nothing.
local function fault_of(self, count, more)
  local fewer = {}
  for i = 1, count do fewer[i] = self.words[i] end
  fewer[count + 1] = more
  local ok, why = self.parser:pparse(fewer)
  return not ok and why or nil
end

--- The place of a word with which the fault begins.
local function place_of(self, why)
  local sound, faulty = 0, #self.words
  while faulty - sound > 1 do
    local middle = math.floor((sound + faulty) / 2)
    if fault_of(self, middle) == why then faulty = middle else sound = middle end
  end
  return faulty
end

--- What is wrong with a value of the option after the first words, where it is the value.
local function fault_of_value(self, count, option, value)
  local why = fault_of(self, count, option .. "=" .. value)
  local is_about = why and (why:sub(1, #option + 1) == option .. ":" or why:find("'" .. option .. "'", 1, true))
  return is_about and why or nil
end

--- A word that begins with "-" is taken for an option, also where a value must come.
local function dashed_value(self, at)
  local option = (fault_of(self, at - 1) or ""):match(NO_VALUE)
  if not option then return nil end
  local value = self.words[at]
  return fault_of_value(self, at - 2, option, value)
    or ('option \'%s\' requires an argument; one that begins with "-" is written %s=%s'):format(option, option, value)
end

-- How the names of options and commands stand in a help.
local lines = { option = "\n   [-h, ]*(%-%-[%w-]+)", command = "\n   (%l+)%s" }

-- A name of no more letters is near to too many others.
local SHORT = 5

--- The names of options or commands that may stand after some words.
local function names_after(self, count, noun)
  local parser, names = self.parser, {}
  for i = 1, count do parser = self.commands[self.words[i]] or parser end
  for known in parser:get_help():gmatch(lines[noun]) do names[known] = true end
  return names
end

--- What an unknown name may have meant there: "aom version" the option.
local function nearest(self, count, noun, name)
  if noun == "command" and names_after(self, count, "option")["--" .. name] then return "--" .. name end
  local _, letters = name:gsub("%w", "")
  return similar.nearest((name:gsub("^%-+", "--")), names_after(self, count, noun), letters > SHORT and 2 or 1)
end

--- What may follow a command that has commands of its own.
local function expected(self, at)
  local names = {}
  for name in self.commands[self.words[at - 1]]:get_help():gmatch(lines.command) do names[#names + 1] = name end
  return ("expected one of %s or %s, got %s"):format(table.concat(names, ", ", 1, #names - 1), names[#names],
    errors.show(self.words[at]))
end

local function unknown(self, at, noun, name)
  -- Of "-rate" argparse names the first letter.
  if noun == "option" then name = self.words[at]:match "^[^=]*" end
  local said, meant = ("unknown %s '%s'"):format(noun, name), nearest(self, at - 1, noun, name)
  if meant then return ("%s; did you mean '%s'?"):format(said, meant) end
  local is_early = noun == "option" and fault_of(self, at - 1) == NO_COMMAND
  return is_early and said .. "; options follow the name of a command" or said
end

--- What chooses workflows, and takes no ids, is often told a name all the same.
local function unexpected(self, word)
  local command = self.commands[self.words[1]]
  local chooses = command and command:get_help():find("--match", 1, true)
  return "unexpected argument " .. errors.show(word)
    .. (chooses and "; a name is given with --name, a pattern with --match" or "")
end

local refusal = {}

--- Explains a refusal.
---@param words string[]
---@param why string                     argparse's words
---@param parser table                   that refused
---@param commands table<string, table>  the parsers of its commands
---@return string
function refusal.explain(words, why, parser, commands)
  local self = setmetatable({ words = words, parser = parser, commands = commands }, Refusal)
  local at = place_of(self, why)
  if why == TOO_MANY then return unexpected(self, words[at]) end
  local option = why:match(NO_VALUE)
  if option then return (fault_of_value(self, at - 1, option, "") or why):gsub(", got .*", "") end
  local noun, name = why:match(UNKNOWN)
  if not noun then return why end
  if noun == "command" and commands[words[at - 1]] then return expected(self, at) end
  return noun == "option" and dashed_value(self, at) or unknown(self, at, noun, name)
end

return refusal

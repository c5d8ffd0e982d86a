--- `aom simulate`: starts the simulator, a rock of its own. What it needs exists for LuaJIT
--- on most systems, so it runs under that, whichever Lua runs this.

local status = require "aom.cli.status"

local simulate = { name = "simulate", summary = "Start a simulator of the service on this machine.", raw = true }

-- Fails in one line, where the rock or the modules that it needs are missing.
local PROGRAM = [[
local found, command = pcall(require, "aom.simulator.command")
local ok, why = found, command
if found then ok, why = pcall(command.main, { %s }) end
if not ok then
  why = tostring(why):gsub("\n.*", "")
  if not found then
    why = why:gsub(":$", "") .. "; luarocks --lua-version 5.1 install aom-simulator installs the simulator, "
      .. "and make simulator runs it from a checkout"
  end
  io.stderr:write("aom: ", why, "\n")
  os.exit(2)
end]]

local MISSING = "the simulator runs under LuaJIT, which is not installed: apt-get install luajit2, brew install luajit"

function simulate.define(command)
  command:handle_options(false):add_help(false)
  command:argument("words", "Options of the simulator; --help lists them."):argname "OPTION":args "*"
end

local function quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

--- Runs a command of the shell to its end; returns its exit status.
local function run(line)
  local first, _, code = os.execute(line)
  if type(first) ~= "number" then return code end
  return first % 256 == 0 and first / 256 or 128 + first % 128
end

function simulate.run(shell)
  if run "command -v luajit >/dev/null" ~= 0 then
    shell:complain(MISSING)
    return status.usage
  end
  -- Whoever ends the command ends the simulator, which is another process.
  local words = { '"--with-parent"' }
  for i, word in ipairs(shell.args.words) do words[i + 1] = ("%q"):format(word) end
  return run("exec luajit -e " .. quote(PROGRAM:format(table.concat(words, ", "))))
end

return simulate

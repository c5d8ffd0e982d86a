--- A real terminal for specs: a program runs in a window of tmux, whose screen can be read
--- and whose keys can be pressed.

local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local tmux = {}

local quote = process.quote

local Terminal = {}
Terminal.__index = Terminal

local function call(self, words)
  return process.run(("unset TMUX; tmux -L %s -f /dev/null %s 2>&1"):format(self.name, words))
end

--- Runs a line of the shell in a new terminal, which stays for a minute after it.
---@param line string
---@param columns integer
---@return table terminal
function tmux.open(line, columns)
  -- The shell of the script outlives Ctrl-C.
  local script = process.temporary("trap : INT\n" .. line .. "\necho \"ended $?\"\nsleep 60\n")
  local self = setmetatable({ name = script:gsub("%W", "_"), script = script }, Terminal)
  local output, code = call(self, ("new-session -d -x %d -y 24 %s"):format(columns, quote("sh " .. quote(script))))
  assert(code == 0, output)
  return self
end

--- What is on the screen now.
---@param with_colors? boolean  with the sequences that color it
---@return string
function Terminal:screen(with_colors)
  -- Lines that the terminal has broken are joined, and the empty ones at the end left out.
  local screen = call(self, "capture-pane -p -J" .. (with_colors and " -e" or ""))
  return (screen:gsub(" *%f[\n%z]", ""):gsub("\n+$", "\n"))
end

-- At rest, in seconds. A service that was set to be slow while the machine was busy (patience.latency) still is when
-- the machine has come to rest; this is longer than a few of its slowest answers in a row.
local LIMIT = 60

--- Waits until a pattern is on the screen; returns the screen.
---@param pattern string
---@return string
function Terminal:wait(pattern)
  local deadline, screen = core.now() + patience.of(LIMIT), self:screen()
  while not screen:find(pattern) do
    assert(core.now() < deadline, ("no %q on the screen:\n%s"):format(pattern, screen))
    process.sleep(0.15)
    screen = self:screen()
  end
  return screen
end

--- Presses a key, as in "C-c".
---@param key string
function Terminal:press(key) call(self, "send-keys " .. key) end

function Terminal:close()
  call(self, "kill-server")
  os.remove(self.script)
end

return tmux

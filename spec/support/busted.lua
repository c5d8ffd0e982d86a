-- Starts busted under the Lua that runs this file. The `busted` command chooses
-- a Lua of its own: a script's first line, or the one LuaRocks wrapped it for.
require "busted.runner" { standalone = false }

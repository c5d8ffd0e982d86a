-- Starts busted under the Lua that runs this file. The `busted` command chooses
-- a Lua of its own: a script's first line, or the one LuaRocks wrapped it for.
local folder, count = os.getenv "TMPDIR", 0

-- The suite looks for files that a spec has left, and Lua knows no TMPDIR.
if folder then
  local tmpname = os.tmpname
  -- luacheck: ignore 122
  function os.tmpname()
    count = count + 1
    local path = ("%s/lua_%d"):format(folder, count)
    assert(os.rename(tmpname(), path))
    return path
  end
end

require "busted.runner" { standalone = false }

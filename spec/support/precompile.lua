--- Puts compiled chunks in the place of Lua files, for `make install COMPILED=1`. They keep their line numbers.
---
---     lua precompile.lua FOLDER NAME FILE...
---
--- NAME: what the folder is called where Lua finds the files in the end, as errors tell it.

local folder, name = arg[1], arg[2]
local compile = rawget(_G, "loadstring") or load

for i = 3, #arg do
  local path = folder .. "/" .. arg[i]
  local file = assert(io.open(path, "rb"))
  local chunk = assert(compile(file:read "*a", "@" .. name .. "/" .. arg[i]))
  file:close()
  file = assert(io.open(path, "wb"))
  assert(file:write(string.dump(chunk)))
  assert(file:close())
end

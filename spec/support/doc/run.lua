-- Writes the types for editors, doc/reference.md and doc/aom.txt.
--
--   lua5.4 spec/support/doc/run.lua           write
--   lua5.4 spec/support/doc/run.lua --check   fail when they are not current
package.path = "./?.lua;./lua/?.lua;" .. package.path
local tree = require "spec.lint.tree"

local check, stale = arg[1] == "--check", false

local function settle(path, wanted)
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if text == wanted then return end
  if check then
    stale = true
    io.stderr:write(path, " is not what the rows and annotations say: run `make doc`\n")
  else
    file = assert(io.open(path, "wb"))
    assert(file:write(wanted))
    assert(file:close())
  end
end

for _, name in ipairs { "types", "reference", "help" } do
  local files = require("spec.support.doc." .. name).files()
  for _, path in ipairs(tree.sorted(files)) do settle(path, files[path]) end
end
os.exit(not stale)

-- Writes the rockspecs of a release into a folder, from those of the checkout. Its version is
-- that of the code, which must be that of the changelog's first entry.
--
--   lua5.4 spec/support/release.lua FOLDER
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

local ROCKS = { "aom-scm-1.rockspec", "lua/aom/simulator/aom-simulator-scm-1.rockspec" }

local version = assert(tree.read "lua/aom/util/version.lua":match("[\"'](%d+%.%d+%.%d+[%w.-]*)[\"']"))
local told = tree.read "CHANGELOG.md":match("\n##%s*%[?v?(%d+%.%d+%.%d+[%w.-]*)")
if told ~= version then
  io.stderr:write(("release: the code is %s, the first entry of CHANGELOG.md is %s\n"):format(version, told))
  os.exit(1)
end

-- Replaces what must stand there once.
local function replace(text, from, to)
  local first, last = text:find(from, 1, true)
  assert(first and not text:find(from, last + 1, true), from .. " does not stand once in the rockspec")
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

local folder = arg[1]
for _, path in ipairs(ROCKS) do
  local text = replace(tree.read(path), '\nversion = "scm-1"\n', ('\nversion = "%s-1"\n'):format(version))
  text = replace(text, 'lua-aom.git",\n', ('lua-aom.git",\n  tag = "v%s",\n'):format(version))
  local name = path:match("[^/]+$"):gsub("scm", version)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  assert(file:write(text))
  assert(file:close())
end
print("v" .. version)

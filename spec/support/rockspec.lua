-- Writes the lists of Lua modules into the rockspecs, from the tree.
--
--   lua5.4 spec/support/rockspec.lua           write
--   lua5.4 spec/support/rockspec.lua --check   fail when they are not current
package.path = "./?.lua;" .. package.path
local tree = require "spec.lint.tree"

local SIMULATOR = "^lua/aom/simulator/"

-- A rockspec, and which Lua files it installs.
local rocks = {
  ["aom-scm-1.rockspec"] = function(path) return not path:find(SIMULATOR) end,
  ["lua/aom/simulator/aom-simulator-scm-1.rockspec"] = function(path) return path:find(SIMULATOR) end,
}

local function module_name(path)
  return path:match("^lua/(.+)%.lua$"):gsub("/init$", ""):gsub("/", ".")
end

local OPEN, CLOSE = "-- the modules, by `make rockspecs`\n", " *%-%- the end of the modules\n"

-- The rockspec with its list filled anew.
local function current(text, paths, installs)
  local lines = {}
  for _, path in ipairs(paths) do
    if installs(path) then
      lines[#lines + 1] = ('      ["%s"] = "%s",\n'):format(module_name(path), path)
    end
  end
  local _, from = assert(text:find(OPEN, 1, true))
  local to = assert(text:find(CLOSE, from))
  return text:sub(1, from) .. table.concat(lines) .. text:sub(to)
end

local check, stale = arg[1] == "--check", false
local files = tree.sorted(tree.load({ "lua" }, { lua = true }))
for path, installs in pairs(rocks) do
  local text = tree.read(path)
  local wanted = current(text, files, installs)
  if wanted ~= text and check then
    stale = true
    io.stderr:write(path, " does not list what the tree holds: run `make rockspecs`\n")
  elseif wanted ~= text then
    local file = assert(io.open(path, "wb"))
    assert(file:write(wanted))
    assert(file:close())
  end
end
os.exit(not stale)

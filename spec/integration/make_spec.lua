--- Proves that make builds for the interpreter that it is given, or refuses. It is the same whichever Lua looks at it.

local process = require "spec.support.process"

local quote = process.quote

--- Runs make as a user does, with more variables in its environment.
local function make(words, variables)
  return process.run(("cd %s && unset MAKEFLAGS MAKELEVEL && %s make --no-print-directory %s 2>&1"):format(
    quote(process.root), variables or "", words))
end

describe("make, for an interpreter,", function()
  local folder

  --- Programs in front of the usual ones.
  local function program(name, text)
    local path = folder .. "/" .. name
    local file = assert(io.open(path, "w"))
    file:write("#!/bin/sh\n" .. text .. "\n")
    file:close()
    process.run("chmod 755 " .. path)
  end

  before_each(function() folder = process.run "mktemp -d":match "%S+" end)
  after_each(function() process.run("rm -r " .. folder) end)

  -- What the interpreter says, pkg-config's modules with their versions, and what make says.
  local rows = {
    { "takes the headers of its version", "lua", "5.4", { ["lua5.4"] = "5.4.6" }, "-Ilua5.4 " },
    { "finds them by any usual name", "lua", "5.3", { ["lua-5.3"] = "5.3.6" }, "-Ilua-5.3 " },
    { "finds them without dots", "lua", "5.2", { lua52 = "5.2.4" }, "-Ilua52 " },
    { "takes those called lua, if they fit", "lua", "5.4", { lua = "5.4.7" }, "-Ilua " },
    { "takes a version of two numbers", "lua", "5.1", { lua = "5.1" }, "-Ilua " },
    { "refuses those of another version", "lua", "5.4", { lua = "5.1.5" },
      "LUA=lua is Lua 5.4 but the headers that pkg-config finds as lua are of 5.1.5" },
    { "refuses those of a longer one", "lua", "5.1", { lua = "5.11.2" }, "are of 5.11.2" },
    { "refuses a module that is called by the name and is not", "lua5.3", "5.3", { ["lua5.3"] = "5.4.6" },
      "LUA=lua5.3 is Lua 5.3 but the headers that pkg-config finds as lua5.3 are of 5.4.6" },
    { "says which headers are missing", "lua", "5.4", { ["lua5.1"] = "5.1.5" },
      "pkg-config knows no headers of Lua 5.4 (tried: lua5.4 lua-5.4 lua54 lua). Install them (Debian: "
        .. "liblua5.4-dev) or" },
    { "takes LuaJIT's, whatever their version", "luajit", "5.1", { luajit = "2.1.0-beta3" }, "-Iluajit " },
    { "takes no other's for LuaJIT", "luajit", "5.1", { ["lua5.1"] = "5.1.5" },
      "no headers of Lua 5.1 (tried: luajit). Install them (Debian: libluajit2-5.1-dev) or" },
    { "knows how Debian names those of 5.1", "lua", "5.1", {}, "Install them (Debian: liblua5.1-0-dev) or" },
    { "that cannot be asked says so", "lua", nil, { ["lua5.4"] = "5.4.6" }, "LUA=lua cannot be run" },
  }

  for _, row in ipairs(rows) do
    local title, name, version, modules, answer = row[1], row[2], row[3], row[4], row[5]
    it(title, function()
      program(name, version and "echo " .. version or "exit 1")
      local cases = {}
      for module, of in pairs(modules) do
        cases[#cases + 1] = ("'--exists %s') ;; '--modversion %s') echo %s ;; '--cflags %s') echo -I%s ;;"):format(
          module, module, of, module, module)
      end
      program("pkg-config", ('case "$*" in %s *libcurl*) ;; *) exit 1 ;; esac'):format(table.concat(cases, " ")))
      local output, code = make(("-n build LUA=%s BUILD=%s/build"):format(name, folder),
        "PATH=" .. folder .. ':"$PATH"')
      assert.truthy(output:find(answer, 1, true), output)
      assert.are.equal(answer:find "^%-I" and 0 or 2, code)
    end)
  end

  it("names the objects of the sources that are there, and only these are linked", function()
    local function names(text, pattern)
      local found = {}
      for name in text:gmatch(pattern) do found[#found + 1] = name end
      table.sort(found)
      return table.concat(found, " ")
    end
    local output, code = make("-s objects LUA=lua5.4 BUILD=" .. quote(folder .. "/build"))
    assert.are.equal(0, code, output)
    local sources = process.run(("ls %s/csrc/*.c"):format(quote(process.root)))
    assert.are.equal(names(sources, "([^/%s]+)%.c"), names(output, "([^/%s]+)%.o"))
    assert.are.equal("", (process.run(("cd %s && grep -rl '[*][.]o' Makefile spec --include=Makefile --include=*.sh")
      :format(quote(process.root)))))
  end)

  it("says that pkg-config is missing", function()
    local output, code = make("-n build PKG_CONFIG=no-such-pkg-config BUILD=" .. folder)
    assert.are.equal(2, code)
    assert.matches("pkg%-config is missing: run make deps", output)
  end)

  it("asks one whose name tells no version", function()
    local function ask(lua)
      return (make("-s --eval='show: ; $(info $(LUA_VERSION) $(LUA_PC))' show LUA=" .. quote(lua)))
    end
    for name, version in pairs { ["lua5.4"] = "5.4", ["lua5.1"] = "5.1", luajit = "5.1" } do
      process.run(("ln -sf $(command -v %s) %s/lua"):format(name, folder))
      assert.matches("^" .. version:gsub("%.", "%%.") .. " lua", ask(folder .. "/lua"))
      assert.matches("^" .. version:gsub("%.", "%%.") .. " lua", ask(name))
    end
    assert.matches("LUA=/nowhere/lua cannot be run", ask "/nowhere/lua")
  end)
end)

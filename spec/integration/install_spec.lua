--- Proves that make builds for the interpreter that it is given or refuses, that `make install`
--- installs what works, and that `make uninstall` removes exactly that.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote
local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"

--- Runs make as a user does, with more variables in its environment.
local function make(words, variables)
  return process.run(("cd %s && env -u MAKEFLAGS -u MAKELEVEL %s make --no-print-directory %s 2>&1"):format(quote(root),
    variables or "", words))
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

  it("says that pkg-config is missing", function()
    local output, code = make("-n build PKG_CONFIG=no-such-pkg-config BUILD=" .. folder)
    assert.are.equal(2, code)
    assert.matches("pkg%-config is missing: run make deps", output)
  end)
end)

describe("make install", function()
  local folder, share, lib

  local function files(where) return process.run(("cd %s && find . -type f | sort"):format(quote(where or folder))) end

  local function target(name, variables)
    local output, code = make(("%s LUA=%s BUILD=%s DESTDIR=%s PREFIX=/opt/aom"):format(name, lua,
      os.getenv "BUILD" or "build", quote(folder)), variables)
    assert.are.equal(0, code, output)
    return output
  end

  local function touch(path)
    process.run(("mkdir -p %s && echo foreign >%s"):format(quote(path:match "^(.*)/"), quote(path)))
  end

  before_each(function()
    folder = process.run "mktemp -d":match "%S+" .. "/a folder"
    process.run("mkdir " .. quote(folder))
    local version = _VERSION:match "%d.%d"
    share, lib = folder .. "/opt/aom/share/lua/" .. version, folder .. "/opt/aom/lib/lua/" .. version
  end)
  after_each(function() process.run("rm -r " .. quote(folder:match "^(.*)/")) end)

  it("installs what signs, and a command that runs", function()
    target "install"
    local output, code = process.run(("cd / && env LUA_PATH=%s LUA_CPATH=%s %s -e %s && env LUA_PATH=%s LUA_CPATH=%s "
      .. "%s --version 2>&1"):format(quote(share .. "/?.lua;;"), quote(lib .. "/?.so;;"), lua,
      quote "print((require 'aom'.sign({ method = 'GET', host = 'h', path = '/' }, { ak = 'A', sk = 'S' })).url)",
      quote(share .. "/?.lua;" .. share .. "/?/init.lua;;"), quote(lib .. "/?.so;;"),
      quote(folder .. "/opt/aom/bin/aom")))
    assert.are.equal(0, code, output)
    assert.matches("^https://h/\naom %d", output)
    assert.is_nil(files():find("simulator/", 1, true))
  end)

  it("is undone by make uninstall, which leaves what is not ours", function()
    touch(share .. "/other.lua")
    touch(share .. "/aom/mine/extra.lua")
    touch(lib .. "/aom/foreign.so")
    local before = files()
    target "install"
    assert.are_not.equal(before, files())
    target "uninstall"
    assert.are.equal(before, files())
    target "uninstall"
    assert.are.equal(before, files())
  end)

  it("leaves no folder of ours behind", function()
    target "install"
    target "uninstall"
    assert.are.equal("", process.run(("find %s -name aom -path '*/lua/*'"):format(quote(folder))))
    assert.are.equal("", files())
  end)

  it("leaves nothing of an earlier version in place", function()
    target "install"
    local list = assert(io.open(lib .. "/aom/installed", "a"))
    list:write(("share/lua/%s/aom/gone/old.lua\n"):format(_VERSION:match "%d.%d"))
    list:close()
    touch(share .. "/aom/gone/old.lua")
    target "install"
    assert.is_nil(files():find("gone", 1, true))
    target "uninstall"
    assert.are.equal("", files())
  end)

  it("leaves the command of another Lua in place where its own Lua is only a library", function()
    touch(folder .. "/opt/aom/bin/aom")
    process.run(("cd %s && mkdir bin && ln -s /bin/* bin && rm bin/%s"):format(quote(folder), lua))
    local output = target("install", ("PATH=%s"):format(quote(folder .. "/bin")))
    assert.matches("without the command aom: there is no " .. lua, output, 1, true)
    assert.are.equal("foreign\n", process.run("cat " .. quote(folder .. "/opt/aom/bin/aom")))
    assert.truthy(files():find("aom/core.so", 1, true))
  end)

  it("does not take the command from another Lua that installed it later", function()
    target "install"
    touch(folder .. "/opt/aom/bin/aom")
    target "uninstall"
    assert.are.equal("./opt/aom/bin/aom\n", files())
  end)
end)

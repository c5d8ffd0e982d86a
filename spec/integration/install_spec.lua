--- Proves that `make install` installs what works, and that `make uninstall` removes exactly that.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote
local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"

describe("make install", function()
  local folder, share, lib

  local function files(where) return process.run(("cd %s && find . -type f | sort"):format(quote(where or folder))) end

  --- Runs make as a user does.
  local function target(name, variables)
    local output, code = process.run(("cd %s && unset MAKEFLAGS MAKELEVEL && %s make --no-print-directory %s LUA=%s "
      .. "BUILD=%s DESTDIR=%s PREFIX=/opt/aom 2>&1"):format(quote(root), variables or "", name, lua,
      os.getenv "BUILD" or "build", quote(folder)))
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

  --- Runs a script with what is installed.
  local function run_installed(script)
    return process.run(("cd / && env LUA_PATH=%s LUA_CPATH=%s %s -e %s 2>&1"):format(quote(share .. "/?.lua;;"),
      quote(lib .. "/?.so;;"), lua, quote(script)))
  end

  local SIGN = "print((require 'aom'.sign({ method = 'GET', host = 'h', path = '/' }, { ak = 'A', sk = 'S' })).url)"

  it("installs what signs, and a command that runs", function()
    target "install"
    assert.are.equal("https://h/\n", (run_installed(SIGN)))
    local output, code = process.run(("env LUA_PATH=%s LUA_CPATH=%s %s --version 2>&1"):format(
      quote(share .. "/?.lua;" .. share .. "/?/init.lua;;"), quote(lib .. "/?.so;;"),
      quote(folder .. "/opt/aom/bin/aom")))
    assert.are.equal(0, code, output)
    assert.matches("^aom %d", output)
    assert.is_nil(files():find("simulator/", 1, true))
  end)

  it("installs a command that finds its library where Lua does not look", function()
    target "install"
    local bin, version = folder .. "/opt/aom/bin", _VERSION:match "%d.%d"
    -- As LuaRocks puts it into a tree.
    local rock = ("%s/opt/aom/lib/luarocks/rocks-%s/aom/1.0-1/bin"):format(folder, version)
    process.run(("mkdir -p %s && cp %s %s"):format(quote(rock), quote(bin .. "/aom"), quote(rock)))
    for _, command in ipairs {
      quote(bin .. "/aom"), "PATH=" .. quote(bin) .. ":/usr/bin:/bin aom", quote(rock .. "/aom"),
      ("sh -c 'cd \"$0\" && %s aom \"$@\"' %s"):format(lua, quote(bin)),
    } do
      local output, code = process.run(("cd / && unset LUA_PATH LUA_CPATH && env HOME=/nonexistent %s list 2>&1")
        :format(command))
      assert.are.equal(2, code, output)
      assert.matches("^aom: config: ", output)
    end
  end)

  it("installs compiled chunks where that is asked for, which know their files and lines", function()
    target("install", "COMPILED=1")
    for file in files(share):gmatch "[^\n]+" do
      assert.are.equal("\27", process.run(("head -c 1 %s"):format(quote(share .. "/" .. file))), file)
    end
    assert.are.equal("https://h/\n", (run_installed(SIGN)))
    -- Loads parts at their first use, and tells the caller's place from the library's own.
    assert.are.equal("the place: (command line):3\n", (run_installed [[
      local aom = require "aom"
      local _, err = pcall(function()
        aom.client { endpoint = 1 }
      end)
      print("the place: " .. tostring(err.where))]]))
    local version = _VERSION:match "%d.%d"
    assert.are.equal(("@/opt/aom/share/lua/%s/aom/client/facade.lua\n"):format(version), (run_installed [[
      print(debug.getinfo(require "aom.client.facade".build, "S").source)]]))
    target "uninstall"
    assert.are.equal("", files())
  end)

  it("refuses another word for that, and leaves what is installed", function()
    target "install"
    local before = files()
    local output, code = process.run(("cd %s && make install COMPILED=yes DESTDIR=%s PREFIX=/opt/aom 2>&1"):format(
      quote(root), quote(folder)))
    assert.are.equal(2, code)
    assert.matches("COMPILED: expected 1, or nothing, got yes", output, 1, true)
    assert.are.equal(before, files())
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

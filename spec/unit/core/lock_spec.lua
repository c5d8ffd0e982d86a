--- Proves that core.lock_file gives a lock that all of a process shares and no other process gets, and that
--- ends with the process even if its children live on.

local core = require "aom.core"
local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote

describe("lock_file", function()
  local directory, path

  before_each(function()
    directory = process.run("mktemp -d"):gsub("%s+$", "")
    path = directory .. "/file"
  end)
  after_each(function()
    collectgarbage()
    collectgarbage()
    process.run("rm -rf " .. quote(directory))
  end)

  --- A command that runs a chunk with `core` and `path`, under LuaJIT where it needs FFI.
  local function command(chunk, luajit)
    local cpath = luajit and process.root .. "/build/luajit/?.so;;" or package.cpath
    return ("env LUA_CPATH=%s %s -e %s"):format(quote(cpath), luajit and "luajit" or lua,
      quote(('local core, path = require "aom.core", %q\n'):format(path) .. chunk))
  end

  --- The result in another process.
  local function other()
    return process.run(command [[
      local lock, why, owner = core.lock_file(path)
      print(lock and "taken" or type(owner) == "table" and (owner.pid or "somebody") or why)
    ]]):gsub("%s+$", "")
  end

  --- A process that says "ready" and stays until it is stopped.
  local function holder(chunk, luajit)
    local pipe = io.popen("exec " .. command(chunk .. ' io.write("ready\\n") io.flush() io.read "*a"', luajit)
      .. " <" .. quote(directory .. "/wait"))
    return pipe
  end

  local function start(chunk, luajit)
    process.run("mkfifo " .. quote(directory .. "/wait"))
    -- Keeps the pipe open for reading until it is closed here.
    local pipe = holder(chunk, luajit)
    local feed = assert(io.open(directory .. "/wait", "w"))
    local line
    repeat line = pipe:read "*l" until not line or line == "ready"
    assert.are.equal("ready", line)
    local pid = process.run("cat " .. quote(path .. ".lock")):match "^%d+"
    return pid, function()
      feed:close()
      pipe:close()
    end
  end

  it("keeps another process away, and tells it who has it", function()
    local lock, why = core.lock_file(path)
    assert.is_true(lock:is_held())
    assert.is_nil(why)
    local pid = other()
    assert.matches("^%d+$", pid)
    assert.are.equal(pid, process.run("echo $PPID"):gsub("%s+$", ""), "the shell's parent is this process")
    lock:rest()
    assert.are.equal(pid, other())
    lock:release()
    assert.is_false(lock:is_held())
    assert.are.equal("taken", other())
  end)

  it("leaves its file, for its owner alone", function()
    core.lock_file(path):release()
    assert.matches("^%-rw%-%-%-%-%-%-%- ", (process.run("ls -l " .. quote(path .. ".lock"))))
    assert.are.equal("file.lock", (process.run("ls -A " .. quote(directory)):gsub("%s+$", "")))
  end)

  it("is held by one worker of a process at a time, and by others when it rests", function()
    local first = core.lock_file(path)
    local second, _, owner = core.lock_file(path)
    assert.is_nil(second)
    assert.are.equal("self", owner)
    first:rest()
    second = core.lock_file(path)
    assert.is_nil((core.lock_file(path)))
    first:release()
    assert.is_true(second:is_held())
    assert.matches("^%d+$", other())
    second:release()
    assert.are.equal("taken", other())
  end)

  it("ends for all of the process at once", function()
    local first = core.lock_file(path)
    first:rest()
    local second = core.lock_file(path)
    second:finish()
    assert.is_false(first:is_held())
    assert.are.equal("taken", other())
    local third = core.lock_file(path)
    first:rest()
    first:finish()
    first:release()
    second:release()
    assert.is_true(third:is_held())
    assert.matches("^%d+$", other())
    third:release()
  end)

  it("is the same for all names of a directory", function()
    process.run(("ln -s . %s"):format(quote(directory .. "/link")))
    local lock = core.lock_file(path)
    local _, _, owner = core.lock_file(directory .. "/link/file")
    assert.are.equal("self", owner)
    lock:release()
  end)

  it("ends when it is collected, and may be released twice", function()
    core.lock_file(path)
    collectgarbage()
    collectgarbage()
    assert.are.equal("taken", other())
    local lock = core.lock_file(path)
    lock:release()
    lock:release()
    lock:rest()
    lock:finish()
  end)

  it("is shared by the Lua states of a process", function()
    local output = process.run(command [[
      local luv = require "luv"
      local lock = core.lock_file(path)
      local thread = luv.new_thread(function(cpath, name)
        package.cpath = cpath
        local core = require "aom.core"
        local _, _, owner = core.lock_file(name)
        io.write(tostring(owner), " ")
      end, package.cpath, path)
      thread:join()
      lock:rest()
      thread = luv.new_thread(function(cpath, name)
        package.cpath = cpath
        local lock = require("aom.core").lock_file(name)
        io.write(tostring(lock ~= nil), " ")
        lock:finish()
      end, package.cpath, path)
      thread:join()
      print(lock:is_held())
    ]])
    assert.are.equal("self true false\n", output)
  end)

  it("ends with its process", function()
    local pid, stop = start 'lock = core.lock_file(path)'
    assert.are.equal(pid, other())
    process.run("kill -9 " .. pid)
    stop()
    assert.are.equal("taken", other())
  end)

  it("is not inherited by a program that its process starts", function()
    local pid, stop = start 'lock = core.lock_file(path) os.execute "sleep 20 >/dev/null 2>&1 </dev/null & echo $!"'
    process.run("kill -9 " .. pid)
    stop()
    assert.are.equal("taken", other())
  end)

  it("is neither inherited nor held by a child", function()
    local pid, stop = start([[
      lock = core.lock_file(path)
      local ffi = require "ffi"
      ffi.cdef "int fork(void); int open(const char *, int); int dup2(int, int); int usleep(unsigned);"
      if ffi.C.fork() == 0 then
        local null = ffi.C.open("/dev/null", 2)
        for fd = 0, 2 do ffi.C.dup2(null, fd) end
        local report = io.open(path .. ".child", "w")
        local _, _, owner = core.lock_file(path)
        report:write(tostring(lock:is_held()), " ", type(owner) == "table" and owner.pid or tostring(owner), "\n")
        lock:release()
        report:close()
        for _ = 1, 100 do ffi.C.usleep(100000) end
        os.exit()
      end
      repeat
        local file = io.open(path .. ".child")
        local text = file and file:read "*a"
        if file then file:close() end
      until text and text:find "\n"
    ]], true)
    assert.are.equal("false " .. pid .. "\n", (process.run("cat " .. quote(path .. ".child"))))
    assert.are.equal(pid, other())
    process.run("kill -9 " .. pid)
    stop()
    assert.are.equal("taken", other())
  end)

  it("forgets its former owner", function()
    process.run(("echo '1 %s' > %s"):format("elsewhere", quote(path .. ".lock")))
    local lock = core.lock_file(path)
    assert.are.equal("taken", lock and "taken")
    assert.matches("^%d+ %S+\n$", (process.run("cat " .. quote(path .. ".lock"))))
    process.run(("echo '999999999 '$(hostname) > %s"):format(quote(path .. ".lock")))
    assert.are.equal("somebody", other())
    process.run(": > " .. quote(path .. ".lock"))
    assert.are.equal("somebody", other())
    lock:release()
  end)

  for name, case in pairs {
    ["a symbolic link"] = { "ln -s victim file.lock", "Too many levels of symbolic links" },
    ["a pipe"] = { "mkfifo file.lock", "Invalid argument" },
    ["a directory"] = { "mkdir file.lock", "Is a directory" },
  } do
    it("is not taken on " .. name, function()
      process.run(("cd %s; echo precious > victim; %s"):format(quote(directory), case[1]))
      local lock, why, owner = core.lock_file(path)
      assert.is_nil(lock)
      assert.is_nil(owner)
      assert.is_truthy(why:find(path .. ".lock cannot be created: " .. case[2], 1, true), why)
      assert.are.equal("precious\n", (process.run("cat " .. quote(directory .. "/victim"))))
    end)
  end

  -- As some hosts do when they become daemons.
  it("is gone when somebody has closed its file, and closes no other one in its place", function()
    local output = process.run(command([[
      local ffi = require "ffi"
      ffi.cdef "int close(int fd); int dup(int fd); int fcntl(int fd, int command, ...);"
      local lock = core.lock_file(path)
      for fd = 3, 50 do ffi.C.close(fd) end
      print(lock:is_held())
      local files = {}
      for i = 1, 10 do files[i] = assert(io.open(path .. i, "w")) end
      print(lock:is_held())
      lock:rest()
      local second = assert(core.lock_file(path))
      print(second:is_held(), lock:is_held())
      lock:finish() lock:release() second:rest()
      print(second:is_held())
      second:release()
      for i = 1, 10 do assert(files[i]:write "x" and files[i]:flush()) end
    ]], true))
    assert.are.equal("false\nfalse\ntrue\tfalse\ntrue\n", output)
  end)

  it("is taken anew when somebody has closed its file, also under the same number", function()
    local output = process.run(command(([[
      local ffi = require "ffi"
      ffi.cdef "int close(int fd);"
      local function close_all() for fd = 3, 50 do ffi.C.close(fd) end end
      close_all()
      local lock = core.lock_file(path)
      close_all()
      lock:rest()
      local second = core.lock_file(path)
      print(second:is_held(), lock:is_held())
      lock:release()
      print(second:is_held())
      io.stdout:flush()
      os.execute(%q)
    ]]):format(command 'print((core.lock_file(path)))'), true))
    assert.are.equal("true\tfalse\ntrue\nnil\n", output)
  end)

  it("writes nothing into a file with a second name", function()
    process.run(("cd %s; echo precious > victim; ln victim file.lock"):format(quote(directory)))
    local lock = core.lock_file(path)
    assert.are.equal("precious\n", (process.run("cat " .. quote(directory .. "/victim"))))
    lock:release()
  end)

  for name, bad in pairs { ["a zero byte"] = "/tmp/a\0b", ["no directory"] = "/nonexistent/file",
    ["more bytes than a path has"] = ("/x"):rep(3000) } do
    it("is not taken on a path with " .. name, function()
      local lock, why, owner = core.lock_file(bad)
      assert.is_nil(lock)
      assert.is_nil(owner)
      assert.matches("cannot be created: ", why)
    end)
  end

  it("binds only its process if the file system has no locks, and says so", function()
    local shim = process.shim "failing_file"
    for _, failure in ipairs { "locks", "unsupported" } do
      local output = process.run(("env FAIL=flock:1+=%s LD_PRELOAD=%s %s"):format(failure, quote(shim), command [[
        local lock, why = core.lock_file(path)
        print(lock:is_held(), select(3, core.lock_file(path)), why)
        lock:rest()
        local _, second = core.lock_file(path)
        print(second == why)
      ]]))
      assert.matches("^true\tself\t.*/file%.lock cannot be locked: %u[^\n]*\ntrue\n", output)
    end
  end)
end)

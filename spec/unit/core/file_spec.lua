--- Proves that core.write_file leaves the new text or the old one, never a part, whatever fails.

local core = require "aom.core"
local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

describe("write_file", function()
  local directory, path

  before_each(function()
    directory = process.run("mktemp -d"):gsub("%s+$", "")
    path = directory .. "/file"
  end)
  after_each(function() process.run("rm -rf " .. quote(directory)) end)

  local function listing() return (process.run("ls -A " .. quote(directory)):gsub("%s+$", "")) end

  for name, text in pairs { ["a text"] = "hello\n", ["nothing"] = "", ["every byte"] = "\0\1\255\r\n\0",
    ["a megabyte"] = ("x"):rep(1024 * 1024) } do
    it("writes " .. name, function()
      assert.is_true(core.write_file(path, text))
      assert.are.equal(text, read(path))
      assert.are.equal("file", listing())
    end)
  end

  it("replaces a file, for its owner only", function()
    core.write_file(path, "a long old text")
    process.run("chmod 644 " .. quote(path))
    assert.is_true(core.write_file(path, "new"))
    assert.are.equal("new", read(path))
    assert.matches("^%-rw%-%-%-%-%-%-%- ", (process.run("ls -l " .. quote(path))))
  end)

  it("writes into the working directory, and into the root", function()
    local output = process.run(("cd %s && env LUA_CPATH=%s %s -e %s"):format(quote(directory),
      quote(package.cpath), lua, quote 'print(require("aom.core").write_file("plain", "x"))'))
    assert.matches("^true", output)
    assert.are.equal("plain", listing())
    local written, why = core.write_file("/", "x")
    assert.is_nil(written)
    assert.matches("^/ cannot be ", why)
  end)

  for name, case in pairs {
    ["no directory"] = { "/nonexistent/file", "cannot be created: No such file or directory" },
    ["a file for a directory"] = { "/dev/null/file", "cannot be created: Not a directory" },
    ["an empty path"] = { "", "cannot be created: No such file or directory" },
    ["a path with a zero byte"] = { "/tmp/a\0b", "cannot be created: Invalid argument" },
    ["a path that is too long"] = { ("/x"):rep(3000), "cannot be created: File name too long" },
    ["a directory in its place"] = { "/tmp", "cannot be replaced: " },
  } do
    it("reports " .. name, function()
      local written, why = core.write_file(case[1], "x")
      assert.is_nil(written)
      assert.is_truthy(why:find(case[2], 1, true), why)
    end)
  end

  it("replaces a symbolic link, and not what it names", function()
    process.run(("echo target > %s && ln -s target %s"):format(quote(directory .. "/target"), quote(path)))
    assert.is_true(core.write_file(path, "new"))
    assert.are.equal("new", read(path))
    assert.are.equal("target\n", read(directory .. "/target"))
  end)

  -- In a directory that others can write to, anything may have the name of the
  -- temporary file; and a save that was killed leaves one.
  for name, case in pairs {
    ["a text of its own"] = "echo old > file.new; chmod 666 file.new",
    ["a symbolic link"] = "ln -s victim file.new",
    ["a symbolic link to nothing"] = "ln -s nothing file.new",
    ["a second name of a file"] = "ln victim file.new",
    ["a second name of the file itself"] = "echo old > file; ln file file.new",
    ["a pipe"] = "mkfifo file.new",
    ["somebody else's file"] = "echo x > file.new; chmod 666 file.new; chown 12345 file.new 2>/dev/null || true",
  } do
    it("works with " .. name .. " in place of its temporary file", function()
      process.run(("cd %s; echo precious > victim; %s"):format(quote(directory), case))
      assert.is_true(core.write_file(path, "new"))
      assert.are.equal("new", read(path))
      assert.are.equal("precious\n", read(directory .. "/victim"))
      assert.are.equal("file\nvictim", listing())
      local own = process.run("id -u"):gsub("%s+$", "")
      assert.matches("^%-rw%-%-%-%-%-%-%- +1 " .. own .. " ", (process.run("ls -ln " .. quote(path))))
    end)
  end

  it("reports a directory in place of its temporary file", function()
    core.write_file(path, "old")
    process.run("mkdir " .. quote(path .. ".new"))
    local written, why = core.write_file(path, "new")
    assert.is_nil(written)
    assert.matches("cannot be created: Is a directory", why)
    assert.are.equal("old", read(path))
  end)

  it("creates a new file, and does not change an existing one", function()
    assert.is_true(core.write_file(path, "first", true))
    local written, why, taken = core.write_file(path, "second", true)
    assert.is_nil(written)
    assert.is_true(taken)
    assert.matches("cannot be created: File exists", why)
    assert.are.equal("first", read(path))
    assert.are.equal("file", listing())
  end)

  it("does not treat a dangling link as an existing file", function()
    process.run(("ln -s nothing %s"):format(quote(path)))
    assert.is_true(core.write_file(path, "new", true))
    assert.are.equal("new", read(path))
    assert.are.equal("file", listing())
  end)

  it("leaves a whole file if several processes save at once", function()
    local chunk = ([[
      local core = require "aom.core"
      local text = ("%%s"):rep(20000)
      for i = 1, 40 do assert(core.write_file("%s", text)) end
    ]]):format(path)
    local commands = {}
    for i = 1, 3 do
      commands[i] = ("env LUA_CPATH=%s %s -e %s 2>&1 & p%d=$!"):format(quote(package.cpath), lua,
        quote(chunk:format(i)), i)
    end
    local output, code = process.run(table.concat(commands, "\n") .. "\nwait $p1 && wait $p2 && wait $p3")
    assert.are.equal("", output)
    assert.are.equal(0, code)
    local text = read(path)
    assert.are.equal(20000, #text)
    assert.are.equal(text:sub(1, 1):rep(20000), text)
    assert.are.equal("file", listing())
  end)

  it("needs two strings", function()
    assert.has_error(function() core.write_file() end)
    assert.has_error(function() core.write_file(path, {}) end)
    assert.are.equal("", listing())
  end)

  describe("if a system call fails", function()
    local shim

    setup(function() shim = process.shim "failing_file" end)

    local function save(failure, more, create)
      return process.run(("env %s FAIL=%s LD_PRELOAD=%s LUA_CPATH=%s %s -e %s 2>&1"):format(more or "", quote(failure),
        quote(shim), quote(package.cpath), lua,
        quote(('print(require("aom.core").write_file("%s", "the new text", %s))'):format(path, tostring(create)))))
    end

    local function write(failure, more)
      core.write_file(path, "old")
      return save(failure, more)
    end

    for failure, message in pairs {
      ["open=error"] = "cannot be created: Input/output error",
      ["write=full"] = "cannot be written: No space left on device",
      ["fsync=full"] = "cannot be synced: No space left on device",
      ["write=error"] = "cannot be written: Input/output error",
      ["fsync=error"] = "cannot be synced: Input/output error",
      ["rename=error"] = "cannot be replaced: Input/output error",
    } do
      it("keeps the old text: " .. failure, function()
        local output = write(failure)
        assert.is_truthy(output:find("nil\t" .. path .. " " .. message, 1, true), output)
        assert.are.equal("old", read(path))
        assert.are.equal("file", listing())
      end)
    end

    it("reports that the directory cannot be synced", function()
      assert.is_truthy(write("fsync:2=error"):find("cannot be made durable (fsync of its directory)", 1, true))
      assert.are.equal("the new text", read(path))
    end)

    it("continues after an interruption, and after each byte", function()
      assert.matches("^true", write("write=interrupt", "TRICKLE=1"))
      assert.are.equal("the new text", read(path))
    end)

    for kill, text in pairs { ["open=kill"] = "old", ["write=kill"] = "old", ["fsync=kill"] = "old",
      ["rename=kill"] = "old", ["fsync:2=kill"] = "the new text" } do
      it("leaves a whole file when it is killed: " .. kill, function()
        write(kill)
        assert.are.equal(text, read(path))
        local left = listing()
        assert.is_true(left == "file" or left == "file\nfile.new", left)
        assert.is_true(core.write_file(path, "the next one"))
        assert.are.equal("the next one", read(path))
        assert.are.equal("file", listing())
      end)
    end

    for kill, text in pairs { ["open=kill"] = false, ["write=kill"] = false, ["fsync=kill"] = false,
      ["link=kill"] = false, ["unlink=kill"] = "the new text", ["fsync:2=kill"] = "the new text" } do
      it("leaves a whole file or none when it is killed while it creates one: " .. kill, function()
        save(kill, nil, true)
        assert.are.equal(text, read(path) or false)
        if not text then return assert.is_true(core.write_file(path, "the next one", true)) end
        -- Both names may refer to the same file now.
        save "write:1=kill"
        assert.are.equal(text, read(path))
        assert.is_true(core.write_file(path, "the next one"))
        assert.are.equal("the next one", read(path))
        assert.are.equal("file", listing())
      end)
    end

    for _, failure in ipairs { "link=denied", "link=unsupported" } do
      it("creates a file if the file system has no hard links: " .. failure, function()
        assert.matches("^true", save(failure, nil, true))
        assert.are.equal("the new text", read(path))
        core.write_file(path, "old")
        assert.matches("File exists\ttrue", save(failure, nil, true))
        assert.are.equal("old", read(path))
        assert.are.equal("file", listing())
      end)
    end

    it("saves if there are no locks", function()
      assert.matches("^true", write "flock=locks")
      assert.are.equal("the new text", read(path))
    end)
  end)
end)

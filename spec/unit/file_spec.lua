--- core.write_file: the new text or the old one, never a part, whatever fails.

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

  it("replaces what is there, for its owner alone", function()
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
    ["a directory in its place"] = { "/tmp", "cannot be put in its place: " },
  } do
    it("tells of " .. name, function()
      local written, why = core.write_file(case[1], "x")
      assert.is_nil(written)
      assert.is_truthy(why:find(case[2], 1, true), why)
    end)
  end

  it("wants two texts", function()
    assert.has_error(function() core.write_file() end)
    assert.has_error(function() core.write_file(path, {}) end)
    assert.are.equal("", listing())
  end)

  describe("when the system fails it", function()
    local shim

    setup(function()
      shim = os.tmpname()
      local output, code = process.run(("${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o %s %s -ldl 2>&1"):format(quote(shim),
        quote(process.root .. "/spec/support/failing_file.c")))
      assert(code == 0, output)
    end)
    teardown(function() os.remove(shim) end)

    local function write(failure, more)
      core.write_file(path, "old")
      return process.run(("env %s FAIL=%s LD_PRELOAD=%s LUA_CPATH=%s %s -e %s 2>&1"):format(more or "", quote(failure),
        quote(shim), quote(package.cpath), lua,
        quote(('print(require("aom.core").write_file("%s", "the new text"))'):format(path))))
    end

    for failure, message in pairs {
      ["mkostemp=error"] = "cannot be created: Input/output error",
      ["write=error"] = "cannot be written: Input/output error",
      ["fsync=error"] = "cannot be synced: Input/output error",
      ["rename=error"] = "cannot be put in its place: Input/output error",
    } do
      it("keeps the old text: " .. failure, function()
        local output = write(failure)
        assert.is_truthy(output:find("nil\t" .. path .. " " .. message, 1, true), output)
        assert.are.equal("old", read(path))
        assert.are.equal("file", listing())
      end)
    end

    it("tells when the directory cannot be synced", function()
      assert.is_truthy(write("fsync:2=error"):find("cannot be synced with its directory", 1, true))
      assert.are.equal("the new text", read(path))
    end)

    it("goes on after an interruption, and after each byte", function()
      assert.matches("^true", write("write=interrupt", "TRICKLE=1"))
      assert.are.equal("the new text", read(path))
    end)

    for kill, text in pairs { ["mkostemp=kill"] = "old", ["write=kill"] = "old", ["fsync=kill"] = "old",
      ["rename=kill"] = "old", ["fsync:2=kill"] = "the new text" } do
      it("leaves a whole text when it is killed: " .. kill, function()
        write(kill)
        assert.are.equal(text, read(path))
      end)
    end
  end)
end)

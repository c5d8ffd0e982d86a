--- Proves that core.read_file ends, with all of a file or with why it cannot be read, whatever has the name.

local core = require "aom.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local quote = process.quote

describe("read_file", function()
  local folder, path

  before_each(function()
    folder = process.run "mktemp -d":match "^(%S+)\n"
    path = folder .. "/file"
  end)
  after_each(function() process.run("rm -rf " .. quote(folder)) end)

  for name, text in pairs { ["nothing"] = "", ["a line"] = "hello\n", ["every byte"] = "\0\1\255\r\n\0",
    ["a megabyte"] = ("x"):rep(1024 * 1024), ["as much as is read at once"] = ("y"):rep(16 * 1024) } do
    it("reads " .. name, function()
      local file = io.open(path, "wb")
      file:write(text)
      file:close()
      for _, lasting in ipairs { false, true } do assert.are.equal(text, core.read_file(path, lasting)) end
    end)
  end

  local faults = {
    { "nothing", "true", "No such file or directory", absent = true },
    { "a folder", 'mkdir "$F"', "Is a directory" },
    { "a loop of links", 'ln -s "$F" "$F"', "Too many levels of symbolic links" },
    { "a link to nothing", 'ln -s none "$F"', "No such file or directory", absent = true },
    { "a file whose disk fails", 'ln -s /proc/self/mem "$F"', "Input/output error" },
    { "a device without end", 'ln -s /dev/zero "$F"', "the file is too large", "it is not a regular file" },
    { "a pipe", 'mkfifo "$F"', "nothing was written into this pipe for 5 seconds", "it is not a regular file" },
  }
  for _, fault in ipairs(faults) do
    it("says why it cannot read " .. fault[1], function()
      process.run(("F=%s\n%s"):format(quote(path), fault[2]))
      local started = core.now()
      for _, lasting in ipairs { true, false } do
        local text, why, absent = core.read_file(path, lasting)
        assert.is_nil(text)
        assert.are.equal(("%s: %s"):format(path, lasting and fault[4] or fault[3]), why)
        assert.are.equal(fault.absent or false, absent)
      end
      assert.is_true(core.now() - started < 5 + patience.of(1))
    end)
  end

  it("waits for who writes into a pipe, and for its end", function()
    process.run("mkfifo " .. quote(path))
    process.run(("({ sleep 0.2; echo one; sleep 0.2; echo two; } >%s) >/dev/null 2>&1 &"):format(quote(path)))
    assert.are.equal("one\ntwo\n", core.read_file(path))
  end)

  it("waits for a pipe no longer where signals come meanwhile", function()
    process.run("mkfifo " .. quote(path))
    local script = process.temporary(([[
      local ffi = require "ffi"
      ffi.cdef "int abs(int); int setitimer(int, const long *, void *); void (*signal(int, int (*)(int)))(int);"
      ffi.C.signal(14, ffi.C.abs)
      ffi.C.setitimer(0, ffi.new("long[4]", 1, 0, 1, 0), nil)
      io.write(select(2, require("aom.core").read_file(%q)))]]):format(path))
    local output = process.run(("env LUA_CPATH=%s timeout %d luajit %s 2>&1"):format(
      quote(process.root .. "/build/luajit/?.so;;"), math.ceil(5 + patience.of(4)), quote(script)))
    os.remove(script)
    assert.matches("5 seconds$", output)
  end)

  it("refuses a name that no file has", function()
    assert.are.same({ nil, "a: Invalid argument" }, { core.read_file "a\0b" })
  end)
end)

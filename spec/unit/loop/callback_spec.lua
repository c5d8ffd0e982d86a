--- A call with a callback ends by it once, even where an error comes before its first line.

local callback = require "aom.loop.callback"
local errors = require "aom.util.errors"

describe("the callback of a call", function()
  local ends, heard, tasks, loop, handle

  before_each(function()
    heard, tasks = {}, {}
    loop = { enter = function() end, spawn = function(body, on_end)
      tasks[#tasks + 1] = body
      ends = on_end or ends
      return #tasks
    end }
    handle = assert(callback.start(loop, function() return "result" end, function(err, result)
      heard[#heard + 1] = err and ("%s: %s"):format(err.kind, err.message) or result
    end))
  end)

  -- What ended the task before its first line; what the callback hears, and whether that is all that is told.
  for raised, row in pairs {
    ["not enough memory"] = { "network: out of memory", true },
    [errors.NO_DESCRIPTORS] = { "network: " .. errors.NO_DESCRIPTORS, true },
    ["x.lua:1: wrong"] = { "cancelled: a function given to the call raised an error: x.lua:1: wrong", false },
  } do
    it("says where its task could not begin: " .. raised, function()
      assert.are.equal(row[2], ends(false, raised))
      assert.are.same({}, heard)
      tasks[2]()
      assert.are.same({ row[1] }, heard)
      assert.is_false(ends(false, raised))
      assert.are.equal(2, #tasks)
      handle:cancel()
    end)
  end

  for name, value in pairs { ["nothing"] = false, ["a table"] = {}, ["a text"] = "x" } do
    it("is not cancelled with a dot, on " .. name, function()
      local ok, err = pcall(handle.cancel, value or nil)
      assert.is_false(ok)
      assert.are.equal("argument", err.kind)
      assert.matches("^call it as handle:cancel%(%), on a handle$", err.message)
    end)
  end

  it("says in words how far it is", function()
    assert.are.equal("aom.handle (under way)", tostring(handle))
    tasks[1]()
    assert.are.equal("aom.handle (ended)", tostring(handle))
  end)

  it("hears nothing more where its task has ended well", function()
    tasks[1]()
    assert.is_false(ends(true))
    assert.is_false(ends(false, "not enough memory"))
    assert.are.same({ "result" }, heard)
    assert.are.equal(1, #tasks)
  end)
end)

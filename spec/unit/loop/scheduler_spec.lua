--- Tasks alone, without a loop: what wakes, ends and drops a wait, and a list of functions
--- that run as tasks.

local batch = require "aom.loop.batch"
local scheduler = require "aom.loop.scheduler"

local function ignore() end

--- Raises an error after so many instructions of `body`, as Ctrl-C does.
local function interrupt(count, body)
  pcall(function()
    debug.sethook(function()
      debug.sethook()
      error "interrupted"
    end, "", count)
    body()
    debug.sethook()
  end)
end

describe("a task", function()
  local owner, tasks

  before_each(function()
    owner = { adopted = true, errors = {}, ready = 0, on_suspend = ignore }
    function owner.adopts(self) return self.adopted end
    function owner.on_ready(self) self.ready = self.ready + 1 end
    function owner.on_error(self, err) self.errors[#self.errors + 1] = err end
    tasks = scheduler.new(owner)
  end)

  --- Runs `body` as a task, up to its first wait.
  local function start(body)
    local task = tasks:spawn(body)
    tasks:flush()
    return task
  end

  it("that was woken goes on after an error between any two steps, where waking is tried again", function()
    if rawget(_G, "jit") then require("jit").off(true, true) end
    local count, is_over = 1, false
    while not is_over do
      tasks = scheduler.new(owner)
      local waits, list = {}, {}
      for i = 1, 3 do
        list[i] = start(function()
          waits[i] = scheduler.wait(tasks:current())
          tasks:suspend(waits[i], ignore)
        end)
      end
      local function go_on()
        for i = 1, 3 do tasks:wake(waits[i]) end
        tasks:flush()
      end
      interrupt(count, function()
        go_on()
        is_over = true
      end)
      go_on()
      for i = 1, 3 do assert.are.equal("dead", coroutine.status(list[i].thread), count) end
      assert.is_true(tasks:is_idle())
      count = count + 1
    end
    assert.is_true(count > 50, count)
  end)

  it("runs what comes after an error between any two steps", function()
    for count = 1, 400 do
      local ran = 0
      tasks = scheduler.new(owner)
      local function add(body)
        for _ = 1, 3 do tasks:spawn(body) end
      end
      interrupt(count, function()
        add(function() end)
        tasks:flush(2)
        add(function() end)
        tasks:flush()
      end)
      add(function() ran = ran + 1 end)
      while tasks:has_ready() do tasks:flush() end
      assert.are.same({ count, 3 }, { count, ran })
    end
  end)

  it("runs at the next flush, and tells the loop that it is ready", function()
    local ran = false
    tasks:spawn(function() ran = true end)
    assert.are.same({ false, true, 1 }, { ran, tasks:has_ready(), owner.ready })
    tasks:flush()
    assert.are.same({ true, false, true }, { ran, tasks:has_ready(), tasks:is_idle() })
  end)

  it("goes on at a flush after it was woken, with the first answer", function()
    local wait, seen
    start(function()
      wait = scheduler.wait(tasks:current())
      seen = { tasks:suspend(wait, ignore) }
    end)
    assert.is_false(tasks:is_idle())
    tasks:wake(wait, 1, 2)
    tasks:wake(wait, 3, 4)
    assert.is_nil(seen)
    tasks:flush()
    assert.are.same({ 1, 2 }, seen)
    assert.is_true(tasks:is_idle())
  end)

  it("does not wait, nor is resumed, where its loop could not begin to wait", function()
    local wait, ended
    owner.on_suspend = function() error("not enough memory", 0) end
    tasks:spawn(function()
      wait = scheduler.wait(tasks:current())
      tasks:suspend(wait, ignore)
    end, function(ok, err)
      ended = { ok, err }
      return true
    end)
    tasks:flush()
    assert.are.same({ false, "not enough memory" }, ended)
    tasks:wake(wait)
    assert.is_false(tasks:has_ready())
    assert.is_true(tasks:is_idle())
  end)

  it("does not wait at all for what has come already", function()
    local seen
    start(function()
      local wait = scheduler.wait(tasks:current())
      tasks:wake(wait, "early")
      seen = tasks:suspend(wait, ignore)
    end)
    assert.are.equal("early", seen)
  end)

  it("is not woken out of its next wait by what comes too late for the one before", function()
    local waits, seen = {}, {}
    start(function()
      for i = 1, 2 do
        waits[i] = scheduler.wait(tasks:current())
        seen[i] = tasks:suspend(waits[i], ignore)
      end
    end)
    tasks:wake(waits[1], "first")
    tasks:flush()
    tasks:wake(waits[1], "late")
    tasks:flush()
    assert.are.same({ "first" }, seen)
    tasks:wake(waits[2], "second")
    tasks:flush()
    assert.are.same({ "first", "second" }, seen)
  end)

  it("waits on when somebody else resumes its coroutine", function()
    local wait, seen
    local task = start(function()
      wait = scheduler.wait(tasks:current())
      seen = tasks:suspend(wait, ignore)
    end)
    assert.is_true(coroutine.resume(task.thread))
    assert.is_nil(seen)
    tasks:wake(wait, "answer")
    tasks:flush()
    assert.are.equal("answer", seen)
  end)

  it("has failed where its user yields in it and nobody would resume it, and is not resumed", function()
    for on_yield, ends in pairs { [false] = {}, ["stray"] = { false, "stray" } } do
      local seen, wait, went_on = {}, nil, false
      owner.on_yield = on_yield or nil
      tasks:spawn(function()
        wait = scheduler.wait(tasks:current())
        tasks:suspend(wait, ignore)
        coroutine.yield()
        went_on = true
      end, function(ok, err) seen = { ok, err } return true end)
      tasks:flush()
      assert.are.same({}, seen)
      tasks:wake(wait)
      tasks:flush()
      assert.are.same(ends, seen)
      tasks:wake(wait)
      tasks:flush()
      assert.is_false(went_on)
      assert.is_true(tasks:is_idle())
    end
  end)

  it("is cancelled while it waits, and not otherwise", function()
    local cancelled = 0
    local task = tasks:spawn(function()
      local wait = scheduler.wait(tasks:current())
      tasks:suspend(wait, function()
        cancelled = cancelled + 1
        tasks:wake(wait)
      end)
    end)
    tasks:cancel(task)
    assert.are.equal(0, cancelled)
    tasks:flush()
    tasks:cancel(task)
    tasks:cancel(task)
    assert.are.equal(1, cancelled)
    tasks:flush()
    tasks:cancel(task)
    tasks:cancel_all()
    assert.are.equal(1, cancelled)
  end)

  it("is dropped with what it waits for when its coroutine waits for something else by now", function()
    local cancelled = 0
    local task = start(function()
      tasks:suspend(scheduler.wait(tasks:current()), function() cancelled = cancelled + 1 end)
    end)
    task.wait = { task = task }
    assert.is_true(tasks:is_idle())
    assert.are.equal(1, cancelled)
  end)

  it("that raises an error tells who waits for it, else the loop, with a traceback", function()
    local ended
    tasks:spawn(function() error("told", 0) end, function(ok, err)
      ended = { ok, err }
      return true
    end)
    tasks:spawn(function() error("alone", 0) end)
    local value = {}
    tasks:spawn(function() error(value) end)
    tasks:flush()
    assert.are.same({ false, "told" }, ended)
    assert.matches("^alone\nstack traceback:", owner.errors[1])
    assert.are.equal(value, owner.errors[2])
  end)

  it("may be a coroutine of the user's where the loop allows it", function()
    local seen = {}
    for _, adopted in ipairs { true, false } do
      owner.adopted = adopted
      coroutine.wrap(function() seen[#seen + 1] = tasks:current() ~= nil end)()
    end
    assert.are.same({ true, false }, seen)
  end)

  describe("of a list", function()
    local waits, most, running

    --- A list of functions, each of which waits until the spec wakes it.
    local function list_of(count, fails)
      waits, most, running = {}, 0, 0
      local list = {}
      for i = 1, count do
        list[i] = function()
          running = running + 1
          most = math.max(most, running)
          waits[i] = scheduler.wait(tasks:current())
          local why = tasks:suspend(waits[i], function() tasks:wake(waits[i], "cancelled") end)
          running = running - 1
          if fails and fails[i] or why == "cancelled" then error(("%d %s"):format(i, why or "failed"), 0) end
        end
      end
      return list
    end

    local function wake(i)
      tasks:wake(waits[i])
      tasks:flush()
      tasks:flush()
    end

    for _, row in ipairs { { 0, 3, 0 }, { 1, 3, 1 }, { 5, 1, 1 }, { 5, 2, 2 }, { 5, 9, 5 } } do
      it(("of %d runs at most %d at a time"):format(row[1], row[2]), function()
        local all = batch.new(tasks, list_of(row[1]), row[2])
        tasks:flush()
        for i = 1, row[1] do
          assert.is_false(all:is_done())
          wake(i)
        end
        assert.is_true(all:is_done())
        assert.are.equal(row[3], most)
        assert.is_false(all.failed)
      end)
    end

    it("runs to its end, and keeps the first error", function()
      local all = batch.new(tasks, list_of(4, { [2] = true, [3] = true }), 2)
      tasks:flush()
      for i = 1, 4 do wake(i) end
      assert.is_true(all:is_done())
      assert.are.same({ true, "2 failed" }, { all.failed, all.failure })
    end)

    -- What was raised, and what runs nevertheless: each once.
    for what, row in pairs {
      ["a lack of memory"] = { "not enough memory", { 1, 2, 3, 4 } }, ["Ctrl-C"] = { "interrupted!", { 1, 2 } },
    } do
      for _, is_ready in ipairs { false, true } do
        it(("ends where %s cuts the third start short, %s"):format(what, is_ready and "late" or "early"), function()
          local ran, list = {}, {}
          for i = 1, 4 do list[i] = function() ran[#ran + 1] = i end end
          local all = batch.new(tasks, list, 2)
          function tasks:start(task)
            self.start = nil
            if is_ready then self:start(task) end
            error(row[1], 0)
          end
          for _ = 1, 6 do tasks:flush() end
          assert.is_true(all:is_done())
          assert.are.same({ true, row[1] }, { all.failed, all.failure })
          assert.are.same(row[2], ran)
        end)
      end
    end

    it("is waited for in a task, which goes on when the last one has ended", function()
      local done = false
      start(function()
        batch.new(tasks, list_of(2), 2):wait_in(tasks:current())
        done = true
      end)
      tasks:flush()
      wake(2)
      assert.is_false(done)
      wake(1)
      assert.is_true(done)
    end)

    it("is cancelled with the task that waits for it", function()
      local all
      local task = start(function()
        all = batch.new(tasks, list_of(2), 2)
        all:wait_in(tasks:current())
      end)
      tasks:flush()
      tasks:cancel(task)
      for _ = 1, 3 do tasks:flush() end
      assert.is_true(all:is_done())
      assert.matches("^%d cancelled$", all.failure)
      assert.is_true(tasks:is_idle())
    end)
  end)
end)

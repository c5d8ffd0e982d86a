--- Proves how many calls go out with a new or refused key, also in several nginx workers.

local lockout = require "aom.credentials.lockout"
local core = require "aom.core"
local errors = require "aom.util.errors"
local world = require "spec.support.world"

local serial = 0

-- The process remembers keys, so each spec has its own.
local function new_name()
  serial = serial + 1
  return "key-" .. serial
end

local function refusal(fields)
  local err = errors.new("service", "verify aksk signature fail", { status = 401, code = "APIGW.0301",
    request_id = "r", attempts = 1, elapsed = 0.5, url = "https://u" })
  for name, value in pairs(fields or {}) do err[name] = value end
  return err
end

describe("a key pair", function()
  local w, loop, record

  before_each(function()
    w = world.new()
    loop = w.loop()
    record = lockout.record(new_name())
  end)

  local function enter(more)
    more = more or {}
    return (more.record or record):enter(more.loop or loop, more.deadline or 1000, more.expires or 1000, more.held)
  end

  local function refuse(fields)
    record:refuse(loop, assert(enter()), refusal(fields))
  end

  -- A call: enters, takes a second, and ends as `outcome` says.
  local sent
  local function call(outcome, more)
    return w.go(function()
      local hold, err = enter(more)
      if not hold then return nil, err end
      sent = sent + 1
      loop.sleep(1)
      if outcome == "accept" then
        record:accept(loop)
        record:give_up(loop, hold)
      elseif outcome == "refuse" then
        record:refuse(loop, hold, refusal())
        return nil, refusal()
      elseif outcome == "fail" then
        record:give_up(loop, hold, errors.new("network", "reset"))
      elseif outcome == "cancel" then
        record:give_up(loop, hold)
      end
      return true
    end)
  end

  before_each(function() sent = 0 end)

  it("has one record for all clients", function()
    local name = new_name()
    local one = lockout.record(name)
    assert.are.equal(one, lockout.record(name))
    assert.are_not.equal(one, lockout.record(new_name()))
  end)

  it("goes out one at a time until it is accepted, then at once", function()
    local tasks = {}
    for i = 1, 10 do tasks[i] = call "accept" end
    assert.are.equal(1, sent)
    w.advance(1)
    assert.are.equal(10, sent)
    w.advance(1)
    for _, task in ipairs(tasks) do assert.is_true(task.results[1]) end
    assert.is_true((enter()))
  end)

  it("that is wrong sends two of a thousand calls, and the others get their error", function()
    local tasks = {}
    for i = 1, 1000 do tasks[i] = call "refuse" end
    for _ = 1, 5 do w.advance(1) end
    assert.are.equal(2, sent)
    for i, task in ipairs(tasks) do
      local err = task.results[2]
      assert.are.equal("service", err.kind)
      assert.are.equal(401, err.status)
      if i > 2 then
        assert.matches("^not sent: ", err.hint)
        assert.are.equal(0, err.attempts)
      end
    end
  end)

  it("is blocked after two refusals in a row, for five minutes", function()
    refuse()
    assert.is_table((enter()))
    record:give_up(loop, record.flight.holder)
    refuse { code = "APIGW.0301", hint = "compare the lines" }
    local hold, err = enter()
    assert.is_nil(hold)
    assert.are.equal("verify aksk signature fail", err.message)
    assert.are.equal("APIGW.0301", err.code)
    assert.are.equal("r", err.request_id)
    assert.are.equal(0, err.attempts)
    assert.is_nil(err.elapsed)
    assert.is_false(err.retryable)
    assert.matches("^not sent: .*wait five minutes%. compare the lines$", err.hint)
    w.advance(299.5)
    assert.is_nil((enter()))
    w.advance(0.5)
    assert.is_table((enter()))
  end)

  it("may be a user and a password, which the error says", function()
    local user = lockout.record(new_name(), "user")
    for _ = 1, 2 do user:refuse(loop, assert(enter { record = user }), refusal()) end
    local _, err = enter { record = user }
    assert.matches("refused this user, and further refusals would lock it", err.hint)
  end)

  it("gives each call an error of its own", function()
    refuse()
    refuse()
    local _, one = enter()
    local _, two = enter()
    assert.are_not.equal(one, two)
    one.operation = "changed"
    local _, three = enter()
    assert.is_nil(three.operation)
    assert.are.equal(two.hint, three.hint)
  end)

  it("has two tries again when the block ends", function()
    refuse()
    refuse()
    w.advance(300)
    refuse()
    local hold = enter()
    assert.is_table(hold)
    record:refuse(loop, hold, refusal())
    assert.is_nil((enter()))
  end)

  it("is blocked at once when the service says that it locked it", function()
    record:refuse(loop, enter(), refusal { message = "AK access failed to reach the limit,forbidden" }, "locked")
    local hold, err = enter()
    assert.is_nil(hold)
    assert.matches("reach the limit", err.message)
    w.advance(300)
    assert.is_table((enter()))
  end)

  it("is counted from zero again after it is accepted between two refusals", function()
    refuse()
    record:accept(loop)
    refuse()
    local hold = enter()
    assert.is_table(hold)
    record:refuse(loop, hold, refusal())
    assert.is_nil((enter()))
  end)

  it("is tried one at a time again after a refusal", function()
    record:accept(loop)
    record:refuse(loop, true, refusal())
    local first, second = call "accept", call "accept"
    assert.are.equal(1, sent)
    w.advance(2)
    assert.is_true(first.results[1])
    w.advance(1)
    assert.is_true(second.results[1])
  end)

  it("is unblocked by the success of a call that was in flight", function()
    refuse()
    refuse()
    assert.is_nil((enter()))
    record:accept(loop)
    assert.is_true((enter()))
    record:refuse(loop, true, refusal())
    assert.is_table((enter()))
  end)

  it("shares the failure of its first call with those that wait", function()
    local first, second, third = call "fail", call "fail", call "fail"
    w.advance(1)
    assert.is_true(first.results[1])
    for _, task in ipairs { second, third } do
      assert.are.equal("network", task.results[2].kind)
      assert.are.equal(0, task.results[2].attempts)
      assert.is_true(task.results[2].retryable)
      assert.is_nil(task.results[2].hint)
    end
    assert.are.equal(1, sent)
    assert.is_table((enter()))
  end)

  it("is tried by the next call when one was cancelled", function()
    local first, second = call "cancel", call "accept"
    w.advance(1)
    assert.is_true(first.done)
    assert.are.equal(2, sent)
    w.advance(1)
    assert.is_true(second.results[1])
  end)

  it("is tried by the next call when one vanished, once its hold expires", function()
    local first = call("accept", { expires = 30 })
    local second = call "accept"
    w.kill(first)
    w.advance(29)
    assert.are.equal(1, sent)
    w.advance(1)
    assert.are.equal(2, sent)
    w.advance(1)
    assert.is_true(second.results[1])
  end)

  it("makes no call wait past its deadline", function()
    call "nothing"
    local task = call("accept", { deadline = 0.5 })
    w.advance(0.5)
    assert.are.equal("timeout", task.results[2].kind)
    assert.is_true(task.results[2].retryable)
    assert.are.equal(1, sent)
  end)

  it("lets a call that holds the flight try again, for longer", function()
    local hold = enter { expires = 10 }
    assert.are.equal(hold, (enter { expires = 50, held = hold }))
    w.advance(20)
    local task = call "accept"
    assert.are.equal(0, sent)
    record:give_up(loop, hold)
    w.advance(0)
    assert.are.equal(1, sent)
    w.advance(1)
    assert.is_true(task.results[1])
  end)

  it("makes a call wait if its hold went to another", function()
    local old = enter { expires = 10 }
    w.advance(10)
    local new = enter { expires = 20 }
    local task = w.go(function() return enter { expires = 40, held = old } end)
    assert.is_false(task.done)
    record:give_up(loop, new)
    w.advance(0)
    assert.is_table(task.results[1])
    assert.are_not.equal(old, task.results[1])
  end)

  describe("if nothing else can run during a wait", function()
    it("lets one call go out beside the first one", function()
      local first, second = assert(enter()), assert(enter())
      assert.are_not.equal(first, second)
      record:give_up(loop, second)
      record:accept(loop)
      assert.is_true((enter()))
    end)

    it("never lets a third refusal happen", function()
      local first, second = assert(enter()), assert(enter())
      record:refuse(loop, second, refusal())
      local hold, err = enter()
      assert.is_nil(hold)
      assert.matches("^not sent: ", err.hint)
      record:refuse(loop, first, refusal())
      assert.is_nil((enter()))
    end)
  end)

  it("is remembered after its clients are gone, as long as it is blocked", function()
    local name = new_name()
    do
      local short = lockout.record(name)
      short:refuse(loop, true, refusal())
      short:refuse(loop, true, refusal())
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil((lockout.record(name):enter(loop, 1000, 1000)))
  end)

  it("releases those that wait when any call has it accepted", function()
    local late = assert(enter { expires = 10 })
    w.advance(10)
    enter { expires = 100 }
    local task = call "accept"
    assert.are.equal(0, sent)
    record:accept(loop)
    record:give_up(loop, late)
    w.advance(0)
    assert.are.equal(1, sent)
    w.advance(1)
    assert.is_true(task.results[1])
  end)

  it("is forgotten when it was accepted and is unused", function()
    local watch = setmetatable({}, { __mode = "v" })
    do
      local short = lockout.record(new_name())
      watch[1] = short
      short:refuse(loop, true, refusal())
      short:accept(loop)
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(watch[1])
  end)

  it("is forgotten when it is unused and the block has ended", function()
    local name = new_name()
    local watch = setmetatable({}, { __mode = "v" })
    do
      local short = lockout.record(name)
      watch[1] = short
      short:refuse(loop, true, refusal())
      short:refuse(loop, true, refusal())
    end
    w.advance(300)
    record:refuse(loop, true, refusal())
    collectgarbage()
    collectgarbage()
    assert.is_nil(watch[1])
  end)
end)

describe("a key pair in several nginx workers", function()
  local w, loop, one, two, store, name

  -- A worker is its own process: another copy of the module, its own names in
  -- the core's memory, the same store.
  local function worker()
    serial = serial + 1
    local prefix, memory, own = ("worker-%d:"):format(serial), core.lockout, {}
    for verb, run in pairs(memory) do
      own[verb] = function(key, ...) return run(prefix .. key, ...) end
    end
    local loaded = package.loaded["aom.credentials.lockout"]
    package.loaded["aom.credentials.lockout"], core.lockout = nil, own
    local copy = require "aom.credentials.lockout"
    package.loaded["aom.credentials.lockout"], core.lockout = loaded, memory
    return copy.record(name)
  end

  before_each(function()
    w = world.new()
    store = w.store()
    loop = w.loop(store)
    name = new_name()
    one, two = worker(), worker()
    assert.are_not.equal(one, two)
  end)

  local function enter(record) return record:enter(loop, 5000, 5000) end

  local function refuse(record, locked) record:refuse(loop, assert(enter(record)), refusal(), locked and "locked") end

  it("is accepted for all after one success", function()
    assert.is_table((enter(one)))
    one:accept(loop)
    assert.is_true((enter(two)))
    assert.is_true((enter(one)))
  end)

  it("releases those that wait in all workers after one success", function()
    local hold = enter(one)
    local waiting = w.go(function() return enter(one) end)
    two:accept(loop)
    assert.is_false(waiting.done)
    assert.is_true((enter(one)))
    w.advance(0)
    assert.is_true(waiting.results[1])
    one:accept(loop)
    one:give_up(loop, hold)
  end)

  it("is blocked for all after one refusal in each of two", function()
    refuse(one)
    refuse(two)
    for _, record in ipairs { one, two } do
      local hold, err = enter(record)
      assert.is_nil(hold)
      assert.are.equal("service", err.kind)
      assert.are.equal(401, err.status)
      assert.are.equal("APIGW.0301", err.code)
      assert.are.equal("verify aksk signature fail", err.message)
      assert.are.equal(0, err.attempts)
      assert.is_false(err.retryable)
      assert.matches("^not sent: ", err.hint)
    end
  end)

  it("is blocked for a worker that comes later", function()
    refuse(one)
    refuse(one)
    assert.is_nil((enter(worker())))
  end)

  it("is blocked for all when one is told that the key is locked", function()
    refuse(one, true)
    assert.is_nil((enter(two)))
  end)

  it("is unblocked for all at the same moment", function()
    refuse(one)
    refuse(one)
    w.advance(299)
    assert.is_nil((enter(one)))
    assert.is_nil((enter(two)))
    w.advance(1)
    two:give_up(loop, assert(enter(two)))
    assert.is_table((enter(one)))
  end)

  it("goes out one call at a time in all workers until it is accepted", function()
    local hold = assert(enter(one))
    local waiting = w.go(function() return enter(two) end)
    w.advance(0.2)
    assert.is_false(waiting.done)
    one:give_up(loop, hold)
    w.advance(0.2)
    assert.is_table(waiting.results[1])
    two:accept(loop)
    assert.is_true((enter(one)))
  end)

  it("is tried by another worker when one vanished, once its hold expires", function()
    assert(one:enter(loop, 5000, loop.now() + 30))
    local waiting = w.go(function() return enter(two) end)
    for _ = 1, 29 do w.advance(1) end
    assert.is_false(waiting.done)
    w.advance(1)
    w.advance(1)
    assert.is_table(waiting.results[1])
  end)

  it("has two tries again when the block ends", function()
    refuse(one)
    w.advance(100)
    refuse(one)
    w.advance(300)
    refuse(two)
    local hold = enter(two)
    assert.is_table(hold)
    two:refuse(loop, hold, refusal())
    assert.is_nil((enter(one)))
  end)

  it("is counted from zero again for all when one is accepted", function()
    refuse(one)
    two:accept(loop)
    assert.is_true((enter(one)))
    refuse(one)
    assert.is_table((enter(one)))
  end)

  it("is unblocked for all by the success of a call that was in flight", function()
    refuse(one)
    refuse(one)
    assert.is_nil((enter(two)))
    two:accept(loop)
    assert.is_true((enter(two)))
    assert.is_true((enter(worker())))
  end)

  it("is blocked also for workers that had it accepted", function()
    one:accept(loop)
    assert.is_true((enter(two)))
    two:refuse(loop, true, refusal())
    two:refuse(loop, true, refusal())
    assert.is_nil((enter(one)))
  end)

  it("is no longer accepted for new workers after a refusal", function()
    one:accept(loop)
    one:refuse(loop, true, refusal())
    assert.is_table((enter(two)))
  end)

  it("is blocked here even if the store is full", function()
    store.set = function() return nil, "no memory" end
    store.add = function() return nil, "no memory" end
    store.incr = function() return nil, "no memory" end
    refuse(one)
    refuse(one)
    assert.is_nil((enter(one)))
  end)

  it("is stored by its one-way name only", function()
    refuse(one)
    refuse(one)
    for entry in pairs(store.entries) do
      assert.matches("^%l+:" .. name:gsub("%-", "%%-") .. "$", entry)
    end
  end)
end)

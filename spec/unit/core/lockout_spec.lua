--- Proves the core's memory of refused keys. It belongs to the process, so each spec has its own names,
--- and the last one fills it.

local lockout = require "aom.core".lockout

local serial = 0
local function new_name()
  serial = serial + 1
  return "name-" .. serial
end

local function refuse(name, now, kind, note, ticket)
  return lockout.refuse(name, now, ticket, kind or "certain", note or "note")
end

describe("the core's memory", function()
  local name
  before_each(function() name = new_name() end)

  it("knows nothing of a new key, and lets one call try it out", function()
    assert.are.same({ "new" }, { lockout.look(name, 0) })
    local state, ticket = lockout.enter(name, 0, 10)
    assert.are.equal("trial", state)
    assert.is_true(ticket > 0)
    assert.are.equal("busy", (lockout.enter(name, 0, 10)))
    assert.are.equal("new", (lockout.look(name, 0)))
  end)

  it("gives the try to the next one when it is released or expires", function()
    local _, ticket = lockout.enter(name, 0, 10)
    lockout.release(name, ticket)
    local state, second = lockout.enter(name, 0, 10)
    assert.are.equal("trial", state)
    assert.are_not.equal(ticket, second)
    lockout.release(name, ticket)
    assert.are.equal("busy", (lockout.enter(name, 9.999, 20)))
    assert.are.equal("trial", (lockout.enter(name, 10, 20)))
  end)

  it("prolongs the try of the one that has it", function()
    local _, ticket = lockout.enter(name, 0, 10)
    assert.are.same({ "trial", ticket }, { lockout.enter(name, 5, 30, ticket) })
    assert.are.equal("busy", (lockout.enter(name, 20, 30)))
    assert.are.equal("trial", (lockout.enter(name, 30, 40)))
    assert.are.equal("busy", (lockout.enter(name, 31, 50, ticket)))
  end)

  it("begins the try of a ticket that was asked for before", function()
    local ticket = lockout.ticket(name)
    assert.are.same({ "trial", ticket }, { lockout.enter(name, 0, 10, ticket) })
    assert.are.equal("busy", (lockout.enter(name, 0, 10, lockout.ticket(name))))
    lockout.release(name, ticket)
    assert.are.equal("trial", (lockout.enter(name, 0, 10, lockout.ticket(name))))
  end)

  it("never allows more than two tries and refusals together", function()
    local _, first = lockout.enter(name, 0, 10)
    local state, second = lockout.enter(name, 0, 10, nil, true)
    assert.are.equal("trial", state)
    assert.are.equal("busy", (lockout.enter(name, 0, 10, nil, true)))
    assert.are.equal("new", refuse(name, 1, nil, nil, first))
    assert.are.equal("busy", (lockout.enter(name, 1, 10, nil, true)))
    lockout.release(name, second)
    local third
    state, third = lockout.enter(name, 1, 10, nil, true)
    assert.are.equal("trial", state)
    assert.are.equal("busy", (lockout.enter(name, 1, 10, nil, true)))
    assert.are.equal("blocked", refuse(name, 1, nil, nil, third))
  end)

  it("allows all once a key is accepted, which ends every try", function()
    local _, ticket = lockout.enter(name, 0, 10)
    assert.is_true(lockout.accept(name, 1))
    assert.is_false(lockout.accept(name, 2))
    assert.are.equal("open", (lockout.look(name, 2)))
    assert.are.equal("open", (lockout.enter(name, 2, 10)))
    assert.are.equal("new", refuse(name, 3, nil, nil, ticket))
    assert.are.equal("trial", (lockout.enter(name, 3, 10)))
  end)

  it("blocks a key for five minutes after two refusals, and then starts again", function()
    refuse(name, 0, nil, "first")
    assert.are.same({ "blocked" }, { refuse(name, 10, nil, "second") })
    local state, ticket, note = lockout.enter(name, 11, 20)
    assert.are.same({ "blocked", "second" }, { state, note })
    assert.is_nil(ticket)
    assert.are.equal("blocked", (lockout.look(name, 309.999)))
    assert.are.equal("new", (lockout.look(name, 310)))
    assert.are.equal("new", refuse(name, 311))
    assert.are.equal("blocked", refuse(name, 312))
  end)

  -- evidence, what was known, what it does
  local kinds = {
    { "certain", "new", "new" }, { "certain", "accepted", "new" }, { "certain", "refused", "blocked" },
    { "doubtful", "new", "new" }, { "doubtful", "accepted", "open" }, { "doubtful", "refused", "blocked" },
    { "doubtful", "refused after it was accepted", "open" },
    { "locked", "new", "blocked" }, { "locked", "accepted", "blocked" },
    { "certain", "blocked before", "new" }, { "doubtful", "blocked before", "new" },
  }
  for _, case in ipairs(kinds) do
    it(("takes a %s refusal of a key that is %s for: %s"):format(case[1], case[2], case[3]), function()
      if case[2]:find "accepted" then lockout.accept(name, 0) end
      if case[2]:find "^refused" then refuse(name, 0) end
      if case[2] == "blocked before" then refuse(name, -300, "locked") end
      assert.are.equal(case[3], refuse(name, 1, case[1]))
    end)
  end

  it("is cleared by a late success", function()
    refuse(name, 0, "locked")
    assert.is_true(lockout.accept(name, 1))
    assert.are.equal("open", (lockout.look(name, 1)))
  end)

  it("keeps a note of any bytes, cut at 1,024", function()
    local note = ("\0\n\255"):rep(400)
    refuse(name, 0, "locked", note)
    local _, _, kept = lockout.look(name, 0)
    assert.are.equal(note:sub(1, 1024), kept)
  end)

  it("accepts the longest name, and no longer one", function()
    local longest = ("n"):rep(60) .. ("%04d"):format(serial)
    assert.are.equal("trial", (lockout.enter(longest, 0, 1)))
    for _, bad in ipairs { "", longest .. "n" } do
      assert.has_error(function() lockout.enter(bad, 0, 1) end)
      assert.has_error(function() lockout.accept(bad, 0) end)
    end
  end)

  it("accepts any number as a time", function()
    for _, time in ipairs { -1e300, -math.huge, 0, 1e300, math.huge } do
      assert.is_string((lockout.enter(name, time, time)))
    end
    assert.has_error(function() lockout.enter(name, 0 / 0, 1) end)
    assert.has_error(function() lockout.enter(name, 0, 1, -1) end)
    assert.has_error(function() lockout.refuse(name, 0, nil, "perhaps", "") end)
  end)

  it("forgets harmless keys first, and never one that is blocked, on trial or just refused", function()
    -- Later than all times in the specs above.
    local now = 1e6
    refuse("kept-blocked", now, "locked")
    refuse("kept-refused", now)
    lockout.enter("kept-trial", now, now + 250)
    lockout.accept("accepted-first", now)
    for i = 1, 508 do lockout.accept(("filler-%d"):format(i), now + 1) end
    for i = 1, 20 do lockout.accept(("more-%d"):format(i), now + 2) end
    assert.are.equal("new", (lockout.look("accepted-first", now + 3)))
    assert.are.equal("blocked", (lockout.look("kept-blocked", now + 3)))
    assert.are.equal("busy", (lockout.enter("kept-trial", now + 3, now + 9)))
    assert.are.equal("blocked", refuse("kept-refused", now + 3))
    -- All places are taken by blocked keys: nothing is sent with a key that cannot be recorded.
    for i = 1, 509 do refuse(("blocked-%d"):format(i), now + 4, "locked") end
    local new = "one-too-many"
    assert.are.equal("unable", (lockout.enter(new, now + 5, now + 9)))
    assert.are.equal("unable", refuse(new, now + 5))
    assert.is_false(lockout.accept(new, now + 5))
    assert.are.equal("new", (lockout.look(new, now + 5)))
    assert.are.equal("blocked", (lockout.look("blocked-1", now + 5)))
    assert.are.equal("trial", (lockout.enter(new, now + 305, now + 309)))
  end)
end)

describe("a call with a key that cannot be recorded", function()
  it("sends nothing, and says why", function()
    local breaker = require "aom.credentials.lockout"
    for i = 1, 600 do refuse(("now-blocked-%d"):format(i), 2e6, "locked") end
    local world = require "spec.support.world".new()
    world.advance(2e6)
    local hold, err, refused = breaker.record "unwatched":enter(world.loop(), 3e6, 3e6)
    assert.is_nil(hold)
    assert.are.same({ "credentials", true, 0 }, { err.kind, err.retryable, err.attempts })
    assert.matches("too many other keys", err.message)
    assert.is_nil(refused)
  end)
end)

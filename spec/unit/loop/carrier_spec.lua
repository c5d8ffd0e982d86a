--- Proves that a carrier which is cut off while it tells of finished transfers, since memory is
--- short, goes on where it was: no transfer stays in the engine, and whoever waits is told.

local new_carrier = require "aom.loop.select".carrier

local SHORT = "not enough memory"

--- An engine with two finished transfers, and who waits for them. What is called `cut` raises
--- an error when it is first used.
local function new(cut, waited)
  local world = { held = { [1] = true, [2] = true }, told = {} }
  local queue = { 1, 2 }
  local function raise_once(name)
    for i, wanted in ipairs(cut) do
      if wanted == name then
        table.remove(cut, i)
        error(SHORT, 0)
      end
    end
  end
  local engine = {}
  function engine.finished() return table.remove(queue, 1) end
  function engine.collect(_, id)
    raise_once "collect"
    world.held[id] = nil
    return 200, {}, "body of " .. id
  end
  function engine.cancel(_, id)
    raise_once "cancel"
    world.held[id] = nil
  end
  local tasks = {}
  function tasks.wake(_, wait, answer, trouble)
    raise_once "wake"
    if not wait.woken then wait.woken, world.told[wait.id] = true, answer and answer.body or trouble.message end
    raise_once "after"
  end
  world.carrier = new_carrier(engine)
  for id in pairs(world.held) do world.carrier.waits[id] = waited and { id = id, tasks = tasks } or nil end
  return world
end

describe("a carrier that is cut off", function()
  local both = { "body of 1", "body of 2" }
  for name, case in pairs {
    ["nowhere"] = { cut = {}, told = both },
    ["while it collects an answer"] = { cut = { "collect" }, told = { "out of memory", "body of 2" } },
    ["while it gives an answer up"] = { cut = { "collect", "cancel" }, told = { "out of memory", "body of 2" } },
    ["before it has woken a task"] = { cut = { "wake" }, told = { "out of memory", "body of 2" } },
    ["after it has woken a task"] = { cut = { "after" }, told = both },
    ["while it drops what nobody waits for"] = { cut = { "cancel" }, alone = true, told = {} },
  } do
    it(name .. " goes on", function()
      local world = new(case.cut, not case.alone)
      local ok, err = pcall(world.carrier.wake_finished, world.carrier)
      assert(ok or err == SHORT, err)
      world.carrier:wake_finished()
      assert.are.same(case.told, world.told)
      assert.are.same({}, world.held)
      assert.are.same({}, world.carrier.waits)
    end)
  end
end)

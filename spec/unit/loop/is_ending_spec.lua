--- Whether a state that closes is told from one that lives, where only a debug hook can tell.

local host = require "aom.util.host"

local jit = rawget(_G, "jit")

describe("without LuaJIT's compiler, a state that lives", function()
  local hooks = host.debug
  local gethook, sethook = hooks.gethook, hooks.sethook
  local was_on = jit and jit.status()

  local function ask()
    package.loaded["aom.loop.is_ending"] = nil
    return require "aom.loop.is_ending"()
  end

  before_each(function()
    if jit then jit.off() end
  end)
  after_each(function()
    hooks.gethook, hooks.sethook = gethook, sethook
    if was_on then jit.on() end
    package.loaded["aom.loop.is_ending"] = nil
  end)

  it("is told from one that closes, and its own hook stays", function()
    local function own() end
    sethook(own, "", 1000)
    local ending, hook = ask(), gethook()
    sethook()
    assert.is_false(ending)
    assert.are.equal(own, hook)
  end)

  it("is taken for one that lives where a profiler's hook in C stands, which stays", function()
    hooks.gethook = function() return "external hook", "l", 0 end
    hooks.sethook = function() error "the profiler's hook is gone" end
    assert.is_false(ask())
  end)
end)

--- Proves when another endpoint takes over, and when the first one is tried again.

local endpoints = require "aom.http.failover"

local A, B, C = { base = "a" }, { base = "b" }, { base = "c" }

describe("several endpoints", function()
  it("start with the first and stay with it", function()
    local set = endpoints.new { A, B }
    assert.are.equal(A, set:current(0))
    assert.are.equal(A, set:current(1e9))
  end)

  it("go on to the next, stay there, and try the first again after five minutes", function()
    local set = endpoints.new { A, B, C }
    set:leave(A, 10)
    assert.are.equal(B, set:current(10))
    assert.are.equal(B, set:current(309.9))
    assert.are.equal(A, set:current(310))
    set:leave(A, 310)
    set:leave(B, 311)
    assert.are.equal(C, set:current(610))
    assert.are.equal(A, set:current(611))
  end)

  it("are changed once when several calls find the same one dead", function()
    local set = endpoints.new { A, B, C }
    for _ = 1, 50 do set:leave(A, 0) end
    assert.are.equal(B, set:current(0))
  end)

  it("start again after the last", function()
    local set = endpoints.new { A, B }
    set:leave(A, 0)
    set:leave(B, 0)
    assert.are.equal(A, set:current(0))
  end)

  it("may be only one, without a replacement", function()
    local set = endpoints.new { A }
    set:leave(A, 0)
    assert.are.equal(A, set:current(0))
  end)

  for name, case in pairs {
    ["a name that is not known"] = { true, { kind = "network", sent = false } },
    ["a connect that times out"] = { true, { kind = "timeout", sent = false } },
    ["a handshake that fails"] = { true, { kind = "tls", sent = false } },
    ["a reset after sending"] = { false, { kind = "network", sent = true } },
    ["an answer that does not come"] = { false, { kind = "timeout", sent = true } },
    ["a cancelled call"] = { false, { kind = "cancelled", sent = false } },
    ["a request that cannot be made"] = { false, { kind = "argument", sent = false } },
  } do
    it(("are %s after %s"):format(case[1] and "changed" or "not changed", name), function()
      assert.are.equal(case[1], endpoints.is_unreached(case[2]))
    end)
  end
end)

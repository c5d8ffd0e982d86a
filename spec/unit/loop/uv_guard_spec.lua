--- What libuv calls raises no error where memory was short once, and any other at once.

local guard = require "aom.loop.uv_guard"

describe("what libuv calls", function()
  -- What its body raises, run by run; how often it runs, and what reaches libuv.
  for title, row in pairs {
    ["runs once where nothing fails"] = { {}, 1, nil },
    ["runs again, with what it was given, where memory was short"] = { { "not enough memory" }, 2, nil },
    ["says so where memory is short again"] = { { "not enough memory", "not enough memory" }, 2, "not enough memory" },
    ["says what else went wrong, and runs once"] = { { "x.lua:1: wrong" }, 1, "x.lua:1: wrong" },
    ["is ended by Ctrl-C"] = { { "interrupted!" }, 1, "interrupted!" },
  } do
    it(title, function()
      local runs = {}
      local call = guard(function(...)
        runs[#runs + 1] = { ... }
        local raised = row[1][#runs]
        if raised then error(raised, 0) end
      end)
      local ok, err = pcall(call, "a", 2)
      assert.are.same({ row[3] == nil, row[3] }, { ok, err })
      assert.are.equal(row[2], #runs)
      for _, given in ipairs(runs) do assert.are.same({ "a", 2 }, given) end
    end)
  end
end)

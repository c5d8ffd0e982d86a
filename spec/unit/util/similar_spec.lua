--- Proves which names are suggested for a misspelt one.

local patience = require "spec.support.patience"
local similar = require "aom.util.similar"

describe("similar names", function()
  local function near(word, names, limit)
    local workflows, found = {}, {}
    for i, name in ipairs(names) do workflows[i] = { id = tostring(i), name = name or nil } end
    for i, workflow in ipairs(similar.workflows(word, workflows, limit or 5)) do found[i] = workflow.name end
    return table.concat(found, " ")
  end

  -- The word, the known names, and the similar ones, the most similar first.
  for name, case in pairs {
    ["of other case"] = { "Nightly", { "daily", "nightly" }, "nightly" },
    ["with a letter left out"] = { "nightly-bakup", { "nightly-backup", "hourly-sync" }, "nightly-backup" },
    ["with letters changed round"] = { "nigthly", { "nightly", "daily" }, "nightly" },
    ["that hold the word"] = { "backup", { "nightly-backup", "restore" }, "nightly-backup" },
    ["that the word holds"] = { "nightly-backup-2", { "nightly-backup", "x" }, "nightly-backup" },
    ["that begin with nearly the word"] = { "nigthly", { "nightly-backup-eu", "weekly" }, "nightly-backup-eu" },
    ["in order"] = { "abcd", { "abxd", "zabcdz", "ABCD" }, "ABCD zabcdz abxd" },
    ["of nothing"] = { "", { "a", "b" }, "" },
    ["of a word that is like none"] = { "quarterly", { "nightly", "db" }, "" },
    ["among things without names"] = { "db-1", { false, "db-2" }, "db-2" },
  } do
    it(name .. " are found", function() assert.are.equal(case[3], near(case[1], case[2])) end)
  end

  -- The misspelt name, the known ones, and the one that is meant.
  for name, case in pairs {
    ["a word less"] = { "page_size", { "page", "size" }, "size" },
    ["a word more"] = { "size", { "page_num", "page_size" }, "page_size" },
    ["another first word"] = { "workflow_name", { "task_name", "name" }, "name" },
    ["a word of two"] = { "timeout", { "attempt_timeout", "connect_timeout" } },
    ["a short word"] = { "key", { "client_key" } },
    ["another first word of two"] = { "secret_key", { "client_key", "ak" } },
    ["no word of it"] = { "limit", { "page", "size" } },
    ["a part of a word"] = { "oversize", { "size" } },
  } do
    it("may have the last word of a name: " .. name, function()
      local known = {}
      for _, candidate in ipairs(case[2]) do known[candidate] = true end
      assert.are.equal(case[3], similar.of_last_word(case[1], known))
    end)
  end

  it("are few", function()
    local names = {}
    for i = 1, 20 do names[i] = "nightly-" .. i end
    assert.are.equal("nightly-1 nightly-10 nightly-11", near("nightly", names, 3))
  end)

  for title, words in pairs {
    ["a name"] = { "nightly", ("y"):rep(2 ^ 20) }, ["a word"] = { ("y"):rep(2 ^ 20), "nightly" },
  } do
    it(("are looked for in no time where %s has no end"):format(title), function()
      local started = os.clock()
      assert.are.equal("", near(words[1], { words[2], "weekly" }))
      assert.is_nil(similar.nearest(words[1], { [words[2]] = true }))
      assert.is_true(os.clock() - started < patience.of(1))
    end)
  end

  it("are found quickly among many", function()
    local names = {}
    for i = 1, 20000 do names[i] = ("x"):rep(56) .. ("%08d"):format(i) end
    local started = os.clock()
    near(("y"):rep(64), names)
    assert.is_true(os.clock() - started < 5)
  end)
end)

--- Proves what a progress bar looks like, and that it fits.

local progress = require "aom.cli.progress"
local width = require "aom.cli.width"

describe("a progress bar", function()
  for _, case in ipairs {
    { 0, 4, "a", 30, "[..........] 0/4 a" },
    { 1, 4, "a", 30, "[##........] 1/4 a" },
    { 4, 4, "夜间备份", 30, "[##########] 4/4 夜间备份" },
    { 3, 4, "夜间备份", 20, "[#######...] 3/4 夜…" },
    { 0, 0, "a", 30, "[##########] 0/0 a" },
    { 5, 10, "a\27b", 45, "[#######........] 5/10 a b" },
    { 300, 400, "nightly", 200, "[######################........] 300/400 nightly" },
  } do
    it(("of %d in %d columns"):format(case[1], case[4]), function()
      local bar = progress.bar(case[1], case[2], case[3], case[4])
      assert.are.equal(case[5], bar)
      assert.is_true(width.of(bar) <= case[4])
    end)
  end
end)

--- Proves how many columns texts take, and how they are cut.

local width = require "aom.cli.width"

describe("the width of a text", function()
  for _, row in ipairs {
    { "", 0 }, { "nightly-backup", 14 }, { "é", 1 }, { "Ω≈", 2 }, { "数据库", 6 }, { "한국어", 6 }, { "ナイト", 6 },
    { "ＡＢ", 4 }, { "「夜」", 6 }, { "e\204\129", 1 }, { "が", 2 }, { "か\227\130\153", 2 }, { "🚀", 2 },
    { "a\226\128\139b", 2 },
    { "𠀀", 2 }, { "\244\143\191\189", 1 }, { "…", 1 }, { "→", 1 },
  } do
    it(("%q is %d"):format(row[1], row[2]), function() assert.are.equal(row[2], width.of(row[1])) end)
  end
end)

describe("a text", function()
  for _, row in ipairs {
    { "nightly", 7, "nightly" }, { "nightly", 6, "night…" }, { "nightly", 1, "…" }, { "数据库", 6, "数据库" },
    { "数据库", 5, "数据…" }, { "数据库", 4, "数…" }, { "数据库", 2, "…" }, { "e\204\129tude", 3, "e\204\129t…" },
  } do
    it(("%q in %d columns is %q"):format(row[1], row[2], row[3]), function()
      assert.are.equal(row[3], width.cut(row[1], row[2]))
    end)
  end

  for _, row in ipairs {
    { "a bb ccc", 4, "a bb/ccc" }, { "a  bb", 9, "a bb" }, { "abcdef g", 3, "abcdef/g" }, { "", 5, "" },
    { "数据 库 x", 7, "数据 库/x" }, { " a ", 5, "a" },
  } do
    it(("%q in lines of %d columns"):format(row[1], row[2]), function()
      assert.are.equal(row[3], table.concat(width.wrap(row[1], row[2]), "/"))
    end)
  end

  for _, row in ipairs { { "ab", 4, "ab  " }, { "数据库", 4, "数… " }, { "数", 4, "数  " }, { "abcd", 4, "abcd" } } do
    it(("%q fitted to %d columns is %q"):format(row[1], row[2], row[3]), function()
      assert.are.equal(row[3], width.fit(row[1], row[2]))
    end)
  end

  for _, row in ipairs {
    { "a\27[31mb", "a [31mb" }, { "a\nb", "a b" }, { "a\194\155b", "a b" }, { "a\255b", "a?b" }, { "夜", "夜" },
    { "\237\160\128", "???" },
  } do
    it(("%q is shown as %q"):format(row[1], row[2]), function()
      assert.are.equal(row[2], width.printable(row[1]))
    end)
  end
end)

--- Proves how rows are laid out in columns, and what gives way in a narrow terminal.

local layout = require "aom.cli.table"
local width = require "aom.cli.width"

local function field(name) return function(row) return row[name] end end

local columns = {
  { title = "NAME", text = field "name", share = 0.3 },
  { title = "STATE", text = field "state", color = function(row) return row.state == "on" and "green" or nil end },
  { title = "TYPE", text = field "type", rank = 2 },
  { title = "ID", text = field "id", rank = 1 },
}
local rows = {
  { name = "每日清理磁盘与日志归档任务", state = "on", type = "cron", id = "0123456789" },
  { name = "b", state = "disable", id = "1" },
}

describe("a table", function()
  for _, case in ipairs {
    { nil, {
      "NAME                        STATE    TYPE  ID",
      "每日清理磁盘与日志归档任务  on       cron  0123456789",
      "b                           disable  -     1",
    } },
    { 53, {
      "NAME                        STATE    TYPE  ID",
      "每日清理磁盘与日志归档任务  on       cron  0123456789",
      "b                           disable  -     1",
    } },
    { 52, {
      "NAME                       STATE    TYPE  ID",
      "每日清理磁盘与日志归档任…  on       cron  0123456789",
      "b                          disable  -     1",
    } },
    { 39, {
      "NAME          STATE    TYPE  ID",
      "每日清理磁…   on       cron  0123456789",
      "b             disable  -     1",
    } },
    { 38, {
      "NAME               STATE    ID",
      "每日清理磁盘与日…  on       0123456789",
      "b                  disable  1",
    } },
    { 32, {
      "NAME               STATE    TYPE",
      "每日清理磁盘与日…  on       cron",
      "b                  disable  -",
    } },
    { 26, {
      "NAME               STATE",
      "每日清理磁盘与日…  on",
      "b                  disable",
    } },
    { 21, {
      "NAME          STATE",
      "每日清理磁…   on",
      "b             disable",
    } },
    { 20, {
      "NAME         STATE",
      "每日清理磁…  on",
      "b            disable",
    } },
    { 12, {
      "NAME   STATE",
      "每日…  on",
      "b      disa…",
    } },
    { 4, {
      "…  …",
      "…  …",
      "b  …",
    } },
  } do
    it(case[1] and ("in %d columns"):format(case[1]) or "anywhere else", function()
      local lines = layout.lines(columns, rows, case[1])
      assert.are.same(case[2], lines)
      for _, line in ipairs(lines) do
        if case[1] then assert.is_true(width.of(line) <= case[1], line) end
      end
    end)
  end

  it("paints titles and what has a color, without a change of widths", function()
    local function paint(color, text) return color and "<" .. text .. ">" or text end
    local lines = layout.lines(columns, rows, nil, paint)
    assert.are.equal("<NAME                      >  <STATE  >  <TYPE>  <ID>", lines[1])
    assert.are.equal("每日清理磁盘与日志归档任务  <on     >  cron  0123456789", lines[2])
    assert.are.equal("b                           disable  -     1", lines[3])
  end)

  it("shows no control characters", function()
    local lines = layout.lines({ { title = "NAME", text = field "name" } }, { { name = "a\27[2Jb\nc" } })
    assert.are.same({ "NAME", "a [2Jb c" }, lines)
  end)

  it("shows values that are no texts, and leaves out what cannot be shown", function()
    local odd = { { name = 7, state = true, type = { "x" }, id = 0.5 }, { name = false, state = print, id = 12 } }
    assert.are.same({ "NAME   STATE  TYPE  ID", "7      true   -     0.5", "false  -      -     12" },
      layout.lines(columns, odd))
  end)
end)

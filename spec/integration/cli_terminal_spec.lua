--- Proves what `aom` shows in a real terminal: tables that fit, colors, progress, and what
--- Ctrl-C leaves behind.

local aom = require "aom"
local command = require "spec.support.command"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local tmux = require "spec.support.tmux"

describe("aom in a terminal", function()
  local simulator, terminal, file

  setup(function() simulator = command.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function()
    command.arrange(simulator)
    file = os.tmpname()
    os.remove(file)
  end)
  after_each(function()
    terminal:close()
    simulator.set { latency = 0 }
    os.remove(file)
    os.remove(file .. ".lock")
  end)

  local function open(words, columns, variables)
    terminal = tmux.open(("env %s %s %s"):format(command.environment(simulator.url), variables or "",
      command.line(words)), columns or 80)
  end

  for columns, lines in pairs {
    [80] = {
      "NAME                        STATE     TYPE    LAST RUN  NEXT     ID",
      "nightly%-a                   enabled   cron    %-         disable  id%-1",
      "nightly%-b                   disabled  cron    %-         enable   id%-2",
      "每日清理磁盘与日志归档任务  enabled   cron    %-         disable  id%-3",
      "by hand                     disabled  manual  %-         run      id%-4",
      "ended 0",
    },
    [40] = {
      "NAME            STATE     LAST RUN  ID",
      "nightly%-a       enabled   %-         id%-1",
      "nightly%-b       disabled  %-         id%-2",
      "每日清理磁盘…   enabled   %-         id%-3",
      "by hand         disabled  %-         id%-4",
      "ended 0",
    },
    [24] = {
      "NAME            STATE",
      "nightly%-a       enabled",
      "nightly%-b       disabled",
      "每日清理磁盘…   enabled",
      "by hand         disabled",
      "ended 0",
    },
  } do
    it(("shows a table that fits %d columns"):format(columns), function()
      open("list", columns)
      assert.matches("^" .. table.concat(lines, " *\n"), terminal:wait "ended")
    end)
  end

  for variables, colored in pairs {
    [""] = true, ["NO_COLOR="] = true, ["NO_COLOR=1"] = false, ["TERM=dumb"] = false,
  } do
    it(("colors a table%s: %s"):format(variables == "" and "" or " with " .. variables, tostring(colored)), function()
      open("list", 80, variables)
      terminal:wait "ended"
      local screen = terminal:screen(true)
      assert.are.equal(colored, screen:find "\27%[1mNAME" ~= nil)
      assert.are.equal(colored, screen:find "\27%[32menabled" ~= nil)
      assert.are.equal(colored, screen:find "\27%[%d" ~= nil)
    end)
  end

  it("shows what the doctor says beside what it checks", function()
    open("doctor", 60, "HUAWEICLOUD_SDK_AK=")
    local screen = terminal:wait "ended"
    assert.matches("^fail  configuration  environment variable ", screen)
    for line in screen:gmatch "[^\n]+" do
      local is_check, goes_on = line:find "^%l+ +%l+ +%S" == 1, line:find "^                     %S" == 1
      assert.is_true(is_check or goes_on or line == "ended 2", line)
    end
    terminal:close()
    open("doctor", 40, "HUAWEICLOUD_SDK_AK=")
    assert.matches("^fail  configuration  environment variable [^\n]* is not\n", (terminal:wait "ended"))
  end)

  it("shows a progress bar, which leaves nothing behind", function()
    simulator.set { latency = patience.latency(1) }
    open("disable id-1 id-2 id-3 --concurrency 1", 60)
    local screen = terminal:wait "%[#+%.+%] 2/3 id%-2"
    assert.matches("^disabled id%-1\ndisabled id%-2\n%[", screen)
    screen = terminal:wait "ended"
    assert.matches("^disabled id%-1\ndisabled id%-2\ndisabled id%-3\n3 disabled, 0 failed in [%d.]+ s\nended 0\n",
      screen)
  end)

  it("shows the bar above JSON alone, too", function()
    simulator.set { latency = patience.latency(1) }
    open("disable id-1 id-2 id-3 --concurrency 1 --json >" .. file, 60)
    local screen = terminal:wait "%[#+%.+%] 2/3 id%-2"
    assert.is_nil(screen:find "disabled")
    assert.matches("^ended 0\n", terminal:wait "ended")
  end)

  it("shows requests above the bar with --verbose", function()
    open("disable id-1 id-2 --concurrency 1 --verbose", 160)
    local screen = terminal:wait "ended"
    assert.matches("\ndisabled id%-1\naom: trigger #1 request: ", screen)
    assert.is_nil(screen:find("[#", 1, true), screen)
  end)

  it("shows how long it has waited for an execution", function()
    simulator.set { execution_time = patience.latency(3) }
    open "run id-1 --wait"
    terminal:wait "waiting: executing for [1-9]%d* s of 3600"
    local screen = terminal:wait "ended"
    simulator.set { execution_time = 0 }
    assert.matches("  success\nended 0\n", screen)
    assert.is_nil(screen:find "waiting")
  end)

  it("leaves a window that Ctrl-C ended to be resumed, and says how", function()
    simulator.set { latency = patience.latency(1) }
    open("pause --match '' --concurrency 1 --file " .. file)
    terminal:wait "%[#+%.+%] 1/2"
    terminal:press "C-c"
    local screen = terminal:wait "ended"
    assert.truthy(screen:find("aom: interrupted; aom resume " .. file .. " enables again what was disabled", 1, true),
      screen)
    assert.matches("ended 130", screen)
    assert.is_nil(screen:find("[#", 1, true))
    simulator.set { latency = 0 }
    local client = aom.client { ak = "A", sk = "S", project_id = command.project, endpoint = simulator.url }
    local resumed = client:resume(file, { settle_timeout = 0.1 })
    client:close()
    assert.are.equal("resumed", resumed.stage)
    local workflows = simulator.state().workflows
    assert.are.equal("enable", workflows["id-1"].trigger_status)
    assert.are.equal("enable", workflows["id-3"].trigger_status)
    assert.are.equal(0, select(2, process.run("test -s " .. file)))
  end)

  for _, case in ipairs {
    { "disable id-1 id-2 --concurrency 1", "it may be run again" },
    { "run id-1 --wait", "the execution %S+ goes on" },
  } do
    it("says what Ctrl-C leaves of: " .. case[1], function()
      simulator.set { latency = patience.latency(1), execution_time = 60 }
      open(case[1])
      terminal:wait "\n.*%d"
      terminal:press "C-c"
      local screen = terminal:wait "ended"
      simulator.set { execution_time = 0 }
      assert.matches("aom: interrupted; [^\n]*\n?[^\n]*" .. case[2], screen)
      assert.matches("ended 130", screen)
    end)
  end
end)

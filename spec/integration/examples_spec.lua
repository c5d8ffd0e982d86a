--- Proves that each example works as its header says, run as a user runs it against the simulator.

local process = require "spec.support.process"
local windows = require "spec.support.windows"

local lua, quote = process.interpreter, process.quote
local PROJECT = ("0123456789abcdef"):rep(2)
local unpack = table.unpack or unpack

describe("the example", function()
  local simulator, file

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "w" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set { workflows = {
      w = false,
      a = { name = "nightly-a", trigger_status = "enable" }, b = { name = "nightly-b", trigger_status = "disable" },
      c = { name = "daily-c", trigger_status = "enable" },
    } }
    file = os.tmpname()
    os.remove(file)
  end)
  after_each(function() windows.remove(file) end)

  local function run_as(account, name, ...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = quote((select(i, ...))) end
    return process.run(("HOME=/nonexistent LUA_PATH=%s LUA_CPATH=%s %s "
      .. "HUAWEICLOUD_SDK_PROJECT_ID=%s HUAWEICLOUD_SDK_AOM_ENDPOINT=%s no_proxy='*' %s %s %s 2>&1"):format(
      quote(package.path), quote(package.cpath), account, PROJECT, quote(simulator.url), lua,
      quote(process.root .. "/examples/" .. name .. ".lua"), table.concat(words, " ")))
  end

  local function run(name, ...) return run_as("HUAWEICLOUD_SDK_AK=A HUAWEICLOUD_SDK_SK=S", name, ...) end

  local function states()
    local workflows = simulator.state().workflows
    return ("%s %s %s"):format(workflows.a.trigger_status, workflows.b.trigger_status, workflows.c.trigger_status)
  end

  it("nightly_toggle switches what matches", function()
    local output, code = run("nightly_toggle", "disable", "^nightly")
    assert.are.equal(0, code, output)
    assert.matches("2 switched, 0 failed", output)
    assert.are.equal("disable disable enable", states())
    output, code = run("nightly_toggle", "enable", "^nightly")
    assert.are.equal(0, code, output)
    assert.are.equal("enable enable enable", states())
  end)

  it("any_request lists by pages, and creates", function()
    local many = {}
    for n = 1, 150 do many[("many-%03d"):format(n)] = true end
    simulator.set { workflows = many }
    local output, code = run("any_request", simulator.url)
    assert.are.equal(0, code, output)
    assert.matches("153 in all\n$", output)
    output, code = run("any_request", simulator.url, "made-here")
    assert.are.equal(0, code, output)
    assert.matches("^created made%-here: ", output)
    assert.matches("154 in all\n$", output)
    simulator.script { { match = "/cms/workflow", status = 403 } }
    output, code = run("any_request", simulator.url, "not-made")
    assert.are.equal(1, code, output)
    assert.matches("HTTP 403", output)
  end)

  it("two_regions switches in both, and prints one report", function()
    local other = process.simulator { ak = "A", sk = "S", project = ("f"):rep(32) }
    other.set { workflows = { ["b-1"] = { name = "nightly-a", trigger_status = "enable" } } }
    local first, second = PROJECT .. "@" .. simulator.url, ("f"):rep(32) .. "@" .. other.url
    local output, code = run("two_regions", "disable", "nightly-a", first, second)
    local after = other.state().workflows["b-1"].trigger_status
    local lost, lost_code = run("two_regions", "disable", "nightly-b", first, second)
    other.stop()
    assert.are.equal(0, code, output)
    assert.matches("2 switched, 0 failed\n$", output)
    assert.are.same({ "disable", "disable disable enable" }, { after, states() })
    assert.are.equal(1, lost_code, lost)
    assert.matches("has no workflow nightly%-b", lost)
    assert.matches("1 switched, 1 failed\n$", lost)
  end)

  it("nightly_toggle fails if one call fails", function()
    simulator.script { { match = "/b/trigger", status = 403 } }
    local output, code = run("nightly_toggle", "disable", "^nightly")
    assert.are.equal(1, code)
    assert.matches("1 switched, 1 failed", output)
    assert.matches("HTTP 403", output)
  end)

  it("nightly_toggle switches one by its name", function()
    local output, code = run("nightly_toggle", "enable", "--name", "nightly-b")
    assert.are.equal(0, code, output)
    assert.are.equal("enable enable enable", states())
  end)

  for _, words in ipairs { { "nightly-a" }, { "^nightly-" }, { "^hourly" }, { "--name", "nightly" } } do
    it("nightly_toggle fails when there is nothing to switch: " .. table.concat(words, " "), function()
      local output, code = run("nightly_toggle", "disable", unpack(words))
      assert.are.equal(2, code, output)
      assert.matches("aom: argument: ", output)
      assert.are.equal("enable disable enable", states())
    end)
  end

  it("maintenance_window enables what it disabled", function()
    local output, code = run("maintenance_window", "^nightly", file, "echo", "at", "work")
    assert.are.equal(0, code, output)
    assert.matches("1 of the selected workflows were already disabled\npaused 1 workflows\nat work\n"
      .. "resumed 1 workflows", output)
    assert.are.equal("enable disable enable", states())
    local history = simulator.state().workflows.a.history
    assert.are.equal(2, #history)
  end)

  it("maintenance_window does so too if the command fails, and after it was killed", function()
    local output, code = run("maintenance_window", "^nightly", file, "false")
    assert.are.equal(1, code, output)
    assert.are.equal("enable disable enable", states())
    output = run("maintenance_window", "^nightly", file, "kill -9 $PPID")
    assert.are.equal("disable disable enable", states(), output)
    output, code = run("maintenance_window", "--resume", file)
    assert.are.equal(0, code, output)
    assert.are.equal("enable disable enable", states())
  end)

  it("maintenance_window takes literal names", function()
    local output, code = run("maintenance_window", "--name", "nightly-a", "--name", "daily-c", file, "echo at work")
    assert.are.equal(0, code, output)
    assert.matches("paused 2 workflows\nat work\nresumed 2 workflows", output)
  end)

  it("maintenance_window runs its command if all selected workflows are disabled", function()
    local output, code = run("maintenance_window", "--name", "nightly-b", file, "echo", "at", "work")
    assert.are.equal(0, code, output)
    assert.matches("paused 0 workflows\nat work", output)
    assert.are.equal("enable disable enable", states())
  end)

  for _, words in ipairs {
    { "nightly-a" }, { "^daily-" }, { "^hourly" }, { "[" }, { "--name", "nightly" }, { "--name", "hourly" },
    { "--name", "nightly-a", "--name", "nightly-x" },
  } do
    it("maintenance_window never runs its command if nothing is selected: " .. table.concat(words, " "), function()
      words[#words + 1] = file
      words[#words + 1] = "echo RAN"
      local output, code = run("maintenance_window", unpack(words))
      assert.are.equal(2, code, output)
      assert.matches("aom: argument: ", output)
      assert.is_nil(output:find "RAN")
      assert.are.equal("enable disable enable", states())
      assert.is_nil(io.open(file))
    end)
  end

  it("maintenance_window never runs its command if some could not be paused, and enables the rest", function()
    simulator.script { { match = "/c/trigger/action?action=disable", status = 403 } }
    local output, code = run("maintenance_window", "", file, "echo RAN")
    assert.are.equal(3, code, output)
    assert.is_nil(output:find "RAN")
    assert.matches("1 of 2 workflows could not be disabled", output)
    assert.matches("resumed 1 workflows", output)
    assert.are.equal("enable disable enable", states())
    assert.are.equal(2, #simulator.state().workflows.a.history)
  end)

  it("maintenance_window never runs its command if the list is incomplete", function()
    simulator.script { { match = "workflow-list", status = 200,
      body = '{"elements":[{"id":"a","name":"nightly-a","trigger_status":"enable"}],"total_elements":3}' },
      { match = "workflow-list", status = 200, body = '{"elements":[],"total_elements":3}' },
      { match = "workflow-list", status = 400 } }
    local output, code = run("maintenance_window", "^nightly", file, "echo RAN")
    assert.are.equal(3, code, output)
    assert.matches("total of 3 and sent 1", output)
    assert.is_nil(output:find "RAN")
    assert.are.equal("enable disable enable", states())
  end)

  it("maintenance_window reports what is left disabled", function()
    simulator.script { { match = "/a/trigger/action?action=enable", status = 403 } }
    local output, code = run("maintenance_window", "^nightly", file, "true")
    assert.are.equal(4, code, output)
    assert.are.equal("disable disable enable", states())
    output, code = run("maintenance_window", "--resume", file)
    assert.are.equal(0, code, output)
    assert.are.equal("enable disable enable", states())
    assert.are.equal(2, select(2, run("maintenance_window", "--resume", file .. ".none")))
  end)

  it("run_and_wait waits for the end", function()
    simulator.set { execution_time = 0.5 }
    local output, code = run("run_and_wait", "nightly-a", "10")
    assert.are.equal(0, code, output)
    assert.matches("success", output)
  end)

  it("run_and_wait raises an alert at a failure", function()
    simulator.set { execution_outcome = "fail" }
    local output, code = run("run_and_wait", "nightly-a", "10", "echo CALLED")
    assert.are.equal(1, code)
    assert.matches("alert: nightly%-a ended with status fail", output)
    assert.matches("CALLED nightly%-a ended", output)
  end)

  it("run_and_wait raises its alert by the command that its header shows", function()
    local source = assert(io.open(process.root .. "/examples/run_and_wait.lua")):read "*a"
    local command = assert(source:match "\n%-%-     (sh %-c [^\n]+)")
    -- A mail command that prints its input.
    local tools = os.tmpname()
    local make = "rm %s && mkdir %s && printf '#!/bin/sh\necho \"MAIL $*: $(cat)\"' > %s/mail && chmod +x %s/mail"
    process.run((make:gsub("%%s", tools)))
    simulator.set { execution_outcome = "fail" }
    local output, code = run("run_and_wait", "nightly-a", "10", "PATH=" .. tools .. ":$PATH " .. command)
    process.run("rm -r " .. tools)
    assert.are.equal(1, code)
    assert.matches("MAIL %-s alert ops: nightly%-a ended with status fail", output)
    assert.is_nil(output:find "alert command failed")
  end)

  it("run_and_wait reports a failed alert command", function()
    simulator.set { execution_outcome = "fail" }
    local output, code = run("run_and_wait", "nightly-a", "10", "false")
    assert.are.equal(1, code)
    assert.matches("the alert command failed", output)
  end)

  it("run_and_wait raises an alert when it takes too long, and at an unknown name", function()
    simulator.set { execution_time = 60 }
    local output, code = run("run_and_wait", "nightly-a", "1")
    assert.are.equal(1, code)
    assert.matches("alert: .*did not end", output)
    output, code = run("run_and_wait", "nobody", "1")
    assert.are.equal(2, code)
    assert.matches('no workflow is named "nobody"', output)
  end)

  it("run_and_wait does not say that nothing was run, when its credentials end while it waits", function()
    local tokens = "/v3/auth/tokens"
    simulator.set { execution_time = 60, token_lifetime = 3,
      users = { alice = { password = "correct-horse", domain = "acme" } } }
    -- The first token is given, and no other one.
    simulator.script { { match = tokens, delay = 0 }, { match = tokens, status = 403, times = 100 } }
    local output, code = run_as(("HUAWEICLOUD_SDK_USERNAME=alice HUAWEICLOUD_SDK_PASSWORD=correct-horse "
      .. "HUAWEICLOUD_SDK_DOMAIN_NAME=acme HUAWEICLOUD_SDK_IAM_ENDPOINT=%s"):format(quote(simulator.url)),
      "run_and_wait", "nightly-a", "20")
    assert.matches("nightly%-a runs as ", output)
    assert.matches("alert: nightly%-a: aom: credentials: the identity service %S+ refused: ", output)
    assert.are.equal(1, code, output)
    assert.are.equal(1, #simulator.state().executions)
  end)

  for name, words in pairs {
    nightly_toggle = { "disable", "^nightly" }, maintenance_window = { "^nightly", "/nonexistent/file", "true" },
    run_and_wait = { "nightly", "1", "echo CALLED" }, trigger = { "w", "enable" },
    any_request = { "http://127.0.0.1:9" },
    two_regions = { "enable", "w", PROJECT .. "@http://127.0.0.1:9" },
  } do
    for _, given in ipairs { "A=", "HUAWEICLOUD_SDK_REGION=cn-north-4" } do
      it(("%s says what is not configured, with %s"):format(name, given), function()
        local quoted = {}
        for i, word in ipairs(words) do quoted[i] = quote(word) end
        local output, code = process.run(("%s HOME=/nonexistent LUA_PATH=%s LUA_CPATH=%s %s %s %s 2>&1"):format(given,
          quote(package.path), quote(package.cpath), lua, quote(process.root .. "/examples/" .. name .. ".lua"),
          table.concat(quoted, " ")))
        assert.are.equal(2, code, output)
        local said = name == "run_and_wait" and "^alert: nightly: aom: %l+: .*\nCALLED nightly: aom: %l+: "
          or "^aom: %l+: "
        assert.matches(said, output)
      end)
    end
  end

  -- An example, and its arguments; nothing is sent that changes something.
  for _, row in ipairs {
    { "trigger", "w", "on" }, { "trigger", "a/b", "enable" },
    { "nightly_toggle", "on", "^nightly" }, { "nightly_toggle", "disable", "nightly-a" },
    { "run_and_wait", "nightly-a", "0" }, { "run_and_wait", "nightly-a", "-1" }, { "run_and_wait", "nightly-a", "1h" },
    { "run_and_wait", "nightly-a", "1e999" }, { "run_and_wait", "nightly-a", "nan" },
    { "maintenance_window", "nightly-a", "/nonexistent/w.json", "true" },
    { "maintenance_window", "--resume", "/nonexistent/w.json" },
    { "maintenance_window", "^nightly", "/nonexistent/w.json", "true" },
    { "two_regions", "enable", "nightly-a", "x@http://127.0.0.1:9" },
    { "two_regions", "enable", "nightly-a", PROJECT .. "@http://127.0.0.1:9", PROJECT .. "@ftp://x" },
    { "any_request", "ftp://127.0.0.1:9" },
  } do
    it("says by its status that it is used wrongly: " .. table.concat(row, " "), function()
      local output, code = run(unpack(row))
      assert.are.equal(2, code, output)
      assert.is_nil(output:find "traceback")
      assert.are.equal("enable disable enable", states())
      assert.are.same({}, simulator.state().workflows.a.history)
      assert.are.equal(0, #simulator.state().executions)
    end)
  end

  for _, name in ipairs { "nightly_toggle", "maintenance_window", "run_and_wait" } do
    it(name .. " says how it is used", function()
      local output, code = run(name)
      assert.are.equal(2, code)
      assert.matches("^usage: ", output)
    end)
  end

  describe("that runs aom at set times", function()
    local profile

    setup(function()
      profile = process.temporary(("[basic]\nak = A\nsk = S\nproject_id = %s\nendpoint = %s\n"):format(PROJECT,
        simulator.url))
      os.execute("chmod 600 " .. profile)
    end)
    teardown(function() os.remove(profile) end)

    local function read(path)
      local handle = assert(io.open(process.root .. "/examples/" .. path))
      local text = handle:read "*a"
      handle:close()
      return text
    end

    --- Runs a line of an example, whose files and program stand elsewhere here.
    local function run_line(line)
      line = line:gsub("/var/lib/aom/weekend%.json", file):gsub("^/usr/local/bin/", "")
      return process.run(("export HOME=/nonexistent LUA_PATH=%s LUA_CPATH=%s HUAWEICLOUD_SDK_CREDENTIALS_FILE=%s "
        .. "no_proxy='*'; aom() { %s %s/bin/aom \"$@\"; }; { %s; } 2>&1"):format(quote(package.path),
        quote(package.cpath), profile, lua, quote(process.root), line))
    end

    it("from cron disables and enables what it says, and is silent", function()
      local lines, shown = {}, {}
      for line in read "crontab":gmatch "\n[%d*]+ [%d*]+ %* %* [%d*]+ +([^\n]+)" do lines[#lines + 1] = line end
      assert.are.equal(2, #lines)
      for i, line in ipairs(lines) do
        local output, code = run_line(line)
        assert.are.equal(0, code, output)
        assert.are.equal("", output)
        shown[i] = states()
      end
      os.remove(file .. ".lock")
      assert.are.same({ "disable disable enable", "enable disable enable" }, shown)
      local output, code = run_line(lines[2]:gsub("weekend", "other"))
      assert.are.equal(2, code)
      assert.matches("^aom: ", output)
    end)

    local function has(program) return select(2, process.run("command -v " .. program .. " >/dev/null")) == 0 end

    ;(has "crontab" and it or pending)("is a crontab that cron accepts", function()
      local output, code = process.run("crontab -n " .. quote(process.root .. "/examples/crontab") .. " 2>&1")
      assert.are.equal(0, code, output)
    end)

    ;(has "systemd-analyze" and it or pending)("are units that systemd accepts", function()
      local folder = process.run "mktemp -d":match "%S+"
      -- The program that they run is not installed here.
      process.run(("cp %s/examples/systemd/* %s && sed -i s,/usr/local/bin/aom,/bin/true, %s/*.service"):format(
        quote(process.root), folder, folder))
      local output, code = process.run(("cd %s && systemd-analyze verify ./aom@disable.timer ./aom@enable.timer "
        .. "./aom@disable.service 2>&1"):format(folder))
      process.run("rm -r " .. folder)
      assert.are.equal(0, code, output)
      assert.is_nil(output:find("aom@", 1, true), output)
    end)

    it("by systemd timers does so too", function()
      local line = assert(read "systemd/aom@.service":match "\nExecStart=([^\n]+)")
      for action, after in pairs { disable = "disable disable enable", enable = "enable enable enable" } do
        local output, code = run_line((line:gsub("%%i", action)))
        assert.are.equal(0, code, output)
        assert.are.equal(after, states())
        assert.matches("OnCalendar=", read("systemd/aom@" .. action .. ".timer"))
      end
    end)
  end)
end)

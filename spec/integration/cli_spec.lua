--- Proves what each command of `aom` does in a pipe: its output, its JSON, its exit status.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"

local NO_SERVER = "http://127.0.0.1:9"

describe("aom", function()
  local simulator, file

  setup(function() simulator = command.simulator() end)
  teardown(function() simulator.stop() end)
  before_each(function()
    file = os.tmpname()
    os.remove(file)
  end)
  after_each(function()
    os.remove(file)
    os.remove(file .. ".lock")
  end)

  local function run(words, variables) return command.run(simulator.url, words:gsub("FILE", file), variables) end

  -- In this process: what is about words and answers.
  local function call(words) return command.call(simulator.url, (words:gsub("FILE", file))) end

  local function states()
    local workflows, list = simulator.state().workflows, {}
    for i = 1, 3 do list[i] = workflows["id-" .. i].trigger_status end
    return table.concat(list, " ")
  end

  local BEFORE = "enable disable enable"

  describe("list", function()
    it("shows a table, as wide as it takes", function()
      local output, code, errors = run "list"
      assert.are.equal("", errors)
      assert.are.equal(0, code)
      for _, line in ipairs {
        "NAME                        STATE     TYPE    LAST RUN  NEXT     ID\n",
        "每日清理磁盘与日志归档任务  enabled   cron    -         disable  id-3\n",
        "by hand                     disabled  manual  -         run      id-4\n",
      } do assert.truthy(output:find(line, 1, true), output) end
    end)

    it("shows how a workflow ran last", function()
      local elements = {}
      -- The status, how long ago it began and ended in seconds (0: the service writes 0), what is shown.
      local rows = {
        { "success", 60, 5, "success just now" }, { "fail", 900, 300, "fail 5m ago" },
        { "success", 0, 7300, "success 2h ago" }, { "executing", 200000, 400000, "executing for 2d" },
        { "waitApproval", 7, 0, "waitApproval just now" }, { "success", 200, 0, "success 3m ago" },
        { "pausing", 0, 0, "pausing" },
      }
      local function time(age) return age > 0 and ("%d000"):format(os.time() - age) or "0" end
      for i, row in ipairs(rows) do
        elements[i] = ('{"id":"<%d>","name":"n","status":"%s","last_execution_start_time":%s,'
          .. '"last_execution_end_time":%s}'):format(i, row[1], time(row[2]), time(row[3]))
      end
      simulator.script { { match = "workflow-list", status = 200,
        body = ('{"elements":[%s],"total_elements":%d}'):format(table.concat(elements, ","), #rows) } }
      local output = call "list"
      for i, row in ipairs(rows) do assert.matches(("  %s +%%-  +<%d>\n"):format(row[4], i), output) end
    end)

    it("shows which command changes a workflow from where it is", function()
      -- Type, state, status of the last run, and what is shown.
      local rows, elements = {
        { "cron", "enable", nil, "disable" }, { "cron", "disable", nil, "enable" },
        { "cron", "Enabled", "success", "disable" }, { "cron", "OFF", "fail", "enable" },
        { "cron", "enable", "cancel", "disable" }, { "cron", "disable", "approvalFailed", "enable" },
        { "manual", nil, nil, "run" }, { "manual", "disable", "success", "run" }, { "manual", "frozen", "fail", "run" },
        -- Running, or in a status that nobody knows.
        { "cron", "enable", "executing" }, { "cron", "disable", "waitApproval" }, { "manual", nil, "pausing" },
        { "manual", nil, "canceling" }, { "cron", "enable", "waitExecute" }, { "cron", "enable", "Success" },
        { "manual", nil, "" },
        -- A state that nobody knows.
        { "cron", "frozen", "success" }, { "cron", "", nil }, { "cron", nil, "success" }, { "cron", 1, nil },
        -- A type of which no switch is documented.
        { "event", "enable", nil }, { "event", "disable", "success" }, { "event", nil, nil }, { "Manual", nil, nil },
        { nil, "enable", nil }, { 7, "enable", nil },
      }, {}
      for i = 1, #rows do
        local row = rows[i]
        elements[i] = { id = ("<%d>"):format(i), name = "n", type = row[1], trigger_status = row[2], status = row[3] }
      end
      simulator.script { { match = "workflow-list", status = 200,
        body = cjson.encode { elements = elements, total_elements = #elements } } }
      local output = call "list"
      for i = 1, #rows do assert.matches(("  %s +<%d>\n"):format(rows[i][4] or "%-", i), output) end
    end)

    it("shows states in the words of its commands, and others as they are", function()
      local elements, rows = {}, {
        { "enable", "enabled" }, { "Active", "enabled" }, { "off", "disabled" }, { "frozen", "frozen" },
      }
      for i, row in ipairs(rows) do
        elements[i] = ('{"id":"%d","name":"n%d","trigger_status":"%s"}'):format(i, i, row[1])
      end
      simulator.script { { match = "workflow-list", status = 200,
        body = ('{"elements":[%s],"total_elements":%d}'):format(table.concat(elements, ","), #rows) } }
      local output = call "list"
      for i, row in ipairs(rows) do assert.matches(("\nn%d +%s +"):format(i, row[2]), output) end
    end)

    for words, names in pairs {
      ["--match ^nightly"] = "nightly-a nightly-b", ["--name nightly-b"] = "nightly-b", ["--type manual"] = "by hand",
      ["--name nightly-b --name nightly-a"] = "nightly-b nightly-a",
    } do
      it(words .. " --json", function()
        local output, code = call("list --json " .. words)
        assert.are.equal(0, code)
        local found = {}
        for i, workflow in ipairs(cjson.decode(output)) do found[i] = workflow.name end
        assert.are.equal(names, table.concat(found, " "))
      end)
    end

    it("tells an empty list from an empty object", function()
      for words, texts in pairs {
        ["list --name nightly-b --json"] = { '"quote":[]', '"nodes":[]', '"tags":{}', '"input":{}' },
        ["run id-4 --wait --json"] = { '"approve_user_name_list":[]', '"output":{}' },
      } do
        local output = call(words)
        for _, text in ipairs(texts) do assert.truthy(output:find(text, 1, true), output) end
      end
    end)

    it("of nothing is an empty list", function()
      assert.are.equal("[]\n", (call "list --json --type event"))
      assert.are.equal("no workflows\n", (call "list --type event"))
    end)
  end)

  -- Words, output, states after.
  for _, case in ipairs {
    { "disable id-1", "^disabled id%-1\n$", "disable disable enable" },
    { "disable id-1 id-3", "2 disabled, 0 failed in %d+%.%d s\n$", "disable disable disable" },
    { "enable --name nightly-b", "^enabled nightly%-b\n$", "enable enable enable" },
    { "disable --match nightly --rate 100 --concurrency 1", "disabled nightly%-a\ndisabled nightly%-b\n2 disabled",
      "disable disable enable" },
    { "pause --match nightly --file FILE", "^paused   nightly%-a\n1 paused; aom resume %S+ enables them again\n$",
      "disable disable enable" },
    { "pause --match '' --dry-run",
      "^planned  nightly%-a\nplanned  每日[^\n]+\nnothing was changed: a dry run\n$", BEFORE },
    { "run --name nightly-a", "^execution %S+\n$", BEFORE },
    { "run id-1 --wait", "^execution %S+\n +[%d.]+ s  success\n$", BEFORE },
    { "doctor", "^ok    configuration  .*\nok    access         ", BEFORE },
    { "request GET '/v1/{project_id}/cms/workflow/id-2/executions'", "^%[%]$", BEFORE },
    { "request PUT '/v1/{project_id}/cms/workflow/id-2/trigger/action' --query action=enable --header X-Trace:7",
      '^{"success"}$', "enable enable enable" },
    { "--version", "^aom %d+%.%d+%.%d+\n$", BEFORE },
  } do
    it(case[1], function()
      command.arrange(simulator)
      local output, code, errors = run(case[1])
      assert.are.equal("", errors)
      assert.are.equal(0, code)
      assert.matches(case[2], output)
      assert.are.equal(case[3], states())
    end)
  end

  it("shows no control character of a name, and an id where a name shows nothing", function()
    local names = { "id-5", "a b", " [31mred", "id-8" }
    for i, name in ipairs { "", "a\nb", "\27[31mred", " " } do
      simulator.set { workflows = { ["id-" .. (4 + i)] = { name = name, trigger_status = "enable" } } }
    end
    for _, words in ipairs {
      "pause --match '' --dry-run", "pause --match '' --file FILE", "resume FILE", "enable --match '' --concurrency 1",
    } do
      local output, code, errors = run(words)
      assert.are.equal(0, code, output .. errors)
      assert.is_nil(output:find "[%z\1-\9\11-\31\127]", output)
      for _, name in ipairs(names) do assert.truthy(output:find(" " .. name .. "\n", 1, true), output) end
    end
    for i = 5, 8 do simulator.set { workflows = { ["id-" .. i] = false } } end
  end)

  it("pause and resume are told what a state means that nobody knows", function()
    simulator.set { workflows = { ["id-1"] = { name = "nightly-a", trigger_status = "frozen" } } }
    local _, code, errors = run "pause --name nightly-a --dry-run"
    assert.are.equal(3, code)
    assert.matches('"nightly%-a" has "frozen"', errors)
    assert.are.equal("nothing was changed: a dry run\n", (run "pause --name nightly-a --dry-run --off frozen"))
    local output = run "pause --name nightly-a --file FILE --on odd --on frozen"
    assert.matches("^paused   nightly%-a\n1 paused; ", output)
    assert.matches("\n1 resumed, 0 gone\n$", (run "resume FILE --on frozen"))
    command.arrange(simulator)
  end)

  it("resume enables what pause disabled, and nothing twice", function()
    command.arrange(simulator)
    run "pause --match '' --file FILE"
    assert.are.equal("disable disable disable", states())
    local output, code = run "resume FILE"
    assert.are.equal(0, code)
    assert.matches("resumed  nightly%-a\n", output)
    assert.matches("\n2 resumed, 0 gone\n$", output)
    assert.are.equal(BEFORE, states())
    assert.are.equal("the window had been resumed before\n", (run "resume FILE"))
  end)

  -- Words, and what holds of the JSON.
  for _, case in ipairs {
    { "enable id-2", function(value) return value.succeeded == 1 and value.entries[1].result.action == "enable" end },
    { "disable --match nightly", function(value)
      return value.failed == 0 and value.entries[2].name == "nightly-b"
    end },
    { "pause --match nightly --file FILE", function(value) return value.paused == 1 and value.stage == "paused" end },
    { "pause --name nightly-b --dry-run", function(_, text)
      return text:find('"workflows":[]', 1, true) and text:find('"noticed":[]', 1, true)
    end },
    { "run id-1", function(value) return value.workflow_id == "id-1" and value.execution_id end },
    { "run id-1 --wait", function(value) return value.status == "success" and value.execution_id end },
    { "doctor", function(value) return value[1].name == "configuration" and value[1].status == "ok" end },
    { "request POST /v1/{project_id}/cms/workflow/id-1/executions", function(value)
      return value.status == 200 and value.data.execution_id and value.headers["x-request-id"]
    end },
    { "sign GET /x --query a=1", function(value)
      return value.method == "GET" and value.url:find "/x%?a=1$" and value.headers.Authorization
    end },
  } do
    it(case[1] .. " --json", function()
      command.arrange(simulator)
      local output, code, errors = call(case[1] .. " --json")
      assert.are.equal("", errors)
      assert.are.equal(0, code)
      assert.truthy(case[2](cjson.decode(output), output), output)
    end)
  end

  it("request --json, of a response with a byte order mark", function()
    simulator.script { { match = "alarm", status = 200, body = "\239\187\191{\"a\":[]}" } }
    local output = call "request GET /v1/alarm --json"
    assert.are.same({ a = {} }, cjson.decode(output).data)
  end)

  it("resume --json", function()
    command.arrange(simulator)
    run "pause --match nightly --file FILE"
    local value = cjson.decode((run "resume FILE --json"))
    assert.are.equal(1, value.resumed)
    assert.are.equal("nightly-a", value.workflows[1].name)
  end)

  -- Words, status, what is on standard error.
  for _, case in ipairs {
    { "", 2, "a command is required" },
    { "lsit", 2, "unknown command 'lsit'" },
    { "list --nope", 2, "unknown option '%-%-nope'" },
    { "list --timeout soon", 2, '%-%-timeout: expected a number above 0 %(as in %-%-timeout=10%), got "soon"' },
    { "enable id-1 --rate fast", 2, '%-%-rate: expected a number above 0 %(as in %-%-rate=10%), got "fast"' },
    { "list --match nightly-a", 2, "%-%-match: .* is a quantifier.*use %-%-name instead of %-%-match" },
    { "list --name nightly", 2, 'similar names: "nightly%-a" %(id%-1%)' },
    { "disable", 2, "expected one of ids, %-%-name or %-%-match" },
    { "disable id-1 --match a", 2, "got several" },
    { "disable ../x", 2, "ids%[1%]" },
    { "disable --match hourly", 2, "nothing was changed" },
    { "disable nobody", 3, "^aom: nobody: service: .*HTTP 404" },
    { "disable nobody id-1", 1, "^aom: nobody: service: " },
    { "enable nightly-a", 3, 'HTTP 404.*; arguments are ids: for a name use %-%-name "nightly%-a"\n$' },
    { "list --name id-1", 2, '"id%-1" is an id, of the workflow named ' },
    { "pause --match nightly", 2, "expected %-%-file or %-%-dry%-run" },
    { "resume /nonexistent/paused.json", 2, "cannot be read" },
    { "run", 2, "expected one of an id and %-%-name" },
    { "run nobody", 3, 'HTTP 404.*; arguments are ids: for a name use %-%-name "nobody"' },
    { "run id-1 --wait --limit 0", 2, "%-%-limit: expected a number above 0" },
    { "run id-1 --limit 5", 2, "%-%-limit has no meaning without %-%-wait" },
    { "run id-1 --final done", 2, "%-%-final has no meaning without %-%-wait" },
    { "list --timeout 1e999", 2, "%-%-timeout: expected a finite number of seconds above 0, got inf" },
    { "list --project-id x", 2, "%-%-project%-id: expected a project id of 32" },
    { "enable id-1 --concurrency 0.5", 2, "^aom: %-%-concurrency: expected a whole number above 0" },
    { "request GET /nothing", 3, "HTTP 404" },
    { "request GET nothing", 2, "PATH: expected a path that starts with /" },
    { "request GET / --query a", 2, "%-%-query: expected NAME=VALUE" },
    { "request GET / --header a", 2, "%-%-header: expected NAME:VALUE" },
    { "request PUT / --data @/nonexistent/body", 2, "%-%-data: /nonexistent/body" },
    { "request GET / --header a:1 --header a:2", 2, "a is given twice" },
    { "resume", 2, "missing argument 'FILE'" },
    { "request GET", 2, "missing argument 'PATH'" },
    { "completion", 2, "expected one of bash, zsh or fish" },
    { "completion tcsh", 2, 'expected one of bash, zsh or fish, got "tcsh"' },
    { "completion bash --json", 2, "unknown option '%-%-json'" },
  } do
    it(("%s: status %d"):format(case[1], case[2]), function()
      local output, code, errors = call(case[1])
      assert.are.equal(case[2], code, output .. errors)
      assert.matches(case[3], errors)
      assert.matches("^aom: ", errors)
    end)
  end

  for _, words in ipairs {
    "list", "enable id-1", "pause --match a --file FILE", "run id-1", "request GET /", "doctor",
  } do
    it(words .. ": status 4, where nothing answers", function()
      local output, code, errors = command.run(NO_SERVER, words:gsub("FILE", file) .. " --timeout 1")
      assert.are.equal(4, code, output .. errors)
    end)
  end

  it("says 2 without configuration, and names what is missing", function()
    local _, code, errors = run("list", "HUAWEICLOUD_SDK_AK= HUAWEICLOUD_SDK_SK=")
    assert.are.equal(2, code)
    assert.matches("^aom: credentials: no credentials were found; set HUAWEICLOUD_SDK_AK and [^;]*; aom doctor", errors)
    local output
    output, code = run("doctor", "HUAWEICLOUD_SDK_AK= HUAWEICLOUD_SDK_SK= HUAWEICLOUD_SDK_AOM_ENDPOINT=")
    assert.are.equal(2, code)
    assert.matches("looked for %-%-region, environment variable HUAWEICLOUD_SDK_REGION.*; pod identity", output)
    assert.is_nil(output:find "%f[%l]options? %l", output)
  end)

  it("says 3 where the credentials are refused", function()
    local _, code, errors = run("list", "HUAWEICLOUD_SDK_SK=wrong")
    assert.are.equal(3, code)
    assert.matches("HTTP 401", errors)
    assert.is_nil(errors:find "wrong%s")
  end)

  it("says 1 where some of a window could not be disabled, and how to undo it", function()
    command.arrange(simulator)
    simulator.script { { match = "/id-3/trigger", status = 403 } }
    local _, code, errors = run "pause --match '' --file FILE"
    assert.are.equal(1, code)
    assert.matches("1 of 2 workflows could not be disabled", errors)
    assert.truthy(errors:find("aom resume " .. file .. " enables again what was disabled\n", 1, true), errors)
    assert.are.equal(0, select(2, run "resume FILE"))
    assert.are.equal(BEFORE, states())
  end)

  it("tells an empty list from an empty object in an error, too", function()
    command.arrange(simulator)
    simulator.script { { match = "workflow-list" }, { match = "workflow-list", status = 403 } }
    local output, code = run "pause --match '' --file FILE --concurrency 1 --json"
    assert.are.equal(1, code)
    assert.truthy(output:find('"noticed":[]', 1, true), output)
    assert.are.equal("planned", cjson.decode(output).error.paused.workflows[2].state)
    assert.are.equal(0, select(2, run "resume FILE"))
  end)

  it("shows a list that the service cuts short, if that is asked for", function()
    local page = '{"elements":[{"id":"only","name":"n"}],"total_elements":2}'
    local function script()
      simulator.script {
        { match = "workflow-list", status = 200, body = page },
        { match = "workflow-list", status = 200, body = '{"elements":[],"total_elements":2}' },
        { match = "workflow-list", status = 200, body = '{"elements":[],"total_elements":2}' },
      }
    end
    script()
    local _, code, errors = call "list"
    assert.are.equal(3, code)
    assert.matches("the service states a total of 2 and sent 1.*aom list %-%-allow%-partial", errors)
    simulator.script {}
    script()
    local output
    output, code = call "list --allow-partial"
    simulator.script {}
    assert.are.equal(0, code)
    assert.matches("\nn .* only\n$", output)
  end)

  it("takes a status for the end of an execution, if that is said", function()
    simulator.set { execution_outcome = "done" }
    local _, code, errors = call "run id-1 --wait --limit 1"
    assert.are.equal(1, code)
    assert.matches('its last status was "done"; if that status is final, name it with %-%-final', errors)
    local output
    output, code = call "run id-1 --wait --final odd --final done"
    simulator.set { execution_outcome = "success" }
    assert.are.equal(1, code)
    assert.matches("  done\n$", output)
  end)

  it("says 1 where an execution fails, or does not end in time", function()
    simulator.set { execution_outcome = "fail" }
    local output, code = call "run id-1 --wait"
    assert.are.equal(1, code)
    assert.matches("fail\n$", output)
    simulator.set { execution_time = 60 }
    local errors
    output, code, errors = call "run id-1 --wait --limit 1"
    simulator.set { execution_time = 0, execution_outcome = "success" }
    assert.are.equal(1, code, output)
    assert.matches("did not end within 1 s", errors)
  end)

  -- Words, status, kind, message.
  for _, case in ipairs {
    { "run nobody --json", 3, "service", "does not exist" },
    { "run id-1 --limit 5 --json", 2, "argument", "without" },
    { "list --json --nope", 2, "argument", "unknown option" },
    { "lsit --json", 2, "argument", "unknown command" },
  } do
    it("writes an error as JSON too: " .. case[1], function()
      local output, code = call(case[1])
      assert.are.equal(case[2], code)
      local err = cjson.decode(output).error
      assert.are.equal(case[3], err.kind)
      assert.matches(case[4], err.message)
    end)
  end

  it("runs nothing whose end cannot be waited for as asked", function()
    local before = #simulator.state().requests
    call "run id-1 --wait --limit -1"
    call "run id-1 --wait --limit 0"
    assert.are.equal(before, #simulator.state().requests)
  end)

  for _, words in ipairs { "list --match id-1", "list --match [", "list --name a --match b", "list --name ''",
    "pause --match id-1 --dry-run", "enable --match id-1" } do
    it("sends nothing where what it selects is wrong: " .. words, function()
      local before = #simulator.state().requests
      local _, code, errors = call(words)
      assert.are.equal(2, code)
      assert.matches("^aom: argument: ", errors)
      assert.are.equal(before, #simulator.state().requests)
    end)
  end

  for _, shell in ipairs { "bash", "zsh", "fish" } do
    it("completes in " .. shell, function()
      local output, code = call("completion " .. shell)
      assert.are.equal(0, code)
      for _, word in ipairs { "disable", "resume", "match", "dry%-run" } do assert.matches(word, output) end
    end)
  end

  -- What was typed, and what completes its last word.
  for words, completed in pairs {
    ["res"] = "resume", ["completion ''"] = "bash zsh fish", ["completion z"] = "zsh",
    ["list --type ''"] = "cron manual event", ["pause --fi"] = "--file",
  } do
    it("completes in bash, which takes the script: " .. words, function()
      local script = call "completion bash"
      local output, code = process.run("bash -c " .. process.quote(("%s\nCOMP_WORDS=(aom %s); "
        .. "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _aom; echo \"${COMPREPLY[@]}\""):format(script, words)))
      assert.are.equal(0, code)
      assert.are.equal(completed .. "\n", output)
    end)
  end

  it("explains itself in one screen of 24 by 80", function()
    local output, code = run "--help"
    assert.are.equal(0, code)
    local lines = 0
    for line in output:gmatch "([^\n]*)\n" do
      lines = lines + 1
      assert.is_true(#line <= 80, line)
    end
    assert.is_true(lines < 24, output)
  end)

  it("names all its options in the help of a command", function()
    local output, code = run "pause --help"
    assert.are.equal(0, code)
    for _, word in ipairs { "match", "name", "file", "rate", "dry%-run", "json" } do
      assert.matches("%-%-" .. word, output)
    end
  end)

  it("shows requests with --verbose, on standard error", function()
    local output, code, errors = run "enable id-1 --verbose"
    assert.are.equal(0, code)
    assert.are.equal("enabled id-1\n", output)
    assert.matches("aom: trigger #1 request: PUT ", errors)
  end)

  it("says what is missing where there is no argparse", function()
    local output, code = process.run(("env %s %s -e %s %s 2>&1"):format(command.environment(simulator.url),
      process.interpreter, process.quote 'package.preload.argparse = function() error "none" end',
      process.quote(process.root .. "/bin/aom") .. " list"))
    assert.are.equal(2, code)
    assert.matches("^aom: argparse is not installed", output)
  end)
end)

--- Proves that the example plugin for Neovim and :checkhealth work.

local neovim = require "spec.support.neovim"
local process = require "spec.support.process"

local AK, SK, PROJECT = "PLUGINKEY", "plugin-secret", ("0123456789abcdef"):rep(2)

describe("examples/neovim", function()
  local simulator, environment

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
    environment = { HUAWEICLOUD_SDK_AK = AK, HUAWEICLOUD_SDK_SK = SK, HUAWEICLOUD_SDK_PROJECT_ID = PROJECT,
      HUAWEICLOUD_SDK_AOM_ENDPOINT = simulator.url }
  end)
  teardown(function() simulator.stop() end)

  local function run(script, env)
    return neovim.run(([[
      local notes = {}
      vim.notify = function(text, level) notes[#notes + 1] = { text = text, level = level } end
      vim.opt.runtimepath:append(%q)
      vim.cmd "runtime plugin/aom.lua"
      local function last(command)
        local before = #notes
        vim.cmd(command)
        vim.wait(5000, function() return #notes > before end, 5)
        return notes[#notes]
      end
    ]]):format(neovim.root() .. "/examples/neovim") .. script, { env = env or environment })
  end

  it("switches a workflow, and reports through vim.notify", function()
    local notes = run [[
      last "AomWorkflow wf-1 enable"
      return { last "AomWorkflow wf-1 disable", last "AomWorkflow nobody enable", last "AomWorkflow wf-1 stop",
        last "AomWorkflow wf-1" }
    ]]
    assert.are.equal("aom: workflow wf-1: disabled", notes[1].text)
    assert.are.equal(2, notes[1].level)
    assert.are.equal(4, notes[2].level)
    assert.matches("stop", notes[3].text)
    assert.matches("usage", notes[4].text)
    assert.are.equal("disable", simulator.state().workflows["wf-1"].trigger_status)
  end)

  for _, words in ipairs { "AomWorkflow wf-1 disable", "AomWorkflows" } do
    it("says what is missing when nothing is configured, at " .. words, function()
      local note = run(("return last %q"):format(words), {})
      assert.are.equal(4, note.level)
      assert.matches("HUAWEICLOUD_SDK_REGION", note.text, 1, true)
    end)
  end

  describe(":AomWorkflows", function()
    -- Answers the questions in turn with the items whose texts hold these words; false: with none.
    local PICKER = [[
      local asked, drawn = {}, 0
      local function answer_with(words)
        vim.ui.select = function(items, options, on_choice)
          local texts, choice = {}, nil
          for i, item in ipairs(items) do
            texts[i] = options.format_item(item)
            if words[1] and texts[i]:find(words[1], 1, true) then choice = item end
          end
          asked[#asked + 1] = { prompt = options.prompt, texts = texts }
          table.remove(words, 1)
          on_choice(choice)
        end
      end
      local function settle() vim.wait(300, function() return false end, 5) end
    ]]

    before_each(function()
      simulator.set { latency = 0, workflows = {
        ["id-1"] = { name = "nightly backup", trigger_status = "enable" },
        ["id-2"] = { name = "夜班", trigger_status = "disable" },
      } }
    end)
    after_each(function() simulator.set { workflows = { ["id-1"] = false, ["id-2"] = false } } end)

    it("picks a workflow and an action, and reports what came of it", function()
      local answer = run(PICKER .. [[
        answer_with { "夜班", "enable" }
        local note = last "AomWorkflows"
        return { note = note, asked = asked }
      ]])
      assert.are.equal("aom: workflow id-2: enabled", answer.note.text)
      assert.are.equal("enable", simulator.state().workflows["id-2"].trigger_status)
      assert.are.equal("enable", simulator.state().workflows["id-1"].trigger_status)
      local list = table.concat(answer.asked[1].texts, "\n")
      assert.matches("nightly backup  %(enabled, last run: none%)", list)
      assert.matches("夜班  %(disabled, last run: none%)", list)
      assert.are.same({ prompt = "Workflow 夜班:", texts = { "enable", "disable (as it is)" } }, answer.asked[2])
    end)

    for _, words in ipairs { "^nightly", "nightly-backup", "y-b", "nightly%-", "^n.-%-b", "(old", "backup (old)" } do
      it("lists those that hold a text, or match it as a pattern: " .. words, function()
        simulator.set { workflows = { ["id-1"] = { name = "nightly-backup (old)" } } }
        local answer = run(PICKER .. ([[
          answer_with { false }
          vim.cmd %q
          vim.wait(5000, function() return #asked > 0 end, 5)
          return asked
        ]]):format("AomWorkflows " .. words))
        assert.are.equal(1, #answer)
        assert.are.equal(1, #answer[1].texts)
        assert.matches("nightly-backup (old)", answer[1].texts[1], 1, true)
      end)
    end

    for name, words in pairs { ["no workflow"] = "{ false }", ["no action"] = "{ '夜班', false }" } do
      it("changes nothing when the user picks " .. name, function()
        local notes = run(PICKER .. ("answer_with " .. words) .. [[

          vim.cmd "AomWorkflows"
          vim.wait(5000, function() return #asked > 0 end, 5)
          settle()
          return notes
        ]])
        assert.are.same({}, notes)
        assert.are.equal("disable", simulator.state().workflows["id-2"].trigger_status)
      end)
    end

    it("keeps the editor going meanwhile", function()
      simulator.set { latency = 0.4 }
      local answer = run(PICKER .. [[
        answer_with { "夜班", "enable" }
        local timer = vim.loop.new_timer()
        timer:start(0, 10, function() drawn = drawn + 1 end)
        vim.cmd "AomWorkflows"
        local asked_at_once, before = #asked, #notes
        vim.wait(5000, function() return #notes > before end, 5)
        timer:close()
        return { at_once = asked_at_once, drawn = drawn }
      ]])
      simulator.set { latency = 0 }
      assert.are.equal(0, answer.at_once)
      assert.is_true(answer.drawn > 10, tostring(answer.drawn))
    end)

    -- Words, the level of the note, what it says, what the service answers.
    for _, case in ipairs {
      { "AomWorkflows nothing-so", 3, 'no workflow matches "nothing' },
      { "AomWorkflows [", 3, 'no workflow matches "%["' },
      { "AomWorkflows ^nightly b[", 3, "no workflow matches" },
      { "AomWorkflows", 4, "not today", '{"error_code":"AOM.1","error_msg":"not today"}' },
    } do
      it(("tells of what goes wrong: %s, %s"):format(case[1], case[3]), function()
        if case[4] then simulator.script { { match = "workflow-list", status = 400, body = case[4] } } end
        local note = run(("return last %q"):format(case[1]))
        assert.are.equal(case[2], note.level)
        assert.matches(case[3], note.text)
      end)
    end
  end)

  it("completes the actions", function()
    local found = run [[
      local function complete(line) return vim.fn.getcompletion(line, "cmdline") end
      return { id = complete "AomWorkflow wf", any = complete "AomWorkflow wf-1 ", one = complete "AomWorkflow wf-1 d",
        more = complete "AomWorkflow wf-1 enable " }
    ]]
    assert.are.same({ id = {}, any = { "enable", "disable" }, one = { "disable" }, more = {} }, found)
  end)

  describe(":checkhealth aom", function()
    local function check(env, script)
      return run((script or "") .. [[
        vim.cmd "checkhealth aom"
        return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
      ]], env)
    end

    it("shows versions, authorities and the configuration with its sources, and no secret", function()
      local text = check()
      for _, pattern in ipairs { "aom %d+%.%d+%.%d+, LuaJIT", "libcurl %d.*built with %d", "OpenSSL 3", "libuv %d",
        "authorities", "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK", "project " .. PROJECT .. ", from environment variable",
        "environment variable HUAWEICLOUD_SDK_AOM_ENDPOINT", "suffice" } do
        assert.matches(pattern, text)
      end
      assert.is_nil(text:find("ERROR", 1, true))
      assert.is_nil(text:find(SK, 1, true))
      assert.is_nil(text:find(AK, 1, true))
    end)

    it("says how to fix what is missing", function()
      local text = check {}
      assert.matches("do not suffice", text, 1, true)
      assert.matches("HUAWEICLOUD_SDK_REGION", text, 1, true)
      text = check { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/nonexistent" }
      assert.matches("unset HUAWEICLOUD_SDK_CREDENTIALS_FILE", text, 1, true)
    end)

    it("reports a profile that others can read", function()
      local path = process.temporary(("[basic]\nak = %s\nsk = %s\nproject_id = %s\nregion = cn-north-4\n"):format(
        AK, SK, PROJECT))
      process.run("chmod 644 " .. path)
      local text = check { HUAWEICLOUD_SDK_CREDENTIALS_FILE = path }
      os.remove(path)
      assert.matches("chmod 600 " .. path, text, 1, true)
      assert.matches("region cn-north-4, from region in " .. path, text, 1, true)
      assert.is_nil(text:find(SK, 1, true))
    end)

    it("works with the function names of vim.health since Neovim 0.10", function()
      local text = run [[
        local lines = {}
        local function note(kind) return function(text) lines[#lines + 1] = kind .. ": " .. text end end
        vim.health = {}
        for _, kind in ipairs { "start", "ok", "warn", "error", "info" } do vim.health[kind] = note(kind) end
        require("aom.health").check()
        return table.concat(lines, "\n")
      ]]
      assert.matches("start: aom: installation", text)
      assert.matches("ok: aom %d", text)
    end)

    it("says which project id is another account's", function()
      local path = process.temporary(("[basic]\nak = %s\nsk = %s\nproject_id = %s\n"):format("A", "S", PROJECT))
      process.run("chmod 600 " .. path)
      local text = check { HUAWEICLOUD_SDK_CREDENTIALS_FILE = path, HUAWEICLOUD_SDK_AK = AK, HUAWEICLOUD_SDK_SK = SK,
        HUAWEICLOUD_SDK_REGION = "cn-north-4" }
      os.remove(path)
      assert.matches("project_id in " .. path .. " was ignored", text, 1, true)
      assert.is_nil(text:find(PROJECT, 1, true))
    end)

    it("reports missing JSON, and what to install", function()
      local text = check(environment, [[
        vim.json = nil
        package.preload["cjson.safe"] = function() error("no such symbol", 0) end
      ]])
      assert.matches("lua-cjson cannot be loaded", text, 1, true)
      assert.matches("no such symbol", text, 1, true)
      assert.matches("luarocks install lua-cjson", text, 1, true)
      assert.matches("do not suffice", text, 1, true)
    end)

    it("explains a core that cannot be loaded", function()
      local text = check(environment, "package.cpath = '/nonexistent/?.so'\n")
      assert.matches("make LUA=luajit", text, 1, true)
    end)
  end)
end)

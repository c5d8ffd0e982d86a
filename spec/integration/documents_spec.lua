--- Proves that the blocks of code in the README and in doc/ run, as a reader runs them, against
--- the simulator. Those for nginx and Neovim run in spec/nginx and spec/neovim.

local documents = require "spec.support.documents"
local process = require "spec.support.process"

local quote = process.quote
-- By its path: the documents say lua5.4, and that is a program of this spec's.
local lua = process.run("command -v " .. quote(process.interpreter)):match "%S+"
local AK, SK, PROJECT = "YOUR_ACCESS_KEY", "YOUR_SECRET_KEY", ("0123456789abcdef"):rep(2)

--- Programs of this name do as much as a block needs of them, without network or root.
local PROGRAMS = {
  ["lua5.4"] = "exec %s \"$@\"",
  git = "[ \"$1\" = clone ] && mkdir -p \"${2##*/}\"",
  brew = "echo /opt",
  luarocks = [[case "$*" in
    "--lua-version 5."[1-4]" make" | "--lua-version 5."[1-4]" make --deps-mode=none") ;;
    "--lua-version 5."[1-4]" --local make" | "--lua-version 5."[1-4]" path") ;;
    *) echo "luarocks $*?" >&2; exit 1 ;;
  esac]],
  -- Knows the targets of the Makefile.
  make = [[for word in "$@"; do
    case $word in
    simulator) exec aom simulate ${2#ARGS=} ;;
    -* | *=*) ;;
    *) grep -q "^$word:" "$ROOT/Makefile" || { echo "no target $word" >&2; exit 1; } ;;
    esac
  done]],
  aom = [[LUA_PATH="$ROOT/lua/?.lua;$ROOT/lua/?/init.lua;;" exec %s "$ROOT/bin/aom" "$@"]],
}

--- Files that a block finds where it runs.
local FILES = {
  ["upgrade.sh"] = "#!/bin/sh\n",
  ["your_script.lua"] = "for workflow in require('aom').client():workflows() do print(workflow.name) end\n",
}

--- What a block prints at least, by document and section.
local PRINTS = {
  ["README.md#lua-aom lua"] = "WORKFLOW_ID",
  ["README.md#cron sh"] = "nightly%-backup",
  ["README.md#testing-your-script sh"] = "nightly%-backup.*nightly%-backup",
  ["README.md#configuration lua"] = "ok +configuration",
  ["doc/command.md#the-command-aom sh"] = "nightly%-backup +enabled.*disabled nightly%-backup\n0 paused; "
    .. "aom resume paused.json.*success\n",
  ["doc/windows.md#maintenance-windows lua"] = "",
  ["doc/requests.md#many-requests-and-pages lua"] = "a thing\n",
  ["doc/workflows.md#workflows lua"] = "1\t0\nsuccess\n",
}

local function name_of(block) return ("%s#%s %s"):format(block.path, block.section, block.language) end

describe("a block of code", function()
  local simulator, folder, root, model

  local function write(path, text, mode)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    if mode then process.run(("chmod %s %s"):format(mode, quote(path))) end
  end

  --- The folder that each block gets a copy of.
  local function prepare()
    model = process.run "folder=$(mktemp -d) && mkdir $folder/bin && echo $folder":match "%S+"
    for name, text in pairs(PROGRAMS) do
      write(model .. "/bin/" .. name, "#!/bin/sh\n" .. text:gsub("%%s", lua) .. "\n")
    end
    for name, text in pairs(FILES) do write(model .. "/" .. name, text) end
    process.run(("chmod -R 755 %s"):format(model))
  end

  setup(function()
    prepare()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "w" }, catch_all = true }
    root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"
  end)
  teardown(function()
    simulator.stop()
    process.run("rm -r " .. model)
  end)
  before_each(function()
    simulator.reset()
    simulator.set { execution_time = 0, scripts = { SCRIPT_ID = true }, jobs = { JOB_ID = true },
      templates = { TEMPLATE_ID = { job_id = "JOB_ID" } },
      workflows = { w = false, WORKFLOW_ID = { name = "nightly-backup", trigger_status = "enable" } } }
    folder = os.tmpname()
    os.remove(folder)
    os.execute(("exec cp -R %s %s"):format(model, folder))
  end)
  after_each(function() os.execute("exec rm -rf " .. folder) end)

  --- Where the core is, also from another folder.
  local function core_path()
    return (package.cpath:match "^[^;]+":gsub("^%.", root))
  end

  --- Variables for the shell; the keys are not among them if a block brings its own.
  local function environment(own_keys)
    local keys = "HUAWEICLOUD_SDK_PROJECT_ID=" .. PROJECT
    if not own_keys then keys = ("%s HUAWEICLOUD_SDK_AK=%s HUAWEICLOUD_SDK_SK=%s"):format(keys, AK, SK) end
    return ("HOME=%s ROOT=%s PATH=%s/bin:\"$PATH\" LUA_PATH=%s LUA_CPATH=%s MY_AK=%s MY_SK=%s no_proxy='*' "
      .. "HUAWEICLOUD_SDK_AOM_ENDPOINT=%s HUAWEICLOUD_SDK_IAM_ENDPOINT=%s %s"):format(folder, quote(root), folder,
      quote(root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;;"), quote(core_path() .. ";;"), AK, SK,
      simulator.url, simulator.url, keys)
  end

  local function run_shell(text, own_keys)
    write(folder .. "/block.sh", text)
    local output, code = process.run(("cd %s && %s sh -e block.sh 2>errors"):format(folder, environment(own_keys)))
    return output .. documents.contents(folder .. "/errors"), code
  end

  -- What the documents take for granted: a client, and a file of authorities.
  local function run_lua(text)
    write(folder .. "/block.lua", "aom = require 'aom'; client = aom.client(); "
      .. text:gsub("/etc/company/ca%.pem", "/etc/ssl/certs/ca-certificates.crt"))
    return process.run(("cd %s && %s %s block.lua 2>&1"):format(folder, environment(), lua))
  end

  local function expect(block, output, code)
    assert.are.equal(0, code, output)
    local pattern = PRINTS[name_of(block)]
    if pattern then assert.matches(pattern, output) end
  end

  for _, block in ipairs(documents.blocks_for "lua") do
    it(("of Lua runs: %s:%d"):format(block.path, block.line), function()
      simulator.script { { match = "/things", status = 200, body = '{"things":[{"id":"a thing"}]}' } }
      expect(block, run_lua(block.text))
    end)
  end

  for _, block in ipairs(documents.blocks_for "shell") do
    it(("of shell runs: %s:%d"):format(block.path, block.line), function()
      local text = block.text
      -- What stands in the background ends with the terminal; what does not ends soon.
      text = text:find("&\n", 1, true) and "trap 'kill $!' EXIT\n" .. text
        or text:gsub("%-%-lifetime %d+", "--lifetime 4")
      expect(block, run_shell(text, text:find("credentials", 1, true)))
    end)
  end

  for _, block in ipairs(documents.blocks_for "crontab") do
    it(("of cron runs: %s:%d"):format(block.path, block.line), function()
      local states = {}
      for line in block.text:gmatch "[^\n]+" do
        local command = line:match "^%d+ +%d+ +[%d*]+ +[%d*]+ +[%d*]+ +(.+)$"
        assert.truthy(command or line:find "^%u+=", line)
        if command then
          local output, code = run_shell(command)
          assert.are.equal(0, code, output)
          states[#states + 1] = simulator.state().workflows.WORKFLOW_ID.trigger_status
        end
      end
      assert.are.same({ "disable", "enable" }, states)
    end)
  end

  for _, block in ipairs(documents.blocks_for "settings") do
    local is_profile = block.language == "ini"
    local test = (is_profile or pcall(require, "lyaml") or pcall(require, "yaml")) and it or pending
    test(("of settings is read: %s:%d"):format(block.path, block.line), function()
      write(folder .. "/settings", block.text, "600")
      local output, code = run_shell(is_profile and [[
        HUAWEICLOUD_SDK_CREDENTIALS_FILE=settings lua5.4 -e 'print(require "aom".doctor())']] or [[
        unset HUAWEICLOUD_SDK_AOM_ENDPOINT
        HUAWEICLOUD_SDK_REGIONS_FILE=settings lua5.4 -e '
          local settings = assert(require "aom.config.resolve".resolve({ region = "cn-north-4" },
            require "aom.util.platform"))
          for _, endpoint in ipairs(settings.endpoints) do print(endpoint.base) end']], is_profile)
      assert.are.equal(0, code, output)
      assert.matches(is_profile and "ok +access" or "https://aom%-a.example.com\nhttps://aom%-b.example.com\n", output)
    end)
  end

  for _, block in ipairs(documents.blocks_for "output") do
    it(("of output is what the doctor checks: %s:%d"):format(block.path, block.line), function()
      local shown, real = {}, {}
      for name in ("\n" .. block.text):gmatch "\n%l+ +(%l+)" do shown[#shown + 1] = name end
      local output, code = run_lua "print(aom.doctor())"
      assert.are.equal(0, code, output)
      for name in ("\n" .. output):gmatch "\n%l+ +(%l+)" do real[#real + 1] = name end
      assert.are.same(real, shown)
    end)
  end
end)

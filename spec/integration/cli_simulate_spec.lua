--- Proves that `aom simulate` starts the simulator, and says how to reach it.

local command = require "spec.support.command"
local process = require "spec.support.process"

local NO_SERVER = "http://127.0.0.1:1"

describe("aom simulate", function()
  -- LuaJIT finds its own modules, and the simulator in this checkout.
  local paths = ("LUA_PATH=%s"):format(process.quote(process.root .. "/lua/?.lua;" .. process.root
    .. "/lua/?/init.lua;;"))

  local function run(words, variables)
    return command.run(NO_SERVER, words, ("%s LUA_CPATH=%s %s"):format(variables or paths,
      process.quote(package.cpath:match "^[^;]+" .. ";;"), ""))
  end

  local SHOWN = "$HUAWEICLOUD_SDK_AK|$HUAWEICLOUD_SDK_SK|$HUAWEICLOUD_SDK_PROJECT_ID|$HUAWEICLOUD_SDK_SECURITY_TOKEN"
    .. "|$HUAWEICLOUD_SDK_IDP_ID|${SSL_CERT_FILE%/*}|$HUAWEICLOUD_SDK_AOM_ENDPOINT $HUAWEICLOUD_SDK_IAM_ENDPOINT"
  local banners = {
    ["as they are"] = { "", "SIMULATORACCESSKEY00|simulator-secret-key|0123456789abcdef0123456789abcdef||||http" },
    ["with a temporary key"] = { "--ak A --sk S --project p --security-token t+/=", "A|S|p|t+/=|||http" },
    ["with what a shell would take for its own"] = { [[--ak 'a b' --sk '$(id)'\''";#`x`' --project '*']],
      [[a b|$(id)'";#`x`|*||||http]] },
    ["with values behind ="] = { "--ak=A --sk=S=S --project=p --lifetime=0.1", "A|S=S|p||||http" },
    ["with a certificate"] = { "--tls --ak A --sk S --project p", "A|S|p|||/tmp|https" },
  }
  for name, row in pairs(banners) do
    it("prints variables that can be pasted, " .. name, function()
      local output, code, errors = run("simulate --lifetime 0.1 " .. row[1])
      assert.are.equal(0, code, errors)
      for _, shell in ipairs { "sh", "bash" } do
        local path = process.temporary(output .. "printf '%s' \"" .. SHOWN .. "\"\n")
        local printed, status = process.run("env -u SSL_CERT_FILE HUAWEICLOUD_SDK_IDP_ID=mine "
          .. "HUAWEICLOUD_SDK_SECURITY_TOKEN=mine " .. shell .. " " .. path)
        os.remove(path)
        assert.are.equal(0, status)
        local shown, url = printed:match "^(.*|%l+)(://127%.0%.0%.1:%d+)"
        assert.are.equal(row[2], shown, printed)
        assert.are.equal("|" .. (shown:match "%l+$") .. url, "|" .. printed:match "(%S+)$")
      end
    end)
  end

  it("prints no comment that a shell without comments could run", function()
    for line in (run "simulate --lifetime 0.1"):gmatch "#[^\n]*" do assert.is_nil(line:find "[^%w #,:.-]", line) end
  end)

  it("ends the simulator when it is ended", function()
    local path = process.temporary ""
    local output = run(("simulate --json --quiet >%s & until [ -s %s ]; do sleep 0.1; done; kill $!; cat %s"):format(
      path, path, path))
    os.remove(path)
    local simulator = output:match '"pid":(%d+)'
    assert.truthy(simulator, output)
    local _, code = process.run(("n=0; while kill -0 %s && [ $n -lt 300 ]; do sleep 0.1; n=$((n+1)); done 2>/dev/null; "
      .. "! kill -0 %s 2>/dev/null"):format(simulator, simulator))
    assert.are.equal(0, code)
  end)

  it("is what make simulator runs in a checkout, whose output can be pasted, too", function()
    local output, code = process.run(("cd %s && make -s simulator ARGS='--lifetime 0.1' 2>/dev/null"):format(
      process.quote(process.root)))
    assert.are.equal(0, code)
    assert.are.equal((run("simulate --lifetime 0.1"):gsub("127.0.0.1:%d+", "")), (output:gsub("127.0.0.1:%d+", "")))
  end)

  it("takes its own options, and refuses others", function()
    for _, word in ipairs { "--help", "-h" } do
      local output, code = run("simulate " .. word)
      assert.are.equal(0, code)
      assert.matches("^usage: aom simulate ", output)
      assert.matches("doc/simulator.md", output, 1, true)
    end
    for words, why in pairs {
      ["--nope"] = "unknown option --nope", ["extra"] = "unknown option extra",
      ["--port x"] = "--port: expected a number from 0 to 65535, got x",
      ["--port 65536"] = "--port: expected a number from 0 to 65535, got 65536",
      ["--lifetime -1"] = "--lifetime: expected a number from 0 to 1000000000, got -1",
      ["--http-version 3"] = "--http-version: expected 1.1 or 2, got 3",
      ["--ak"] = "--ak: expected a value, got none", ["--port=x"] = "--port: expected a number from 0 to 65535, got x",
      ["--port="] = "--port: expected a number from 0 to 65535, got ", ["--tls=1"] = "unknown option --tls=1",
    } do
      local _, refused, errors = run("simulate --lifetime 0.1 " .. words)
      assert.are.equal(2, refused)
      assert.are.equal(("aom: %s\naom simulate --help lists the options\n"):format(why), errors)
    end
  end)

  it("says why it cannot start", function()
    local _, code, errors = run "simulate --lifetime 0.1 --tls --cert-dir /nonexistent"
    assert.are.equal(2, code)
    assert.are.equal("aom: the simulator cannot start: /nonexistent/simulator-ca.pem: No such file or directory\n",
      errors)
  end)

  it("names the port that is in use", function()
    local other = process.simulator { ak = "A", sk = "S", project = ("0"):rep(32) }
    local port = other.url:match "%d+$"
    local _, code, errors = run("simulate --lifetime 0.1 --port " .. port)
    other.stop()
    assert.are.equal(2, code)
    assert.matches(("^aom: the simulator cannot start on port %s: .*in use"):format(port), errors)
  end)

  it("says what is missing where LuaJIT cannot load the simulator", function()
    local _, code, errors = run("simulate", paths .. " LUA_INIT='package.loaded[\"aom.simulator.json\"]=nil "
      .. "package.preload[\"aom.simulator.json\"]=function() error(\"no cjson\", 0) end'")
    assert.are.equal(2, code)
    assert.matches("^aom: no cjson; luarocks [^\n]+ installs the simulator, and make simulator [^\n]+\n$", errors)
  end)

  it("says what is missing where there is no LuaJIT", function()
    local interpreter = process.run("command -v " .. process.interpreter):match "%S+"
    local output, code = process.run(("env %s %s PATH=/nonexistent %s %s simulate 2>&1"):format(
      command.environment(NO_SERVER), paths, interpreter, process.quote(process.root .. "/bin/aom")))
    assert.are.equal(2, code)
    assert.matches("^aom: the simulator runs under LuaJIT, which is not installed", output)
  end)
end)

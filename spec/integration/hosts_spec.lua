--- Proves that the library works in hosts that forbid or take away what others have: in a strict mode, without
--- `debug`, in a locale that is set at any moment, with an OpenSSL that cannot sign, and with a core of another Lua.

local process = require "spec.support.process"

local quote = process.quote
local AK, SK, PROJECT = "HOSTKEY", "host-secret", ("0123456789abcdef"):rep(2)

local simulator

setup(function()
  simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1", "wf-2" } }
end)
teardown(function() simulator.stop() end)
before_each(function() simulator.reset() end)

--- Runs a script in a process of its own; its output and exit status.
local function run(script, environment, interpreter)
  local file = process.temporary(script)
  local output, code = process.run(("LUA_PATH=%s LUA_CPATH=%s HOME=/nonexistent %s %s %s 2>&1"):format(
    quote(package.path), quote(package.cpath), environment or "", interpreter or process.interpreter, quote(file)))
  os.remove(file)
  return output, code
end

local HEAD = [[
  local function options()
    return { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "", loop = "blocking" }
  end
]]

-- Each message that tells a number with decimals.
local MESSAGES = [[
  local aom, safe = require "aom", require "aom.safe"
  local lines = {}
  local function client(more)
    local given = options()
    for name, value in pairs(more) do given[name] = value end
    return assert(safe.client(given))
  end
  local function tell(...) lines[#lines + 1] = tostring(select(select("#", ...), ...)) end
  set()
  local good = client { on_event = aom.log("debug", tell) }
  tell(good:enable "wf-1")
  tell(good:trigger_all({ "wf-1" }, "enable"))
  local log = aom.log("debug", tell)
  tell(client { attempt_timeout = 0.15, max_attempts = 2, on_event = log }:enable "wf-1")
  tell(client { endpoint = "http://127.0.0.1:1", outage_timeout = 0.6, on_event = log }:enable "wf-1")
  tell(good:wait({ workflow_id = "wf-1", execution_id = "e" }, { timeout = 0.25, interval = 0.1 }))
  tell(good:enable(0.25))
  tell(good:trigger_all({ "wf-1" }, "enable", { rate = -0.25 }))
  for _, line in ipairs(lines) do print(line) end
]]

-- What is sent and read where a locale has another decimal point, or other small letters: numbers, names of headers
-- and methods, settings, and words of the service.
local LETTERS = [[
  local aom, safe = require "aom", require "aom.safe"
  set()
  local sent, body
  local loop = { now = os.clock, sleep = function() return true end, waiter = function() end,
    run = function(list) for _, job in ipairs(list) do job() end end }
  function loop.fetch(attempt)
    local _, url, headers = attempt:signed()
    sent = { url = url, headers = headers }
    return { status = 200, headers = { ["X-REQUEST-ID"] = "r" }, body = body or "" }
  end
  local given = options()
  given.loop = loop
  local client = safe.client(given)
  local answer = assert(client:request { method = "options", path = "/x", query = { ratio = 0.5, { "ratio", -1.25 } },
    headers = { ["X-Ratio"] = 0.25, ["X-ID"] = 1 } })
  assert(sent.url:find "%?ratio=%-1%.25&ratio=0%.5$", sent.url)
  assert(sent.headers["X-Ratio"] == "0.25" and answer.request_id == "r")
  for _, name in ipairs { "AUTHORIZATION", "X-PROJECT-ID", "X-AUTH-TOKEN" } do
    local nothing, err = client:request { method = "GET", path = "/x", headers = { [name] = "other" } }
    assert(nothing == nil and err.kind == "argument", name)
  end
  assert(select(2, client:request { method = "GET", path = "/x", headers = { ["X-ID"] = 1, ["x-id"] = 2 } }).message
    :find "differ only in case")
  body = '{"elements":[{"id":"1","name":"a","trigger_status":"ACTIVE"},{"id":"2","name":"b","trigger_status":'
    .. '"DISABLED"}],"total_elements":2}'
  local paused = assert(client:pause { match = ".", dry_run = true })
  assert(#paused.workflows == 1 and paused.workflows[1].name == "a")
  assert(client.list_template_by_job_id and client.list_workflow)
  given = options()
  given.endpoint, given.region = nil, "sa-brazil-1"
  local other = assert(safe.client(given))
  assert(tostring(other):find("https://brazil.example.com", 1, true), tostring(other))
  given.region, given.endpoint = nil, "HTTPS://ID.EXAMPLE.COM"
  assert(tostring(safe.client(given)):find("https://id.example.com", 1, true))
  print "done"
]]

-- What a user does, from the first call to the last.
local USE = [[
  local aom, safe = require "aom", require "aom.safe"
  local client = aom.client(options())
  assert(client:trigger("wf-1", "disable").success)
  meanwhile()
  assert(client:enable("wf-1").http_status == 200)
  local seen = {}
  for workflow in client:workflows() do seen[#seen + 1] = workflow.id end
  assert(#seen == 2 and #client:all_workflows { size = 1 } == 2)
  assert(client:find(client:workflows()().name).id)
  assert(client:trigger_all({ "wf-1", "wf-2" }, "disable").succeeded == 2)
  local file = os.tmpname()
  os.remove(file)
  client:trigger_all({ "wf-1", "wf-2" }, "enable")
  assert(client:pause({ match = ".", file = file }).paused == 2)
  assert(client:resume(file).resumed == 2)
  os.remove(file)
  os.remove(file .. ".lock")
  local run = client:execute "wf-1"
  assert(client:wait(run, { interval = 0.01 }).status)
  local called
  client:enable("wf-2", function(err) called = err == nil end)
  assert(called)
  local nothing, err = safe.client(options()):enable "nothing"
  assert(nothing == nil and err.status == 404 and tostring(err))
  local ok, raised = pcall(client.trigger, client, "wf-1", "on")
  assert(not ok and raised.kind == "argument" and raised.where, tostring(raised))
  ok, raised = pcall(client.tigger, client)
  assert(not ok and tostring(raised):find "trigger")
  assert(safe.sign({ method = "GET", host = "h", path = "/" }, { ak = "a", sk = "s" }))
  assert(tostring(safe.doctor(options())):find "ok    access")
  assert(tostring(safe.version()):find "libcurl")
  assert(select(2, safe.client { region = "x-1" }).kind == "config")
  assert(select(2, safe.client { loop = "nginx" }).kind == "config")
  client:close()
  print "done"
]]

local STRICT = [[
  setmetatable(_G, {
    __index = function(_, name) error("undeclared variable " .. tostring(name), 2) end,
    __newindex = function(_, name) error("assignment to " .. tostring(name), 2) end,
  })
]]

local NOTHING = "local function meanwhile() end\n"

describe("a host", function()
  local function works(before)
    simulator.set { catch_all = true }
    local output, code = run(before .. HEAD:format(simulator.url, PROJECT, AK, SK) .. USE)
    assert.are.equal("done\n", output)
    assert.are.equal(0, code)
  end

  it("may be strict about globals", function() works(NOTHING .. STRICT) end)

  it("may be strict once the library is loaded", function()
    works("require 'aom' local function meanwhile() end " .. STRICT)
  end)

  it("may have taken debug away before it loads the library", function()
    works "debug = nil require 'aom' require 'aom.safe' local function meanwhile() end\n"
  end)

  it("may take debug away after it has loaded the library", function()
    works "require 'aom' require 'aom.safe' debug = nil local function meanwhile() end\n"
  end)

  it("may take debug away between two calls", function() works "local function meanwhile() debug = nil end\n" end)

  it("may load the library anew, and still knows errors and clients", function()
    local output = run(HEAD:format(simulator.url, PROJECT, AK, SK) .. [[
      local aom = require "aom"
      local client = aom.client(options())
      local ok, err = pcall(client.enable, client, "nothing")
      for name in pairs(package.loaded) do
        if name:find "^aom" and name ~= "aom.core" then package.loaded[name] = nil end
      end
      local again = require "aom"
      print(aom ~= again, again.is_error(err), ok, client:enable("wf-1").success, aom.is_error(select(2,
        require "aom.safe".client { regoin = "x" })))
    ]])
    assert.are.equal("true\ttrue\tfalse\ttrue\ttrue\n", output)
  end)

  describe("of another locale", function()
    local directory

    setup(function() directory = process.locales() end)

    for _, category in ipairs { "all", "numeric" } do
      for when, before in pairs {
        ["before the library is loaded"] = "set() local function meanwhile() end\n",
        ["between two calls"] = "local function meanwhile() set() end\n",
        ["and set back between two calls"] = "set() local function meanwhile() os.setlocale 'C' end\n",
      } do
        it(("may set %s %s"):format(category, when), function()
          if not directory then return pending "localedef cannot make a locale here" end
          local script = ("local function set() assert(os.setlocale('de_DE.UTF-8', %q)) end\n"):format(category)
            .. before .. HEAD:format(simulator.url, PROJECT, AK, SK) .. USE
          simulator.set { catch_all = true }
          local output, code = run(script, "LOCPATH=" .. quote(directory))
          assert.are.equal("done\n", output)
          assert.are.equal(0, code)
        end)
      end
    end

    for when, before in pairs { ["before the library is loaded"] = "set() ", ["once it is loaded"] = "" } do
      it("has no say in the messages: " .. when, function()
        if not directory then return pending "localedef cannot make a locale here" end
        simulator.set { latency = 0.3 }
        local output = run(("local function set() assert(os.setlocale 'de_DE.UTF-8') end %s"):format(before)
          .. HEAD:format(simulator.url, PROJECT, AK, SK) .. MESSAGES, "LOCPATH=" .. quote(directory))
        assert.is_nil(output:match "[^\n]*%d,%d[^\n]*")
        for _, expected in ipairs { "1 attempt, 0%.%d%d%d s%)", "1 succeeded, 0 failed %(0%.%d%d%d s%)",
          "done: HTTP 200, 0%.%d%d%d s", "timed out after 0%.%d s, waiting for the first byte", "retry: in 0%.%d%d s",
          "waits 0%.%d s at most", "the call waited 0%.%d s for a connection", "did not end within 0%.25 s",
          "got 0%.25", "got %-0%.25" } do
          assert.matches(expected, output)
        end
      end)
    end

    for _, language in ipairs { "de_DE", "tr_TR" } do
      for when, before in pairs {
        ["before the library is loaded"] = "set() ", ["once it is loaded"] = "",
      } do
        it(("has no say in what is sent, and how words are read: %s %s"):format(language, when), function()
          if not directory then return pending "localedef cannot make a locale here" end
          local output = run(("local function set() assert(os.setlocale '%s.UTF-8') end %s"):format(language, before)
            .. HEAD:format("http://127.0.0.1:1", PROJECT, AK, SK) .. LETTERS, "LOCPATH=" .. quote(directory)
            .. " HUAWEICLOUD_SDK_REGION_AOM_SA_BRAZIL_1=https://brazil.example.com")
          assert.are.equal("done\n", output)
        end)
      end
    end
  end)

  it("whose OpenSSL cannot sign says so, and what to do, for every kind of credentials", function()
    local file = process.temporary "openssl_conf = a\n[a]\nproviders = b\n[b]\nbase = c\n[c]\nactivate = 1\n"
    local output = run(HEAD:format(simulator.url, PROJECT, AK, SK) .. [[
      local safe = require "aom.safe"
      local function tell(value, err)
        assert(value == nil and safe.is_error(err))
        print(err.kind, err.message, err.hint)
      end
      tell(safe.client(options()))
      tell(safe.sign({ method = "GET", host = "h", path = "/" }, { ak = "a", sk = "s" }))
      local given = options()
      given.ak, given.sk, given.token = nil, nil, "t"
      tell(safe.client(given))
      given.token, given.username, given.password, given.domain_name = nil, "u", "p", "d"
      given.iam_endpoint = given.endpoint
      tell(safe.client(given):enable "wf-1")
      print(safe.doctor(options()))
    ]], "OPENSSL_CONF=" .. quote(file))
    os.remove(file)
    local count = 0
    for line in output:gmatch "config\t[^\n]+" do
      count = count + 1
      assert.matches("^config\tnothing can be signed: .*OpenSSL.*activate a provider", line)
    end
    assert.are.equal(4, count, output)
    assert.matches("fail  configuration  nothing can be signed", output)
    assert.are.same({}, simulator.state().requests)
  end)
end)

describe("a missing core", function()
  it("is to be built, for this Lua", function()
    local output = run [[
      package.cpath = "/nonexistent/?.so"
      for _, name in ipairs { "aom", "aom.safe" } do
        local _, why = pcall(require, name)
        print((why:gsub("%s+", " ")))
      end
    ]]
    local built = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d.%d"
    local lines = 0
    for line in output:gmatch "[^\n]+" do
      lines = lines + 1
      assert.matches("aom.core is nowhere in package.cpath", line, 1, true)
      assert.matches(("make install LUA=%s), or add a checkout's build (\".../build/%s/?.so\")"):format(built, built),
        line, 1, true)
      assert.matches("no file '/nonexistent/aom/core.so'", line, 1, true)
    end
    assert.are.equal(2, lines, output)
  end)
end)

describe("a core of another Lua", function()
  local others = { ["lua5.1"] = "lua5.4", ["lua5.2"] = "lua5.3", ["lua5.3"] = "lua5.2", ["lua5.4"] = "luajit",
    luajit = "lua5.4" }
  local build = os.getenv "BUILD" or "build"

  it("says so, in both faces", function()
    local own = package.cpath:match "([^;/]+)/%?%.so"
    local other = others[own or process.interpreter:match "[^/]+$"]
    local directory = (build:sub(1, 1) == "/" and build or process.root .. "/" .. build) .. "/" .. tostring(other)
    if not io.open(directory .. "/aom/core.so") then return pending("there is no build for " .. tostring(other)) end
    local output = run(("package.cpath = %q\n"):format(directory .. "/?.so") .. [[
      for _, name in ipairs { "aom", "aom.safe" } do
        local ok, why = pcall(require, name)
        assert(not ok)
        print((tostring(why):gsub("%s+", " ")))
      end
    ]])
    local lines = 0
    for line in output:gmatch "[^\n]+" do
      lines = lines + 1
      assert.matches("aom.core was built for another Lua than this Lua 5.%d.*make install LUA=", line)
    end
    assert.are.equal(2, lines, output)
  end)
end)

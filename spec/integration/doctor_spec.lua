--- Proves what the doctor reports for each kind of problem, against the simulator.

local accounts = require "spec.support.accounts"
local doctor = require "aom.client.doctor"
local process = require "spec.support.process"

local simulator, serial = nil, 0

setup(function() simulator = accounts.simulator() end)
teardown(function() simulator.stop() end)

before_each(function()
  simulator.provision()
  -- With catch_all every path answers, also the doctor's question about executions.
  simulator.set { catch_all = true }
  serial = serial + 1
  simulator.set { keys = { ["DOCTORKEY" .. serial] = { sk = "doctor-secret" } } }
end)

local function options(more)
  local all = {
    endpoint = simulator.url, iam_endpoint = simulator.url, region = accounts.REGION, project_id = accounts.PROJECT,
    ak = "DOCTORKEY" .. serial, sk = "doctor-secret", proxy = "",
  }
  for name, value in pairs(more or {}) do all[name] = value or nil end
  return all
end

--- Examines, and returns the report and its checks by name (the first of each).
local function examine(more, world)
  local report = doctor.examine(options(more), world or accounts.system())
  local by_name = {}
  for _, check in ipairs(report) do
    assert.is_truthy(({ ok = true, warn = true, fail = true })[check.status])
    assert.is_string(check.detail)
    if check.status ~= "ok" then assert.is_string(check.fix, check.name) end
    by_name[check.name] = by_name[check.name] or check
  end
  assert.is_nil(tostring(report):find("doctor%-secret"))
  return by_name, report
end

local function statuses(by_name)
  local list = {}
  for name, check in pairs(by_name) do list[name] = check.status end
  return list
end

describe("the doctor", function()
  it("reports that all is well, and changes nothing", function()
    local found = examine()
    assert.are.same({ configuration = "ok", credentials = "ok", endpoint = "ok", tls = "ok", clock = "ok",
      access = "ok" }, statuses(found))
    assert.are.equal(("region cn-north-4, from option region; endpoint %s, from option endpoint; project %s, from "
      .. "option project_id; identity service %s, from option iam_endpoint; credentials from options ak and sk"):format(
        simulator.url, accounts.PROJECT, simulator.url), found.configuration.detail)
    for _, request in ipairs(simulator.state().requests) do assert.are.equal("GET", request.method) end
  end)

  it("sees a refused key", function()
    local found = examine { sk = "wrong" }
    assert.are.equal("fail", found.access.status)
    assert.matches("HTTP 401 APIGW.0301", found.access.detail)
    assert.matches("secret key does not belong", found.access.fix)
  end)

  for fix, more in pairs { ["secret key does not belong"] = { sk = "wrong" }, ["does not exist or was deleted"] = {
    ak = "NOBODY" } } do
    it("sees a refused key also where the project is looked up: " .. fix, function()
      more.project_id = false
      local found = examine(more)
      assert.are.equal("fail", found.access.status)
      assert.matches(fix, found.access.fix)
      assert.is_nil(found.access.fix:find("look-up", 1, true))
    end)
  end

  it("sees a user without rights", function()
    simulator.script { { status = 403, match = "/executions" } }
    local found = examine()
    assert.are.equal("warn", found.access.status)
    assert.matches("cms:execution:get", found.access.fix)
  end)

  -- Where the project id stands, or comes from; how that is called.
  local FOREIGN = ("e"):rep(32)
  for title, row in pairs {
    ["an option"] = { { project_id = FOREIGN }, {}, "option project_id" },
    ["a variable"] = { { ak = false, sk = false, project_id = false }, {
      HUAWEICLOUD_SDK_PROJECT_ID = FOREIGN, HUAWEICLOUD_SDK_SK = "doctor-secret",
    }, "environment variable HUAWEICLOUD_SDK_PROJECT_ID" },
    ["a profile"] = { { project_id = false }, { profile = "[basic]\nproject_id = " .. FOREIGN },
      "project_id in /%S+" },
    ["the look-up"] = { { project_id = false }, {}, "the look%-up by the region's name" },
    ["a token's account"] = { { ak = false, sk = false, project_id = false, credentials = function()
      return { token = "T", project_id = FOREIGN }
    end }, {}, "the token of option credentials" },
  } do
    it("says where a foreign project comes from: " .. title, function()
      local env = row[2]
      if env.HUAWEICLOUD_SDK_SK then env.HUAWEICLOUD_SDK_AK = "DOCTORKEY" .. serial end
      local path = env.profile and process.temporary(env.profile)
      env.HUAWEICLOUD_SDK_CREDENTIALS_FILE = path
      simulator.script { { status = 403, match = "/executions",
        body = '{"error_code":"AOM.0403","error_msg":"The project id does not belong to the caller"}' } }
      local found = examine(row[1], accounts.system(env))
      if path then os.remove(path) end
      assert.are.equal("warn", found.access.status)
      assert.matches("^the project id %(from " .. row[3] .. "%) belongs to another account or region", found.access.fix)
    end)
  end

  it("sees an endpoint that does not know the API", function()
    simulator.script { { status = 404, match = "/executions" } }
    assert.matches("does not know the API", examine().access.detail)
  end)

  it("does not report that its workflow does not exist", function()
    simulator.script { { status = 404, match = "/executions", body = '{"error_code":"AOM.31001404","error_msg":"x"}' } }
    assert.are.equal("ok", examine().access.status)
  end)

  it("reports a wrong clock, and that calls correct it", function()
    simulator.set { clock_offset = 1200 }
    local found = examine()
    assert.are.equal("warn", found.clock.status)
    assert.matches("1[12]%d%d seconds slow", found.clock.detail)
    assert.are.equal("ok", found.access.status)
  end)

  it("sees an endpoint that refuses connections", function()
    local found = examine { endpoint = "http://127.0.0.1:1" }
    assert.are.equal("fail", found.endpoint.status)
    assert.are.equal("warn", found.access.status)
    assert.is_nil(found.clock)
  end)

  it("sees a name that is not known", function()
    local found = examine { endpoint = "http://nowhere.invalid" }
    assert.are.equal("fail", found.endpoint.status)
    assert.matches("host name does not resolve", found.endpoint.fix)
  end)

  it("sees a certificate that cannot be verified, and one that is not", function()
    local other = process.simulator { tls = true }
    local found = examine { endpoint = other.url }
    assert.are.same({ "ok", "fail" }, { found.endpoint.status, found.tls.status })
    assert.matches("ca_file", found.tls.fix)
    assert.are.equal("ok", examine({ endpoint = other.url, ca_file = other.ca_file }).tls.status)
    assert.are.equal("warn", examine({ endpoint = other.url, insecure = true }).tls.status)
    other.stop()
  end)

  it("checks every endpoint", function()
    local _, report = examine { endpoint = { "http://127.0.0.1:1", simulator.url } }
    local list = {}
    for _, check in ipairs(report) do
      if check.name == "endpoint" then list[#list + 1] = check.status end
    end
    assert.are.same({ "fail", "ok" }, list)
    assert.are.equal("ok", report[#report].status)
  end)

  it("reports missing credentials, and where it searched", function()
    local found = examine { ak = false, sk = false }
    assert.are.equal("fail", found.credentials.status)
    assert.matches("HUAWEICLOUD_SDK_AK", found.credentials.fix)
  end)

  it("sees a refused password", function()
    local found = examine { ak = false, sk = false, username = "alice", password = "nope-" .. serial,
      domain_name = "acme" }
    assert.are.equal("fail", found.credentials.status)
    assert.matches("password is wrong", found.credentials.detail)
    assert.are.equal("warn", found.access.status)
  end)

  it("sees an unknown region and a misspelt option", function()
    assert.matches("unknown region", examine({ endpoint = false, region = "cn-nroth-4" }).configuration.detail)
    assert.matches('did you mean "region"', examine({ regoin = "x" }).configuration.fix)
  end)

  it("reports an unknown identity service, and another account's project id", function()
    local other = ("f"):rep(32)
    local world = accounts.system { HUAWEICLOUD_SDK_TOKEN = "T", HUAWEICLOUD_SDK_PROJECT_ID = other }
    local found = examine({ iam_endpoint = false, project_id = false }, world)
    assert.are.equal("fail", found.configuration.status)
    assert.matches("no identity service is known for " .. simulator.url:gsub("%p", "%%%0"),
      found.configuration.detail)
    assert.matches("from options ak and sk; environment variable HUAWEICLOUD_SDK_PROJECT_ID was ignored",
      found.configuration.detail)
    assert.matches("set option iam_endpoint.*; or set option project_id", found.configuration.fix)
    assert.is_nil(found.configuration.detail:find(other, 1, true))
    assert.are.equal("ok", examine({ iam_endpoint = false }, world).configuration.status)
  end)

  it("sees a region where the API is not documented", function()
    assert.are.equal("warn", examine({ region = "af-south-1" }).configuration.status)
  end)

  it("sees a profile that others can read", function()
    local path = process.temporary "[basic]\nak = A\nsk = S\n"
    process.run("chmod 644 " .. process.quote(path))
    local world = accounts.system { HUAWEICLOUD_SDK_CREDENTIALS_FILE = path }
    local found = examine({}, world)
    assert.are.equal("warn", found.profile.status)
    assert.matches("mode 644", found.profile.detail)
    process.run("chmod 600 " .. process.quote(path))
    assert.is_nil(examine({}, world).profile)
    os.remove(path)
  end)

  it("returns the report from aom and from aom.safe", function()
    for _, name in ipairs { "aom", "aom.safe" } do
      local report = require(name).doctor(options())
      assert.are.equal("ok", report[#report].status)
      assert.matches("^ok    configuration  ", tostring(report))
    end
  end)

  it("shows no terminal control characters", function()
    simulator.script { { status = 200 }, { status = 418,
      body = '{"error_code":"X","error_msg":"a\\u001b[2J\\u009b2Jb\\nok    access  fine"}' } }
    local _, report = examine()
    assert.is_truthy(tostring(report):find("a [2J 2Jb ok    access  fine", 1, true), tostring(report))
  end)
end)

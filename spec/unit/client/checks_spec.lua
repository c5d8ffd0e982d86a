--- The checks that need no network, which the doctor and :checkhealth share.

local checks = require "aom.client.checks"
local doctor = require "aom.client.doctor"
local scripted = require "spec.support.scripted"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"
local OTHER = "/elsewhere"

local function by_name(report)
  local found = {}
  for _, check in ipairs(report) do found[check.name] = found[check.name] or check end
  return found
end

describe("the check of the profile", function()
  local VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
  -- The environment, the file's mode or what keeps it from being read; the finding, and its fix.
  local rows = {
    { "no home", {}, nil, "ok", "no home directory is known" },
    { "no file", { HOME = "/h" }, nil, "ok", PATH .. " does not exist" },
    { "no file that a variable names", { [VARIABLE] = OTHER }, nil, "warn", "cannot be read", "unset " .. VARIABLE },
    { "a file that cannot be read", { HOME = "/h" }, "Permission denied", "warn", "Permission denied",
      "chmod 600 " .. PATH },
    { "a folder", { HOME = "/h" }, "Is a directory", "warn", "Is a directory", "move it away" },
    { "a file of a variable's that cannot be read", { [VARIABLE] = OTHER }, "Is a directory", "warn", "Is a directory",
      "unset " .. VARIABLE },
    { "a file of its owner's alone", { HOME = "/h" }, 384, "ok", "the profile " .. PATH },
    { "a file of a variable's", { HOME = "/h", [VARIABLE] = OTHER }, 256, "ok", "the profile " .. OTHER },
    { "a file that a group reads", { HOME = "/h" }, 416, "warn", "mode 640", "chmod 600 " .. PATH },
    { "a file that all write", { [VARIABLE] = OTHER }, 390, "warn", "mode 606", "chmod 600 " .. OTHER },
  }
  for _, row in ipairs(rows) do
    it("finds " .. row[1], function()
      local w = world.new { env = row[2] }
      local path = row[2][VARIABLE] or PATH
      if type(row[3]) == "number" then w.files[path], w.modes[path] = "[basic]\nregion = cn-north-4", row[3] end
      if type(row[3]) == "string" then
        function w.read_file() return nil, path .. ": " .. row[3], false end
      end
      local report = checks.report()
      checks.profile(report, w)
      assert.are.equal(1, #report)
      assert.are.equal(row[4], report[1].status)
      assert.is_truthy(report[1].detail:find(row[5], 1, true), report[1].detail)
      assert.are.equal(row[6] ~= nil, report[1].fix ~= nil)
      if row[6] then assert.is_truthy(report[1].fix:find(row[6], 1, true), report[1].fix) end

      -- The doctor's report has the same finding, where it is trouble.
      local troubles = {}
      checks.add_troubles(troubles, checks.profile, w)
      assert.are.same(row[4] ~= "ok" and { report[1] } or {}, troubles)
    end)
  end
end)

describe("the check of the profile's keys", function()
  it("finds those that mean nothing, and still what else is wrong", function()
    local w = world.new { env = { HOME = "/h" }, files = { [PATH] = "[basic]\ntimeout = 5" } }
    local report = checks.report()
    checks.profile(report, w)
    w.modes[PATH] = 420
    checks.profile(report, w)
    assert.are.equal(3, #report)
    for i, words in ipairs { "timeout in line 2", "timeout in line 2", "mode 644" } do
      assert.are.same({ "profile", "warn" }, { report[i].name, report[i].status })
      assert.is_truthy(report[i].detail:find(words, 1, true), report[i].detail)
    end
  end)
end)

describe("all checks", function()
  it("name what is there, and no secret of it", function()
    local w = world.new { env = { HUAWEICLOUD_SDK_AK = "hush-ak", HUAWEICLOUD_SDK_SK = "hush-sk",
      CLOUD_SDK_AK = "hush", HUAWEICLOUD_SDK_REGION = "cn-north-4" } }
    local report = checks.run(w)
    local found = by_name(report)
    assert.matches("^aom %d+%.%d+%.%d+, Lua", found.parts.detail)
    assert.are.equal("credentials in the environment: HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, CLOUD_SDK_AK",
      found.variables.detail)
    assert.are.equal("ok", found.configuration.status)
    assert.matches("region cn%-north%-4, from environment variable HUAWEICLOUD_SDK_REGION; endpoint ",
      found.configuration.detail)
    assert.matches("credentials from environment variables", found.configuration.detail)
    assert.is_nil(tostring(report):find("hush", 1, true))
  end)

  it("say the same as the doctor of what cannot be a client", function()
    for _, env in ipairs { {}, { HUAWEICLOUD_SDK_REGION = "cn-north-4" }, { HUAWEICLOUD_SDK_REGION = "nowhere" },
      { HUAWEICLOUD_SDK_REGION = "cn-north-4", HUAWEICLOUD_SDK_AK = "A" } } do
      local offline, online = checks.run(world.new { env = env }), doctor.examine(nil, world.new { env = env })
      assert.are.equal(1, #online)
      assert.are.equal("fail", online[1].status)
      assert.are.same(online[1], offline[#offline])
    end
  end)

  for _, case in ipairs { { "3.0.11", "3.0.19", "ok" }, { "1.1.1w", "3.0.19", "warn" } } do
    it(("compare OpenSSL %s with the %s of the build"):format(case[1], case[2]), function()
      local core = require "aom.core"
      local versions = core.versions
      local fake = versions()
      fake.openssl_running, fake.openssl_built = case[1], case[2]
      function core.versions() return fake end
      local troubles, report = {}, checks.report()
      checks.add_troubles(troubles, checks.parts)
      checks.parts(report)
      core.versions = versions
      assert.are.equal(case[3] == "ok" and 0 or 1, #troubles)
      if troubles[1] then assert.matches("^build it again", troubles[1].fix) end
      assert.is_truthy(tostring(report):find("OpenSSL " .. case[1], 1, true))
    end)
  end
end)

describe("the doctor's word on credentials", function()
  for title, row in pairs {
    ["a whole second"] = { 1767323045, ", valid until 2026-01-02T03:04:05Z" },
    ["a part of one"] = { 1767323045.75, ", valid until 2026-01-02T03:04:05Z" },
    ["the last second of a year of four digits"] = { 253402300799, ", valid until 9999-12-31T23:59:59Z" },
    ["a later one"] = { 1e300, "" }, ["never"] = { math.huge, "" }, ["nothing"] = { nil, "" },
  } do
    it("tells their end: " .. title, function()
      local w = world.new { time = 1767320000 }
      local options = scripted.options(scripted.new(w, { { status = 404, body = "{}" } }), { ak = false, sk = false,
        credentials = function() return { ak = "DOCTORKEY", sk = "s", expires_at = row[1] } end })
      assert.are.equal("a key pair from option credentials" .. row[2],
        by_name(doctor.examine(options, w)).credentials.detail)
    end)
  end
end)

describe("the doctor's advice on a certificate that cannot be verified", function()
  local UNKNOWN = "unable to get local issuer certificate"
  for transport, case in pairs {
    curl = { UNKNOWN, "option ca_file", "nginx.conf", "authority" },
    resty = { UNKNOWN .. " (by nginx.conf: lua_ssl_trusted_certificate names …)", "see the message", "ca_file" },
  } do
    it("fits the transport " .. transport, function()
      local w = world.new {}
      local loop = scripted.new(w, { { kind = "tls", message = case[1], fault = case[4] } })
      local found = by_name(doctor.examine(scripted.options(loop, { transport = transport }), w))
      assert.are.equal("fail", found.tls.status)
      assert.is_truthy(found.tls.detail:find(case[1], 1, true), found.tls.detail)
      assert.is_truthy(found.tls.fix:find(case[2], 1, true), found.tls.fix)
      assert.is_nil(found.tls.fix:find(case[3], 1, true), found.tls.fix)
    end)
  end

  it("is no CA certificate for one that has expired", function()
    local w = world.new {}
    local loop = scripted.new(w, { { kind = "tls", message = "certificate has expired", fault = "expired" } })
    local found = by_name(doctor.examine(scripted.options(loop), w))
    assert.is_nil(found.tls.fix:find("CA", 1, true), found.tls.fix)
    assert.is_nil(found.tls.fix:find("trusted_certificate", 1, true), found.tls.fix)
  end)
end)

describe("the doctor's question", function()
  local function body(code) return ('{"error_code":"%s","error_msg":"no"}'):format(code) end

  -- Status, body; what is said of the access, and of its fix.
  for _, row in ipairs {
    { 200, "[]", "ok", "accepts the credentials" },
    { 404, body "AOM.31001404", "ok", "accepts the credentials" },
    { 400, body "AOM.31001302", "ok", "accepts the credentials" },
    { 404, "<html><h1>404 Not Found</h1>", "warn", "HTTP 404: not found", "see the message" },
    { 404, "", "warn", "HTTP 404: not found", "see the message" },
    { 400, body "WAF.0400", "warn", "HTTP 400 WAF.0400", "see the message" },
    { 404, body "APIGW.0101", "warn", "the endpoint does not know the API", "see the message" },
    { 403, body "APIGW.0302", "warn", "the service refuses this request", "cms:execution:get" },
    { 403, body "AOM.0403", "warn", "the service refuses this request", "cms:execution:get" },
    { 403, "<html>blocked", "warn", "HTTP 403: forbidden: <html>blocked", "see the message" },
    { 403, body "WAF.0403", "warn", "HTTP 403 WAF.0403: no", "see the message" },
    { 401, body "APIGW.0301", "fail", "HTTP 401 APIGW.0301", "correct the credentials" },
    { 401, "<html>log in", "fail", "HTTP 401", "see the message" },
    { 401, body "AOM.31009003", "fail", "HTTP 401 AOM.31009003", "see the message" },
    { 500, body "AOM.1", "warn", "HTTP 500 AOM.1", "see the message" },
  } do
    it(("answered with %d and %s is a finding: %s"):format(row[1], row[2], row[3]), function()
      local w = world.new {}
      local loop = scripted.new(w, { { status = 404 }, { status = row[1], body = row[2] } })
      local access = by_name(doctor.examine(scripted.options(loop, { max_attempts = 1 }), w)).access
      assert.are.equal(row[3], access.status)
      assert.is_truthy(access.detail:find(row[4], 1, true), access.detail)
      -- A refusal is the service's only where its code says so.
      assert.are.equal(row[4]:find "^the service refuses", access.detail:find "^the service refuses")
      if not row[5] then return assert.is_nil(access.fix) end
      assert.is_truthy(access.fix:find(row[5], 1, true), access.fix)
    end)
  end

  for seconds, words in pairs {
    [0] = "right", [1] = "1 second slow", [-2] = "2 seconds fast", [59] = "59 seconds slow",
    [60] = "60 seconds slow", [-3600] = "3600 seconds fast",
  } do
    it(("tells of a clock that is off by %d"):format(seconds), function()
      local w = world.new {}
      local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", w.time() + seconds)
      local loop = scripted.new(w, { { status = 404, headers = { date = date } }, { status = 200, body = "[]" } })
      local found = by_name(doctor.examine(scripted.options(loop), w)).clock
      assert.are.equal("this machine's clock is " .. words, found.detail)
      assert.are.equal(math.abs(seconds) >= 60 and "warn" or "ok", found.status)
    end)
  end
end)

describe("the doctor with a callback", function()
  it("gives its report there", function()
    local w, got = world.new {}, nil
    local loop = scripted.new(w, { { status = 404 }, { status = 200, body = "[]" } })
    local handle = doctor.examine(scripted.options(loop), w, function(...) got = { n = select("#", ...), ... } end)
    assert.is_function(handle.cancel)
    assert.is_nil(got[1])
    assert.are.equal("ok", by_name(got[2]).access.status)
  end)

  it("gives a report of options that make no client", function()
    local got
    doctor.examine({ regoin = "x" }, world.new {}, function(_, report) got = report end)
    assert.are.equal("fail", by_name(got).configuration.status)
  end)

  it("returns why where nothing can be sent later", function()
    local select_loop = require "aom.loop.select"
    local loop, failure = select_loop.loop, { kind = "config" }
    select_loop.loop = function() return nil, failure end
    finally(function() select_loop.loop = loop end)
    local handle, err = doctor.examine({ regoin = "x" }, world.new {}, function() end)
    assert.is_nil(handle)
    assert.are.equal(failure, err)
  end)

  it("is refused where the callback is no function", function()
    local report, err = doctor.examine({}, world.new {}, "x")
    assert.is_nil(report)
    assert.are.equal("argument", err.kind)
  end)
end)

--- Proves every source of credentials, end to end against the simulator.

local accounts = require "spec.support.accounts"
local client = require "aom.client.state"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local TOKENS = "POST /v3/auth/tokens"
local PROJECTS = "GET /v3/projects"
local ID_TOKENS = "POST /v3.0/OS-AUTH/id-token/tokens"
local KEYS = "POST /v3.0/OS-CREDENTIAL/securitytokens"
local METADATA_TOKEN = "PUT /meta-data/latest/api/token"
local METADATA_KEYS = "GET /openstack/latest/securitykey"
local POD = "POST /pod/credentials"
local TRIGGER = "PUT /trigger/action"

local USER = { username = "alice", password = "correct-horse", domain_name = "acme" }

local simulator, files

setup(function() simulator = accounts.simulator() end)
teardown(function() simulator.stop() end)

before_each(function()
  simulator.provision()
  files = {}
end)

after_each(function()
  for _, path in ipairs(files) do os.remove(path) end
end)

local function file(text)
  local path = process.temporary(text)
  files[#files + 1] = path
  return path
end

local serial = 0
--- A key that no other spec has used: the process remembers each key.
local function new_key()
  serial = serial + 1
  local key = { ak = "SPECKEY" .. serial, sk = "spec-secret-" .. serial }
  simulator.set { keys = { [key.ak] = { sk = key.sk } } }
  return key
end

local function with(base, more)
  local both = {}
  for name, value in pairs(base) do both[name] = value end
  for name, value in pairs(more or {}) do both[name] = value end
  return both
end

--- Options and environment of each source, and the requests to other services of a first call.
local sources = {
  {
    name = "a user and a password", expiring = "token",
    options = function() return USER end,
    cost = { [TOKENS] = 1 },
  },
  {
    name = "a user and a password in the environment", expiring = "token",
    options = function() return {} end,
    env = function()
      return { HUAWEICLOUD_SDK_USERNAME = "alice", HUAWEICLOUD_SDK_PASSWORD = "correct-horse",
        HUAWEICLOUD_SDK_DOMAIN_NAME = "acme" }
    end,
    cost = { [TOKENS] = 1 },
  },
  {
    name = "a user and a password in the profile", expiring = "token",
    options = function() return {} end,
    env = function()
      return { HUAWEICLOUD_SDK_CREDENTIALS_FILE = file(
        "[basic]\nusername = alice\npassword = correct-horse\ndomain_name = acme\n") }
    end,
    cost = { [TOKENS] = 1 },
  },
  {
    name = "an id token", expiring = "keys",
    options = function() return { idp_id = "idp-1", id_token_file = file("  id-token-1\n") } end,
    cost = { [ID_TOKENS] = 1, [KEYS] = 1, [PROJECTS] = 1 },
  },
  {
    name = "an id token named by the environment", expiring = "keys",
    options = function() return {} end,
    env = function()
      return { HUAWEICLOUD_SDK_IDP_ID = "idp-1", HUAWEICLOUD_SDK_ID_TOKEN_FILE = file "id-token-1",
        HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S" }
    end,
    cost = { [ID_TOKENS] = 1, [KEYS] = 1, [PROJECTS] = 1 },
  },
  {
    name = "instance metadata", expiring = "keys",
    options = function() return { metadata = true } end,
    cost = { [METADATA_TOKEN] = 1, [METADATA_KEYS] = 1, [PROJECTS] = 1 },
  },
  {
    name = "instance metadata without tokens", expiring = "keys",
    options = function()
      simulator.set { metadata_tokens = false }
      return { metadata = true }
    end,
    cost = { [METADATA_TOKEN] = 1, [METADATA_KEYS] = 1, [PROJECTS] = 1 },
  },
  {
    name = "a pod's endpoint", expiring = "keys",
    options = function() return {} end,
    env = function()
      return { HC_CONTAINER_CREDENTIALS_FULL_URI = simulator.url .. "/pod/credentials",
        HC_CONTAINER_AUTHORIZATION_TOKEN_FILE = file "pod-token-1\n" }
    end,
    cost = { [POD] = 1, [PROJECTS] = 1 },
  },
  {
    name = "a key pair", options = new_key, cost = { [PROJECTS] = 1 },
  },
  {
    name = "a key pair of the environment",
    options = function() return {} end,
    env = function()
      local key = new_key()
      return { HUAWEICLOUD_SDK_AK = key.ak, HUAWEICLOUD_SDK_SK = key.sk }
    end,
    cost = { [PROJECTS] = 1 },
  },
  {
    name = "a function of the user's",
    options = function() return { credentials = new_key } end, cost = { [PROJECTS] = 1 },
  },
}

local function open(source, more)
  local options = with(source.options(), more)
  return assert(accounts.open(simulator, options, accounts.system(source.env and source.env())))
end

for _, source in ipairs(sources) do
  describe("credentials from " .. source.name, function()
    it("are enough, with the region, for calls", function()
      local state = open(source)
      assert.are.equal(0, simulator.state().counts.total)
      assert.is_true(assert(accounts.trigger(state)).success)
      assert.is_true(assert(accounts.trigger(state)).success)
      assert.are.same(with(source.cost, { [TRIGGER] = 2 }), with(accounts.counts(simulator)))
      client.close(state)
    end)

    it("also come from an identity service whose URL ends in the API's version", function()
      for _, suffix in ipairs { "/v3", "/v3/", "/v3.0" } do
        local state = open(source, { iam_endpoint = simulator.url .. suffix })
        assert.is_true(assert(accounts.trigger(state)).success)
        client.close(state)
      end
      for name in pairs(accounts.counts(simulator)) do assert.is_nil(name:find("/v3/v3", 1, true)) end
    end)

    it("are fetched once for fifty concurrent calls", function()
      simulator.set { latency = 0.02 }
      local state = open(source)
      local results, failures = accounts.run(state, 50)
      for i = 1, 50 do assert.is_true(results[i] ~= nil, tostring(failures[i])) end
      assert.are.same(with(source.cost, { [TRIGGER] = 50 }), with(accounts.counts(simulator)))
      client.close(state)
    end)

    if source.expiring then
      it("are renewed once when they expire during fifty calls", function()
        local ahead = 0
        local world = accounts.system(source.env and source.env(), { time = function() return os.time() + ahead end })
        local state = assert(accounts.open(simulator, source.options(), world))
        assert(accounts.trigger(state))
        -- Both clocks advance by a day.
        ahead = 86400 - 60
        simulator.set { clock_offset = ahead }
        local results, failures = accounts.run(state, 50)
        for i = 1, 50 do assert.is_true(results[i] ~= nil, tostring(failures[i])) end
        local counts = accounts.counts(simulator)
        assert.are.equal(51, counts[TRIGGER])
        for name, times in pairs(source.cost) do
          local once = name == PROJECTS or name == METADATA_TOKEN
          assert.are.equal(once and 1 or 2 * times, counts[name], name)
        end
        client.close(state)
      end)

      it("are renewed when the service ends them early", function()
        local state = open(source)
        assert(accounts.trigger(state))
        simulator.set { expire_issued = true }
        local result = assert(accounts.trigger(state))
        assert.are.equal(2, result.attempts)
        assert.is_true(assert(accounts.trigger(state)).success)
        assert.are.equal(4, accounts.counts(simulator)[TRIGGER])
        client.close(state)
      end)

      it("with a short lifetime are not renewed at every call", function()
        simulator.set { token_lifetime = 240, key_lifetime = 240 }
        local state = open(source)
        for _ = 1, 10 do assert(accounts.trigger(state)) end
        local counts = accounts.counts(simulator)
        assert.are.same(with(source.cost, { [TRIGGER] = 10 }), with(counts))
        client.close(state)
      end)
    end
  end)
end

describe("a wrong password", function()
  it("is sent at most twice by all clients, and a right one at once", function()
    local wrong = with(USER, { password = "wrong-" .. tostring({}) })
    local one, two = assert(accounts.open(simulator, wrong)), assert(accounts.open(simulator, wrong))
    for _, state in ipairs { one, two, one, two } do
      local result, err = accounts.trigger(state)
      assert.is_nil(result)
      assert.are.equal("credentials", err.kind)
      assert.are.equal(401, err.status)
      assert.matches("password is wrong", err.message)
      assert.is_nil(tostring(err):find(wrong.password, 1, true))
    end
    local _, failures = accounts.run(one, 100)
    for i = 1, 100 do assert.matches("^not sent: the service refused this user", failures[i].hint) end
    assert.are.same({ [TOKENS] = 2 }, with(accounts.counts(simulator)))
    local right = assert(accounts.open(simulator, USER))
    assert.is_true(assert(accounts.trigger(right)).success)
  end)

  it("causes two requests in a thousand calls", function()
    local state = assert(accounts.open(simulator, with(USER, { password = "wrong-" .. tostring({}) })))
    local failed = 0
    for _ = 1, 10 do
      local _, failures = accounts.run(state, 100)
      failed = failed + #failures
    end
    assert.are.equal(1000, failed)
    assert.are.same({ [TOKENS] = 2 }, with(accounts.counts(simulator)))
  end)
end)

describe("the identity service", function()
  it("is retried when it is down for a moment", function()
    simulator.script { { status = 503, match = "/v3/auth/tokens" } }
    assert.is_true(assert(accounts.trigger(assert(accounts.open(simulator, USER)))).success)
    assert.are.equal(2, accounts.counts(simulator)[TOKENS])
  end)

  it("that cannot be reached is named in the error", function()
    local state = assert(accounts.open(simulator,
      with(USER, { iam_endpoint = "http://127.0.0.1:1", outage_timeout = 0.2 })))
    local result, err = accounts.trigger(state)
    assert.is_nil(result)
    assert.are.equal("network", err.kind)
    assert.matches("the request to the identity service %(http://127%.0%.0%.1:1%) failed: ", err.message)
  end)

  it("gets no password over an unencrypted network", function()
    local state = assert(accounts.open(simulator, with(USER, { iam_endpoint = "http://iam.example.com" })))
    local _, err = accounts.trigger(state)
    assert.are.equal("config", err.kind)
    assert.matches("unencrypted", err.message)
  end)
end)

describe("a project that is looked up", function()
  it("is looked up once in a process, for each key and region", function()
    local key = new_key()
    for _ = 1, 3 do
      local state = assert(accounts.open(simulator, key))
      assert(accounts.trigger(state))
      client.close(state)
    end
    assert.are.equal(1, accounts.counts(simulator)[PROJECTS])
  end)

  it("is looked up with an unscoped signature even if calls are signed for a region", function()
    local state = assert(accounts.open(simulator, with(new_key(), { algorithm = "V11-HMAC-SHA256" })))
    assert.is_true(assert(accounts.trigger(state)).success)
  end)

  it("corrects a wrong clock as calls do", function()
    simulator.set { clock_offset = 1200 }
    local state = assert(accounts.open(simulator, new_key()))
    assert.is_true(assert(accounts.trigger(state)).success)
    assert.are.same({ [PROJECTS] = 2, [TRIGGER] = 1 }, with(accounts.counts(simulator)))
  end)

  it("must be set if no project has the region's name", function()
    simulator.set { projects = { [accounts.PROJECT] = false } }
    local _, err = accounts.trigger(assert(accounts.open(simulator, new_key())))
    assert.are.equal("config", err.kind)
    assert.matches("no project is named cn%-north%-4", err.message)
    assert.matches("HUAWEICLOUD_SDK_PROJECT_ID", err.hint)
    assert.are.equal(0, accounts.counts(simulator)[TRIGGER])
  end)

  it("must be set if several projects have it, and they are listed", function()
    local other = ("e"):rep(32)
    simulator.set { projects = { [other] = { name = accounts.REGION } } }
    local _, err = accounts.trigger(assert(accounts.open(simulator, new_key())))
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.message:find(other, 1, true))
    assert.is_truthy(err.message:find(accounts.PROJECT, 1, true))
  end)

  it("with a wrong key sends two requests in a thousand calls", function()
    local state = assert(accounts.open(simulator, with(new_key(), { sk = "wrong" })))
    local _, failures = accounts.run(state, 1000)
    for i = 1, 1000 do assert.are.equal(401, failures[i].status) end
    accounts.run(state, 10)
    assert.are.same({ [PROJECTS] = 2 }, with(accounts.counts(simulator)))
  end)
end)

describe("instance metadata", function()
  it("is not asked for a token again for a day if it has none", function()
    simulator.set { metadata_tokens = false, key_lifetime = 1 }
    local state = assert(accounts.open(simulator, { metadata = true, project_id = accounts.PROJECT }))
    assert(accounts.trigger(state))
    process.sleep(1.1)
    assert(accounts.trigger(state))
    -- A slow machine may ask for a key more often: one lasts for a second.
    local counts = accounts.counts(simulator)
    assert.are.equal(1, counts[METADATA_TOKEN])
    assert.is_true(counts[METADATA_KEYS] >= 2)
  end)

  it("reports an instance without an agency, and the other places searched", function()
    simulator.set { metadata_agency = false }
    local _, err = accounts.trigger(assert(accounts.open(simulator, { metadata = true })))
    assert.are.equal("credentials", err.kind)
    assert.matches("Please configure Cloud Service Agency first", err.message)
    assert.matches("HUAWEICLOUD_SDK_AK", err.hint)
    assert.are.equal(1, accounts.counts(simulator)[METADATA_TOKEN])
  end)

  it("is called without any proxy", function()
    local proxy = process.rawserver { replies = { "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n" } }
    local state = assert(accounts.open(simulator, { metadata = true, proxy = proxy.url, max_attempts = 1 }))
    accounts.trigger(state)
    local counts = accounts.counts(simulator)
    assert.are.same({ 1, 1 }, { counts[METADATA_TOKEN], counts[METADATA_KEYS] })
    for _, request in ipairs(proxy.requests()) do
      assert.is_nil(request.line:find("securitykey", 1, true))
      assert.is_nil(request.line:find("meta-data", 1, true))
    end
    proxy.stop()
  end)

  it("is not asked unless it is enabled", function()
    local state, err = accounts.open(simulator, {})
    assert.is_nil(state)
    assert.matches("instance metadata %(disabled: ", err.hint)
    assert.are.equal(0, simulator.state().counts.total)
  end)
end)

describe("keys that the service refuses", function()
  it("are read again from the profile, and new ones are used", function()
    local old, new = new_key(), new_key()
    local path = file(("[basic]\nak = %s\nsk = %s\n"):format(old.ak, "outdated"))
    local state = assert(accounts.open(simulator, { project_id = accounts.PROJECT },
      accounts.system { HUAWEICLOUD_SDK_CREDENTIALS_FILE = path }))
    local handle = assert(io.open(path, "w"))
    handle:write(("[basic]\nak = %s\nsk = %s\n"):format(new.ak, new.sk))
    handle:close()
    local result = assert(accounts.trigger(state))
    assert.are.equal(2, result.attempts)
  end)

  it("are not sent again if they are still the same", function()
    local key = new_key()
    local path = file(("[basic]\nak = %s\nsk = %s\n"):format(key.ak, "wrong"))
    local state = assert(accounts.open(simulator, { project_id = accounts.PROJECT },
      accounts.system { HUAWEICLOUD_SDK_CREDENTIALS_FILE = path }))
    for _ = 1, 5 do
      local _, err = accounts.trigger(state)
      assert.are.equal("APIGW.0301", err.code)
    end
    assert.are.equal(2, accounts.counts(simulator)[TRIGGER])
  end)
end)

describe("algorithms", function()
  for _, algorithm in ipairs { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256" } do
    it(algorithm .. " is verified by the service", function()
      local state = assert(accounts.open(simulator, with(new_key(),
        { algorithm = algorithm, project_id = accounts.PROJECT })))
      assert.is_true(assert(accounts.trigger(state)).success)
    end)
  end
end)

describe("endpoints", function()
  local key
  before_each(function() key = with(new_key(), { project_id = accounts.PROJECT }) end)

  it("take over from one that refuses connections, at once and permanently", function()
    local state = assert(accounts.open(simulator, with(key, { endpoint = { "http://127.0.0.1:1", simulator.url } })))
    local result = assert(accounts.trigger(state))
    assert.are.equal(1, result.attempts)
    assert.is_true(result.elapsed < patience.of(0.4))
    assert.are.equal(1, assert(accounts.trigger(state)).attempts)
  end)

  it("take over from one whose name does not resolve", function()
    local state = assert(accounts.open(simulator,
      with(key, { endpoint = { "http://nowhere.invalid", simulator.url } })))
    assert.are.equal(1, assert(accounts.trigger(state)).attempts)
  end)

  it("take over from one whose certificate is not trusted", function()
    local other = process.simulator { tls = true }
    local state = assert(accounts.open(simulator, with(key, { endpoint = { other.url, simulator.url } })))
    assert.are.equal(2, assert(accounts.trigger(state)).attempts)
    assert.are.equal(0, other.state().counts.total)
    other.stop()
  end)

  it("do not take over from one that answers", function()
    simulator.script { { status = 503 } }
    local state = assert(accounts.open(simulator, with(key, { endpoint = { simulator.url, "http://127.0.0.1:1" } })))
    assert.is_true(assert(accounts.trigger(state)).success)
    assert.are.equal(2, simulator.state().counts.total)
  end)

  it("that all fail end like a single one", function()
    local state = assert(accounts.open(simulator, with(key,
      { endpoint = { "http://127.0.0.1:1", "http://127.0.0.1:2" }, outage_timeout = 0.2 })))
    local _, err = accounts.trigger(state)
    assert.are.equal("network", err.kind)
    assert.are.equal(0, err.attempts)
  end)
end)

--- Proves which service a client asks for its project, and which response it accepts. The spec's own loop
--- records requests and answers them from a table.

local cjson = require "cjson"
local client = require "aom.client.state"
local methods = require "aom.client.methods"
local world = require "spec.support.world"

local PROJECT, OTHER = ("0123456789abcdef"):rep(2), ("f"):rep(32)
local REGION = "cn-north-4"

local serial = 0

--- An adapter that answers the identity service's paths with `answers`, and all else with
--- success.
local function new_loop(answers, seen)
  local loop = {}
  function loop.fetch(attempt)
    local method, url, headers, body = attempt:signed()
    local host, path = url:match "^https?://([^/]+)([^?]*)"
    seen[#seen + 1] = { method = method, host = host, path = path, headers = headers, body = body }
    local answer = answers[path:match "/v3/.*$"]
    if answer then return answer end
    return { status = 200, headers = {}, body = '{"success"}' }
  end
  function loop.sleep() return true end
  function loop.now() return 0 end
  function loop.waiter() return nil end
  function loop.run(bodies) for _, body in ipairs(bodies) do body() end end
  return loop
end

local function open(given, answers, env)
  serial = serial + 1
  local seen = {}
  local options = { region = REGION, endpoint = "http://127.0.0.1:1", iam_endpoint = "http://127.0.0.1:2",
    ak = "PROJECTKEY" .. serial, sk = "S", max_attempts = 1 }
  for name, value in pairs(given or {}) do options[name] = value or nil end
  options.loop = new_loop(answers or {}, seen)
  local state = assert(client.open(options, world.new { env = env }))
  return state, seen
end

local function trigger(...)
  local state, seen = open(...)
  local result, err = methods.trigger(state, "wf-1", "enable")
  return result, err, seen
end

local function listing(body) return { ["/v3/projects"] = { status = 200, headers = {}, body = body } } end

local function projects(list)
  local array = {}
  for i, entry in ipairs(list) do array[i] = cjson.encode { id = entry[1], name = entry[2] } end
  return listing('{"projects":[' .. table.concat(array, ",") .. "]}")
end

describe("of the projects that the identity service lists", function()
  local used = {
    { "the only one", { { PROJECT, REGION } } },
    { "the one of that name, before a subproject", { { PROJECT, REGION }, { OTHER, "cn-north-4_dev" } } },
    { "the one of that name, after others", { { OTHER, "MOS" }, { ("e"):rep(32), "cn-north-1" },
      { PROJECT, REGION } } },
    { "one that is there twice", { { PROJECT, REGION }, { PROJECT, REGION } } },
  }
  for _, case in ipairs(used) do
    it("it is " .. case[1], function()
      local result, err, seen = trigger(nil, projects(case[2]))
      assert.is_nil(err)
      assert.is_true(result.success)
      assert.are.equal("/v1/" .. PROJECT .. "/cms/workflow/wf-1/trigger/action", seen[2].path)
    end)
  end

  local refused = {
    { "another region's", { { OTHER, "cn-north-1" } }, "no project is named cn%-north%-4.*\"cn%-north%-1\" %(f+%)" },
    { "a subproject", { { OTHER, "cn-north-4_dev" } }, "no project is named" },
    { "one in other letters", { { OTHER, "CN-NORTH-4" } }, "no project is named" },
    { "one with a blank more", { { OTHER, REGION .. " " } }, "no project is named" },
    { "none", {}, "no project is named cn%-north%-4 %(like the region%), so the look%-up found no project id$" },
    { "one of two of that name", { { PROJECT, REGION }, { OTHER, REGION } }, "2 projects are named cn%-north%-4: " },
  }
  for _, case in ipairs(refused) do
    it("it is not " .. case[1], function()
      local result, err, seen = trigger(nil, projects(case[2]))
      assert.is_nil(result)
      assert.are.equal("config", err.kind)
      assert.matches(case[3], err.message)
      assert.matches("set option project_id", err.hint)
      assert.are.equal(1, #seen)
    end)
  end

  it("it is none of a region in capitals, and the error asks for the id", function()
    local _, err = trigger({ region = "CN-NORTH-4" }, projects { { PROJECT, REGION } })
    assert.matches("no project is named CN%-NORTH%-4", err.message)
    assert.matches('^did you mean region "cn%-north%-4"%? set option project_id', err.hint)
    _, err = trigger { region = "CN-NORTH-4", endpoint = "https://aom.cn-north-4.myhuaweicloud.com",
      iam_endpoint = false }
    assert.matches("^no identity service is known for .* in region CN%-NORTH%-4", err.message)
    assert.matches('^did you mean region "cn%-north%-4"%? set option iam_endpoint', err.hint)
  end)

  for _, body in ipairs { "", "null", "[]", '"x"', "{}", '{"projects":null}', '{"projects":"x"}', '{"projects":7}',
    '{"projects":{"id":"x"}}', '{"projects":[null]}', '{"projects":["x"]}', '{"projects":[7]}', '{"projects":[[]]}',
    '{"projects":[{"name":"cn-north-4"}]}', '{"projects":[{"name":"cn-north-4","id":null}]}',
    '{"projects":[{"name":"cn-north-4","id":"../x"}]}', '{"projects":[{"name":"cn-north-4","id":"0123"}]}',
    ('{"projects":[{"name":null,"id":"%s"}]}'):format(OTHER),
    ('{"projects":[{"name":"cn-north-4","id":"%s"},{"name":"cn-north-4","id":7}]}'):format(OTHER) } do
    it("none is accepted from " .. body, function()
      local result, err, seen = trigger(nil, listing(body))
      assert.is_nil(result)
      assert.are.equal("protocol", err.kind)
      assert.are.equal(1, #seen)
    end)
  end

  it("the one of a token is looked up once by its client and those made from it", function()
    local state, seen = open({ ak = false, sk = false, token = "T" }, projects { { PROJECT, REGION } })
    assert.is_true(methods.trigger(assert(methods.with(state, { timeout = 5 })), "wf-1", "enable").success)
    assert.is_true(methods.trigger(state, "wf-2", "enable").success)
    assert.are.equal(3, #seen)
    assert.are.equal("/v3/projects", seen[1].path)
  end)

  it("a malformed one is ignored beside the right one", function()
    local body = ('{"projects":[null,{"id":7,"name":"x"},{"name":"cn-north-4","id":"%s"}]}'):format(PROJECT)
    assert.is_true(trigger(nil, listing(body)).success)
  end)
end)

describe("a look-up that fails", function()
  local function refusal(status, code, message)
    return { ["/v3/projects"] = { status = status, headers = {},
      body = cjson.encode { error_code = code, error_msg = message } } }
  end

  -- The gateway's own words, as signed calls get them.
  local WRONG = "Incorrect IAM authentication information: "
  local UNKNOWN = "the access key does not exist or was deleted: check it, and that ak and sk are not swapped"
  local DENIED = "this request looked up the project id for region cn-north-4; set option project_id or "
    .. "HUAWEICLOUD_SDK_PROJECT_ID to avoid the look-up"
  local BY_OTHERS = "the refusal bears no code of the identity service's: a proxy, a firewall or another server may "
    .. "have answered in its place; this request looked up the project id for region cn-north-4"
  local failures = {
    { "for an unknown key", refusal(401, "APIGW.0301", WRONG .. "Get secretKey failed,ak:PRO***,err:ak not exist"),
      UNKNOWN },
    { "for a deleted key", refusal(401, "APIGW.0301", WRONG .. "AK:PRO*** does not exist"), UNKNOWN },
    { "for a locked key", refusal(401, "APIGW.0301", WRONG .. "Retry later, wrong signatures reach the limit"),
      "the service has locked this access key for five minutes, after too many wrong signatures" },
    { "for a token's end", refusal(401, "APIGW.0307", "The token must be updated."),
      "the token has expired: get a new one" },
    { "for an address", refusal(403, "APIG.0401", "not allowed"),
      "the service does not accept calls from this address; " .. DENIED },
    { "for a permission", refusal(403, "IAM.0003", "Policy doesn't allow it"), DENIED },
    { "for a permission, without a code but with the service's trace", { ["/v3/projects"] = { status = 403,
      headers = { ["x-iam-trace-id"] = "t" }, body = '{"error":{"message":"not allowed","title":"Forbidden"}}' } },
      DENIED },
    { "for a proxy's page", { ["/v3/projects"] = { status = 403, headers = { ["content-type"] = "text/html" },
      body = "<html><title>ERR_ACCESS_DENIED</title>" } }, BY_OTHERS },
    { "for an empty 403", { ["/v3/projects"] = { status = 403, headers = {}, body = "" } }, BY_OTHERS },
    { "for a proxy's JSON", refusal(403, "403", "Forbidden by policy"), BY_OTHERS },
    { "for a web firewall", refusal(403, "WAF.0403", "blocked"), BY_OTHERS },
    { "for a 401 that says nothing", refusal(401, nil, "no"), nil },
    { "for a service that is down", refusal(500, "IAM.0011", "later"), nil },
    { "without an answer", nil, nil },
  }
  for _, case in ipairs(failures) do
    it(case[1] .. (case[3] and " is explained" or " goes without advice"), function()
      local state = open({}, case[2])
      if not case[2] then
        state.loop.fetch = function() return nil, { kind = "network", message = "nobody listens", sent = false } end
      end
      local result, err = methods.trigger(state, "wf-1", "enable")
      assert.is_nil(result)
      assert.are.equal("find_project", err.operation)
      assert.are.equal(case[3], err.hint)
    end)
  end

  it("for a wrong secret key is told from one for an unknown key", function()
    local state = open()
    state.loop.fetch = function(attempt)
      local canonical = attempt:canonical_request():gsub("\n", "|")
      return refusal(401, "APIGW.0301", WRONG .. "verify aksk signature fail, canonicalRequest:"
        .. canonical)["/v3/projects"]
    end
    local _, err = methods.trigger(state, "wf-1", "enable")
    assert.are.equal("find_project", err.operation)
    assert.matches("the secret key does not belong to the access key$", err.hint)
  end)
end)

describe("a token of the identity service", function()
  local USER = { ak = false, sk = false, username = "U", password = "P", domain_name = "D" }

  local function token(project)
    return { ["/v3/auth/tokens"] = { status = 201, headers = { ["x-subject-token"] = "T" },
      body = '{"token":{"expires_at":"2030-01-01T00:00:00.000000Z","project":' .. project .. "}}" } }
  end

  local cases = {
    { "of the project that was asked for", ('{"id":"%s","name":"cn-north-4"}'):format(PROJECT), true },
    { "whose project has no name", ('{"id":"%s"}'):format(PROJECT), true },
    { "of a project of another name", ('{"id":"%s","name":"cn-north-1"}'):format(OTHER), false },
    { "of a subproject", ('{"id":"%s","name":"cn-north-4_dev"}'):format(OTHER), false },
    { "of a project whose id is none", '{"id":"../x","name":"cn-north-4"}', false },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. (case[3] and " is used" or " is not used"), function()
      local result, err, seen = trigger(USER, token(case[2]))
      if case[3] then
        assert.is_nil(err)
        assert.are.equal("/v1/" .. PROJECT .. "/cms/workflow/wf-1/trigger/action", seen[2].path)
      else
        assert.is_nil(result)
        assert.are.equal("config", err.kind)
        assert.are.equal(1, #seen)
      end
    end)
  end
end)

describe("nothing is sent", function()
  local CREDENTIALS = {
    pair = {}, token = { ak = false, sk = false, token = "T" },
    user = { ak = false, sk = false, username = "U", password = "P", domain_name = "D" },
    id_token = { ak = false, sk = false, idp_id = "I", id_token_file = "/f" },
    metadata = { ak = false, sk = false, metadata = true },
  }
  local ELSEWHERE = {
    { endpoint = "http://127.0.0.1:1" }, { endpoint = "https://aom.region1.example.com", region = "region1" },
    { endpoint = "https://aom.cn-north-4.myhuaweicloud.com.example.com" },
    { endpoint = "https://aom.cn-east-3.myhuaweicloud.com" },
  }
  for name, credentials in pairs(CREDENTIALS) do
    for _, place in ipairs(ELSEWHERE) do
      it(("where the identity service of %s is not known, with a %s"):format(place.endpoint, name), function()
        local given = { iam_endpoint = false }
        for _, more in ipairs { credentials, place } do
          for option, value in pairs(more) do given[option] = value end
        end
        local result, err, seen = trigger(given)
        assert.is_nil(result)
        assert.are.equal("config", err.kind)
        assert.matches("set option iam_endpoint", err.hint)
        -- A project id helps only if nothing else needs the identity service.
        local is_look_up = name ~= "user" and name ~= "id_token"
        assert.are.equal(is_look_up, err.hint:find("or set option project_id", 1, true) ~= nil)
        assert.are.same({}, seen)
      end)
    end
  end

  for url, why in pairs {
    ["ftp://i"] = "is neither http:// nor https://", ["https://"] = "has no host",
    ["https://i?x"] = "contains a query or a fragment",
  } do
    it("to an identity service at " .. url, function()
      local result, err, seen = trigger { iam_endpoint = url }
      assert.is_nil(result)
      assert.are.same({ "config", "the endpoint of the identity service from option iam_endpoint " .. why },
        { err.kind, err.message })
      assert.are.same({}, seen)
    end)
  end

  it("to the project of another account", function()
    local env = { HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S", HUAWEICLOUD_SDK_PROJECT_ID = OTHER }
    local result, err, seen = trigger(nil, projects { { PROJECT, REGION } }, env)
    assert.is_nil(err)
    assert.is_true(result.success)
    for _, request in ipairs(seen) do
      assert.is_nil(request.path:find(OTHER, 1, true))
      assert.are_not.equal(OTHER, request.headers["X-Project-Id"])
    end
  end)

  it("to the project of another account, and the error says so if there is no other", function()
    local env = { HUAWEICLOUD_SDK_TOKEN = "T", HUAWEICLOUD_SDK_PROJECT_ID = OTHER }
    local result, err, seen = trigger(nil, projects {}, env)
    assert.is_nil(result)
    assert.matches("environment variable HUAWEICLOUD_SDK_PROJECT_ID was ignored, because ", err.hint)
    assert.are.equal(1, #seen)
  end)
end)

describe("keys alone", function()
  it("with a project id never need the identity service", function()
    local result, err, seen = trigger { iam_endpoint = false, project_id = PROJECT }
    assert.is_nil(err)
    assert.is_true(result.success)
    assert.are.equal(1, #seen)
  end)

  it("of a provider that supplies a token's project do not need it either", function()
    local function provider() return { token = "T", project_id = PROJECT } end
    local result, err = trigger { ak = false, sk = false, iam_endpoint = false, credentials = provider }
    assert.is_nil(err)
    assert.is_true(result.success)
  end)
end)

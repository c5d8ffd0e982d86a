--- Proves which project id and identity service belong to which keys.

local config = require "aom.config.resolve"
local iam = require "aom.credentials.iam"
local kinds = require "aom.config.credential_kinds"
local world = require "spec.support.world"

local PROJECT, OTHER = ("0123456789abcdef"):rep(2), ("f"):rep(32)
local PATH = "/h/.huaweicloud/credentials"
local REGION = "cn-north-4"

local VARIABLES = {
  region = "HUAWEICLOUD_SDK_REGION", endpoint = "HUAWEICLOUD_SDK_AOM_ENDPOINT",
  project_id = "HUAWEICLOUD_SDK_PROJECT_ID", iam_endpoint = "HUAWEICLOUD_SDK_IAM_ENDPOINT",
  metadata = "HUAWEICLOUD_SDK_METADATA",
}
for name, variable in pairs(kinds.variables) do VARIABLES[name] = variable end

--- An environment in which each place has what its table holds; names in upper case are
--- variables of the environment themselves.
local function setting(says)
  local env, lines = { HOME = "/h" }, { "[basic]" }
  for name, value in pairs(says.environment or {}) do env[VARIABLES[name] or name] = value end
  for name, value in pairs(says.profile or {}) do lines[#lines + 1] = name .. " = " .. value end
  return world.new { env = env, files = { [PATH] = table.concat(lines, "\n") } }
end

local function resolve(says)
  local given = {}
  for name, value in pairs(says.option or {}) do given[name] = value end
  return config.resolve(given, setting(says))
end

local function with(base, more)
  local both = {}
  for name, value in pairs(base or {}) do both[name] = value end
  for name, value in pairs(more or {}) do both[name] = value end
  return both
end

local KINDS = {
  ["a pair"] = { ak = "A", sk = "S" },
  ["a temporary pair"] = { ak = "A", sk = "S", security_token = "T" },
  ["a token"] = { token = "T" },
  ["a user"] = { username = "U", password = "P", domain_name = "D" },
  ["an id token"] = { idp_id = "I", id_token_file = "/f" },
  ["half a pair"] = { ak = "A" },
  ["the other half"] = { sk = "S" },
  ["a user without a password"] = { username = "U" },
  ["a domain alone"] = { domain_name = "D" },
  ["the file of an id token alone"] = { id_token_file = "/f" },
}

-- They name an account, but the credentials of another place are used.
local TRACES = {
  environment = {
    ["a security token alone"] = { security_token = "T" },
    ["a pod's identity"] = { HC_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1/x",
      HC_CONTAINER_AUTHORIZATION_TOKEN_FILE = "/f" },
    ["half a pod's identity"] = { HC_CONTAINER_AUTHORIZATION_TOKEN_FILE = "/f" },
    ["wanted metadata"] = { metadata = "true" },
  },
  profile = { ["a security token alone"] = { security_token = "T" }, ["wanted metadata"] = { metadata = "1" } },
}
local SAMPLES = {
  ["the samples' pair"] = { CLOUD_SDK_AK = "A", CLOUD_SDK_SK = "S" },
  ["half of the samples' pair"] = { CLOUD_SDK_SK = "S" },
}

local function where(place)
  return place == "environment" and "environment variable HUAWEICLOUD_SDK_PROJECT_ID" or "project_id in " .. PATH
end

--- Every kind of credentials in one place, another account's project id in a later one.
local function each_foreign(visit)
  for _, pair in ipairs { { "option", "environment" }, { "option", "profile" }, { "environment", "profile" } } do
    for mine, keys in pairs(KINDS) do
      for theirs, others in pairs(with(with(KINDS, TRACES[pair[2]]), pair[2] == "environment" and SAMPLES or {})) do
        visit(pair[1], pair[2], mine, keys, theirs, others)
      end
    end
  end
  for theirs, others in pairs(TRACES.environment) do
    visit("profile", "environment", "a pair", KINDS["a pair"], theirs, others)
  end
end

describe("a project id beside other credentials", function()
  each_foreign(function(place, other, mine, keys, theirs, others)
    it(("is not taken: %s in %s, %s in %s"):format(mine, place, theirs, other), function()
      local says = { [place] = keys, [other] = with(others, { project_id = OTHER }) }
      says.option = with(says.option, { region = REGION })
      local settings = assert(resolve(says))
      assert.is_nil(settings.project_id)
      assert.are.equal(where(other) .. " was ignored, because it is set next to credentials other than those in use",
        settings.source.provenance.project_id.passed)
    end)
  end)

  it("is ignored, and the next one is used", function()
    local says = { option = with(KINDS["a pair"], { region = REGION }),
      environment = with(KINDS["a token"], { project_id = OTHER }), profile = { project_id = PROJECT } }
    local settings = assert(resolve(says))
    assert.are.equal(PROJECT, settings.project_id)
    assert.are.equal("project_id in " .. PATH, settings.source.provenance.project_id.where)
    assert.is_string(settings.source.provenance.project_id.passed)
  end)

  it("is named in the error if none is left, with all others", function()
    local says = { option = with(KINDS["a pair"], { endpoint = "https://aom.example.com" }),
      environment = with(KINDS["half a pair"], { project_id = OTHER }),
      profile = with(KINDS["a user"], { project_id = OTHER }) }
    local settings, err = resolve(says)
    assert.is_nil(settings)
    assert.are.equal("config", err.kind)
    for _, place in ipairs { "environment", "profile" } do
      assert.is_truthy(err.hint:find(where(place) .. " was ignored", 1, true), err.hint)
    end
  end)

  local advised = {
    { "a variable that counts", { option = KINDS["a pair"] }, "set option project_id or HUAWEICLOUD_SDK_PROJECT_ID" },
    { "one beside a part of other keys", { option = KINDS["a token"],
      environment = with(KINDS["half a pair"], { project_id = OTHER }) }, "set option project_id" },
    { "another account's profile", { option = KINDS["a pair"],
      profile = with(KINDS["a pair"], { project_id = OTHER }) },
      "set option project_id or HUAWEICLOUD_SDK_PROJECT_ID" },
  }
  for _, case in ipairs(advised) do
    it("leads to advice that helps: " .. case[1], function()
      local says = case[2]
      says.option = with(says.option, { region = REGION })
      assert.are.equal(case[3], assert(resolve(says)).source:remedy "project_id")
    end)
  end

  it("is not checked, so it may be malformed", function()
    local says = { option = with(KINDS["a pair"], { region = REGION }),
      environment = with(KINDS["a pair"], { project_id = "nonsense" }) }
    assert.is_nil(assert(resolve(says)).project_id)
  end)

  it("is not used with the user's own provider", function()
    local says = { option = { region = REGION, credentials = function() end },
      environment = with(KINDS["a pair"], { project_id = OTHER }) }
    assert.is_nil(assert(resolve(says)).project_id)
  end)
end)

describe("a project id", function()
  local places = { "option", "environment", "profile" }
  for mine, keys in pairs(KINDS) do
    for _, place in ipairs(places) do
      for _, at in ipairs(places) do
        it(("is taken: %s in %s, the id in %s alone or beside them"):format(mine, place, at), function()
          local says = { [place] = keys }
          says[at] = with(says[at], { project_id = PROJECT })
          says.option = with(says.option, { region = REGION })
          local settings = assert(resolve(says))
          assert.are.equal(PROJECT, settings.project_id)
          assert.is_nil(settings.source.provenance.project_id.passed)
        end)
      end
    end
  end

  for name, environment in pairs(with(with(TRACES.environment, SAMPLES), { nothing = {} })) do
    it("is used beside " .. name .. " if there are no other credentials", function()
      local settings = assert(resolve { option = { region = REGION },
        environment = with(environment, { project_id = PROJECT }) })
      assert.are.equal(PROJECT, settings.project_id)
    end)
  end

  it("given as an option is never ignored", function()
    local settings = assert(resolve { option = { region = REGION, metadata = true, project_id = PROJECT },
      environment = KINDS["a pair"] })
    assert.are.equal(PROJECT, settings.project_id)
  end)
end)

describe("the identity service", function()
  local HOME = "https://iam.cn-north-4.myhuaweicloud.com"
  local PUBLIC = "https://aom.cn-north-4.myhuaweicloud.com"
  local OVERRIDE = "HUAWEICLOUD_SDK_REGION_AOM_CN_NORTH_4"
  local YAML = "HUAWEICLOUD_SDK_REGIONS_FILE"

  -- What each place has; the base and path that are called, or nil for an error.
  local cases = {
    { "a region's own", { option = { region = REGION } }, HOME },
    { "a region's own, from the environment", { environment = { region = REGION } }, HOME },
    { "a region's own, from the profile", { profile = { region = REGION } }, HOME },
    { "the central one of a region without any", { option = { region = "cn-north-11" } },
      "https://iam.myhuaweicloud.com" },
    { "a region's, whose endpoint is given", { option = { region = REGION, endpoint = PUBLIC } }, HOME },
    { "a region's, whose endpoint is given in capitals", { option = { endpoint = PUBLIC:upper():gsub("HTTPS", "https"),
      region = REGION } }, HOME },
    { "a region's, whose endpoint has the usual port", { option = { endpoint = PUBLIC .. ":443" } }, HOME },
    { "a region's, whose endpoint alone is given", { option = { endpoint = PUBLIC } }, HOME },
    { "a region's, whose endpoint the environment gives", { option = { region = REGION },
      environment = { endpoint = PUBLIC } }, HOME },
    { "a region's, whose endpoint its variable gives", { option = { region = REGION },
      environment = { [OVERRIDE] = PUBLIC } }, HOME },
    { "none of another region's endpoint", { option = { region = "cn-east-3", endpoint = PUBLIC } } },
    { "none of a private cloud", { option = { region = "region1", endpoint = "https://aom.region1.example.com" } } },
    { "none of a private cloud with a known region's name", { option = { region = REGION,
      endpoint = "https://aom.cn-north-4.example.com" } } },
    { "none of a private cloud without a region", { option = { endpoint = "https://aom.example.com" } } },
    { "none of a region that is not known", { option = { region = "region1",
      endpoint = "https://aom.region1.myhuaweicloud.com" } } },
    { "none of this machine", { option = { region = REGION, endpoint = "http://127.0.0.1:8080" } } },
    { "none of another port", { option = { region = REGION, endpoint = PUBLIC .. ":8443" } } },
    { "none of a name that goes on", { option = { region = REGION, endpoint = PUBLIC .. ".example.com" } } },
    { "none of a name that begins otherwise", { option = { region = REGION,
      endpoint = "https://x.aom.cn-north-4.myhuaweicloud.com" } } },
    { "none of an endpoint from the environment", { option = { region = REGION },
      environment = { endpoint = "https://aom.example.com" } } },
    { "none of an endpoint from the profile", { profile = { region = REGION, endpoint = "https://aom.example.com" } } },
    { "none of an endpoint from the region's variable", { option = { region = REGION },
      environment = { [OVERRIDE] = "https://aom.example.com" } } },
    { "none of an endpoint from the regions file", { option = { region = REGION }, environment = { [YAML] = "/r" },
      regions = "AOM:\n  - id: cn-north-4\n    endpoint: https://aom.example.com\n" } },
    { "none where one endpoint of several is private", { option = { region = REGION,
      endpoint = { PUBLIC, "https://aom.example.com" } } } },
    { "none where the endpoints are of two regions", { option = { region = REGION,
      endpoint = { PUBLIC, "https://aom.cn-east-3.myhuaweicloud.com" } } } },
    { "the option's", { option = { region = "region1", endpoint = "https://a", iam_endpoint = "https://i" } },
      "https://i" },
    { "the environment's", { option = { endpoint = "https://a", region = "r" },
      environment = { iam_endpoint = "https://i" } }, "https://i" },
    { "the profile's", { option = { endpoint = "https://a", region = "r" }, profile = { iam_endpoint = "https://i" } },
      "https://i" },
    { "the environment's, beside its own credentials", { option = { endpoint = "https://a", region = "r" },
      environment = with(KINDS["a user"], { iam_endpoint = "https://i" }) }, "https://i" },
    { "the environment's, beside the endpoint that is called", { option = with(KINDS["a user"], { region = "r" }),
      environment = with(KINDS["a pair"], { iam_endpoint = "https://i", endpoint = "https://a" }) }, "https://i" },
    { "not the environment's, beside other credentials", { option = with(KINDS["a user"], { endpoint = "https://a",
      region = "r" }), environment = with(KINDS["a pair"], { iam_endpoint = "https://i" }) } },
    { "a region's, not the environment's beside other credentials", { option = with(KINDS["a user"],
      { region = REGION }), environment = with(KINDS["a pair"], { iam_endpoint = "https://i" }) }, HOME },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[1], function()
      local says = case[2]
      local w = setting(says)
      w.files["/r"] = says.regions
      local given = with(says.option, { project_id = PROJECT })
      local settings = assert(config.resolve(given, w))
      local endpoint, err = iam.endpoint(settings)
      if case[3] then
        assert.is_nil(err)
        assert.are.equal(case[3], endpoint.base .. endpoint.path)
        assert.is_string(settings.source.provenance.iam_endpoint.where)
      else
        assert.is_nil(endpoint)
        assert.are.equal("config", err.kind)
        assert.matches("^no identity service is known for https?://", err.message)
        local variable = settings.source.provenance.iam_endpoint.passed and "" or " or HUAWEICLOUD_SDK_IAM_ENDPOINT"
        assert.matches("set option iam_endpoint" .. variable .. " to the", err.hint)
      end
    end)
  end

  local paths = {
    { "", "" }, { "/", "" }, { "/v3", "" }, { "/v3/", "" }, { "/v3//", "" }, { "/v3.0", "" }, { "/v3.0/", "" },
    { "/gateway/v3", "/gateway" }, { "/gateway/v3.0/", "/gateway" }, { "/gateway", "/gateway" }, { "/v2", "/v2" },
    { "/v30", "/v30" }, { "/xv3", "/xv3" }, { "/v3/x", "/v3/x" }, { "/V3", "/V3" }, { "/v3x0", "/v3x0" },
  }
  for _, path in ipairs(paths) do
    for _, place in ipairs { "option", "environment", "profile" } do
      it(("of the address %q from %s has the path %q"):format(path[1], place, path[2]), function()
        local says = { [place] = { iam_endpoint = "https://iam.example.com:5000" .. path[1] } }
        says.option = with(says.option, { endpoint = "https://a", project_id = PROJECT })
        local endpoint = assert(iam.endpoint(assert(resolve(says))))
        assert.are.equal("https://iam.example.com:5000", endpoint.base)
        assert.are.equal(path[2], endpoint.path)
      end)
    end
  end
end)

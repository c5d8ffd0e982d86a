--- Proves how the regions file is found and read, with each YAML library and with none.

local config = require "aom.config.resolve"
local regions_file = require "aom.config.regions_file"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/regions.yaml"
local PROJECT = ("0123456789abcdef"):rep(2)

local function has_yaml()
  return pcall(require, "lyaml") or pcall(require, "yaml") or pcall(require, "tinyyaml")
end

--- Puts other YAML libraries in place of those that are installed.
local function with_libraries(fakes, body)
  local saved, loaded = {}, {}
  for _, name in ipairs { "lyaml", "yaml", "tinyyaml" } do
    saved[name], loaded[name] = package.preload[name], package.loaded[name]
    package.loaded[name] = nil
    local fake = fakes[name]
    package.preload[name] = fake and function() return fake end or function() error "not installed" end
  end
  local fine, err = pcall(body)
  for _, name in ipairs { "lyaml", "yaml", "tinyyaml" } do
    package.preload[name], package.loaded[name] = saved[name], loaded[name]
  end
  assert(fine, err)
end

local function setting(text, env)
  local all = { HOME = "/h" }
  for name, value in pairs(env or {}) do all[name] = value end
  return world.new { env = all, files = { [PATH] = text, ["/other.yaml"] = text } }
end

local function resolve(text, options, env)
  local given = { region = "cn-north-4", project_id = PROJECT }
  for name, value in pairs(options or {}) do given[name] = value end
  local settings, err = config.resolve(given, setting(text, env))
  if not settings then return nil, err end
  local bases = {}
  for i, endpoint in ipairs(settings.endpoints) do bases[i] = endpoint.base end
  return bases
end

describe("the regions file", function()
  if not has_yaml() then
    pending "is read (no YAML library is installed for this Lua)"
  else
    local cases = {
      { "one endpoint", "AOM:\n- id: cn-north-4\n  endpoint: https://a\n", { "https://a" } },
      { "a service in lower case", "aom:\n- id: cn-north-4\n  endpoint: https://a\n", { "https://a" } },
      { "an endpoint without a scheme",
        "AOM:\n- id: cn-north-4\n  endpoint: a.example.com\n", { "https://a.example.com" } },
      { "several endpoints", "AOM:\n- id: cn-north-4\n  endpoints: [ 'https://a', 'https://b' ]\n",
        { "https://a", "https://b" } },
      { "both forms, the single one first",
        "AOM:\n- id: cn-north-4\n  endpoints: [ 'https://b' ]\n  endpoint: https://a\n",
        { "https://a", "https://b" } },
      { "another region",
        "AOM:\n- id: cn-north-1\n  endpoint: https://a\n", { "https://aom.cn-north-4.myhuaweicloud.com" } },
      { "another service",
        "ECS:\n- id: cn-north-4\n  endpoint: https://a\n", { "https://aom.cn-north-4.myhuaweicloud.com" } },
      { "entries that lack something", "AOM:\n- id: cn-north-4\n- endpoint: https://x\n- text\n",
        { "https://aom.cn-north-4.myhuaweicloud.com" } },
      { "nothing", "", { "https://aom.cn-north-4.myhuaweicloud.com" } },
    }
    for _, case in ipairs(cases) do
      it("is read: " .. case[1], function() assert.are.same(case[3], (assert(resolve(case[2])))) end)
    end

    local FILE = "AOM:\n- id: cn-north-4\n  endpoint: https://file\n- id: private-1\n  endpoint: https://private\n"

    it("goes after the region's variable", function()
      assert.are.same({ "https://env", "https://spare" },
        (resolve(FILE, {}, { HUAWEICLOUD_SDK_REGION_AOM_CN_NORTH_4 = "https://env, https://spare" })))
    end)

    it("goes after an endpoint", function()
      assert.are.same({ "https://a" }, (resolve(FILE, { endpoint = "https://a" })))
    end)

    it("may define an unknown region", function()
      assert.are.same({ "https://private" }, (resolve(FILE, { region = "private-1" })))
    end)

    it("may be in another place", function()
      local urls = regions_file.endpoints(setting(FILE, { HUAWEICLOUD_SDK_REGIONS_FILE = "/other.yaml" }), "aom",
        "private-1")
      assert.are.same({ "https://private" }, urls)
    end)

    it("that is malformed is an error, if it is needed", function()
      local bases, err = resolve("AOM: [ unclosed")
      assert.is_nil(bases)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find("the regions file " .. PATH .. " is not valid YAML: ", 1, true), err.message)
      assert(resolve("AOM: [ unclosed", { endpoint = "https://a" }))
    end)

    it("that holds no services is an error", function()
      local _, err = resolve("just text")
      assert.matches("contains no services", err.message)
    end)
  end

  it("that a variable names must exist", function()
    local _, err = resolve(nil, {}, { HUAWEICLOUD_SDK_REGIONS_FILE = "/gone.yaml" })
    assert.are.equal("config", err.kind)
    assert.matches("^environment variable HUAWEICLOUD_SDK_REGIONS_FILE cannot be read: /gone.yaml", err.message)
  end)

  it("needs a library only if it exists", function()
    with_libraries({}, function()
      assert(resolve(nil))
      local bases, err = resolve "AOM: []"
      assert.is_nil(bases)
      assert.are.equal("config", err.kind)
      assert.matches("without a YAML library", err.message)
      assert.matches("lyaml", err.hint)
    end)
  end)

  local document = { AOM = { { id = "cn-north-4", endpoint = "https://fake" } } }
  local function read() return document end
  for name, library in pairs { lyaml = { load = read }, yaml = { eval = read }, tinyyaml = { parse = read } } do
    it("may be read by " .. name, function()
      with_libraries({ [name] = library }, function()
        assert.are.same({ "https://fake" }, (resolve "anything"))
      end)
    end)
  end
end)

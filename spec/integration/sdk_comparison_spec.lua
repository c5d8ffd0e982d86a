--- Proves that each line of the comparison with the provider's SDKs runs.

local aom = require "aom"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)
local NAME = "doc/sdk-comparison.md"

local load_code = rawget(_G, "loadstring") or load
local setfenv = setfenv or function(chunk, environment)
  assert(debug.setupvalue(chunk, 1, environment) == "_ENV")
  return chunk
end

local function read(path)
  local file = assert(io.open(process.root .. "/" .. path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- What a line of Lua names it may find.
local function environment(simulator, other, file)
  local defaults = { ak = "A", sk = "S", project_id = PROJECT, proxy = "", ca_file = simulator.ca_file }
  local opened = {}
  local face = setmetatable({}, { __index = aom })

  -- Sent to the simulator, unless the line says where to or who.
  function face.client(given)
    local options = {}
    for name, value in pairs(given or {}) do options[name] = value end
    local own_keys = options.token or options.username or options.idp_id or options.credentials or options.metadata
    for name, value in pairs(defaults) do
      local is_key = name == "ak" or name == "sk"
      if options[name] == nil and not (is_key and own_keys) then options[name] = value end
    end
    if options.endpoint == nil then options.endpoint = simulator.url end
    opened[#opened + 1] = aom.client(options)
    return opened[#opened]
  end

  local client = face.client()
  local function finish()
    for _, one in ipairs(opened) do one:close() end
  end
  return setmetatable({ aom = face, client = client, id = "w", other = other.url, file = file,
    ca_file = simulator.ca_file, print = function(...) return ... end }, { __index = _G }), finish
end

describe("the comparison with the SDKs", function()
  local simulator, other, file, path

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "w" }, catch_all = true,
      tls = true }
    other = process.simulator { ak = "A", sk = "S", project = PROJECT, catch_all = true }
    path = os.tmpname()
    file = assert(io.open(path, "w"))
  end)
  teardown(function()
    file:close()
    os.remove(path)
    simulator.stop()
    other.stop()
  end)

  local count = 0
  for row in read(NAME):gmatch "\n(| [^\n]+)" do
    for code in row:match "|[^|]*|(.*)|$":gmatch "`([^`]+)`" do
      count = count + 1
      it("runs: " .. code, function()
        local chunk = load_code("return " .. code) or assert(load_code(code))
        local names, finish = environment(simulator, other, file)
        local ok, err = pcall(setfenv(chunk, names))
        finish()
        assert.is_true(ok, tostring(err))
      end)
    end
  end

  it("has a line of Lua in each row", function()
    local rows = 0
    for _ in read(NAME):gmatch "\n| [^-][^\n]*" do rows = rows + 1 end
    -- Four tables have a head each.
    assert.are.equal(rows - 4, count)
  end)
end)

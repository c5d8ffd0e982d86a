--- Proves that without lua-cjson no client can be made and nothing is sent, and that each way to make
--- one says so.

local process = require "spec.support.process"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

-- How a process starts so that lua-cjson is missing or broken, and the expected message.
local ABSENT = {
  {
    "not installed", "lua.cjson is not installed",
    [[
      local function without_cjson(path)
        local kept = {}
        for template in path:gmatch "[^;]+" do
          local file = io.open((template:gsub("%?", "cjson/safe"))) or io.open((template:gsub("%?", "cjson")))
          if file then file:close() else kept[#kept + 1] = template end
        end
        return table.concat(kept, ";")
      end
      package.path, package.cpath = without_cjson(package.path), without_cjson(package.cpath)
      assert(not pcall(require, "cjson.safe"))
    ]],
  },
  {
    "raising when it is loaded", "lua.cjson cannot be loaded.*undefined symbol: lua_newuserdata",
    [[package.preload["cjson.safe"] = function() error("cannot load x.so:\n\tundefined symbol: lua_newuserdata") end]],
  },
  { "raising a table", "lua.cjson cannot be loaded", [[package.preload["cjson.safe"] = function() error {} end]] },
  { "true alone", "has no decode and encode", [[package.loaded["cjson.safe"] = true]] },
  { "half of it", "has no decode and encode", [[package.loaded["cjson.safe"] = { decode = function() end }]] },
  {
    "of no use", "does not encode and decode as it should",
    [[package.loaded["cjson.safe"] = { decode = function() end, encode = function() end }]],
  },
  {
    "without a working instance", "lua.cjson cannot be loaded",
    [[package.loaded["cjson.safe"] = { decode = function() end, encode = function() end, new = error }]],
  },
}

local SCRIPT = [[
local aom, safe = require "aom", require "aom.safe"
local given = { endpoint = os.getenv "HUAWEICLOUD_SDK_AOM_ENDPOINT", project_id = %q, ak = "A", sk = "S" }
local function tell(name, value, err)
  assert(value == nil or value == false, name)
  assert(aom.is_error(err), name .. " gave " .. tostring(err))
  print(name, err.kind, err.hint, (tostring(err):gsub("\n", " ")))
end
tell("aom.client.methods", pcall(aom.client, given))
tell("aom.trigger", pcall(aom.trigger, "wf-1", "enable"))
tell("aom.enable", pcall(aom.enable, "wf-1"))
tell("safe.client", safe.client(given))
tell("safe.trigger", safe.trigger("wf-1", "enable"))
tell("safe.disable", safe.disable("wf-1"))
for _, face in ipairs { aom, safe } do
  local report = face.doctor(given)
  assert(#report == 1 and report[1].status == "fail", tostring(report))
  print("doctor", report[1].name, report[1].fix, report[1].detail)
end
assert(aom.sign({ method = "GET", host = "h", path = "/" }, { ak = "A", sk = "S" }))
print(aom.version().aom)
]]

describe("where lua-cjson is", function()
  local server

  setup(function()
    server = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" } }
  end)
  teardown(function() server.stop() end)

  local function run(before)
    local file = process.temporary(before .. "\n" .. SCRIPT:format(PROJECT))
    local output, code = process.run(("env -u http_proxy -u https_proxy LUA_PATH=%s LUA_CPATH=%s HOME=/nonexistent "
      .. "HUAWEICLOUD_SDK_AK=A HUAWEICLOUD_SDK_SK=S HUAWEICLOUD_SDK_PROJECT_ID=%s HUAWEICLOUD_SDK_AOM_ENDPOINT=%s "
      .. "timeout 30 %s %s 2>&1"):format(quote(package.path), quote(package.cpath), PROJECT, server.url,
      process.interpreter, quote(file)))
    os.remove(file)
    return output, code
  end

  for _, case in ipairs(ABSENT) do
    it(case[1] .. " no client can be made, and it is said what to install", function()
      local output, code = run(case[3])
      assert.are.equal(0, code, output)
      local told = 0
      for line in output:gmatch "[^\n]+" do
        local name, kind, hint, rest = line:match "^(.-)\t(.-)\t(.-)\t(.*)$"
        if name then
          told = told + 1
          assert.are.equal(name == "doctor" and "configuration" or "config", kind, line)
          assert.matches("luarocks install lua%-cjson, or apt%-get install lua%-cjson", hint)
          assert.matches(case[2], rest)
        end
      end
      assert.are.equal(8, told, output)
      assert.are.same({}, server.requests())
    end)
  end
end)

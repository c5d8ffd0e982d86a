--- What `aom.sign` costs, from two tables that exist to a table, beside spec/bench/sign_floor.c.
---
---     lua sign.lua          prints the nanoseconds of a call
---     lua sign.lua COUNT    signs so often, for a count of instructions

local aom = require "aom"

local CALLS = 2000

local request = {
  method = "PUT", host = "aom.cn-north-4.myhuaweicloud.com",
  path = "/v1/0a1b2c3d4e5f60718293a4b5c6d7e8f9/cms/workflow/8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42/trigger/action",
  query = { { "action", "enable" } },
  headers = { ["Content-Type"] = "application/json", ["X-Project-Id"] = "0a1b2c3d4e5f60718293a4b5c6d7e8f9" },
}
local key = { ak = "QTWAOYTTINDUT2QVKYUC", sk = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", date = "20260102T030405Z" }

local function run(count)
  for _ = 1, count do aom.sign(request, key) end
end

if arg[1] then
  run(tonumber(arg[1]))
  return
end

run(CALLS)
local started = os.clock()
run(CALLS)
print(("%.1f"):format((os.clock() - started) / CALLS * 1e9))

--- What `aom.sign` costs over its hashes: from two tables that exist to a table, over the SHA-256 and the
--- HMAC-SHA256 on the same bytes by sign_floor. Both sides take turns.
---
---     lua sign.lua SIGN_FLOOR ROUNDS LABEL
---     lua sign.lua COUNT          signs so often, for a count of instructions

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

if not arg[2] then
  run(tonumber(arg[1]))
  return
end

local function floor()
  local pipe = assert(io.popen(arg[1] .. " hashes"))
  local nanoseconds = tonumber(pipe:read "*l")
  pipe:close()
  return assert(nanoseconds, "the floor could not be measured")
end

local function ours()
  local started = os.clock()
  run(CALLS)
  return (os.clock() - started) / CALLS * 1e9
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

run(CALLS)
local ratios, calls, hashes = {}, {}, {}
for i = 1, tonumber(arg[2]) do
  hashes[i], calls[i] = floor(), ours()
  ratios[i] = calls[i] / hashes[i]
end
print(("  %-28s ratio %.2f   (%.0f ns over %.0f ns)"):format(arg[3], median(ratios), median(calls), median(hashes)))

--- One line of the benchmark: client:trigger against spec/bench/curl_floor.c.
---
---     lua trigger.lua CURL_FLOOR URL CA_FILE ROUNDS REQUESTS LABEL

local aom = require "aom"
local core = require "aom.core"

local floor, url, ca_file, rounds, requests, label = arg[1], arg[2], arg[3], tonumber(arg[4]), tonumber(arg[5]), arg[6]

local ID, PROJECT = "8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42", ("0123456789abcdef"):rep(2)
local WARM_UP = 50

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- The very request that the client sends, for the other side: signed once.
local function floor_command()
  local signed = aom.sign({
    method = "PUT", host = url:match("//(.*)$"),
    path = "/v1/" .. PROJECT .. "/cms/workflow/" .. ID .. "/trigger/action",
    query = { { "action", "enable" } }, headers = { ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT },
  }, { ak = "BENCHMARKACCESSKEY00", sk = ("s"):rep(40) })
  local words = {
    quote(floor), quote(url .. signed.url:match("^%w+://[^/]*(.*)$")), ("%d"):format(requests),
    url:find("^https") and quote(ca_file) or "-",
    quote("Content-Type: application/json"), quote("X-Project-Id: " .. PROJECT),
    quote("User-Agent: lua-aom/" .. require "aom.util.version"),
  }
  for name, value in pairs(signed.headers) do words[#words + 1] = quote(name .. ": " .. value) end
  return table.concat(words, " ")
end

local client = aom.client {
  endpoint = url, project_id = PROJECT, ak = "BENCHMARKACCESSKEY00", sk = ("s"):rep(40), ca_file = ca_file, proxy = "",
}
for _ = 1, WARM_UP do client:enable(ID) end

local function measure_client()
  local started = core.now()
  for _ = 1, requests do client:trigger(ID, "enable") end
  return (core.now() - started) * 1e6 / requests
end

local command = floor_command()
local function measure_floor()
  local pipe = assert(io.popen(command))
  local microseconds = tonumber(pipe:read("*l"))
  pipe:close()
  return assert(microseconds, "the floor could not be measured")
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local ratios, ours, theirs = {}, {}, {}
for i = 1, rounds do
  theirs[i] = measure_floor()
  ours[i] = measure_client()
  ratios[i] = ours[i] / theirs[i]
end
print(("  %-28s ratio %.3f   (%.1f us over %.1f us)"):format(label, median(ratios), median(ours), median(theirs)))
client:close()

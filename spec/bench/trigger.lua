--- A keep-alive trigger, beside spec/bench/curl_floor.c.
---
---     lua trigger.lua URL CA_FILE COUNT              prints the microseconds of a call
---     lua trigger.lua URL CA_FILE floor CURL_FLOOR   prints a shell script, whose argument is COUNT, that makes the
---                                                    same requests with that program

local aom = require "aom"

local url, ca_file, count = arg[1], arg[2], tonumber(arg[3])

local ID, PROJECT = "8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42", ("0123456789abcdef"):rep(2)
local AK, SK = "BENCHMARKACCESSKEY00", ("s"):rep(40)
local WARM_UP = 50

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- The very request that the client sends, for the other side: signed once.
local function floor_script(floor)
  local signed = aom.sign({
    method = "PUT", host = url:match("//(.*)$"),
    path = "/v1/" .. PROJECT .. "/cms/workflow/" .. ID .. "/trigger/action",
    query = { { "action", "enable" } }, headers = { ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT },
  }, { ak = AK, sk = SK })
  local words = {
    "exec", quote(floor), quote(url .. signed.url:match("^%w+://[^/]*(.*)$")), '"$1"',
    url:find("^https") and quote(ca_file) or "-",
    quote("Content-Type: application/json"), quote("X-Project-Id: " .. PROJECT),
    quote("User-Agent: lua-aom/" .. require "aom.util.version"),
  }
  for name, value in pairs(signed.headers) do words[#words + 1] = quote(name .. ": " .. value) end
  return table.concat(words, " ")
end

if not count then
  print(floor_script(arg[4]))
  return
end

local now = require "aom.core".now
local client = aom.client { endpoint = url, project_id = PROJECT, ak = AK, sk = SK, ca_file = ca_file, proxy = "" }
for _ = 1, WARM_UP do client:trigger(ID, "enable") end
local started = now()
for _ = 1, count do client:trigger(ID, "enable") end
print(("%.3f"):format((now() - started) * 1e6 / count))
client:close()

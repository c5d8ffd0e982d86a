--- A script that makes one call and ends, for cold.sh:
---
---     lua cold.lua URL
---     lua cold.lua URL headers    prints the headers that the call has, one a line, for curl

local aom = require "aom"

local ID, PROJECT, AK, SK = "8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42", ("0123456789abcdef"):rep(2),
  "BENCHMARKACCESSKEY00", ("s"):rep(40)

if arg[2] then
  local signed = aom.sign({ method = "PUT", host = arg[1]:match "//(.*)$",
    path = "/v1/" .. PROJECT .. "/cms/workflow/" .. ID .. "/trigger/action", query = { action = "enable" },
    headers = { ["Content-Type"] = "application/json", ["X-Project-Id"] = PROJECT } }, { ak = AK, sk = SK })
  print("Content-Type: application/json\nX-Project-Id: " .. PROJECT)
  for name, value in pairs(signed.headers) do print(name .. ": " .. value) end
  return
end

local client = aom.client { endpoint = arg[1], project_id = PROJECT, ak = AK, sk = SK, proxy = "" }
client:trigger(ID, "enable")

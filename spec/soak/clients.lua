--- Makes clients one after the other, uses each for one call, and drops it without `close`.
---
---     lua spec/soak/clients.lua URL COUNT
---
--- spec/soak/run.lua runs it.

local aom = require "aom"

local clients = {}

---@param url string
---@param count integer
function clients.use(url, count)
  for _ = 1, count do
    local client = aom.client { endpoint = url, project_id = ("0123456789abcdef"):rep(2), ak = "SOAKKEY",
      sk = "soak-secret", proxy = "" }
    assert(client:enable("wf-1").success)
  end
  return count
end

if arg and arg[0] and arg[0]:find "clients%.lua$" then print(clients.use(arg[1], tonumber(arg[2]))) end

return clients

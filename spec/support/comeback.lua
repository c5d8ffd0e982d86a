--- A service that is away for some seconds: until then nobody listens on its port.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local quote = process.quote

local comeback = {}

comeback.AK, comeback.SK, comeback.PROJECT = "BACKKEY", "back-secret", ("0123456789abcdef"):rep(2)

--- Starts the simulator after `seconds`, with every workflow that it is asked for; nil: never.
---@param seconds number|nil
---@return table service  `options` of a client, `stop()`
function comeback.simulator(seconds)
  local port, pid = nginx.free_port(), nil
  if seconds then
    pid = process.run(("(sleep %s; exec luajit %s --quiet --bare --port %d --lifetime %s --auto-create --ak %s --sk %s "
      .. "--project %s) >/dev/null 2>&1 </dev/null & echo $!"):format(seconds,
      quote(process.root .. "/examples/simulator.lua"), port, os.getenv "LIMIT" or 600, comeback.AK, comeback.SK,
      comeback.PROJECT)):match "%d+"
  end
  local options = { endpoint = "http://127.0.0.1:" .. port, project_id = comeback.PROJECT, ak = comeback.AK,
    sk = comeback.SK, proxy = "" }
  return { options = options, stop = function() return pid and process.run("kill " .. pid) end }
end

---@param count integer
---@return string[]
function comeback.ids(count)
  local ids = {}
  for i = 1, count do ids[i] = ("wf-%04d"):format(i) end
  return ids
end

--- The options as the source of a Lua table.
---@param options table
---@return string
function comeback.source(options)
  local parts = {}
  for name, value in pairs(options) do
    parts[#parts + 1] = name .. " = " .. (type(value) == "string" and ("%q"):format(value) or tostring(value))
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

return comeback

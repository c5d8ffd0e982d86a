--- The soak (see spec/soak/run.lua), as specs use it: its server needs LuaJIT.

local process = require "spec.support.process"

local soaked = {}

--- Makes, uses and drops clients in a host with 256 descriptors, none of which may be left.
---@param host string
---@param count integer
---@return integer|nil requests     that came; nil: the soak has failed
---@return integer|nil connections  that they came over
---@return string output            what the soak wrote
function soaked.clients(host, count)
  local output, code = process.run(("cd %s && env -u LUA_CPATH LUA_PATH='./lua/?.lua;./?.lua;;' luajit "
    .. "spec/soak/run.lua --hosts %s --work clients --scale %g --seed 1 2>&1"):format(process.quote(process.root), host,
    count / 100000))
  local requests, connections = output:match "(%d+) requests over (%d+) connections"
  if code ~= 0 then return nil, nil, output end
  return tonumber(requests), tonumber(connections), output
end

return soaked

--- An engine, and who waits for each of its transfers: what all clients of a Lua state
--- share that wait in the same kind of loop. It holds nothing of a client for which
--- nothing is in flight.

local transfer = require "aom.loop.transfer"

--- How the attempts of a client travel. Those for which all but the last three are the same
--- share connections, whichever client makes them.
---@class aom.Transport
---@field ca_file? string
---@field ca_path? string
---@field ca_pem? string
---@field client_cert? string
---@field client_key? string
---@field client_key_password? string
---@field proxy? string
---@field insecure? boolean
---@field user_agent? string
---@field max_body integer  bytes of an answer's body
---@field max_head integer  bytes of its status line and headers

---@class aom.Carrier
---@field engine userdata  an engine of aom.core
---@field waits table<integer, aom.Wait>  by the id of the transfer
---@field waking aom.Wait|false  one that is being woken
---@field events? aom.UvEvents  of a libuv loop
---@field curl? aom.NginxCurl   of nginx
local Carrier = {}
Carrier.__index = Carrier

local carrier = {}

---@param engine userdata  an engine of aom.core
---@return aom.Carrier
function carrier.new(engine) return setmetatable({ engine = engine, waits = {}, waking = false }, Carrier) end

--- Begins a transfer that ends `wait`.
---@param wait aom.Wait
---@param attempt aom.Attempt
---@param seconds number
---@param transport aom.Transport
---@return integer|nil id
---@return aom.Trouble|nil
function Carrier:start(wait, attempt, seconds, transport)
  local id, trouble = transfer.start(self.engine, attempt, seconds, transport)
  if not id then return nil, trouble end
  self.waits[id] = wait
  return id
end

--- Ends a transfer, if it is still waited for.
---@param id integer
function Carrier:drop(id)
  if not self.waits[id] then return end
  self.waits[id] = nil
  self.engine:cancel(id)
end

local function wake(self, wait, answer, trouble)
  self.waking = wait
  wait.tasks:wake(wait, answer, trouble)
  self.waking = false
end

--- Wakes the tasks whose transfers have finished. One that nobody waits for any more is
--- dropped. Where it raises an error, since memory is short, it may be called again.
function Carrier:wake_finished()
  local engine, waits = self.engine, self.waits
  if self.waking then wake(self, self.waking) end
  local id = engine:finished()
  while id do
    local wait = waits[id]
    waits[id] = nil
    if wait then wake(self, wait, transfer.collect(engine, id)) else engine:cancel(id) end
    id = engine:finished()
  end
end

return carrier

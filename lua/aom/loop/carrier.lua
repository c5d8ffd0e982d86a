--- An engine, and who waits for each of its transfers: what all clients of a Lua state
--- share that wait in the same kind of loop. It holds nothing of a client for which
--- nothing is in flight. Made by aom.loop.select.

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
---@field taken integer|false  a transfer that has finished, while who waits for it is told
---@field events? aom.UvEvents  of a libuv loop
---@field curl? aom.NginxCurl   of nginx
local Carrier = {}

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

local function tell(self, id, answer, trouble)
  local wait = self.waits[id]
  if wait then wait.tasks:wake(wait, answer, trouble) end
  self.waits[id], self.taken = nil, false
end

--- Wakes the tasks whose transfers have finished. One that nobody waits for any more is
--- dropped. Where it raises an error, since memory is short, it may be called again: the
--- engine tells once that a transfer has finished, so what has become of it is told as unknown.
function Carrier:wake_finished()
  local engine, waits = self.engine, self.waits
  if self.taken then
    engine:cancel(self.taken)
    tell(self, self.taken, nil, transfer.untold)
  end
  self.taken = engine:finished() or false
  while self.taken do
    local wait = waits[self.taken]
    if wait then
      tell(self, self.taken, transfer.take(engine, self.taken, wait.prepared))
    else
      engine:cancel(self.taken)
    end
    self.taken = engine:finished() or false
  end
end

return Carrier

--- The account's part in one exchange: gives it credentials and the right to try them out. What
--- a refusal means, and what may help, is in aom.credentials.remedies, which is loaded then.

local evidence = require "aom.http.evidence"
local lazy = require "aom.util.lazy"

local grants = lazy "aom.credentials.grants"

local admission = {}

---@class aom.Admission: aom.Access
---@field client aom.ClientState
---@field authenticator aom.Authenticator|false
---@field for_lookup boolean   it asks the identity service for the project
---@field target aom.Target|false  where it goes, when that is not the client's own service
---@field hold aom.Hold|boolean  the right to try a key out
---@field deadline number
---@field expires number
---@field healed boolean       it was signed again already, with a corrected clock
---@field replaced boolean     other credentials were asked for already
---@field gap number|false          of the last refusal: seconds by which the clock seems to be off
---@field corrected boolean   and whether it was corrected by them
local Admission = setmetatable({ for_lookup = false, target = false, healed = false, replaced = false, gap = false,
  corrected = false }, { __index = lazy "aom.credentials.remedies" })
Admission.__index = Admission

---@param client aom.ClientState
---@param for_lookup? boolean  asks the identity service for the project
---@param target? aom.Target
---@return aom.Admission
function admission.new(client, for_lookup, target)
  local new = setmetatable({ client = client, authenticator = false, hold = false, deadline = 0, expires = 0 },
    Admission)
  if for_lookup then new.for_lookup = true end
  if target then new.target = target end
  return new
end

--- Other credentials than those of the attempt before have a record of their own, so the
--- hold on the old record is given up.
local function take_up(self, authenticator)
  local before = self.authenticator
  if before and before ~= authenticator and before.record then
    before.record:give_up(self.client.loop, self.hold)
    self.hold = false
  end
  self.authenticator = authenticator
end

local function grant_of(self, authenticator)
  if self.target then return grants.for_target(authenticator, self.target) end
  if authenticator.headers and not self.for_lookup then return authenticator end
  return grants.of(authenticator, self.for_lookup)
end

--- Gets credentials and, where a key pair is new, the right to try it out. For a key that
--- is refused already, the source may have another by now.
---@param deadline number
---@param expires number  when what is held goes to the next call, should this one vanish
---@return aom.Grant|nil
---@return aom.Error|nil
function Admission:admit(deadline, expires)
  local client = self.client
  self.deadline, self.expires = deadline, expires
  while true do
    local authenticator, err = client.credentials:get(client.loop, deadline, expires)
    if not authenticator then return nil, err end
    take_up(self, authenticator)
    local grant, refused
    grant, err = grant_of(self, authenticator)
    if not grant or not authenticator.record then return grant, err end
    self.hold, err, refused = authenticator.record:enter(client.loop, deadline, expires, self.hold)
    if self.hold then return grant end
    if not refused or client.closed or not self:replace() then return nil, err end
  end
end

--- As if it had been admitted with these credentials, which are known to be accepted.
---@param authenticator aom.Authenticator
---@param deadline number
---@param expires number
function Admission:assume(authenticator, deadline, expires)
  self.authenticator, self.hold, self.deadline, self.expires = authenticator, true, deadline, expires
end

--- Learns from an answer what it says about the credentials.
---@param answer aom.Answer
---@param err aom.Error|nil
---@param sent aom.Attempt
function Admission:weigh(answer, err, sent)
  local authenticator = self.authenticator
  local said = evidence.of(answer, err and err.code, err and err.message)
  self.gap, self.corrected = false, false
  if said == "accepts" then
    if authenticator.record then authenticator.record:accept(self.client.loop) end
    if answer.status ~= 401 then authenticator.substitute = false end
  elseif said and authenticator.record then
    self:count_refusal(said, answer, err, sent)
  end
end

--- The request has ended: what is still held goes to the next call.
---@param err aom.Error|nil
function Admission:settle(err)
  if not self.hold then return end
  -- A response to this request, or its own deadline, says nothing about the waiting calls.
  local is_own = err and (err.kind == "cancelled" or err.status
    or err.kind == "timeout" and self.client.loop.now() >= self.deadline)
  local shared = not is_own and err or nil
  self.authenticator.record:give_up(self.client.loop, self.hold, shared)
end

return admission

--- What a refusal means for the account of an exchange: a wrong clock, a wrong key, or credentials
--- that have ended; and what may help.

--- Methods of an admission.
---@class aom.Admission
local Admission = {}

--- Asks once for other credentials in place of those refused. True: there are some.
---@return boolean
function Admission:replace()
  local credentials, loop = self.client.credentials, self.client.loop
  if self.replaced then
    credentials:spare_source(self.authenticator, loop)
    return false
  end
  self.replaced = true
  return credentials:replace(self.authenticator, loop, self.deadline, self.expires)
end

--- A signature that was refused: by a clock that was off, or by a wrong key, which counts.
---@param said aom.Evidence
---@param answer aom.Answer
---@param err aom.Error
---@param sent aom.Attempt
function Admission:count_refusal(said, answer, err, sent)
  local client = self.client
  local gap, corrected = client.clock:learn(err.message, answer.headers.date, sent.offset)
  if corrected then
    err.hint = ("this machine's clock is %d seconds %s compared with the service's"):format(
      math.abs(gap), gap >= 0 and "slow" or "fast")
  end
  -- An answer without a code may come from a proxy, whose clock says nothing about ours.
  if not (corrected and said == "certain") then
    self.authenticator.record:refuse(client.loop, self.hold, err, said)
  end
  self.gap, self.corrected = gap or false, corrected or false
end

--- What may help after a 401: the corrected clock, or other credentials. A signature that
--- is called expired may also have been delayed on its way.
---@return boolean again
---@return number|nil gap  seconds by which the clock was corrected
function Admission:find_remedy()
  if not (self.corrected and not self.healed) and self:replace() then return true end
  if not self.gap or self.healed then return false end
  self.healed = true
  return true, self.gap
end

return Admission

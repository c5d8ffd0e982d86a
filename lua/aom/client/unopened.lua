--- What the error says of a client that cannot be opened.

local chain = require "aom.credentials.providers.chain"

local unopened = {}

--- An error that names variables which the host keeps from us says so.
---@param err aom.Error
---@param world aom.System
---@return aom.Error err
function unopened.explained(err, world)
  local variable = err.hint and err.hint:match "HUAWEICLOUD_[%u_]+"
  local why = variable and not world.getenv(variable) and world.hidden and world.hidden(variable)
  if why then err.hint = err.hint .. "; " .. why end
  return err
end

local TO_BEGIN = "to begin, set HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_REGION; "

--- Where nothing says which service or project is meant. If nothing is set at all, all of it is told
--- at once; but what is wrong with credentials that are set comes first.
---@param err aom.Error
---@param settings table
---@return aom.Error err
function unopened.with_credentials(err, settings)
  local _, _, lack = chain.find(settings)
  settings.source:forget_profile()
  if not lack then return err end
  if lack.kind ~= "credentials" then return lack end
  err.message = err.message .. ", and " .. lack.message
  err.hint = TO_BEGIN .. err.hint .. "; and for credentials, " .. lack.hint
  return err
end

return unopened

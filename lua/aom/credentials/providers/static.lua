--- Credentials given as client options: a key pair, perhaps temporary, or a token.

local errors = require "aom.util.errors"

---@class aom.StaticProvider: aom.Provider
local Static = { fixed = true }
Static.__index = Static

local KeyPair = setmetatable({ where = "options ak and sk" }, Static)
KeyPair.__index = KeyPair

local Token = setmetatable({ where = "option token" }, Static)
Token.__index = Token

local static = {}

--- Takes the options out of `given`, so that no copy of a secret stays there.
---@param given table  checked client options
---@return aom.Provider|nil provider  nil without err: none of the options is set
---@return aom.Error|nil err
function static.new(given)
  local values = {
    ak = given.ak, sk = given.sk, security_token = given.security_token, token = given.token,
  }
  if not next(values) then return nil end
  given.ak, given.sk, given.security_token, given.token = nil, nil, nil, nil
  if values.token then return setmetatable({ values = values }, Token) end
  if not (values.ak and values.sk) then
    return nil, errors.config(("option %s is set and option %s is not"):format(
      values.ak and "ak" or values.sk and "sk" or "security_token", values.ak and "sk" or "ak"),
      "one source gives ak, sk and security token together")
  end
  return setmetatable({ values = values }, KeyPair)
end

--- Hands its secrets over once: from then on the client's signer holds them.
function Static:refresh()
  local values = self.values
  if not values then
    return nil, errors.new("credentials", "the credentials given as options cannot be renewed")
  end
  self.values = nil
  return values
end

return static

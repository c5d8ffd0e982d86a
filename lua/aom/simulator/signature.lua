--- Verifies a signature over the request as it was received.
--
-- It follows the published rules of the signature, and shares no code with the library's
-- signer: only two independent implementations can check each other.

local digest = require "openssl.digest"
local elliptic = require "aom.simulator.elliptic"
local hmac = require "openssl.hmac"
local uri = require "aom.simulator.uri"

local signature = {}

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return string.format("%02x", char:byte())
  end))
end

local function hash(name, text)
  return hex(digest.new(name):final(text))
end

local function keyed_hash(name, key, text)
  return hmac.new(key, name):final(text)
end

local function verify_hmac(algorithm, claim, secret, text)
  return hex(keyed_hash(algorithm.hash, secret, text)) == claim.signature
end

-- The scoped key: extract and expand with one block each. Its hexadecimal text, not its
-- bytes, is the signing key. The scope's date must be the day of the signature.
local function verify_scoped(algorithm, claim, secret, text, date)
  local extracted = keyed_hash(algorithm.hash, claim.ak, secret)
  local key = hex(keyed_hash(algorithm.hash, extracted, claim.scope .. "\1"))
  return claim.scope:sub(1, 8) == date:sub(1, 8) and verify_hmac(algorithm, claim, key, text)
end

local function verify_elliptic(algorithm, claim, secret, text)
  return elliptic.verify(algorithm.curve, claim, secret, text)
end

local curves = elliptic.curves

local algorithms = {
  ["SDK-HMAC-SHA256"] = { hash = "sha256", verify = verify_hmac },
  ["SDK-HMAC-SM3"] = { hash = "sm3", verify = verify_hmac },
  ["SDK-ECDSA-P256-SHA256"] = { hash = "sha256", verify = verify_elliptic, curve = curves.p256 },
  ["SDK-SM2-SM3"] = { hash = "sm3", verify = verify_elliptic, curve = curves.sm2 },
  -- the header has Credential=AK/date/region/service
  ["V11-HMAC-SHA256"] = { hash = "sha256", verify = verify_scoped, scoped = true },
}

local function split_names(text)
  local list = {}
  for name in text:gmatch("[^;]+") do
    list[#list + 1] = name:lower()
  end
  table.sort(list)
  return list
end

---@class aom.simulator.Claim what an Authorization header says about itself
---@field algorithm string
---@field ak string
---@field scope string|nil date/region/service, only of the scoped algorithm
---@field signed_headers string as written by the client
---@field names string[] the same, lower case and sorted
---@field signature string

--- Parses an Authorization header.
---@param text string
---@return aom.simulator.Claim|nil
---@return string|nil err
function signature.parse(text)
  local name, rest = text:match("^(%S+)%s+(.*)$")
  local algorithm = algorithms[name]
  if not algorithm then
    return nil, "unsupported signature algorithm"
  end
  local fields = {}
  for key, value in rest:gmatch("(%w+)=([^,%s]*)") do
    fields[key] = value
  end
  local claim = {
    algorithm = name,
    ak = fields.Access,
    signed_headers = fields.SignedHeaders,
    signature = fields.Signature,
  }
  if algorithm.scoped then
    claim.ak, claim.scope = (fields.Credential or ""):match("^([^/]+)/(%d+/[^/]+/[^/]+)$")
  end
  if not (claim.ak and claim.signed_headers and claim.signature) then
    return nil, "authorization header is malformed"
  end
  claim.names = split_names(claim.signed_headers)
  return claim
end

---@param claim aom.simulator.Claim
---@param name string lower case
---@return boolean
function signature.covers(claim, name)
  for _, signed in ipairs(claim.names) do
    if signed == name then
      return true
    end
  end
  return false
end

local function canonical_headers(request, names)
  local lines = {}
  for i, name in ipairs(names) do
    lines[i] = name .. ":" .. (request:header(name) or "") .. "\n"
  end
  return table.concat(lines)
end

local UNSIGNED = "UNSIGNED-PAYLOAD"

-- The hash of the body that arrived, whatever a header says it is; only a header that is
-- signed itself can leave the body out of the signature.
local function payload_line(request, claim, hash_name)
  local header = "x-sdk-content-" .. hash_name
  if signature.covers(claim, header) and request:header(header) == UNSIGNED then
    return UNSIGNED
  end
  return hash(hash_name, request.body)
end

--- The canonical request of a received request.
---@param request aom.simulator.Request
---@param claim aom.simulator.Claim
---@return string
function signature.canonical_request(request, claim)
  return table.concat({
    request.method,
    uri.canonical_path(request.segments),
    uri.canonical_query(request.query),
    canonical_headers(request, claim.names),
    claim.signed_headers,
    payload_line(request, claim, algorithms[claim.algorithm].hash),
  }, "\n")
end

--- Whether the signature matches this request and this secret key.
---@param request aom.simulator.Request
---@param claim aom.simulator.Claim
---@param secret string
---@return boolean matches
---@return string canonical_request
function signature.verify(request, claim, secret)
  local algorithm = algorithms[claim.algorithm]
  local canonical = signature.canonical_request(request, claim)
  local date = request:header "x-sdk-date"
  local lines = { claim.algorithm, date, claim.scope }
  lines[#lines + 1] = hash(algorithm.hash, canonical)
  return algorithm.verify(algorithm, claim, secret, table.concat(lines, "\n"), date), canonical
end

return signature

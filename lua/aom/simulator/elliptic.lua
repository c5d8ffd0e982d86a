--- Verifies signatures of the two elliptic-curve algorithms, with the key pair that both
-- sides derive from the access key and its secret.

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"

local elliptic = {}

local function bytes(hex)
  return (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function hex(text)
  return (text:gsub(".", function(char)
    return string.format("%02x", char:byte())
  end))
end

-- What stands before the public point in the message that SM2 hashes first: the length of
-- the signer's id in bits, the id that all use, and the constants of the curve.
local SM2_PREFIX = "\0\128" .. "1234567812345678"
  .. bytes "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
  .. bytes "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
  .. bytes "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
  .. bytes "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"

---@class aom.simulator.Curve
---@field hash string
---@field oid string encoded, the curve's name
---@field highest string the curve's order less two, in hexadecimal
---@field preamble fun(public: string): string what is hashed before a message

---@type table<string, aom.simulator.Curve>
elliptic.curves = {
  p256 = {
    hash = "sha256",
    oid = bytes "06082a8648ce3d030107",
    highest = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f",
    preamble = function()
      return ""
    end,
  },
  sm2 = {
    hash = "sm3",
    oid = bytes "06082a811ccf5501822d",
    highest = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121",
    preamble = function(public)
      return digest.new("sm3"):final(SM2_PREFIX .. public)
    end,
  },
}

local function plus_one(number)
  local head, low, full = number:match "^(.*)([^\255])(\255*)$"
  return head .. string.char(low:byte() + 1) .. ("\0"):rep(#full)
end

-- The private number: the first candidate that the curve has room for, plus one.
local function private_number(curve, algorithm, ak, secret)
  for counter = 0, 255 do
    local candidate = hmac.new(secret, curve.hash):final("\0\0\0\1" .. algorithm .. "\0" .. ak
      .. string.char(counter) .. "\0\0\1\0")
    if hex(candidate) <= curve.highest then
      return plus_one(candidate)
    end
  end
end

-- A private key in the format of RFC 5915, without the public point, which OpenSSL computes.
local function key_of(curve, number)
  local parts = "\2\1\1" .. "\4\32" .. number .. "\160" .. string.char(#curve.oid) .. curve.oid
  return pkey.new("\48" .. string.char(#parts) .. parts, "DER", "private")
end

--- Whether a signature of a text is right.
---@param curve aom.simulator.Curve
---@param claim aom.simulator.Claim
---@param secret string
---@param text string
---@return boolean
function elliptic.verify(curve, claim, secret, text)
  local key = key_of(curve, private_number(curve, claim.algorithm, claim.ak, secret))
  local public = key:tostring("DER", "public"):sub(-64)
  local message = digest.new(curve.hash)
  message:update(curve.preamble(public))
  message:update(text)
  -- What is no signature at all raises.
  local ok, right = pcall(key.verify, key, bytes(claim.signature), message)
  return ok and right
end

return elliptic

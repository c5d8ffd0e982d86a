--- A self-signed certificate for this machine, made anew at every start. Clients that
-- trust its PEM file can verify the simulator.

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local extension = require "openssl.x509.extension"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"
local x509 = require "openssl.x509"

local certificate = {}

local LIFETIME = 2 * 86400
local SKEW = 86400 -- valid from yesterday on, since clocks of containers differ

local function alternative_names()
  local names = altname.new()
  names:add("DNS", "localhost")
  names:add("IP", "127.0.0.1")
  names:add("IP", "::1")
  return names
end

--- Makes a key and its certificate. An elliptic-curve key takes a millisecond, an RSA key
-- a tenth of a second.
---@return userdata crt
---@return userdata key
function certificate.create()
  local key = pkey.new { type = "EC", curve = "prime256v1" }
  local subject = name.new()
  subject:add("CN", "AOM simulator")
  local crt = x509.new()
  crt:setVersion(3)
  crt:setSerial(bignum.fromBinary(rand.bytes(16)))
  crt:setSubject(subject)
  crt:setIssuer(subject)
  crt:setSubjectAlt(alternative_names())
  crt:setLifetime(os.time() - SKEW, os.time() + LIFETIME)
  -- Strict clients require that it is marked as a certificate authority.
  crt:setBasicConstraints { CA = true }
  crt:setBasicConstraintsCritical(true)
  crt:addExtension(extension.new("extendedKeyUsage", "serverAuth"))
  crt:setPublicKey(key)
  crt:sign(key)
  return crt, key
end

--- Writes the certificate (never the key) to a file.
---@param crt userdata
---@param directory string|nil where to; else a temporary file
---@return string path
function certificate.write(crt, directory)
  local path = directory and directory .. "/simulator-ca.pem" or os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(crt:toPEM())
  file:close()
  return path
end

return certificate

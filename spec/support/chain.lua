--- Makes a certificate for localhost that is signed through two intermediate authorities, in a folder: root.pem is
--- the authority, chain.pem the certificate with the intermediates, chain.key its key.

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local DAY = 86400

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- Makes a certificate that `signer` signs, or itself; an authority, unless it is for a host.
local function issue(serial, label, signer, host)
  local key, crt, subject = pkey.new { type = "EC", curve = "prime256v1" }, x509.new(), name.new()
  subject:add("CN", label)
  crt:setVersion(3)
  crt:setSerial(bignum.new(serial))
  crt:setSubject(subject)
  crt:setIssuer(signer and signer.crt:getSubject() or subject)
  crt:setLifetime(os.time() - DAY, os.time() + DAY)
  if host then
    local names = altname.new()
    names:add("DNS", host)
    crt:setSubjectAlt(names)
  end
  crt:setBasicConstraints { CA = host == nil }
  crt:setBasicConstraintsCritical(true)
  crt:setPublicKey(key)
  crt:sign(signer and signer.key or key)
  return { crt = crt, key = key }
end

---@param folder string
return function(folder)
  local root = issue(1, "root")
  local first = issue(2, "first", root)
  local second = issue(3, "second", first)
  local server = issue(4, "server", second, "localhost")
  write(folder .. "/root.pem", root.crt:toPEM())
  write(folder .. "/chain.pem", server.crt:toPEM() .. second.crt:toPEM() .. first.crt:toPEM())
  write(folder .. "/chain.key", server.key:toPEM "private")
end

--- Makes an authority and what it signs, good and bad, in a folder:
---
---     luajit spec/support/certificates.lua FOLDER
---
--- Each is NAME.pem and NAME.key: the authority is ca; good, other (for no host), expired,
--- early and client are signed by it, and deep through two authorities that deep.pem has behind
--- it; stranger and namesake, which has the authority's name, are authorities that sign nothing.

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local DAY = 86400
local folder = assert(arg[1], "it needs a folder")

local function write(path, text)
  local file = assert(io.open(folder .. "/" .. path, "w"))
  file:write(text)
  file:close()
end

local serial = 0

--- Makes a certificate that `signer` signs, or else itself. What signs others is an `authority`;
--- the authorities between a certificate and ca are its `chain`, the nearest first.
local function issue(label, fields)
  serial = serial + 1
  local key, signer = pkey.new { type = "EC", curve = "prime256v1" }, fields.signer
  local crt, subject = x509.new(), name.new()
  subject:add("CN", fields.name or label)
  crt:setVersion(3)
  crt:setSerial(bignum.new(serial))
  crt:setSubject(subject)
  crt:setIssuer(signer and signer.crt:getSubject() or subject)
  crt:setLifetime(os.time() + (fields.from or -1) * DAY, os.time() + (fields.to or 1) * DAY)
  if fields.host then
    local names = altname.new()
    names:add("DNS", fields.host)
    names:add("IP", "127.0.0.1")
    crt:setSubjectAlt(names)
  end
  crt:setBasicConstraints { CA = signer == nil or fields.authority == true }
  crt:setBasicConstraintsCritical(true)
  crt:setPublicKey(key)
  crt:sign(signer and signer.key or key)
  local chain = crt:toPEM()
  for _, authority in ipairs(fields.chain or {}) do chain = chain .. authority.crt:toPEM() end
  write(label .. ".pem", chain)
  write(label .. ".key", key:toPEM "private")
  return { crt = crt, key = key }
end

local ca = issue("ca", {})
issue("stranger", {})
issue("namesake", { name = "ca" })
issue("good", { signer = ca, host = "localhost" })
issue("other", { signer = ca })
issue("expired", { signer = ca, host = "localhost", from = -3, to = -2 })
issue("early", { signer = ca, host = "localhost", from = 2, to = 3 })
issue("client", { signer = ca })
local first = issue("first", { signer = ca, authority = true })
local second = issue("second", { signer = first, authority = true })
issue("deep", { signer = second, host = "localhost", chain = { second, first } })

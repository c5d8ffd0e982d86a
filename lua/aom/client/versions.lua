--- The versions of all that the library consists of.

local core = require "aom.core"
local host = require "aom.util.host"
local version = require "aom.util.version"

local versions = {}

-- They print themselves; for everything else they are a plain table.
local Versions = { __name = "aom.versions" }

function Versions.__tostring(info)
  return ("aom %s, %s, libcurl %s (built with %s), OpenSSL %s (built with %s), TLS by %s, HTTP/2: %s"):format(
    tostring(info.aom), tostring(info.luajit or info.lua), tostring(info.curl_running), tostring(info.curl_built),
    tostring(info.openssl_running), tostring(info.openssl_built), tostring(info.tls), info.http2 and "yes" or "no")
end

---@return aom.Versions
function versions.read()
  local info = core.versions()
  info.aom = version
  info.lua = _VERSION
  info.luajit = host.jit() and host.jit().version
  return setmetatable(info, Versions)
end

return versions

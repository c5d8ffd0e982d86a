--- What helps in nginx where a certificate is not trusted. nginx.conf says what nginx trusts,
--- and nginx tells Lua nothing of these directives; so they are named where a handshake fails.

local nginx_trust = {}

local TRUST = "name the authority in nginx.conf with lua_ssl_trusted_certificate"
local DEPTH = "raise lua_ssl_verify_depth in nginx.conf, 1 unless set, to the number of intermediate authorities"

--- OpenSSL calls an issuer unknown also where the chain is longer than nginx allows.
local EITHER = TRUST .. "; if there is more than one intermediate authority, raise lua_ssl_verify_depth, 1 unless set"

nginx_trust.NO_REASON = "nginx gives no reason; if the certificate is not trusted, " .. EITHER

local rows = {
  { "self.signed", TRUST },
  { "chain too long", DEPTH },
  { "issuer", EITHER },
  { "unable to verify", EITHER },
}

--- For a handshake of nginx's own.
---@param text string  nginx's words
---@return string|nil hint  nil: it failed for another reason
function nginx_trust.hint(text)
  for _, row in ipairs(rows) do
    if text:find(row[1]) then return row[2] end
  end
end

local IGNORED = "libcurl does not read lua_ssl_trusted_certificate of nginx.conf: name the bundle with option ca_file"

local is_told = false

--- Completes what libcurl says of a client that trusts the system's authorities. A worker's
--- log is told once.
---@param trouble aom.Trouble|nil
function nginx_trust.explain(trouble)
  if not trouble or trouble.fault ~= "authority" then return end
  trouble.hint = IGNORED .. ", or install the system's CA certificates (package ca-certificates)"
  if is_told then return end
  is_told = true
  ngx.log(ngx.WARN, "aom: a certificate is not trusted; ", IGNORED)
end

return nginx_trust

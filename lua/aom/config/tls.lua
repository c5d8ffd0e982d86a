--- Whom a client trusts over TLS, and who it says it is. Files are looked at when the client
--- is made, since libcurl reads them only when it connects.

local core = require "aom.core"
local errors = require "aom.util.errors"

local tls = {}

--- In a list of files: what is trusted without the option.
local SYSTEM = "system"

local function read(system, where, path, wanted, noun)
  local text, why = system.read_file(path, true)
  if not text then return nil, errors.config(("%s cannot be read: %s"):format(where, why or path)) end
  if not text:find(wanted) then return nil, errors.config(("%s: %s holds no %s"):format(where, path, noun)) end
  return text
end

local function read_bundle(system, where, path)
  return read(system, where, path, "%-%-%-%-%-BEGIN [%u%d ]*CERTIFICATE%-%-%-%-%-", "certificate")
end

local function exists(system, path)
  -- A folder cannot be read, but is there.
  local _, _, absent = system.read_file(path)
  return not absent
end

--- SSL_CERT_DIR may name several folders.
local function check_folders(system, variable, folders)
  for folder in folders:gmatch "[^:]+" do
    if exists(system, folder) then return nil end
  end
  return errors.config(("environment variable %s names no folder that exists: %s"):format(variable, folders))
end

--- The file and the folder that the environment names, as the curl command takes them.
---@return table|nil named  { ca_file, ca_path, where }
---@return aom.Error|nil
local function from_environment(system)
  local named = {}
  local variable = system.getenv "CURL_CA_BUNDLE" and "CURL_CA_BUNDLE" or "SSL_CERT_FILE"
  named.ca_file = system.getenv(variable)
  if named.ca_file then
    named.where = "environment variable " .. variable
    local text, err = read_bundle(system, named.where, named.ca_file)
    if not text then return nil, err end
  end
  if variable == "CURL_CA_BUNDLE" then return named end
  named.ca_path = system.getenv "SSL_CERT_DIR"
  local err = named.ca_path and check_folders(system, "SSL_CERT_DIR", named.ca_path)
  if err then return nil, err end
  named.where = named.where or named.ca_path and "environment variable SSL_CERT_DIR"
  return named
end

--- libcurl takes authorities from memory, as a list needs it, since 7.77.
local function too_old_for_lists()
  local versions = core.versions()
  for _, version in ipairs { versions.curl_built, versions.curl_running } do
    local major, minor = version:match "^(%d+)%.(%d+)"
    if major * 1000 + minor < 7077 then
      return errors.config("option ca_file: a list needs libcurl 7.77 or newer, and this is " .. version,
        "name one file that holds all authorities")
    end
  end
end

--- The files of a list, joined. With "system" in it libcurl's own folder stays trusted.
local function join(list, system)
  local old = too_old_for_lists()
  if old then return nil, old end
  local texts, named = {}, { ca_path = "" }
  for _, path in ipairs(list) do
    local where = "option ca_file"
    if path == SYSTEM then
      local err
      named, err = from_environment(system)
      if not named then return nil, err end
      path, where = named.ca_file or core.authorities(), named.ca_file and named.where or "libcurl's bundle"
    end
    if path then
      local text, err = read_bundle(system, where, path)
      if not text then return nil, err end
      texts[#texts + 1] = text
    end
  end
  return { ca_pem = table.concat(texts, "\n"), ca_path = named.ca_path }
end

--- What `ca_file` and the environment come to.
local function trust(settings, system)
  local given = settings.ca_file
  if type(given) == "table" then return join(given, system) end
  if not given then
    if settings.insecure then return {} end
    return from_environment(system)
  end
  local text, err = read_bundle(system, "option ca_file", given)
  if not text then return nil, err end
  return { ca_file = given, ca_path = "" }
end

local PRIVATE = "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-"

--- Whether a key in PEM can be used only with a password.
local function is_encrypted(text)
  return text:find("-----BEGIN ENCRYPTED PRIVATE KEY-----", 1, true) ~= nil
    or text:find("\nProc-Type: 4,ENCRYPTED", 1, true) ~= nil
end

--- What is wrong with the client's own certificate, or nil.
local function check_identity(settings, system)
  local cert, key = settings.client_cert, settings.client_key
  if not cert then
    local stray = key and "client_key" or settings.client_key_password and "client_key_password"
    return stray and errors.config(("option %s needs option client_cert"):format(stray)) or nil
  end
  local text, err = read_bundle(system, "option client_cert", cert)
  if not text then return err end
  text, err = read(system, key and "option client_key" or "option client_cert", key or cert, PRIVATE, "private key")
  if not text then
    err.hint = not key and "name the file of the key in option client_key" or nil
    return err
  end
  if is_encrypted(text) and not settings.client_key_password then
    return errors.config(("the private key in %s is encrypted, and option client_key_password is not set"):format(
      key or cert))
  end
end

--- Checks the files, and turns `ca_file` into what libcurl is told: `ca_file`, `ca_path` and
--- `ca_pem`; `trusted` says what named them. The other transport has authorities of its own.
---@param settings table
---@param system aom.System
---@return aom.Error|nil
function tls.resolve(settings, system)
  if settings.transport == "resty" then return nil end
  local named, err = trust(settings, system)
  if not named then return err end
  settings.trusted = settings.ca_file and "option ca_file" or named.where
  settings.ca_file, settings.ca_path, settings.ca_pem = named.ca_file, named.ca_path, named.ca_pem
  return check_identity(settings, system)
end

return tls

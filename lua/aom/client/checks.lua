--- The checks that need no network: what is installed, configured, and found where. The
--- doctor begins with them, and `:checkhealth aom` shows them.

local client = require "aom.client.state"
local core = require "aom.core"
local host = require "aom.util.host"
local iam = require "aom.credentials.iam"
local codec = require "aom.util.codec"
local kinds = require "aom.config.credential_kinds"
local platform = require "aom.util.platform"
local profile = require "aom.config.profile"
local regions = require "aom.config.regions"
local text = require "aom.util.text"
local version = require "aom.util.version"

local checks = {}

---@class aom.Check
---@field name "parts"|"authorities"|"profile"|"variables"|"configuration"|"credentials"|"endpoint"|"tls"|"clock"
---  |"access"
---@field status "ok"|"warn"|"fail"
---@field detail string
---@field fix? string  what to do, where something is to be done

---@class aom.Report
---@field [integer] aom.Check
local Report = { __name = "aom.doctor" }

function Report.__tostring(report)
  local lines = {}
  for i, check in ipairs(report) do
    lines[i] = ("%-4s  %-13s  %s%s"):format(check.status, check.name, check.detail,
      check.fix and "\n                     fix: " .. check.fix or "")
  end
  return table.concat(lines, "\n")
end

---@return aom.Report
function checks.report() return setmetatable({}, Report) end

-- What to do where nothing more exact is known.
local usual_fixes = {
  configuration = "correct the options, the environment or the profile",
  credentials = "correct the credentials",
  access = "see the message; try again later",
  endpoint = "check the endpoint's name and port, and the network, firewalls and proxy between this machine and it",
  tls = "see the message: it says what is wrong with the certificate or the connection",
}

--- Adds a finding to a report.
---@param report aom.Report
---@param name string
---@param status "ok"|"warn"|"fail"
---@param detail string
---@param fix? string
function checks.add(report, name, status, detail, fix)
  if status ~= "ok" then fix = fix or usual_fixes[name] end
  report[#report + 1] = {
    name = name, status = status, detail = text.one_line(detail), fix = fix and text.one_line(fix),
  }
end

local add = checks.add

--- What an error says about its own remedy.
---@param err aom.Error
---@return string|nil
function checks.fix_of(err)
  local cause = err.cause and err.cause.message
  return err.hint or cause ~= err.message and cause or nil
end

--- Adds what one check finds, but not that all is well.
---@param report aom.Report
---@param check fun(report: aom.Report, ...)
function checks.add_troubles(report, check, ...)
  local found = {}
  check(found, ...)
  for _, finding in ipairs(found) do
    if finding.status ~= "ok" then report[#report + 1] = finding end
  end
end

local function major(number) return tostring(number):match "%d+" end

--- The versions of what is installed, and whether the parts fit together.
---@param report aom.Report
function checks.parts(report)
  local parts = core.versions()
  local lua = host.jit() and host.jit().version or _VERSION
  add(report, "parts", "ok", ("aom %s, %s"):format(version, lua))
  add(report, "parts", "ok", ("libcurl %s (built with %s), %s, HTTP/2: %s"):format(parts.curl_running,
    parts.curl_built, parts.tls, parts.http2 and "yes" or "no"))
  if major(parts.openssl_running) == major(parts.openssl_built) then
    add(report, "parts", "ok", ("OpenSSL %s (built with %s)"):format(parts.openssl_running, parts.openssl_built))
  else
    add(report, "parts", "warn", ("OpenSSL %s is loaded, and the module was built with %s"):format(
      parts.openssl_running, parts.openssl_built),
      "build it again with the OpenSSL that is installed: make clean; make")
  end
  local missing = codec.missing()
  if missing then return add(report, "parts", "fail", missing.message, missing.hint) end
  add(report, "parts", "ok", "the JSON library works")
end

-- Where systems keep the authorities that libcurl trusts.
local BUNDLES = {
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem", "/usr/local/etc/openssl@3/cert.pem", "/opt/homebrew/etc/openssl@3/cert.pem",
}

--- The system's bundle of certificate authorities. The doctor, which may use the network,
--- asks the endpoint for its certificate instead.
---@param report aom.Report
---@param system aom.System
function checks.authorities(report, system)
  for _, path in ipairs(BUNDLES) do
    local contents = system.read_file(path)
    if contents then
      local _, count = contents:gsub("BEGIN CERTIFICATE", "")
      if count > 0 then return add(report, "authorities", "ok", ("%s, with %d CA certificates"):format(path, count)) end
      return add(report, "authorities", "fail", path .. " contains no certificate",
        "install the package ca-certificates again")
    end
  end
  add(report, "authorities", "warn",
    "no bundle of CA certificates was found in the usual places, so servers cannot be verified",
    "install the package ca-certificates, or name a bundle: aom.client { ca_file = \"/path/to/bundle.pem\" }")
end

--- The profile file, and who may use it.
---@param report aom.Report
---@param system aom.System
function checks.profile(report, system)
  local path, explicit = profile.path(system)
  if not path then return add(report, "profile", "ok", "no profile: no home directory is known") end
  local contents, why, absent = system.read_file(path)
  if absent and not explicit then
    return add(report, "profile", "ok", ("the profile %s does not exist (it is optional)"):format(path))
  end
  if not contents then
    local is_barred = tostring(why):find("Permission denied", 1, true) ~= nil
    return add(report, "profile", "warn", "the profile cannot be read: " .. (why or path),
      explicit and "correct or unset HUAWEICLOUD_SDK_CREDENTIALS_FILE"
        or is_barred and "let its owner read it: chmod 600 " .. path
        or "move it away, and put a file with the section [basic] in its place")
  end
  local _, _, _, notes = profile.load(system)
  if notes.strays then add(report, "profile", "warn", notes.strays, "correct or remove these keys") end
  local mode = profile.open_mode(system, path)
  if not mode and notes.strays then return end
  if not mode then return add(report, "profile", "ok", "the profile " .. path) end
  add(report, "profile", "warn", ("the profile %s is accessible to other users (mode %o)"):format(path, mode),
    "chmod 600 " .. path)
end

--- The variables of credentials that are set: their names alone, since the values are secret.
---@param report aom.Report
---@param system aom.System
function checks.variables(report, system)
  local set = {}
  for _, kind in ipairs(kinds.list) do
    for _, variables in ipairs { kinds.variables, kinds.samples } do
      for _, name in ipairs(kind.fields) do
        local variable = variables[name]
        if variable and system.getenv(variable) then set[#set + 1] = variable end
      end
    end
  end
  add(report, "variables", "ok", "credentials in the environment: " .. (set[1] and table.concat(set, ", ") or "none"))
end

--- The identity service; an error where it is needed and not known.
local function identity_service(state)
  local settings = state.settings
  local endpoint, err = iam.endpoint(settings)
  if endpoint then return endpoint.base .. endpoint.path end
  if settings.project_id and not state.credentials.provider.asks_iam then return nil end
  return nil, err
end

local labels = { region = "region", endpoint = "endpoint", project_id = "project", iam_endpoint = "identity service" }

--- Each setting with the place that it came from, by the record of the source.
---@param provenance table<string, aom.Origin>
---@param values table<string, string|nil>
---@param missing table<string, string>  what is said of a setting that has no value
local function describe(provenance, values, missing)
  local parts = {}
  for i, name in ipairs { "region", "endpoint", "project_id", "iam_endpoint" } do
    parts[i] = values[name] and ("%s %s, from %s"):format(labels[name], values[name], provenance[name].where)
      or missing[name]
  end
  parts[#parts + 1] = "credentials from " .. provenance.credentials.where
  parts[#parts + 1] = provenance.project_id.passed
  parts[#parts + 1] = provenance.iam_endpoint.passed
  return table.concat(parts, "; ")
end

local function bases_of(endpoints)
  local bases = {}
  for i, endpoint in ipairs(endpoints) do bases[i] = endpoint.base .. endpoint.path end
  return table.concat(bases, ", ")
end

--- The settings of a client, and where each was found.
---@param report aom.Report
---@param state aom.ClientState
function checks.configuration(report, state)
  local settings = state.settings
  local service, err = identity_service(state)
  local detail = describe(settings.source.provenance, {
    region = settings.region, endpoint = bases_of(settings.endpoints), project_id = settings.project_id,
    iam_endpoint = service,
  }, {
    region = "region none", project_id = "the project is looked up by the region's name",
    iam_endpoint = err and err.message or "the identity service is not needed",
  })
  if err then
    local asks_iam = state.credentials.provider.asks_iam
    local other = asks_iam and "" or "; or " .. settings.source:remedy "project_id"
    return add(report, "configuration", "fail", detail, err.hint .. other)
  end
  if settings.region and not regions.has_automation(settings.region) then
    return add(report, "configuration", "warn", detail,
      ("the provider documents workflows only for %s"):format(regions.with_automation))
  end
  add(report, "configuration", "ok", detail)
end

--- Opens the client that is examined.
---@param report aom.Report
---@param given table|nil        client options
---@param system aom.System|nil  default: the real one
---@return aom.ClientState|nil   nil: the report says why there is none
function checks.open(report, given, system)
  local state, err = client.open(given, system)
  if state then return state end
  local name = err.kind == "credentials" and "credentials" or "configuration"
  add(report, name, "fail", err.message, checks.fix_of(err))
end

--- All of them, for a client that takes everything from the environment and the profile.
---@param system? aom.System  default: the real one
---@return aom.Report
function checks.run(system)
  system = system or platform
  local report = checks.report()
  checks.parts(report)
  checks.authorities(report, system)
  checks.profile(report, system)
  checks.variables(report, system)
  local state = checks.open(report, nil, system)
  if not state then return report end
  checks.configuration(report, state)
  client.close(state)
  return report
end

return checks

--- `:checkhealth aom` in Neovim: what is installed, what it trusts and how it is
--- configured, each finding with its fix. Nothing is sent, and no secret is shown.

-- The rest of the library is loaded late: that it cannot be is one of the findings.
local health = {}

--- The functions were renamed in Neovim 0.10.
local function reporter()
  local api = vim.health or require "health"
  return {
    start = api.start or api.report_start,
    ok = api.ok or api.report_ok,
    warn = api.warn or api.report_warn,
    error = api.error or api.report_error,
    info = api.info or api.report_info,
  }
end

local function major(version) return tostring(version):match "%d+" end

local function check_json(report)
  local missing = require("aom.util.json").missing()
  if missing then return report.error(missing.message, { missing.hint }) end
  report.ok "JSON is read and written"
end

--- True when the module can be used at all.
local function check_installation(report)
  report.start "aom: installation"
  local found, aom = pcall(require, "aom")
  if not found then
    report.error("the module cannot be loaded: " .. tostring(aom):match "^[^\n]*", {
      "build it for Neovim's Lua: make LUA=luajit",
      "let Neovim find it: add the folder build/luajit to package.cpath, as in package.cpath = "
        .. "\".../build/luajit/?.so;\" .. package.cpath, or install it with make install LUA=luajit",
    })
    return false
  end
  local versions = aom.version()
  report.ok(("aom %s, %s"):format(versions.aom, versions.luajit or versions.lua))
  report.ok(("libcurl %s (built with %s), %s, HTTP/2: %s"):format(versions.curl_running, versions.curl_built,
    versions.tls, versions.http2 and "yes" or "no"))
  if major(versions.openssl_running) == major(versions.openssl_built) then
    report.ok(("OpenSSL %s (built with %s)"):format(versions.openssl_running, versions.openssl_built))
  else
    report.warn(("OpenSSL %s is loaded, the module was built with %s"):format(versions.openssl_running,
      versions.openssl_built), {
      "build it again with the OpenSSL that is installed: make clean; make LUA=luajit",
    })
  end
  check_json(report)
  return true
end

local function check_loop(report)
  local uv = vim.uv or vim.loop
  if uv then
    report.ok("calls wait on Neovim's own loop, libuv " .. uv.version_string())
  else
    report.error("this Neovim has no vim.uv, so that every call blocks", { "use Neovim 0.5 or newer" })
  end
end

-- Where systems keep the authorities that libcurl trusts.
local BUNDLES = {
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem", "/usr/local/etc/openssl@3/cert.pem", "/opt/homebrew/etc/openssl@3/cert.pem",
}

local function check_authorities(report, platform)
  report.start "aom: certificate authorities"
  for _, path in ipairs(BUNDLES) do
    local text = platform.read_file(path)
    if text then
      local _, count = text:gsub("BEGIN CERTIFICATE", "")
      if count > 0 then return report.ok(("%s, with %d authorities"):format(path, count)) end
      return report.error(path .. " holds no certificate", { "install the package ca-certificates again" })
    end
  end
  report.warn("no bundle of certificate authorities is where systems keep it: servers cannot be verified", {
    "install the package ca-certificates",
    "or name a bundle: aom.client { ca_file = \"/path/to/bundle.pem\" }",
  })
end

local function check_profile(report, platform)
  local path, explicit = require("aom.config.profile").path(platform)
  if not path then return report.info "no profile: there is no home directory" end
  local stat = (vim.uv or vim.loop).fs_stat(path)
  if not stat and explicit then
    return report.error("profile " .. path .. " does not exist",
      { "correct or unset HUAWEICLOUD_SDK_CREDENTIALS_FILE" })
  end
  if not stat then return report.info("profile " .. path .. " does not exist; it is one way to configure") end
  report.ok("profile " .. path)
  -- The last six bits: what the group and all others may do.
  if stat.mode % 64 ~= 0 then
    report.warn("others than you may read or change " .. path, { "chmod 600 " .. path })
  end
end

local VARIABLES = {
  "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_TOKEN",
  "CLOUD_SDK_AK", "CLOUD_SDK_SK", "HUAWEICLOUD_SDK_USERNAME", "HUAWEICLOUD_SDK_PASSWORD",
  "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
}

--- The names of the variables alone: what they hold is secret.
local function check_variables(report, platform)
  local set = {}
  for _, name in ipairs(VARIABLES) do
    if platform.getenv(name) then set[#set + 1] = name end
  end
  report.info("credentials in the environment: " .. (set[1] and table.concat(set, ", ") or "none"))
end

local function check_settings(report, platform)
  local from = require("aom.config.layers").new({}, platform)
  for _, name in ipairs { "region", "endpoint" } do
    local value, where = from:lookup(name)
    if value then report.ok(("%s %s (%s)"):format(name, value, where)) end
  end
  local project, where, _, passed = from:own "project_id"
  if project then report.ok(("project_id %s (%s)"):format(project, where)) end
  if passed then report.warn(passed) end
end

local function check_configuration(report, platform)
  report.start "aom: configuration"
  check_profile(report, platform)
  check_variables(report, platform)
  check_settings(report, platform)
  local client, err = require("aom.safe").client()
  if client then
    report.ok "environment and profile suffice for aom.trigger(id, action)"
    client:close()
    return
  end
  report.warn("environment and profile do not suffice for aom.trigger(id, action): " .. err.message, {
    err.hint or "see \"Configuration\" in the README",
    "or give the options to aom.client yourself",
  })
end

--- What Neovim calls for `:checkhealth aom`.
function health.check()
  local report = reporter()
  local installed = check_installation(report)
  check_loop(report)
  if not installed then return end
  local platform = require "aom.util.platform"
  check_authorities(report, platform)
  check_configuration(report, platform)
end

return health

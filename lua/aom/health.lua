--- `:checkhealth aom` in Neovim: shows the checks that need no network, as Neovim shows
--- findings. No secret is shown.

local health = {}

--- The functions were renamed in Neovim 0.10.
local function reporter()
  local api = vim.health or require "health"
  return {
    start = api.start or api.report_start,
    ok = api.ok or api.report_ok,
    warn = api.warn or api.report_warn,
    error = api.error or api.report_error,
  }
end

-- The heading under which a check stands. Those that have none here stand under the last one.
local headings = { parts = "installation", authorities = "certificate authorities" }

--- The checks; nil where the library cannot be loaded, which is a finding, too.
local function load_checks(report)
  local ok, checks = pcall(require, "aom.client.checks")
  if ok then return checks end
  report.error("the module cannot be loaded: " .. tostring(checks):match "^[^\n]*", {
    "build it for Neovim's Lua: make LUA=luajit",
    "let Neovim find it: add the folder build/luajit to package.cpath, as in package.cpath = "
      .. "\".../build/luajit/?.so;\" .. package.cpath, or install it with make install LUA=luajit",
  })
end

local function check_loop(report)
  local uv = vim.uv or vim.loop
  if uv then
    report.ok("calls wait on Neovim's own loop, libuv " .. uv.version_string())
  else
    report.error("this Neovim has neither vim.uv nor vim.loop, so every call blocks", { "use Neovim 0.5 or newer" })
  end
end

-- Without them a client can still be made, with options.
local optional = { configuration = true, credentials = true }

local function show(report, check)
  local advice = check.fix and { check.fix }
  if check.status == "ok" then
    report.ok(check.detail)
  elseif check.status == "warn" then
    report.warn(check.detail, advice)
  elseif optional[check.name] then
    advice[#advice + 1] = "or give the options to aom.client yourself"
    report.warn("environment and profile do not suffice for aom.trigger(id, action): " .. check.detail, advice)
  else
    report.error(check.detail, advice)
  end
end

local function show_all(report, found)
  local heading, is_ready = headings.parts, true
  for _, check in ipairs(found) do
    local own = headings[check.name] or "configuration"
    if own ~= heading then report.start("aom: " .. own) end
    heading = own
    show(report, check)
    is_ready = is_ready and not (optional[check.name] and check.status == "fail")
  end
  if is_ready then report.ok "environment and profile suffice for aom.trigger(id, action)" end
end

--- What Neovim calls for `:checkhealth aom`.
function health.check()
  local report = reporter()
  report.start "aom: installation"
  local checks = load_checks(report)
  check_loop(report)
  if checks then show_all(report, checks.run()) end
end

return health

--- Looks at everything that a call needs, one thing after the other, and says of each
--- what it found and how to mend it. It changes nothing: the one signed call that it
--- makes asks for the runs of a workflow that cannot exist.

local call = require "aom.client.call"
local client = require "aom.client.methods"
local clock = require "aom.util.clock"
local errors = require "aom.util.errors"
local exchange = require "aom.http.exchange"
local diagnose = require "aom.http.diagnose"
local failover = require "aom.http.failover"
local iam = require "aom.credentials.iam"
local select_loop = require "aom.loop.select"
local profile = require "aom.config.profile"
local regions = require "aom.config.regions"

local doctor = {}

---@class aom.Check
---@field name "configuration"|"profile"|"credentials"|"endpoint"|"tls"|"clock"|"access"
---@field status "ok"|"warn"|"fail"
---@field detail string
---@field fix? string  what to do, where something is to be done

local Report = { __name = "aom.doctor" }

function Report.__tostring(report)
  local lines = {}
  for i, check in ipairs(report) do
    lines[i] = ("%-4s  %-13s  %s%s"):format(check.status, check.name, check.detail,
      check.fix and "\n                     fix: " .. check.fix or "")
  end
  return table.concat(lines, "\n")
end

local NO_WORKFLOW = "00000000-0000-0000-0000-000000000000"

-- Seconds by which a clock may be off without a warning; the gateway tolerates 15 minutes.
local NOTABLE = 60

-- What libcurl's numbers mean for whoever has to mend it.
local network_fixes = {
  [5] = "the proxy's name is not known: check option proxy and the variables https_proxy and http_proxy",
  [6] = "the name is not known: check the region or endpoint, and this machine's DNS",
  [77] = "option ca_file names no usable file of CA certificates",
  [7] = "the connection is refused: check the port, firewalls and the proxy",
}
local NETWORK_FIX = "check the network, firewalls and proxy between this machine and the endpoint"

-- What to do where nothing more exact is known.
local usual_fixes = {
  configuration = "correct the options, the environment or the profile",
  credentials = "correct the credentials",
  access = "see the message; try again later",
}

local function add(report, name, status, detail, fix)
  if status ~= "ok" then fix = fix or usual_fixes[name] end
  report[#report + 1] = {
    name = name, status = status, detail = errors.one_line(detail), fix = fix and errors.one_line(fix),
  }
end

--- What a setting is and where it was found; nil when it was found nowhere.
local function origin(settings, name, value, label)
  local where = settings.provenance[name]
  return where and ("%s %s, from %s"):format(label, value, where)
end

--- The identity service; an error where it is needed and not known.
local function identity_service(state)
  local settings = state.settings
  local endpoint, err = iam.endpoint(settings)
  if endpoint then return origin(settings, "iam_endpoint", endpoint.base .. endpoint.path, "identity service") end
  if settings.project_id and not state.credentials.provider.asks_iam then return "the identity service is not asked" end
  return nil, err
end

--- Each setting with the place that it came from.
local function describe(state, service)
  local settings = state.settings
  local bases, passed = {}, settings.passed_over
  for i, endpoint in ipairs(settings.endpoints) do bases[i] = endpoint.base .. endpoint.path end
  local parts = {
    origin(settings, "region", settings.region, "region") or "region none",
    origin(settings, "endpoint", table.concat(bases, ", "), "endpoint"),
    origin(settings, "project_id", settings.project_id, "project") or "the project is looked up by the region's name",
    service,
    "credentials from " .. settings.provenance.credentials,
  }
  parts[#parts + 1] = passed.project_id
  parts[#parts + 1] = passed.iam_endpoint
  return table.concat(parts, "; ")
end

local function check_configuration(report, state)
  local settings = state.settings
  local service, err = identity_service(state)
  local detail = describe(state, service or err.message)
  if err then
    local other = state.credentials.provider.asks_iam and "" or "; or set option project_id, or HUAWEICLOUD_SDK_PROJECT_ID"
    return add(report, "configuration", "fail", detail, err.hint .. other)
  end
  if settings.region and not regions.has_automation(settings.region) then
    add(report, "configuration", "warn", detail,
      ("the provider documents workflows for %s alone"):format(regions.with_automation))
  else
    add(report, "configuration", "ok", detail)
  end
end

local function check_profile(report, system)
  local path = profile.path(system)
  local mode = path and profile.open_mode(system, path)
  if not mode then return end
  add(report, "profile", "warn", ("%s can be read by others than its owner (mode %o)"):format(path, mode),
    "chmod 600 " .. path)
end

local function fix_of(err)
  local cause = err.cause and err.cause.message
  return err.hint or cause ~= err.message and cause or nil
end

--- Whether there are credentials at all.
local function check_credentials(report, state)
  local loop, identity = state.loop, state.credentials
  local deadline = loop.now() + state.settings.timeout
  local bearer, err = identity:get(loop, deadline, deadline)
  if not bearer then
    add(report, "credentials", "fail", err.message, fix_of(err))
    return false
  end
  local kind = bearer.signer and "a key pair" or "a token"
  local ends = bearer.expires_at and os.date("!, valid until %Y-%m-%dT%H:%M:%SZ", bearer.expires_at) or ""
  add(report, "credentials", "ok", ("%s from %s%s"):format(kind, identity.provider.where, ends))
  return true
end

--- A request that needs no credentials and may be answered with anything. It is made
--- once, since what a retry hides is what this looks for.
local function knock(state, endpoint)
  local channel = { loop = state.loop, settings = state.settings, system = state.system,
    targets = failover.new { endpoint }, read = function(answer) return answer end }
  return exchange.new(channel, {
    operation = { name = "knock", method = "GET", idempotent = false, max_attempts = 1 },
    path = "/", query = {}, body = "",
  }, false):run()
end

local function check_tls(report, settings, endpoint, err)
  if endpoint.scheme == "http" then
    local status = endpoint.loopback and "ok" or "warn"
    add(report, "tls", status, endpoint.base .. " is not encrypted",
      status == "warn" and "use an https:// endpoint" or nil)
  elseif err and err.kind == "tls" then
    add(report, "tls", "fail", ("%s cannot be verified: %s"):format(endpoint.base, err.message),
      diagnose.CA_FIX)
  elseif settings.insecure then
    add(report, "tls", "warn", endpoint.base .. " is not verified, since option insecure is set", "remove the option")
  elseif not err then
    add(report, "tls", "ok", endpoint.base .. " is verified")
  end
end

local function check_clock(report, system, date)
  local theirs = date and clock.parse_http_date(date)
  if not theirs then return end
  local gap = theirs - system.time()
  local detail = ("this machine's clock is %d seconds %s"):format(math.abs(gap), gap >= 0 and "slow" or "fast")
  if math.abs(gap) < NOTABLE then
    add(report, "clock", "ok", detail)
  else
    add(report, "clock", "warn", detail, "calls correct it by themselves, at the cost of one; set the clock, by NTP")
  end
end

--- Whether an endpoint answers. Returns its Date header.
local function check_endpoint(report, state, endpoint)
  local answer, err = knock(state, endpoint)
  if answer then
    add(report, "endpoint", "ok", endpoint.base .. " answers")
  elseif err.kind ~= "tls" then
    add(report, "endpoint", "fail", ("%s: %s"):format(endpoint.base, err.message),
      network_fixes[err.cause and err.cause.code] or NETWORK_FIX)
  else
    add(report, "endpoint", "ok", endpoint.base .. " can be reached")
  end
  check_tls(report, state.settings, endpoint, err)
  return answer ~= nil, answer and answer.headers.date
end

local function check_endpoints(report, state)
  local reached, date = false, nil
  for _, endpoint in ipairs(state.settings.endpoints) do
    local answers, theirs = check_endpoint(report, state, endpoint)
    reached, date = reached or answers, date or theirs
  end
  check_clock(report, state.system, date)
  return reached
end

-- A row for this one question: see aom.operations.
local question = {
  name = "doctor", official = "ListWorkflowExecutions", method = "GET", idempotent = true, result = "acknowledgement",
}

--- What an error of the service's says about access: a status, a detail and a fix.
local function judge(err)
  local said = errors.is_error(err) and err.status and ("HTTP %d%s: %s"):format(err.status,
    err.code and " " .. err.code or "", err.message) or err.message
  if err.kind ~= "service" then return "fail", said, fix_of(err) end
  if err.status == 404 and err.code and err.code:find("%.0101$") then
    return "warn", "the endpoint does not know the API (" .. said .. ")", fix_of(err)
  end
  if err.status == 404 or err.status == 400 then return "ok", "the service accepts the credentials" end
  if err.status == 403 then
    return "warn", "the service knows the caller and refuses the question (" .. said .. ")",
      "give the user the permissions cms:execution:get and cms:workflow:update in this project"
  end
  if err.status == 401 then return "fail", said, fix_of(err) or usual_fixes.credentials end
  return "warn", said, fix_of(err)
end

local function check_access(report, state, reached, known)
  if not reached or not known then
    local why = known and "no endpoint answers" or "there are no credentials"
    add(report, "access", "warn", "not tried, since " .. why, "mend that first")
    return
  end
  local result, err = call.run(state, {
    operation = question, values = {}, path = "/cms/workflow/" .. NO_WORKFLOW .. "/executions", query = {}, body = "",
  })
  if result then return add(report, "access", "ok", "the service accepts the credentials") end
  add(report, "access", judge(err))
end

--- Examines what a client with these options would do.
---@param given table|nil  client options
---@param world aom.System|nil
---@return aom.Check[]|nil
---@return aom.Error|nil err  nothing can be asked from here
function doctor.examine(given, world)
  local report = setmetatable({}, Report)
  local state, err = client.open(given, world)
  if not state then
    local name = err.kind == "credentials" and "credentials" or "configuration"
    add(report, name, "fail", err.message, fix_of(err))
    return report
  end
  err = select_loop.enter(state.loop, false)
  if err then
    client.methods.close(state)
    return nil, err
  end
  check_configuration(report, state)
  check_profile(report, state.system)
  local known = check_credentials(report, state)
  check_access(report, state, check_endpoints(report, state), known)
  client.methods.close(state)
  return report
end

return doctor

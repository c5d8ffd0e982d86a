--- Exchanges the name and password of an IAM user for a token, valid in one project.

local authenticator = require "aom.credentials.authenticator"
local lockout = require "aom.credentials.lockout"
local times = require "aom.util.times"
local errors = require "aom.util.errors"
local evidence = require "aom.http.evidence"
local iam = require "aom.credentials.iam"
local remote = require "aom.credentials.providers.remote"

local password = {}

local function scope(settings)
  if settings.project_id then return { id = settings.project_id } end
  return { name = settings.region }
end

local function question(settings, endpoint, values)
  return {
    operation = "create_token", service = "identity", method = "POST", endpoint = endpoint, path = "/v3/auth/tokens",
    query = { { "nocatalog", "true" } }, secrets = { values.password },
    headers = { ["Content-Type"] = "application/json;charset=utf8" },
    body = { auth = {
      identity = { methods = { "password" }, password = { user = {
        name = values.username, password = values.password, domain = { name = values.domain_name },
      } } },
      scope = { project = scope(settings) },
    } },
  }
end

--- Where the project's id is not known, the token is asked for by the project's name. A
--- token of another project is of no use.
local function check_project(settings, project)
  local asked, name = scope(settings).name, project.name
  if not asked or name == nil or name == asked then return nil end
  return errors.config(("the identity service returned a token for project %s instead of %s"):format(
    errors.show(name), errors.show(asked)), settings.source:remedy "project_id")
end

local function read(settings, answer, document, ask)
  local details = type(document.token) == "table" and document.token or {}
  local token, expires_at = answer.headers["x-subject-token"], times.parse_time(details.expires_at)
  if not token then return nil, remote.unexpected(ask, "the header X-Subject-Token is missing") end
  if not expires_at then return nil, remote.unexpected(ask, "token.expires_at is not a valid time") end
  local project = type(details.project) == "table" and details.project or {}
  local err = check_project(settings, project)
  if err then return nil, err end
  return { token = token, expires_at = expires_at, project_id = type(project.id) == "string" and project.id or nil }
end

local function ask_once(settings, context, endpoint, values)
  local ask = question(settings, endpoint, values)
  local document, err, answer = remote.document(settings, context, ask)
  if not document then return nil, err, answer end
  local token, fault = read(settings, answer, document, ask)
  return token, fault, answer
end

--- Repeated wrong passwords lock a user as wrong signatures lock a key.
local function record_of(endpoint, values)
  local name = table.concat({ "user", endpoint.base, values.domain_name, values.username }, " ")
  local fingerprint, err = authenticator.fingerprint(name, values.password)
  return fingerprint and lockout.record(fingerprint, "user"), err
end

--- Exchanges a password for a token.
---@param settings table
---@param context { loop: aom.Loop, deadline: number }
---@param values { username: string, password: string, domain_name: string }
---@return aom.Credentials|nil
---@return aom.Error|nil
function password.exchange(settings, context, values)
  local endpoint, err = iam.endpoint(settings)
  if not endpoint then return nil, err end
  local record, fault = record_of(endpoint, values)
  if not record then return nil, fault end
  local loop = context.loop
  local expires = math.min(context.deadline, loop.now() + settings.attempt_timeout)
  local hold
  hold, err = record:enter(loop, context.deadline, expires)
  if not hold then return nil, err end
  local token, answer
  token, err, answer = ask_once(settings, context, endpoint, values)
  if token then
    record:accept(loop)
  elseif answer and answer.status == 401 and not evidence.is_page(answer) then
    record:refuse(loop, hold, err, err.message:find("lock", 1, true) and "locked" or "certain")
  end
  record:give_up(loop, hold)
  local passed = settings.source.provenance.project_id.passed
  if err and passed and not settings.project_id then err.hint = err.hint and err.hint .. "; " .. passed or passed end
  return token, err
end

return password

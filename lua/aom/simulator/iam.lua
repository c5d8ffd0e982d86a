--- The identity service: exchanges passwords and id tokens for tokens, and tokens for
-- temporary keys, and lists projects.

local answers = require "aom.simulator.answers"
local issued = require "aom.simulator.issued"
local json = require "aom.simulator.json"

local LOCK_AFTER = 5 -- wrong passwords in a row that do not lock a user

local iam = {}

-- The identity service's errors have their own format, with the status as the code.
local function fail(status, message, title)
  return answers.json(status, { error = { code = status, message = message, title = title } })
end

local function unauthorized(message)
  return fail(401, message, "Unauthorized")
end

local function bad_request()
  return fail(400, "Request body is invalid.", "Bad Request")
end

-- The value at a path of names in a document, or nil.
local function at(document, ...)
  for _, name in ipairs { ... } do
    document = type(document) == "table" and document[name] or nil
  end
  return document
end

-- The ids of the projects of a name; without a name, of all projects.
local function projects_named(context, name)
  local ids = {}
  for id, entry in pairs(context.settings.projects) do
    local own = entry ~= true and entry.name or nil
    if not name or own == name then
      ids[#ids + 1] = id
    end
  end
  table.sort(ids)
  return ids
end

local function find_project(context, scope)
  local id = at(scope, "id")
  if id then
    return context.settings.projects[id] and id
  end
  local name = at(scope, "name")
  local ids = type(name) == "string" and projects_named(context, name) or {}
  return #ids == 1 and ids[1] or nil
end

local WRONG = "The username or password is wrong."
local LOCKED = "The account is locked, please try again later."

-- Wrong passwords in a row by user. A reset makes new settings, so it clears these too.
local strikes = setmetatable({}, { __mode = "k" })

-- Nil if the password is right.
local function check_password(context, user)
  local known, counts = context.settings.users[user.name], strikes[context.settings] or {}
  strikes[context.settings] = counts
  local count = counts[user.name] or 0
  if known and count > LOCK_AFTER then
    return unauthorized(LOCKED)
  elseif not known or known.password ~= user.password or known.domain ~= at(user, "domain", "name") then
    counts[known and user.name or ""] = count + 1
    return unauthorized(WRONG)
  end
  counts[user.name] = 0
end

local function with_token(context, token, expires_at, fields)
  local document = { expires_at = issued.time(expires_at), issued_at = issued.time(context:now()) }
  for name, value in pairs(fields) do
    document[name] = value
  end
  local response = answers.json(201, { token = document })
  response.headers = { ["X-Subject-Token"] = token }
  return response
end

local function create_token(context, request)
  local document = json.decode(request.body)
  local user = at(document, "auth", "identity", "password", "user")
  if at(document, "auth", "identity", "methods", 1) ~= "password" or type(user) ~= "table" then
    return bad_request()
  end
  local refusal = check_password(context, user)
  if refusal then
    return refusal
  end
  local project = find_project(context, at(document, "auth", "scope", "project"))
  if not project then
    return fail(401, "The project does not exist.", "Unauthorized")
  end
  local token, expires_at = issued.token(context, { project = project })
  return with_token(context, token, expires_at, { project = { id = project }, user = { name = user.name } })
end

local function create_unscoped_token(context, request)
  local id_token = at(json.decode(request.body), "auth", "id_token", "id")
  local known = type(id_token) == "string" and context.settings.id_tokens[id_token]
  if not known or known.idp ~= request:header("x-idp-id") then
    return unauthorized("The id token is not valid.")
  end
  local token, expires_at = issued.token(context, { unscoped = true })
  return with_token(context, token, expires_at, {})
end

local function create_keys(context, request)
  local token = at(json.decode(request.body), "auth", "identity", "token", "id")
  local known = type(token) == "string" and context.settings.tokens[token]
  if not known or issued.is_over(known, context:now()) then
    return unauthorized("The token is not valid.")
  end
  local keys = issued.keys(context)
  return answers.json(201, { credential = {
    access = keys.ak, secret = keys.sk, securitytoken = keys.security_token,
    expires_at = issued.time(keys.expires_at),
  } })
end

local function list_projects(context, request)
  local name, list = request:query_value("name"), json.array {}
  for _, id in ipairs(projects_named(context, name)) do
    list[#list + 1] = { id = id, name = name, enabled = true }
  end
  return answers.json(200, { projects = list })
end

---@type aom.simulator.Route[]
iam.routes = {
  { method = "POST", path = "/v3/auth/tokens", handler = create_token, public = true },
  { method = "POST", path = "/v3.0/OS-AUTH/id-token/tokens", handler = create_unscoped_token, public = true },
  { method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens", handler = create_keys, public = true },
  { method = "GET", path = "/v3/projects", handler = list_projects },
}

return iam

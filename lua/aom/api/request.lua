--- A request that no operation's row describes: any call of the service, or of another one.
--- Checks what the caller gives, so that what is wrong never leaves the machine.

local check = require "aom.util.check"
local each = require "aom.util.each"
local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local headers = require "aom.util.headers"
local json = require "aom.util.json"
local options = require "aom.config.options"
local containers = require "aom.util.containers"
local query = require "aom.util.query"
local regions = require "aom.config.regions"
local text = require "aom.util.text"

local request = {}

--- Where a request goes, when that is not the client's own service and project.
---@class aom.Target
---@field endpoint? aom.Endpoint  of another service
---@field region? string          the region that its host names
---@field service? string         that a signature of V11 is for

-- The methods, and whether each promises that twice does what once does.
local methods = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true, POST = false, PATCH = false }

local V11 = "V11-HMAC-SHA256"

local function check_method(value)
  local known = type(value) == "string" and methods[text.upper(value)] ~= nil
  return not known and "GET, HEAD, PUT, DELETE, OPTIONS, POST or PATCH" or nil
end

local function has_other_name(path)
  for name in path:gmatch "{([^{}]*)}" do
    if name ~= "project_id" then return true end
  end
  return false
end

-- It is sent and signed byte by byte, so that nothing in it may be for others to resolve.
local function check_path(value)
  if type(value) ~= "string" or value:sub(1, 1) ~= "/" then return "a path that starts with /" end
  if value:find "[?#]" then return "a path without ? and # (a query goes into the field query)" end
  if text.has_control(value) then return "a path without control characters" end
  if (value .. "/"):find "[/\\]%.%.?[/\\]" then return "a path without . and .." end
  if has_other_name(value) then return "a path with no name in braces but {project_id}" end
end

local function check_body(value)
  if type(value) == "string" then return nil end
  if type(value) ~= "table" then return "a string, or a table to send as JSON" end
  return containers.veil(value, "plain tables, without metatables")
end

--- What a caller gives.
---@type table<string, aom.Row>
request.rows = {
  method = { test = check_method, required = true },
  path = { test = check_path, required = true },
  query = query.row,
  headers = { kind = "named" },
  body = { test = check_body, secret = true },
  idempotent = options.rows.flag,
  endpoint = options.rows.secret,
  project_id = options.rows.project,
  service = { kind = "string" },
}

local label = check.label("request", "field", "request.")

--- A region that is another than the client's has projects of its own.
local function check_region(region, given, settings)
  local own = settings.region or regions.named_in(settings.endpoint.host)
  if not region or region == own or given.project_id then return nil end
  local err = errors.argument("request.project_id: expected a project id of the endpoint's region %s, got nil", region)
  err.hint = own and "the client's project is one of region " .. own or nil
  return err
end

--- What a request to another service, project or scope of signatures says of it.
---@return aom.Target|nil
---@return aom.Error|nil
local function target_of(given, settings)
  if not given.endpoint then return given.service and { service = given.service } or nil end
  local place, problem = endpoint.parse(given.endpoint)
  if place and place.scheme == "http" and not place.loopback then
    return nil, errors.argument(
      "request.endpoint: expected https://, or http:// to this machine, got http:// to another host")
  end
  if problem then return nil, errors.argument("request.endpoint %s", problem) end
  if settings.algorithm == V11 and not given.service then
    return nil, errors.argument("request.service: expected the service that a signature of %s is for, got nil", V11)
  end
  local region = not place.loopback and regions.named_in(place.host) or nil
  local err = check_region(region, given, settings)
  if err then return nil, err end
  return { endpoint = place, region = region, service = given.service }
end

local function body_of(given, method)
  local body = given.body
  if method == "HEAD" and body ~= nil and body ~= "" then
    return nil, errors.argument "request.body: expected none in a HEAD request"
  end
  if type(body) ~= "table" then return body or "" end
  local document, why = json.encode(body)
  if not document then return nil, errors.argument("request.body: cannot be written as JSON: %s", why) end
  return document
end

local function headers_of(given, settings)
  local own, err = headers.read_own(given.headers, "request.headers")
  if not own then return nil, err end
  own["X-Project-Id"] = given.project_id
  return headers.merge(settings.headers, own)
end

-- The operations that requests have in common, by method and by whether they may be repeated.
local operations = {}
for method in each.pair(methods) do
  operations[method] = {}
  for _, idempotent in ipairs { true, false } do
    operations[method][idempotent] = { name = "request", method = method, idempotent = idempotent, arguments = {},
      result = "any", all_headers = true }
  end
end

local function operation_of(given, method)
  local idempotent = given.idempotent
  if idempotent == nil then idempotent = methods[method] end
  return operations[method][idempotent]
end

--- Says of a method in place of a request how that is given.
---@param given any
---@param err aom.Error
---@return aom.Error err
function request.explain(given, err)
  if type(given) == "string" then err.hint = 'a request is one table, such as { method = "GET", path = "/v1/…" }' end
  return err
end

--- Reads the table that a caller gives.
---@param value any
---@param settings table  the client's
---@return aom.Request|nil
---@return aom.Error|nil
function request.build(value, settings)
  local given, err = check.table(value, request.rows, label)
  if not given then return nil, request.explain(value, err) end
  local method, made = text.upper(given.method), { values = {}, template = given.path, path = given.path }
  made.query, err = query.read(given.query, "request.query")
  if err then return nil, err end
  made.headers, err = headers_of(given, settings)
  if err then return nil, err end
  made.body, err = body_of(given, method)
  if err then return nil, err end
  made.target, err = target_of(given, settings)
  if err then return nil, err end
  made.operation, made.project_id = operation_of(given, method), given.project_id
  return made
end

--- Whether a request can only be sent once the client's project is known.
---@param made aom.Request
---@return boolean
function request.needs_project(made)
  return not made.template or not made.project_id and made.template:find("{project_id}", 1, true) ~= nil
end

--- Puts the project into a request's path.
---@param made aom.Request
---@param id string|nil  the client's
function request.fill(made, id)
  id = made.project_id or id
  if id then made.path = made.template:gsub("{project_id}", id) end
end

return request

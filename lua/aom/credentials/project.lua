--- Finds the project id of a client that was given none: a token names its project; for keys
--- the identity service is asked, once for all calls that wait, for the project with exactly
--- the region's name. The process remembers it for each key and region.

local check = require "aom.util.check"
local admission = require "aom.credentials.admission"
local errors = require "aom.util.errors"
local evidence = require "aom.http.evidence"
local exchange = require "aom.http.exchange"
local failover = require "aom.http.failover"
local iam = require "aom.credentials.iam"
local input = require "aom.api.input"
local json = require "aom.util.json"
local options = require "aom.config.options"
local outage = require "aom.http.outage"
local regions = require "aom.config.regions"
local remote = require "aom.credentials.providers.remote"
local response = require "aom.api.response"
local single_flight = require "aom.loop.single_flight"

local project = {}

-- By service, key and region: the id, once it is known, and the flight of those who ask.
local entries = {}

--- A token is a secret, and is replaced often: its entry stays with the client.
local function entry_of(client, authenticator, endpoint)
  local signer = authenticator.signer
  if not signer then
    client.root.project_entry = client.root.project_entry or { flight = single_flight.new() }
    return client.root.project_entry
  end
  local key = table.concat({ endpoint.base .. endpoint.path, authenticator.mark, client.settings.region }, " ")
  entries[key] = entries[key] or { flight = single_flight.new() }
  return entries[key]
end

local MAX_SHOWN = 10

local function is_id(value) return check.is(value, options.rows.project) end

--- What always helps, and which id was passed over as another account's.
local function hint_of(settings)
  local source = settings.source
  local hint, passed = source:remedy "project_id" .. " to avoid the look-up", source.provenance.project_id.passed
  return passed and hint .. "; " .. passed or hint
end

local function show(projects)
  local shown = {}
  for i = 1, math.min(#projects, MAX_SHOWN) do
    shown[i] = ("%s (%s)"):format(errors.show(projects[i].name), projects[i].id)
  end
  if #projects > MAX_SHOWN then shown[#shown + 1] = ("%d more"):format(#projects - MAX_SHOWN) end
  return table.concat(shown, ", ")
end

--- The projects of a list, those of the name and the others. A malformed entry matters only
--- where it may be the one that is wanted.
---@return table[]|nil named
---@return table[]|string others_or_problem
local function sort_out(body, name)
  local document = json.decode(body)
  local list = type(document) == "table" and document.projects
  if type(list) ~= "table" or (next(list) ~= nil and list[1] == nil) then return nil, "projects is not a list" end
  local named, others, seen, is_broken = {}, {}, {}, false
  for _, entry in ipairs(list) do
    local has_name = type(entry) == "table" and type(entry.name) == "string"
    local is_named = has_name and entry.name == name
    if not has_name or not is_id(entry.id) then
      if is_named then return nil, "the project's id is not 32 letters and digits" end
      is_broken = true
    elseif not seen[entry.id] then
      local into = is_named and named or others
      into[#into + 1], seen[entry.id] = entry, true
    end
  end
  if is_broken and not named[1] then return nil, "an entry of projects has no name, or no valid id" end
  return named, others
end

--- The service's filter may be loose: only a project of exactly that name counts.
local function choose(body, settings, endpoint)
  local region = settings.region
  local named, others = sort_out(body, region)
  if not named then
    local err = remote.unexpected({ service = "identity", endpoint = endpoint }, others)
    err.hint = hint_of(settings)
    return nil, err
  end
  if #named == 1 then return named[1].id end
  if #named > 1 then
    return nil, errors.config(("%d projects are named %s: %s"):format(#named, region, show(named)),
      hint_of(settings))
  end
  local found = others[1] and "; the identity service lists " .. show(others) or ""
  return nil, errors.config(("no project is named %s (like the region), so the look-up found no project id%s")
    :format(region, found), regions.ask_small(region) .. hint_of(settings))
end

local ELSEWHERE = "the refusal bears no code of the identity service's: a proxy, a firewall or another server may have "
  .. "answered in its place; "

--- Says of a refusal that it was one of the look-up, and how to do without it where that is the
--- provider's own word: whoever else forbids the way there may forbid any other, too.
local function explain(err, settings, answer)
  local is_known = evidence.is_provider(err.code, err.status) or answer.headers["x-iam-trace-id"] ~= nil
  err.hint = (err.hint and err.hint .. "; " or "") .. (is_known and "" or ELSEWHERE)
    .. ("this request looked up the project id for region %s"):format(settings.region)
    .. (is_known and "; " .. hint_of(settings) or "")
end

local lookup = { name = "find_project", method = "GET", idempotent = true }

--- Asks the identity service, which has no project in its paths.
local function ask(client, endpoint, deadline, scope)
  local channel = setmetatable({
    service = "identity", throttle = false, targets = failover.new { endpoint }, read = response.read_any,
    outage = outage.at(client.root.settings, client.loop, endpoint.base),
  }, { __index = client })
  local carried = exchange.new(channel, {
    operation = lookup, path = "/v3/projects", query = { { "name", client.settings.region } }, body = "",
  }, admission.new(client, true), scope, deadline)
  local result, err = carried:run()
  if result then return choose(result.body, client.settings, endpoint) end
  -- Without a look-up a key would be refused too, and a network be down.
  if err.status == 403 then explain(err, client.settings, carried.answer) end
  return nil, err
end

local function adopt(client, id, where)
  if not is_id(id) then
    return nil, errors.config("the project id that comes with the token is not 32 letters and digits",
      hint_of(client.settings))
  end
  client.root.settings.project_id, client.root.prefix = id, input.prefix(id)
  client.settings.source:note("project_id", where)
  return id
end

--- Where the look-up goes. With a project id, direct credentials do without it.
local function identity_service(client)
  local endpoint, err = iam.endpoint(client.settings)
  if not endpoint and not client.credentials.provider.asks_iam then
    err.hint = (err.hint and err.hint .. "; or " or "") .. hint_of(client.settings)
  end
  return endpoint, err
end

--- Puts a project id into the client's settings where there is none.
---@param client aom.ClientState
---@param deadline number
---@param scope? aom.Scope
---@return string|nil id
---@return aom.Error|nil
function project.ensure(client, deadline, scope)
  local loop, settings = client.loop, client.settings
  local expires = math.min(deadline, loop.now() + settings.attempt_timeout)
  local endpoint, authenticator, err
  -- Before credentials are asked for, but not where a token may come that names its project.
  if not client.credentials.provider.may_tell_project then
    endpoint, err = identity_service(client)
    if not endpoint then return nil, err end
  end
  authenticator, err = client.credentials:get(loop, deadline, expires)
  if not authenticator then return nil, err end
  if authenticator.project_id then
    return adopt(client, authenticator.project_id, "the token of " .. client.credentials.provider.where)
  end
  endpoint, err = identity_service(client)
  if not endpoint then return nil, err end
  local entry = entry_of(client, authenticator, endpoint)
  expires = math.min(deadline, loop.now() + settings.attempt_timeout)
  local id
  id, err = entry.flight:once(loop, deadline, expires, "look up the project id",
    function() return entry.id end,
    function()
      local found, why = ask(client, endpoint, deadline, scope)
      entry.id = found or entry.id
      return found, why
    end)
  return id and adopt(client, id, "the look-up by the region's name"), err
end

return project

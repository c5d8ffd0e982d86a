--- The project id of a client that was given none: a token tells its own; for keys the
--- identity service is asked for the project that has the region's name. Asked once by
--- all who wait, and remembered in the process for each key and region.

local errors = require "aom.errors"
local gate = require "aom.gate"
local iam = require "aom.iam"
local json = require "aom.json"

local project = {}

-- What is known, and the gate of whoever asks; by service, key and region.
local entries = {}

-- Not an operation of this service's: it goes to the identity service, which has
-- no project in its paths.
local lookup = {
  name = "find_project", official = "KeystoneListProjects", method = "GET", idempotent = true,
  result = "acknowledgement",
}

--- A token is a secret, and another one tomorrow: what it tells stays with its client.
local function entry_of(client, bearer, endpoint)
  local signer = bearer.signer
  if not signer then
    client.project_entry = client.project_entry or { gate = gate.new() }
    return client.project_entry
  end
  local key = table.concat({ endpoint.base, signer:ak(), client.settings.region }, " ")
  entries[key] = entries[key] or { gate = gate.new() }
  return entries[key]
end

local HINT = "set option project_id, or HUAWEICLOUD_SDK_PROJECT_ID, to do without the look-up"

local function choose(body, region)
  local document = json.decode(body)
  local list = type(document) == "table" and document.projects
  if type(list) ~= "table" then
    return nil, errors.new("protocol", "the identity service's list of projects cannot be understood", { hint = HINT })
  end
  local ids, shown = {}, {}
  for _, entry in ipairs(list) do
    if type(entry) == "table" and type(entry.id) == "string" then
      ids[#ids + 1] = entry.id
      shown[#shown + 1] = ("%s (%s)"):format(entry.id, tostring(entry.name))
    end
  end
  if #ids == 1 then return ids[1] end
  local message = #ids == 0 and ("no project is called %s, so its project id must be given"):format(region)
    or ("%d projects are called %s: %s"):format(#ids, region, table.concat(shown, ", "))
  return nil, errors.config(message, HINT)
end

local function ask(client, endpoint, run, scope, deadline)
  local region = client.settings.region
  local result, err = run(client, {
    operation = lookup, endpoint = endpoint, values = {}, path = "/v3/projects",
    query = { { "name", region } }, body = "",
  }, scope, deadline)
  if not result then
    err.hint = (err.hint and err.hint .. "; " or "")
      .. ("this was the look-up of the project id of region %s: %s"):format(region, HINT)
    return nil, err
  end
  return choose(result.body, region)
end

local function ask_for_all(client, entry, hold, ...)
  local id, err = ask(client, ...)
  entry.id = id or entry.id
  entry.gate:release(hold, err and err.kind ~= "cancelled" and err or nil)
  return id, err
end

--- The id that is known or becomes known while this waits.
local function find(client, entry, endpoint, run, scope, deadline)
  local loop = client.loop
  while not entry.id do
    local hold = entry.gate:take(loop, math.min(deadline, loop.now() + client.settings.attempt_timeout))
    if hold then return ask_for_all(client, entry, hold, endpoint, run, scope, deadline) end
    local waited, failure, cancelled = entry.gate:wait(loop, deadline)
    if cancelled then return nil, errors.cancelled() end
    if failure then return nil, errors.copy(failure) end
    if not waited then return ask_for_all(client, entry, nil, endpoint, run, scope, deadline) end
    if loop.now() >= deadline then
      return nil, errors.new("timeout", "the deadline passed while the project id was looked up")
    end
  end
  return entry.id
end

local function adopt(client, id)
  client.settings.project_id = id
  client.identity:set_project(id)
  return true
end

--- Sees to it that the client's settings have a project id.
---@param client aom.ClientState
---@param run function  aom.call.run
---@param scope? table  an asynchronous call's
---@param deadline number
---@return boolean|nil
---@return aom.Error|nil
function project.ensure(client, run, scope, deadline)
  local loop, settings = client.loop, client.settings
  local expires = math.min(deadline, loop.now() + settings.attempt_timeout)
  local bearer, err = client.identity:get(loop, deadline, expires)
  if not bearer then return nil, err end
  if bearer.project_id then return adopt(client, bearer.project_id) end
  local endpoint
  endpoint, err = iam.endpoint(settings)
  if not endpoint then return nil, err end
  local id
  id, err = find(client, entry_of(client, bearer, endpoint), endpoint, run, scope, deadline)
  if not id then return nil, err end
  return adopt(client, id)
end

return project

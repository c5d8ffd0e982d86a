--- Makes a loop of the adapter that a user wrote for some other event loop: a table of
--- functions. Those that wait are used as they are; what `fetch` returns is checked and
--- brought into the form that the rest of the library reads.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lower = require "aom.util.text".lower
local transfer = require "aom.loop.transfer"

local adapter = {}

local trouble = transfer.trouble

local required = { "fetch", "sleep", "now", "waiter", "run" }
local optional = { "spawn", "cancel", "close", "enter" }

local kinds = {
  network = true, timeout = true, tls = true, protocol = true, cancelled = true,
  argument = true, config = true,
}

--- HTTP clients report most of their failures as a string, which does not say whether the
--- request was sent. It may have been.
local function read_trouble(why)
  if type(why) ~= "table" then
    local message = why ~= nil and tostring(why) or "the adapter's fetch returned neither a response nor an error"
    return trouble("network", message, true)
  end
  local kind = kinds[why.kind] and why.kind or "network"
  return nil, {
    kind = kind, message = tostring(why.message or why.kind or why), code = why.code, sent = why.sent ~= false,
    away = kind == "network" and why.sent == false and "connection" or nil,
    fault = why.fault,
  }
end

--- The first value of each header, and lists of all where there are several.
local function read_headers(given)
  local headers, several = {}, {}
  for name, value in each.pair(given or {}) do
    local list = type(value) == "table" and value or { value }
    if type(name) == "string" and list[1] ~= nil then
      name = lower(name)
      headers[name] = tostring(list[1])
      if list[2] ~= nil then
        several[name] = {}
        for i, entry in ipairs(list) do several[name][i] = tostring(entry) end
      end
    end
  end
  return headers, several
end

local function read_answer(answer, limit)
  local status = type(answer) == "table" and tonumber(answer.status)
  if not status then return trouble("protocol", "the adapter's response has no status", true) end
  local body = answer.body or ""
  if type(body) ~= "string" then
    return trouble("protocol", "the body of the adapter's response is not a string", true)
  end
  if #body > limit then return trouble("protocol", "the response body exceeds max_response_bytes", true) end
  local headers, several = read_headers(answer.headers)
  return { status = status, headers = headers, several = several, body = body }
end

--- The option that an adapter is told nothing of: one without effect is worse than none.
local function without_effect(settings)
  if settings.trusted == "option ca_file" then return "ca_file" end
  for _, name in ipairs { "client_cert", "client_key", "client_key_password" } do
    if settings[name] ~= nil then return name end
  end
  if settings.insecure then return "insecure" end
  if settings.proxy and settings.proxy ~= "" then return "proxy" end
end

local function check(given, settings)
  local idle = without_effect(settings)
  if idle then
    return errors.config(("option %s has no effect with an adapter, which makes the connections"):format(idle),
      "tell it to the adapter's HTTP client, and leave the option out")
  end
  for _, name in ipairs(required) do
    if type(given[name]) ~= "function" then
      return errors.argument("option loop: the adapter has no function %s", name)
    end
  end
  for _, name in ipairs(optional) do
    if given[name] ~= nil and type(given[name]) ~= "function" then
      return errors.argument("option loop: the adapter's %s is not a function", name)
    end
  end
end

---@param given table  an adapter
---@param settings table  a client's resolved configuration
---@return aom.Loop|nil
---@return aom.Error|nil
function adapter.new(given, settings)
  local err = check(given, settings)
  if err then return nil, err end
  local loop = {}
  function loop.fetch(attempt, deadline)
    local answer, why = given.fetch(attempt, deadline)
    if not answer then return read_trouble(why) end
    return read_answer(answer, settings.max_response_bytes)
  end
  -- The user's own table stays unchanged.
  return setmetatable(loop, { __index = given })
end

return adapter

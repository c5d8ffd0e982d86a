--- The options of a client, checked before anything is done with them.

local credential_kinds = require "aom.config.credential_kinds"
local errors = require "aom.util.errors"
local plain = require "aom.util.plain"
local similar = require "aom.util.similar"

local options = {}

--- A test of a value, and what it wants in words. A hidden value may be a secret, and
--- stays out of messages.
---@class aom.OptionKind
---@field [1] fun(value: any): boolean
---@field [2] string
---@field hidden? boolean

local function is_positive(value) return type(value) == "number" and value > 0 and value < math.huge end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0 and value < 2 ^ 31
end

-- A line break in a credential or in an option that becomes a header would let
-- it write headers of its own.
local function is_text(value)
  return type(value) == "string" and value ~= "" and not value:find("[%z\1-\31\127]")
end

local proxy_schemes = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

-- Without a scheme it is an HTTP proxy. libcurl would find a wrong one at the first call.
local function is_proxy(value)
  if value == "" then return true end
  if not is_text(value) then return false end
  local scheme, rest = value:match "^(.-)://(.*)$"
  if scheme and not proxy_schemes[scheme:lower()] then return false end
  local host = (rest or value):gsub("^.*@", ""):gsub("/.*$", "")
  return host:find "^[^:%[%]/]+:?%d*$" ~= nil or host:find "^%[[%x:.%%%w]+%]:?%d*$" ~= nil
end

---@type table<string, aom.OptionKind>
local kinds = {
  text = { is_text, "a non-empty string without control characters", hidden = true },
  seconds = { is_positive, "a positive number of seconds" },
  duration = {
    function(value) return value == 0 or is_positive(value) end,
    "a number of seconds, 0 or more",
  },
  rate = { is_positive, "a positive number of calls a second" },
  count = { is_count, "a whole number, 1 or more" },
  flag = { function(value) return type(value) == "boolean" end, "true or false" },
  callable = { function(value) return type(value) == "function" end, "a function" },
  provider = {
    function(value) return type(value) == "function" or type(value) == "table" end,
    "a function or an object with a refresh method", hidden = true,
  },
  loop = {
    function(value)
      return value == "blocking" or value == "uv" or value == "nginx" or type(value) == "table"
    end,
    '"blocking", "uv", "nginx" or an adapter table',
  },
  transport = {
    function(value) return value == "curl" or value == "resty" end,
    '"curl" or "resty"',
  },
  token = {
    function(value) return is_text(value) and #value <= 40960 end,
    "a string of 1 to 40960 bytes without control characters", hidden = true,
  },
  endpoints = {
    function(value)
      if type(value) ~= "table" then return is_text(value) end
      local list = plain.list(value) or {}
      for _, url in ipairs(list) do
        if not is_text(url) then return false end
      end
      return #list > 0
    end,
    "a URL or a list of URLs", hidden = true,
  },
  project = {
    function(value) return type(value) == "string" and value:find("^[%w]+$") ~= nil and #value == 32 end,
    "the 32 letters and digits of a project id", hidden = true,
  },
  proxy = {
    is_proxy, 'a proxy URL of http, https, socks4, socks4a, socks5 or socks5h, or "" for none', hidden = true,
  },
}

options.kinds = kinds

-- The options of a client, and their kinds; those that are credentials follow.
---@type table<string, string>
local known = {
  region = "text",
  endpoint = "endpoints",
  project_id = "project",
  iam_endpoint = "text",
  metadata = "flag",
  metadata_endpoint = "text",
  algorithm = "text",
  timeout = "seconds",
  attempt_timeout = "seconds",
  connect_timeout = "seconds",
  max_attempts = "count",
  ca_file = "text",
  insecure = "flag",
  allow_http = "flag",
  proxy = "proxy",
  max_response_bytes = "count",
  loop = "loop",
  transport = "transport",
  on_event = "callable",
}

for name, field in pairs(credential_kinds.fields) do known[name] = field.type or "text" end

---@type table<string, aom.OptionKind>
local client_kinds = {}
for name, kind in pairs(known) do client_kinds[name] = kinds[kind] end

local function unknown(name, candidates, what)
  local nearest = type(name) == "string" and similar.nearest(name, candidates)
  local err = errors.argument("unknown %s %s", what, errors.show(name))
  if nearest then err.hint = 'did you mean "' .. nearest .. '"?' end
  return err
end

--- Refuses names that are not among `candidates`, as far as they can be seen.
---@param container table
---@param candidates table<string, any>
---@param what string
---@return aom.Error|nil
function options.check_names(container, candidates, what)
  for name in next, container do
    if candidates[name] == nil then return unknown(name, candidates, what) end
  end
end

--- Reads a table by names, so that values behind its metatable count. Names that are not
--- among `candidates` are refused, as far as they can be seen.
---@param container table
---@param candidates table<string, any>
---@param what string
---@return table|nil copy  without a metatable
---@return aom.Error|nil
function options.read(container, candidates, what)
  local err = options.check_names(container, candidates, what)
  if err then return nil, err end
  local copy
  copy, err = plain.values(container, candidates)
  if not copy then err.message = what .. " " .. err.message end
  return copy, err
end

--- What can be said of a string that may be a secret.
local function outline(text)
  if text == "" then return "an empty string" end
  if text:find("[%z\1-\31\127]") then return "a string with a control character" end
  return ("a string of %d bytes"):format(#text)
end

--- What is wrong with a value, or nil.
---@param name string  how the message calls it
---@param value any
---@param kind aom.OptionKind
---@return aom.Error|nil
local function check_value(name, value, kind)
  if kind[1](value) then return nil end
  local got = kind.hidden and type(value) == "string" and outline(value) or errors.show(value)
  return errors.argument("%s: expected %s, got %s", name, kind[2], got)
end

local function read_checked(container, wanted, prefix)
  local copy, err = options.read(container, wanted, "option")
  if not copy then return nil, err end
  for name, value in pairs(copy) do
    err = check_value(prefix .. name, value, wanted[name])
    if err then return nil, err end
  end
  return copy
end

--- Reads and checks the table of options that a method takes.
---@param what string  the method
---@param container any
---@param wanted table<string, aom.OptionKind>
---@return table|nil copy
---@return aom.Error|nil
function options.read_table(what, container, wanted)
  if type(container) ~= "table" then
    return nil, errors.argument("%s: expected a table of options, got %s", what, errors.show(container))
  end
  return read_checked(container, wanted, what .. ": ")
end

--- Reads and checks the options of a client.
---@param container any
---@return table|nil copy
---@return aom.Error|nil err
function options.check(container)
  if container == nil then return {} end
  if type(container) ~= "table" then
    return nil, errors.argument("client options: expected a table, got %s", errors.show(container))
  end
  return read_checked(container, client_kinds, "option ")
end

return options

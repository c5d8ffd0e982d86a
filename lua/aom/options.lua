--- The options of a client, checked before anything is done with them.

local errors = require "aom.errors"

local options = {}

local function is_positive(value) return type(value) == "number" and value > 0 and value < math.huge end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0 and value < 2 ^ 31
end

-- A line break in a credential or in an option that becomes a header would let
-- it write headers of its own.
local function is_text(value)
  return type(value) == "string" and value ~= "" and not value:find("[%z\1-\31\127]")
end

local kinds = {
  text = { is_text, "a non-empty string without control characters" },
  seconds = { is_positive, "a positive number of seconds" },
  count = { is_count, "a whole number, 1 or more" },
  flag = { function(value) return type(value) == "boolean" end, "true or false" },
  callable = { function(value) return type(value) == "function" end, "a function" },
  provider = {
    function(value) return type(value) == "function" or type(value) == "table" end,
    "a function or an object with a refresh method",
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
    "a string of 1 to 40960 bytes without control characters",
  },
  endpoints = {
    function(value)
      if type(value) ~= "table" then return is_text(value) end
      for _, url in ipairs(value) do
        if not is_text(url) then return false end
      end
      return #value > 0
    end,
    "a URL or a list of URLs",
  },
  project = {
    function(value) return type(value) == "string" and value:find("^[%w]+$") ~= nil and #value == 32 end,
    "the 32 letters and digits of a project id",
  },
  proxy = {
    function(value) return value == "" or is_text(value) end,
    'a proxy URL, or "" for none',
  },
}

---@type table<string, string>
local known = {
  region = "text",
  endpoint = "endpoints",
  project_id = "project",
  ak = "text",
  sk = "text",
  security_token = "text",
  token = "token",
  credentials = "provider",
  username = "text",
  password = "text",
  domain_name = "text",
  iam_endpoint = "text",
  idp_id = "text",
  id_token_file = "text",
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

--- How many single-byte edits lie between two words (Levenshtein).
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(above + 1, row[j - 1] + 1, corner + (same and 0 or 1))
      corner = above
    end
  end
  return row[#b]
end

--- The candidate nearest to a misspelt name, or nil when none is near.
---@param name string
---@param candidates table<string, any>
---@return string|nil
function options.nearest(name, candidates)
  local best, best_distance
  for candidate in pairs(candidates) do
    local d = distance(name, candidate)
    if not best or d < best_distance or (d == best_distance and candidate < best) then
      best, best_distance = candidate, d
    end
  end
  if best and best_distance <= math.max(2, math.floor(#name / 3)) then return best end
end

local function unknown(name, candidates, what)
  local nearest = type(name) == "string" and options.nearest(name, candidates)
  local err = errors.argument("unknown %s %s", what, errors.show(name))
  if nearest then err.hint = 'did you mean "' .. nearest .. '"?' end
  return err
end

--- Refuses names that are not among `candidates`.
---@param given table
---@param candidates table<string, any>
---@param what string
---@return aom.Error|nil
function options.check_names(given, candidates, what)
  for name in pairs(given) do
    if candidates[name] == nil then return unknown(name, candidates, what) end
  end
end

---@param given any
---@return table|nil copy
---@return aom.Error|nil err
function options.check(given)
  if given == nil then return {} end
  if type(given) ~= "table" then
    return nil, errors.argument("client options: expected a table, got %s", errors.show(given))
  end
  local err = options.check_names(given, known, "option")
  if err then return nil, err end
  local copy = {}
  for name, value in pairs(given) do
    local test, wanted = kinds[known[name]][1], kinds[known[name]][2]
    if not test(value) then
      -- The value may be a secret that has a stray line break: it is not shown.
      return nil, errors.argument("option %s: expected %s, got a %s", name, wanted,
        type(value) == "string" and "string that is not" or type(value))
    end
    copy[name] = value
  end
  return copy
end

return options

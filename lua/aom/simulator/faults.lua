--- Scripted faults. A script is a list of entries. Each entry applies to the next request,
-- or to the next request whose target contains its `match`.

---@class aom.simulator.Fault
---@field match string|nil only for a request whose target contains this
---@field times integer|nil how many requests it applies to, default 1
---@field delay number|nil seconds to wait before anything else
---@field status integer|nil answer with this instead of serving the request
---@field headers table<string, string|string[]>|nil added to any answer
---@field body string|nil replaces the answer's own
---@field hang number|nil send nothing for this many seconds, then close; not served
---@field close "before_answer"|"mid_body"|"after_answer"|nil when to close the connection;
--- with "before_answer" the request is not served
---@field drop boolean|nil serve the request, then close without an answer

local json = require "aom.simulator.json"
local settings = require "aom.simulator.settings"

local faults = {}
faults.__index = faults

function faults.new()
  return setmetatable({ queue = {}, first = 1, last = 0, matching = {} }, faults)
end

local function is_seconds(value)
  return type(value) == "number" and value >= 0
end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0
end

local function is_status(value)
  return type(value) == "number" and value % 1 == 0 and value >= 200 and value <= 599
end

local function is_string(value)
  return type(value) == "string"
end

local function is_boolean(value)
  return type(value) == "boolean"
end

local closings = { before_answer = true, mid_body = true, after_answer = true }

local function is_closing(value)
  return closings[value] == true
end

-- Content-Length and Transfer-Encoding always describe what is sent. A test that needs
-- wrong ones must serve raw bytes itself.
local function is_headers(value)
  if not settings.is_headers(value) then
    return false
  end
  for name in pairs(value) do
    if name:lower() == "content-length" or name:lower() == "transfer-encoding" then
      return false
    end
  end
  return true
end

local fields = {
  status = is_status,
  headers = is_headers,
  body = is_string,
  delay = is_seconds,
  hang = is_seconds,
  times = is_count,
  close = is_closing,
  drop = is_boolean,
  match = is_string,
}

local function check_entry(entry)
  if type(entry) ~= "table" then
    return nil, "a script must be a list of objects"
  end
  for name, value in pairs(entry) do
    if not fields[name] then
      return nil, "unknown field '" .. tostring(name) .. "' in a script"
    elseif not fields[name](value) then
      return nil, "bad value for '" .. name .. "' in a script: " .. json.encode(value)
    end
  end
  return true
end

--- Appends entries to the queue: all of them, or none.
---@param list any
---@return boolean|nil ok
---@return string|nil err
function faults:add(list)
  if type(list) ~= "table" or (next(list) ~= nil and list[1] == nil) then
    return nil, "a script must be a list of objects"
  end
  for _, entry in ipairs(list) do
    local ok, err = check_entry(entry)
    if not ok then
      return nil, err
    end
  end
  for _, entry in ipairs(list) do
    self:push { entry = entry, left = entry.times or 1 }
  end
  return true
end

function faults:push(waiting)
  if waiting.entry.match then
    table.insert(self.matching, waiting)
  else
    self.last = self.last + 1
    self.queue[self.last] = waiting
  end
end

function faults:take_matching(target)
  for i, waiting in ipairs(self.matching) do
    if target:find(waiting.entry.match, 1, true) then
      waiting.left = waiting.left - 1
      if waiting.left == 0 then
        table.remove(self.matching, i)
      end
      return waiting.entry
    end
  end
end

--- Takes the entry for a request. One with a matching `match` precedes those without.
---@param target string as on the wire
---@return table|nil entry
function faults:take(target)
  local matching = self:take_matching(target)
  local waiting = self.queue[self.first]
  if matching or not waiting then
    return matching
  end
  waiting.left = waiting.left - 1
  if waiting.left == 0 then
    self.queue[self.first] = nil
    self.first = self.first + 1
  end
  return waiting.entry
end

--- How many more requests the queued entries apply to.
---@return integer
function faults:pending()
  local count = 0
  for i = self.first, self.last do
    count = count + self.queue[i].left
  end
  for _, waiting in ipairs(self.matching) do
    count = count + waiting.left
  end
  return count
end

return faults

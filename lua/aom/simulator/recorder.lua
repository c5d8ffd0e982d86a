--- Records requests for tests: the last ones, without secrets, counts, and the connections
-- that carried them.

local json = require "aom.simulator.json"
local ring = require "aom.simulator.ring"

local KEPT = 5000

local recorder = {}
recorder.__index = recorder

function recorder.new()
  return setmetatable({
    requests = ring.new(KEPT),
    total = 0,
    by_status = {},
    by_outcome = {},
    signature_failures = {},
    opened = 0,
    open = 0,
    numbers = setmetatable({}, { __mode = "k" }),
  }, recorder)
end

--- The number of a connection: 1 for the first one that carried a request.
---@param connection table of lua-http
---@return integer
function recorder:connection_number(connection)
  local number = self.numbers[connection]
  if not number then
    self.opened, self.open = self.opened + 1, self.open + 1
    number = self.opened
    self.numbers[connection] = number
    self:watch_close(connection)
  end
  return number
end

-- lua-http does not report the end of a connection, but it always closes it.
function recorder:watch_close(connection)
  local close, is_open = connection.close, true
  function connection.close(...)
    if is_open then
      self.open, is_open = self.open - 1, false
    end
    return close(...)
  end
end

local function size_of(text)
  return text and #text or 0
end

--- Begins the record of a request.
---@param request aom.simulator.Request
---@return table record
function recorder:begin(request)
  self.total = self.total + 1
  request.number = self.total
  local record = {
    n = self.total,
    method = request.method,
    target = request.target,
    path = request.path,
    http_version = request.http_version,
    connection = self:connection_number(request.connection),
    workflow_id = request.path:match("/workflow/([^/]+)"),
    action = request:query_value("action"),
    has_authorization = request:header("authorization") ~= nil,
    token_bytes = size_of(request:header("x-auth-token")),
    sdk_date = request:header("x-sdk-date"),
    host = request:header("host"),
    body_bytes = #request.body,
    request_id = request.id,
    at = request.at,
  }
  self.requests:push(record)
  return record
end

local function increase(counts, name)
  counts[name] = (counts[name] or 0) + 1
end

--- Completes a record. A status counts only if the whole response was sent.
---@param record table
---@param request aom.simulator.Request
---@param outcome string "answered", "cut", "closed", "dropped" or "hung"
---@param status integer|nil
function recorder:finish(record, request, outcome, status)
  record.outcome, record.status = outcome, status
  if request.claim then
    record.ak, record.signed_headers = request.claim.ak, request.claim.signed_headers
  end
  increase(self.by_outcome, outcome)
  if outcome == "answered" then
    increase(self.by_status, tostring(status))
  end
end

---@param ak string
function recorder:signature_failure(ak)
  increase(self.signature_failures, ak)
end

function recorder:describe()
  return {
    requests = json.array(self.requests:list()),
    counts = {
      total = self.total,
      by_status = self.by_status,
      by_outcome = self.by_outcome,
      signature_failures = self.signature_failures,
    },
    connections = { opened = self.opened, open = self.open },
  }
end

return recorder

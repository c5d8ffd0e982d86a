--- Whole calls, for the fuzzer: a client whose transport is an adapter. The bytes say how it is
--- made, what it is asked for, and what each request is answered; no time passes but the
--- adapter's. Whatever comes, a call ends with a result or a structured error, tells no secret,
--- sends nothing outside of the path of its operation, and not more often than it may.

local errors = require "aom.util.errors"
local safe = require "aom.safe"

local PROJECT, BASE = ("0123456789abcdef"):rep(2), "https://aom.example.com"
local secrets = { sk = "sk-of-the-fuzzer", token = "token-of-the-fuzzer", password = "p/ass+word of the fuzzer" }
local MOST_REQUESTS, MOST_ELEMENTS, TIMEOUT = 200, 50, 60

local Bytes = {}
Bytes.__index = Bytes

function Bytes:byte()
  self.at = self.at + 1
  return self.text:byte(self.at) or 0
end

function Bytes:pick(list) return list[self:byte() % #list + 1] end

function Bytes:some(most)
  local length = self:byte() % (most + 1)
  self.at = self.at + length
  return self.text:sub(self.at - length + 1, self.at)
end

local function percent(text)
  return (text:gsub("[^%w]", function(c) return ("%%%02x"):format(c:byte()) end))
end

local pieces = {
  secrets.sk, secrets.token, secrets.password, percent(secrets.sk), percent(secrets.password),
  secrets.password:gsub("/", "\\/"), "\\u0073k-of-the-fuzzer", '{"success"}',
  '{"error_code":"APIGW.0301","error_msg":"',
  '{"error_code":"AOM.31009003","error_msg":"', '"}', "{}", "[]", '{"error":{"code":401,"message":"', '"}}',
  '{"elements":[{"id":"a","name":"b","trigger_status":"enable"}],"total":', '{"elements":[],"total":', "1}",
  "0}", "250}",
  '{"workflow_executions":[{"status":"', '","id":"e"}],"count":', "success", "<html>", "null",
  '{"token":{"expires_at":"2099-01-01T00:00:00Z","project":{"id":"' .. PROJECT .. '"}}}',
  '{"projects":[{"id":"' .. PROJECT .. '","name":"cn-north-4"}]}', '{"encoded_authorization_message":"',
  "canonicalRequest:PUT|/v1/|q=1|host:h||host|e3",
  "signature expired, signature time:20211217T064303Z,server time:20211217T065804Z",
}

function Bytes:words()
  local list = {}
  for i = 1, self:byte() % 5 do list[i] = self:byte() % 4 == 0 and self:some(40) or self:pick(pieces) end
  return table.concat(list)
end

local statuses = { 200, 200, 200, 201, 204, 301, 304, 400, 401, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504,
  100, 0, 999 }
local names = { "Date", "Retry-After", "X-Request-Id", "Content-Type", "X-Subject-Token", "Location", "x-iam-trace-id" }
local values = { "Fri, 02 Jan 2026 03:04:16 GMT", "3", "application/json", secrets.token, "text/html; x", "request-1" }
local kinds = { "network", "timeout", "tls", "protocol", "cancelled", "argument", "config", "no kind" }

local function headers_of(bytes)
  local headers = {}
  for _ = 1, bytes:byte() % 5 do
    local name, value = bytes:pick(names), bytes:byte() % 3 == 0 and bytes:words() or bytes:pick(values)
    headers[name] = bytes:byte() % 8 == 0 and { value, bytes:pick(values) } or value
  end
  return headers
end

--- What the adapter returns for one request.
local function answer(bytes)
  local kind = bytes:byte() % 16
  if kind == 0 then return nil, bytes:words() end
  if kind == 1 then return nil, { kind = bytes:pick(kinds), message = bytes:words(), sent = bytes:byte() % 2 == 0 } end
  if kind == 2 then return bytes:pick { true, 7, "text", {} } end
  return { status = bytes:pick(statuses), headers = headers_of(bytes), body = bytes:words() }
end

--- Whether a text holds a secret of the account.
local function check_hidden(call, where, text)
  for _, name in ipairs(call.secrets) do
    assert(not text:find(secrets[name], 1, true), ("the %s is in %s"):format(name, where))
  end
end

local function check_request(call, method, url, headers, body)
  call.requests = call.requests + 1
  assert(call.requests <= MOST_REQUESTS, "too many requests")
  assert(method:find "^%u+$" and not url:find "[%z\1-\32\127-\255]", "no request line")
  for name, value in pairs(headers) do
    assert(not (name .. value):find "[%z\1-\8\10-\31\127]", "a control byte in a header")
    if name ~= "X-Auth-Token" and name ~= "X-Security-Token" then check_hidden(call, "a header", value) end
  end
  check_hidden(call, "a URL", url)
  if url:sub(1, #BASE + 1) ~= BASE .. "/" then return end
  check_hidden(call, "a body", body or "")
  local path = url:sub(#BASE + 1):match "^[^?#]*"
  assert(not call.path or path:match(call.path), "a path of something else: " .. path)
  assert(not path:find "/%.%.?/" and not path:find "/%.%.?$", "a path that leads elsewhere")
end

--- An adapter: nothing else runs while a call waits.
local function adapter(bytes, call)
  local now = 1000
  return {
    now = function() return now end,
    sleep = function(seconds)
      assert(seconds >= 0 and seconds <= TIMEOUT * 10, "a wait that is none")
      now = now + seconds
      return bytes:byte() % 32 ~= 31
    end,
    waiter = function() return nil end,
    run = function(list)
      for _, body in ipairs(list) do body() end
    end,
    fetch = function(attempt, deadline)
      assert(deadline >= now, "an attempt behind its deadline")
      local method, url, headers, body = attempt:signed()
      if not method then return nil, { kind = headers, message = url, sent = false } end
      check_request(call, method, url, headers, body)
      now = now + bytes:byte() / 16
      return answer(bytes)
    end,
  }
end

local serial = 0

--- A key pair of its own each time: what the process learns of a refused one stays.
local accounts = {
  function(options)
    options.ak, options.sk = "KEY" .. serial, secrets.sk
    return { "sk" }
  end,
  function(options)
    options.ak, options.sk, options.security_token = "KEY" .. serial, secrets.sk, secrets.token
    return { "sk", "token" }
  end,
  function(options)
    options.token = secrets.token
    return { "token" }
  end,
  function(options)
    options.username, options.password, options.domain_name = "user" .. serial, secrets.password, "domain"
    return { "password" }
  end,
  function(options, bytes)
    options.credentials = function()
      if bytes:byte() % 8 == 0 then return nil, "none" end
      return { ak = bytes:byte() % 8 == 0 and bytes:some(8) or "KEY" .. serial, sk = secrets.sk,
        expires_at = bytes:byte() % 2 == 0 and 4102444800 or nil }
    end
    return { "sk" }
  end,
}

local function options_of(bytes, call)
  serial = serial + 1
  local options = {
    endpoint = BASE, iam_endpoint = "https://iam.example.com", region = "cn-north-4", proxy = "",
    max_attempts = bytes:byte() % 4 + 1, timeout = TIMEOUT, outage_timeout = bytes:byte() % 12,
    loop = adapter(bytes, call),
  }
  if bytes:byte() % 4 > 0 then options.project_id = PROJECT end
  if bytes:byte() % 8 == 0 then options.endpoint = { BASE, "https://aom2.example.com" } end
  if bytes:byte() % 8 == 0 then options.headers = { [bytes:some(12)] = bytes:some(30) } end
  if bytes:byte() % 8 == 0 then options.user_agent = bytes:some(20) end
  call.secrets = bytes:pick(accounts)(options, bytes)
  return options
end

local ids = { "wf-1", "a", "b~ü", ".." }

local function id_of(bytes) return bytes:byte() % 4 == 0 and bytes:some(70) or bytes:pick(ids) end

--- Takes what an iterator gives, some of it.
local function walk(client, name, ...)
  local count = 0
  for element, err in client[name](client, ...) do
    count = count + 1
    if element == false then return nil, err end
    if count == MOST_ELEMENTS then break end
  end
  return true
end

--- Whether an error is one, and tells no secret.
local function check_error(call, err)
  assert(errors.is_error(err), "no error: " .. tostring(err))
  assert(not tostring(err):find "[%z\1-\31\127]", "a control byte in an error")
  for name, value in pairs(err) do
    if type(value) == "string" then check_hidden(call, "the error's " .. name, value) end
  end
  check_hidden(call, "the error's cause", err.cause and err.cause.message or "")
end

local function below_workflow(rest) return "^/v1/" .. PROJECT .. "/cms/workflow/[^/]+/" .. rest .. "$" end

local operations = {
  function(client, bytes, call)
    call.path = below_workflow "trigger/action"
    local result, err = client:trigger(id_of(bytes), bytes:pick { "enable", "disable", bytes:some(6) })
    assert(not result or result.success, "a result that is none")
    return result, err
  end,
  function(client, bytes, call)
    local report, err = client:trigger_all({ id_of(bytes), id_of(bytes), "wf-2" }, "enable")
    for _, entry in ipairs(report or {}) do
      if not entry.result then check_error(call, entry.error) end
    end
    return report, err
  end,
  function(client, bytes, call)
    call.path = "^/v1/" .. PROJECT .. "/cms/workflow%-list$"
    return walk(client, "workflows", bytes:byte() % 2 == 0 and { limit = bytes:byte() } or nil)
  end,
  function(client, bytes) return walk(client, bytes:pick { "scripts", "jobs" }) end,
  function(client, bytes) return client:find(bytes:pick { "b", "c", bytes:some(12) }) end,
  function(client, bytes)
    local how, which = bytes:pick { "name", "match" }, bytes:pick { "b", "^b", bytes:some(12) }
    return client:trigger_all({ [how] = which }, "disable")
  end,
  function(client, bytes, call)
    call.path = below_workflow "executions"
    return client:execute(id_of(bytes))
  end,
  function(client, bytes)
    return client:wait({ workflow_id = id_of(bytes), execution_id = id_of(bytes) }, { timeout = bytes:byte() })
  end,
  function(client, bytes)
    return client:request { method = bytes:pick { "GET", "POST", "DELETE", "HEAD" }, path = "/v1/" .. bytes:some(30),
      query = { [bytes:some(5)] = bytes:some(9) }, body = bytes:byte() % 2 == 0 and bytes:some(20) or nil }
  end,
}

return function(text)
  local bytes = setmetatable({ text = text, at = 0 }, Bytes)
  local call = { requests = 0, path = false, secrets = {} }
  local client, err = safe.client(options_of(bytes, call))
  if not client then return check_error(call, err) end
  for _ = 1, bytes:byte() % 3 + 1 do
    call.requests, call.path = 0, false
    local result
    result, err = bytes:pick(operations)(client, bytes, call)
    if not result then check_error(call, err) end
  end
  client:close()
end

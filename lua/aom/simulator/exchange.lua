--- One request and its response on a lua-http stream, in any HTTP version: reading,
-- writing, and closing the connection too early on purpose.

local uri = require "aom.simulator.uri"
local new_headers = require "http.headers".new

local exchange = {}

local READ_TIMEOUT = 30
local WRITE_TIMEOUT = 30
local MAX_BODY = 12 * 1024 * 1024
local MAX_DISCARDED = 64 * 1024 * 1024

---@class aom.simulator.Request
---@field id string its request id
---@field number integer counted from the start
---@field at number seconds since the simulator started
---@field method string
---@field target string as on the wire
---@field path string raw path
---@field segments string[] decoded pieces of the path
---@field query_text string raw query
---@field query table[] decoded pairs
---@field fields table lua-http headers
---@field body string
---@field too_large boolean|nil the body was over the limit and is not kept
---@field http_version number
---@field connection table of lua-http
---@field parameters table<string, string> from the path template
---@field claim aom.simulator.Claim|nil
local Request = {}
Request.__index = Request

-- lua-http trims header values in HTTP/1.1 only.
local function trim(text)
  return text and text:match("^%s*(.-)%s*$")
end

--- A header, trimmed; repeated ones are joined by commas. "host" works in every HTTP
-- version.
---@param name string lower case
---@return string|nil
function Request:header(name)
  local value, second = self.fields:get(name == "host" and ":authority" or name)
  if second then
    value = table.concat({ self.fields:get(name) }, ",")
  end
  return trim(value)
end

--- The first value of a query parameter.
---@param name string
---@return string|nil
function Request:query_value(name)
  for _, pair in ipairs(self.query) do
    if pair[1] == name then
      return pair[2]
    end
  end
end

---@return boolean
function Request:from_loopback()
  local _, host = self.connection:peername()
  return host ~= nil and (host:find("^127%.") ~= nil or host == "::1" or host:find("^::ffff:127%.") ~= nil)
end

-- Reads on after the limit and discards the rest: a client that is still sending might
-- miss an early response.
local function read_body(stream)
  local chunks, size = {}, 0
  repeat
    local chunk, err = stream:get_next_chunk(READ_TIMEOUT)
    if err then
      return nil, err
    end
    size = size + (chunk and #chunk or 0)
    if size <= MAX_BODY then
      chunks[#chunks + 1] = chunk
    end
  until chunk == nil or size > MAX_DISCARDED
  if size > MAX_BODY then
    return "", nil, true
  end
  return table.concat(chunks)
end

-- For lua-http a closed connection looks like the end of the body.
local function is_cut_short(stream)
  return stream.body_read_type == "length" and stream.body_read_left > 0
end

-- A client that sends "Expect: 100-continue" gets the refusal before it sends the body.
local function receive_body(stream, fields)
  if (fields:get("expect") or ""):lower() ~= "100-continue" then
    return read_body(stream)
  elseif (tonumber(fields:get("content-length")) or 0) > MAX_BODY then
    return "", nil, true
  end
  stream:write_continue(WRITE_TIMEOUT)
  return read_body(stream)
end

-- At the end of a stream lua-http reads the rest of the request. If the client is gone in
-- the middle of a body, that would block the process for ever.
local function never_read_again(stream)
  function stream.step()
    return nil
  end
end

--- Reads a request. Returns nil if the client went away or does not speak HTTP; lua-http
-- then closes the connection.
---@param stream table of lua-http
---@return aom.simulator.Request|nil
function exchange.read(stream)
  local fields = stream:get_headers(READ_TIMEOUT)
  if not fields or not fields:has(":path") then
    return nil
  end
  local body, err, too_large = receive_body(stream, fields)
  never_read_again(stream)
  if err or (is_cut_short(stream) and not too_large) then
    return nil
  end
  local target = fields:get(":path")
  local path, query_text = uri.split(target)
  return setmetatable({
    method = fields:get(":method"),
    target = target,
    path = path,
    segments = uri.segments(path),
    query_text = query_text,
    query = uri.query_pairs(query_text),
    fields = fields,
    body = body,
    too_large = too_large,
    http_version = stream.peer_version or 2,
    connection = stream.connection,
  }, Request)
end

-- In HTTP/2 lua-http's header table gets out of step with the client's when responses
-- differ, and the client closes the connection. Headers that are never indexed avoid that.
local NEVER_INDEX = true

local function append(headers, name, value)
  for _, text in ipairs(type(value) == "table" and value or { value }) do
    headers:append(name, text, NEVER_INDEX)
  end
end

local function answer_headers(status, common, own)
  local by_name = {}
  for _, set in ipairs { common, own } do
    for name, value in pairs(set) do
      by_name[name:lower()] = value
    end
  end
  local headers = new_headers()
  headers:append(":status", tostring(status), NEVER_INDEX)
  for name, value in pairs(by_name) do
    append(headers, name, value)
  end
  return headers
end

-- A part of the body for a truncated response: at least one byte is missing.
local function write_half(stream, headers, body)
  headers:upsert("content-length", tostring(math.max(#body, 2)), NEVER_INDEX)
  stream:write_headers(headers, false, WRITE_TIMEOUT)
  stream:write_chunk(body:sub(1, math.floor(#body / 2)), false, WRITE_TIMEOUT)
end

local function write_whole(stream, request, headers, response)
  local bodiless = request.method == "HEAD" or response.status == 204 or response.status == 304
  if bodiless or response.body == "" then
    return stream:write_headers(headers, true, WRITE_TIMEOUT)
  end
  headers:append("content-length", tostring(#response.body), NEVER_INDEX)
  return stream:write_headers(headers, false, WRITE_TIMEOUT)
    and stream:write_chunk(response.body, true, WRITE_TIMEOUT)
end

--- Closes the connection, answered or not. In HTTP/2 that ends all its other streams too.
---@param stream table
function exchange.abort(stream)
  local socket = stream.connection.socket
  if socket then
    socket:shutdown()
  end
end

--- Writes a response.
---@param stream table
---@param request aom.simulator.Request
---@param response aom.simulator.Response
---@param common table headers of every answer; those of the response win
---@param close string|nil "mid_body" or "after_answer"
function exchange.write(stream, request, response, common, close)
  local headers = answer_headers(response.status, common, response.headers or {})
  if close == "mid_body" then
    write_half(stream, headers, response.body)
  else
    write_whole(stream, request, headers, response)
  end
  if close then
    exchange.abort(stream)
  end
end

return exchange

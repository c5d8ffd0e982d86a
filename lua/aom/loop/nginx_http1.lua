--- Reads one HTTP/1 answer from a connection, and nothing that is not surely part of it:
--- the next call on the connection would take the rest for its own answer. One valid
--- length, plain chunks or the connection's end frame a body; any other framing is refused
--- before the body is read.
---
--- The limits of head and body bound the work, for any response.

local trim = require "aom.util.text".trim

local nginx_http1 = {}

--- What went wrong. `ended`: the connection was closed in an orderly way.
---@class aom.ReadFailure
---@field kind string
---@field message string
---@field ended? boolean

---@class aom.Reader
---@field receive fun(): string|nil, aom.ReadFailure|nil  waits for some bytes
---@field buffer string    received and not yet used, from `at` on
---@field at integer
---@field piece integer    how many bytes came last
---@field begun boolean    some of an answer has come
---@field max_head integer
---@field allowance integer  how many bytes of lines may still come
local Reader = {}
Reader.__index = Reader

---@param receive fun(): string|nil, aom.ReadFailure|nil
---@param max_head integer
---@return aom.Reader
function nginx_http1.reader(receive, max_head)
  return setmetatable({
    receive = receive, buffer = "", at = 1, piece = 0, begun = false, max_head = max_head, allowance = max_head,
  }, Reader)
end

local function broken(message, ...) return nil, { kind = "protocol", message = message:format(...) } end

local function too_long() return broken "the response body exceeds max_response_bytes" end

--- Waits for more bytes; called when all of the buffer is used.
function Reader:fill()
  local bytes, failure = self.receive()
  if not bytes then return nil, failure end
  self.buffer, self.at, self.piece, self.begun = bytes, 1, #bytes, true
  return true
end

--- Whether all that was received is used.
function Reader:is_empty() return self.at > #self.buffer end

--- All that is received and not used yet.
function Reader:rest()
  local text = self.buffer:sub(self.at)
  self.at = #self.buffer + 1
  return text
end

--- The next line, without its end.
function Reader:line()
  local parts
  while true do
    local stop = self.buffer:find("\n", self.at, true)
    local text = stop and self.buffer:sub(self.at, stop - 1) or self:rest()
    self.allowance = self.allowance - #text - 1
    if self.allowance < 0 then return broken "the response headers exceed the limit" end
    if parts or not stop then
      parts = parts or {}
      parts[#parts + 1] = text
    end
    if stop then
      self.at = stop + 1
      if parts then text = table.concat(parts) end
      return text:byte(-1) == 13 and text:sub(1, -2) or text
    end
    local more, failure = self:fill()
    if not more then return nil, failure end
  end
end

--- Moves so many bytes to the end of a list.
function Reader:take(count, list)
  while count > 0 do
    if self:is_empty() then
      local more, failure = self:fill()
      if not more then return nil, failure end
    end
    local piece = self.buffer:sub(self.at, self.at + count - 1)
    self.at, count = self.at + #piece, count - #piece
    list[#list + 1] = piece
  end
  return true
end

local function read_status(reader)
  if reader:is_empty() then
    local more, failure = reader:fill()
    if not more then return nil, failure end
  end
  -- A server of another protocol may never end its line.
  local start = reader.buffer:sub(reader.at, reader.at + 4)
  if ("HTTP/"):sub(1, #start) ~= start then return broken "the response is not HTTP/1" end
  local line, failure = reader:line()
  if not line then return nil, failure end
  local minor, status, after = line:match "^HTTP/1%.([01]) ([1-9]%d%d)(.?)"
  if not minor or after ~= "" and after ~= " " then return broken "the response is not HTTP/1" end
  return { status = tonumber(status), minor = minor }
end

--- The lines of a head. One that begins with a blank continues the one before.
local function read_lines(reader)
  local lines, folded = {}, false
  while true do
    local line, failure = reader:line()
    if not line then return nil, failure end
    if line == "" then break end
    if line:find "[%z\r]" then return broken "a header contains a control character" end
    folded = folded or line:find "^[ \t]" ~= nil
    lines[#lines + 1] = line
  end
  if not folded then return lines end
  local whole = {}
  for line in (table.concat(lines, "\n"):gsub("\n[ \t]+", " ")):gmatch "[^\n]+" do whole[#whole + 1] = line end
  return whole
end

--- The header lines, by lower-case names: the first value of each, and a list of all
--- where there are several.
local function read_fields(reader)
  local lines, failure = read_lines(reader)
  if not lines then return nil, failure end
  local fields, several = {}, {}
  for _, line in ipairs(lines) do
    local name, value = line:match "^([^%s:]+):(.*)$"
    if not name then return broken "a header line has no name" end
    value = trim(value)
    name = name:lower()
    if fields[name] then
      several[name] = several[name] or { fields[name] }
      table.insert(several[name], value)
    else
      fields[name] = value
    end
  end
  return fields, several
end

--- The final head. Those of 1xx come before it, and are skipped.
local function read_head(reader)
  while true do
    local head, failure = read_status(reader)
    if not head then return nil, failure end
    head.fields, head.several = read_fields(reader)
    if not head.fields then return nil, head.several end
    if head.status == 101 then return broken "the server switched to a protocol that was not requested" end
    if head.status >= 200 then return head end
  end
end

--- All values of a header, as one.
local function joined(head, name)
  local several = head.several[name]
  return several and table.concat(several, ",") or head.fields[name]
end

local function is_closing(head)
  for entry in (joined(head, "connection") or ""):lower():gmatch "[^%s,]+" do
    if entry == "close" then return true end
  end
  return false
end

-- What follows the answer to CONNECT belongs to the tunnel.
local without_body = { HEAD = true, CONNECT = true }

--- What frames the body: a number of bytes, "chunks" or "end".
local function framing(head, method)
  local coding, length = joined(head, "transfer-encoding"), joined(head, "content-length")
  if without_body[method] or head.status == 204 or head.status == 304 then return 0 end
  if coding then
    if length then return broken "the response has both a Content-Length and a Transfer-Encoding" end
    if coding:lower() ~= "chunked" or head.minor == "0" then
      return broken "the response has a Transfer-Encoding other than chunked"
    end
    return "chunks"
  end
  if not length then return "end" end
  if not length:find "^%d+$" then return broken "the response has an invalid Content-Length, or several" end
  return tonumber(length)
end

--- Nothing here decodes a body, and none that is encoded was asked for.
local function check_coding(head)
  local coding = joined(head, "content-encoding") or ""
  if coding == "" or coding:lower() == "identity" then return true end
  return broken "the response has a Content-Encoding, though the request says Accept-Encoding: identity"
end

--- The size of the next chunk. Extensions may follow it on the line, and are skipped.
local function read_size(reader)
  local line, failure = reader:line()
  if not line then return nil, failure end
  local digits, rest = line:match "^0*(%x*)[ \t]*(.*)$"
  if not line:find "^%x" or rest ~= "" and rest:sub(1, 1) ~= ";" then return broken "a chunk has no valid size" end
  -- Beyond this a number would not be exact; no limit is so high.
  if #digits > 12 then return too_long() end
  -- Extensions alone use up the allowance, not the lines of many small chunks.
  reader.allowance = reader.allowance + #digits + 2
  return digits == "" and 0 or tonumber(digits, 16)
end

local function read_chunks(reader, limit, list)
  reader.allowance = reader.max_head
  local total = 0
  while true do
    local size, failure = read_size(reader)
    if not size then return nil, failure end
    if size == 0 then break end
    total = total + size
    if total > limit then return too_long() end
    local ok
    ok, failure = reader:take(size, list)
    if not ok then return nil, failure end
    local gap
    gap, failure = reader:line()
    if not gap then return nil, failure end
    if gap ~= "" then return broken "a chunk is longer than its size" end
    reader.allowance = reader.allowance + 2
  end
  -- Trailers are skipped.
  repeat
    local line, failure = reader:line()
    if not line then return nil, failure end
  until line == ""
  return true
end

local function read_to_end(reader, limit, list)
  local total = 0
  while true do
    local text = reader:rest()
    total = total + #text
    if total > limit then return too_long() end
    list[#list + 1] = text
    local more, failure = reader:fill()
    if not more then return failure.ended or nil, failure end
  end
end

local function read_body(reader, framed, limit, list)
  if framed == "chunks" then return read_chunks(reader, limit, list) end
  if framed == "end" then return read_to_end(reader, limit, list) end
  if framed > limit then return too_long() end
  return reader:take(framed, list)
end

--- Whether a status without a body announces one all the same: it may still come.
local function announces_more(head)
  local length = head.fields["content-length"]
  return head.status == 204 and (head.fields["transfer-encoding"] ~= nil or length ~= nil and length ~= "0")
end

--- Reads an answer to its end.
---@param reader aom.Reader
---@param method string     of the request
---@param max_body integer
---@return aom.Answer|nil
---@return boolean|aom.ReadFailure  whether the connection may carry another call; or what went wrong
function nginx_http1.read(reader, method, max_body)
  local head, failure = read_head(reader)
  if not head then return nil, failure end
  local framed
  framed, failure = framing(head, method)
  if not framed then return nil, failure end
  local list, ok = {}, true
  if framed ~= 0 then ok, failure = check_coding(head) end
  if ok then ok, failure = read_body(reader, framed, max_body, list) end
  if not ok then return nil, failure end
  local reusable = head.minor == "1" and framed ~= "end" and reader:is_empty()
    and not is_closing(head) and not announces_more(head)
  return { status = head.status, headers = head.fields, several = head.several, body = table.concat(list) }, reusable
end

return nginx_http1

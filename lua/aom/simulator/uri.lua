--- Splits and decodes request targets, and makes their canonical form for signatures.

local uri = {}

local function encode_byte(char)
  return string.format("%%%02X", char:byte())
end

--- Percent-encodes everything but the unreserved characters.
---@param text string
---@return string
function uri.encode(text)
  return (text:gsub("[^A-Za-z0-9%-_.~]", encode_byte))
end

local function decode_hex(hex)
  return string.char(tonumber(hex, 16))
end

--- Decodes percent-encoding once. A `%` without two hex digits stays.
---@param text string
---@return string
function uri.decode(text)
  return (text:gsub("%%(%x%x)", decode_hex))
end

--- Splits a request target into raw path and raw query, and removes the scheme and host
-- that proxies send.
---@param target string
---@return string path
---@return string query
function uri.split(target)
  target = target:gsub("^%a[%w+.-]*://[^/?]*", "")
  local path, query = target:match("^([^?]*)%??(.*)$")
  if path == "" then
    path = "/"
  end
  return path, query
end

--- The decoded segments of a raw path. An encoded slash stays inside its segment.
---@param path string
---@return string[]
function uri.segments(path)
  local list = {}
  for piece in (path:gsub("^/", "") .. "/"):gmatch("([^/]*)/") do
    list[#list + 1] = uri.decode(piece)
  end
  return list
end

--- The canonical path: every segment encoded once, and a slash at the end.
---@param segments string[]
---@return string
function uri.canonical_path(segments)
  local parts = {}
  for i, segment in ipairs(segments) do
    parts[i] = uri.encode(segment)
  end
  local path = "/" .. table.concat(parts, "/")
  return path:sub(-1) == "/" and path or path .. "/"
end

--- The decoded pairs of a raw query, in their order. `+` is a blank, as in a form.
---@param query string
---@return table[] pairs list of { name, value }
function uri.query_pairs(query)
  local list = {}
  for part in query:gmatch("[^&]+") do
    local name, value = part:gsub("%+", " "):match("^([^=]*)=?(.*)$")
    list[#list + 1] = { uri.decode(name), uri.decode(value) }
  end
  return list
end

local function by_name_then_value(a, b)
  if a[1] ~= b[1] then
    return a[1] < b[1]
  end
  return a[2] < b[2]
end

--- The canonical query: sorted by decoded name and value, then encoded.
---@param pairs_list table[]
---@return string
function uri.canonical_query(pairs_list)
  local sorted, parts = {}, {}
  for i, pair in ipairs(pairs_list) do
    sorted[i] = pair
  end
  table.sort(sorted, by_name_then_value)
  for i, pair in ipairs(sorted) do
    parts[i] = uri.encode(pair[1]) .. "=" .. uri.encode(pair[2])
  end
  return table.concat(parts, "&")
end

return uri

--- The service of the soak, inside nginx: most answers are good, the others are chosen by seeded chance.
---
---     location / { content_by_lua_block { require("spec.soak.server").answer() } }
---
--- Workflows called "good…" are always answered well, those called "crowd…" when as many as AT_ONCE are there.
--- GET /_count tells how many requests came, but for those of crowds, over how many connections, since it was
--- asked last.

local server = {}

local OK, JSON = '{"success"}', "Content-Type: application/json\r\n"
local SLOW, AT_ONCE, PATIENCE = 0.8, 20, 10

local function message(status, headers, body) return ("HTTP/1.1 %s\r\n%s\r\n%s"):format(status, headers, body) end

local function length(count) return ("Content-Length: %d\r\n"):format(count) end

--- An answer by nginx itself, which keeps the connection.
local function proper(status, body, headers)
  return function()
    ngx.status = status
    for name, value in pairs(headers or {}) do ngx.header[name] = value end
    ngx.header["Content-Type"] = ngx.header["Content-Type"] or "application/json"
    ngx.header["Content-Length"] = #body
    ngx.print(body)
  end
end

local function refusal(status, code)
  return proper(status, ('{"error_code":"%s","error_msg":"no"}'):format(code), { ["X-Request-Id"] = "soak" })
end

--- Given bytes, then the end of the connection.
local function raw(bytes)
  return function()
    local socket = ngx.req.socket(true)
    if socket then socket:send(bytes) end
  end
end

local function chunks()
  ngx.header["Content-Type"] = "application/json"
  for piece in OK:gmatch "..?.?" do
    ngx.print(piece)
    ngx.flush(true)
  end
end

local function reset() ngx.exit(444) end

local function reset_in_body()
  ngx.header["Content-Length"] = 100
  ngx.print '{"su'
  ngx.flush(true)
  ngx.exit(444)
end

local good = proper(200, OK)

local function after(seconds)
  return function()
    ngx.sleep(seconds)
    good()
  end
end

local crowd = { waiting = 0, round = 1 }

--- Answers a whole crowd at once, which so needs as many connections.
local function together()
  local round, ends = crowd.round, ngx.now() + PATIENCE
  crowd.waiting = crowd.waiting + 1
  if crowd.waiting == AT_ONCE then crowd.waiting, crowd.round = 0, round + 1 end
  while crowd.round == round and ngx.now() < ends do ngx.sleep(0.005) end
  if crowd.round == round then crowd.waiting = crowd.waiting - 1 end
  good()
end

local OVER_LONG = '"' .. ("x"):rep(8192) .. '"'

--- { in a thousand answers, what }; all the others are good.
local faults = {
  { 30, chunks },
  { 15, proper(200, "") },
  { 15, proper(200, '{"execution_id":"e","elements":[{"id":"a"}],"total":1}') },
  { 10, proper(200, "<html></html>", { ["Content-Type"] = "text/html" }) },
  { 25, refusal(400, "AOM.31001302") },
  { 20, refusal(401, "AOM.31009003") },
  { 2, refusal(401, "APIGW.0301") },
  { 10, refusal(403, "AOM.31009005") },
  { 25, refusal(404, "APIGW.0101") },
  { 15, refusal(409, "AOM.31001303") },
  { 15, refusal(429, "APIGW.0308") },
  { 25, refusal(500, "AOM.31001000") },
  { 25, proper(503, "busy", { ["Content-Type"] = "text/plain", ["Retry-After"] = "0" }) },
  { 15, proper(302, "", { Location = "http://127.0.0.1:1/" }) },
  { 10, proper(200, OVER_LONG) },
  { 15, reset },
  { 15, reset_in_body },
  { 15, raw "" },
  { 15, raw("HTTP/1.1 200 OK\r\nContent-Le") },
  { 15, raw(message("200 OK", JSON .. length(100), OK)) },
  { 15, raw(message("200 OK", JSON .. "Connection: close\r\n" .. length(#OK), OK)) },
  { 15, raw(message("200 OK", JSON .. length(#OK), OK)) }, -- closed while it is idle, without a word
  { 10, raw(message("200 OK", "Transfer-Encoding: chunked\r\n", "zz\r\n")) },
  { 10, raw "SSH-2.0-OpenSSH_9.2\r\n" },
  { 5, raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" .. message("200 OK", JSON .. length(#OK), OK)) },
  { 5, raw(message("200 OK", "Content-Length: -1\r\n", OK)) },
  { 1, after(SLOW) },
}

local function draw()
  local left = math.random(1000)
  for _, fault in ipairs(faults) do
    left = left - fault[1]
    if left <= 0 then return fault[2] end
  end
  return good
end

local counts = { requests = 0, connections = 0 }

local function count()
  ngx.say(("%d %d"):format(counts.requests, counts.connections))
  counts.requests, counts.connections = 0, 0
end

function server.answer()
  local uri = ngx.var.uri
  if uri == "/_count" then return count() end
  ngx.req.discard_body()
  local word = uri:match "/workflow/(%a+)"
  if word ~= "crowd" then counts.requests = counts.requests + 1 end
  if ngx.var.connection_requests == "1" then counts.connections = counts.connections + 1 end
  local answer = word == "good" and good or word == "crowd" and together or draw()
  answer()
end

return server

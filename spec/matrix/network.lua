--- The faults of the network: what a server does to a call.

local PAGE = "<html><body>blocked</body></html>"

local function answer(status, body, headers)
  return ("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"):format(status, headers or "", #body, body)
end

local function refusal(status, code)
  return answer(status, ('{"error_code":"%s","error_msg":"no"}'):format(code), "Content-Type: application/json\r\n")
end

local HEAD = "HTTP/1.1 200 OK\r\n"
local CUT = HEAD .. "Content-Length: 11\r\n\r\n{\"su"
local CHUNKED = HEAD .. "Transfer-Encoding: chunked\r\n\r\n"
local OK = answer("200 OK", '{"success"}')
local PROXY_403, PROXY_407 = answer("403 No", PAGE), answer("407 Who", "")

---@class aom.NetworkFault: aom.MatrixFault
---@field replies? string[]    see spec/support/rawserver.lua; the other options likewise
---@field options? table       of the client, beside the usual ones
---@field execute? boolean     the call must not run twice
---@field tls? boolean
---@field steps? string[]      of an HTTP/2 server: see spec/support/h2server.lua
---@field greets? string       likewise: what each connection begins with
---@field scheme? string       where it is not that of the server
---@field untrusted? boolean   the client does not know the server's authority
---@field closed? boolean      nobody listens there
---@field proxied? string      the endpoint, which is asked for through the server as a proxy

local faults = {
  { name = "200", replies = { OK } },
  { name = "200, a bare word", replies = { answer("200 OK", "success") } },
  { name = "200, a page", replies = { answer("200 OK", PAGE, "Content-Type: text/html\r\n") } },
  { name = "200 with an error code", replies = { refusal("200 OK", "AOM.31001302") } },
  { name = "302", replies = { answer("302 Found", "", "Location: http://127.0.0.1:1/\r\n") } },
  { name = "400", replies = { refusal("400 Bad Request", "AOM.31001302") } },
  { name = "401 from behind the gateway", replies = { refusal("401 Unauthorized", "AOM.31009003") } },
  { name = "401 of the gateway", replies = { refusal("401 Unauthorized", "APIGW.0301") } },
  { name = "401, a page", replies = { answer("401 Unauthorized", PAGE, "Content-Type: text/html\r\n") } },
  { name = "403, a page", replies = { answer("403 Forbidden", PAGE, "Content-Type: text/html\r\n") } },
  { name = "404", replies = { refusal("404 Not Found", "APIGW.0101") } },
  { name = "408", replies = { answer("408 Request Timeout", "") } },
  { name = "429", replies = { answer("429 Too Many Requests", "") } },
  { name = "500", replies = { answer("500 Internal Server Error", "") } },
  { name = "501", replies = { answer("501 Not Implemented", "") } },
  { name = "502", replies = { answer("502 Bad Gateway", PAGE) } },
  { name = "503", replies = { answer("503 Service Unavailable", "") } },
  { name = "503, then 200", replies = { answer("503 Service Unavailable", ""), OK } },
  { name = "504", replies = { answer("504 Gateway Timeout", "") } },

  { name = "nobody listens", closed = true },
  { name = "closed without an answer", replies = { "" } },
  { name = "reset without an answer", replies = { "" }, ["then"] = "reset" },
  { name = "silence", replies = { "" }, ["then"] = "hold" },
  { name = "closed in the head", replies = { HEAD .. "Content-Le" } },
  { name = "closed in the body", replies = { CUT } },
  { name = "reset in the body", replies = { CUT }, ["then"] = "reset" },
  { name = "silence in the body", replies = { CUT }, ["then"] = "hold" },
  { name = "closed, then 200", replies = { "", OK } },

  { name = "no HTTP", replies = { "SSH-2.0-OpenSSH_9.2\r\n" } },
  { name = "103 first", replies = { "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" .. OK } },
  { name = "a body without a length", replies = { HEAD .. "\r\n{\"success\"}" } },
  { name = "a length of -1", replies = { HEAD .. "Content-Length: -1\r\n\r\n{\"success\"}" } },
  { name = "a broken chunk", replies = { CHUNKED .. "zz\r\n{\"success\"}\r\n0\r\n\r\n" } },
  { name = "chunks", replies = { CHUNKED .. "4;a=b\r\n{\"su\r\n7\r\nccess\"}\r\n0\r\n\r\n" } },
  { name = "a body over the limit", replies = { answer("200 OK", '"' .. ("x"):rep(3000) .. '"') },
    options = { max_response_bytes = 1000 } },
  { name = "a head over the limit", replies = { HEAD .. ("X-A: " .. ("y"):rep(1000) .. "\r\n"):rep(300)
    .. "Content-Length: 0\r\n\r\n" } },

  { name = "TLS", tls = true, replies = { OK } },
  { name = "an unknown authority", tls = true, untrusted = true, replies = { OK } },
  { name = "plain HTTP on the TLS port", scheme = "https", hello = true, replies = { answer("400 Bad Request", "") } },
  { name = "closed in the handshake", scheme = "https", hello = true, replies = { "" },
    differs = { ["nginx-resty"] = "nginx says \"handshake failed\" of a peer that hangs up and of one that refuses" } },

  { name = "a proxy refuses to connect: 407", proxied = "https://one.example.com", replies = { PROXY_407 } },
  { name = "a proxy refuses to connect: 403", proxied = "https://one.example.com", replies = { PROXY_403 } },
  { name = "a proxy refuses to connect: 503", proxied = "https://one.example.com", replies = { answer("503 No", "") } },
  { name = "a proxy refuses a request: 407", proxied = "http://one.example.com", replies = { PROXY_407 } },
  { name = "a proxy refuses a request: 403", proxied = "http://one.example.com", replies = { PROXY_403 } },

  { name = "HTTP/2", steps = { "answer" } },
  { name = "HTTP/2: 503, then 200", steps = { "answer=503", "answer" } },
  { name = "HTTP/2: a refused stream", steps = { "rst=7" } },
  { name = "HTTP/2: a refused stream, then 200", steps = { "rst=7", "answer" } },
  { name = "HTTP/2: a stream that is reset", steps = { "rst=2" } },
  { name = "HTTP/2: a reset in the body", steps = { "half+rst=2" } },
  { name = "HTTP/2: closed in the body", steps = { "half+close" } },
  { name = "HTTP/2: GOAWAY, unanswered", steps = { "goaway=this+close" } },
  { name = "HTTP/2: GOAWAY, the stream left out", steps = { "goaway=before" } },
  { name = "HTTP/2: GOAWAY, answered", steps = { "goaway=this+answer+close" } },
  { name = "HTTP/2: silence", steps = { "hold" } },
  { name = "HTTP/2: silence in the body", steps = { "half" } },
  { name = "HTTP/2: execute: a refused stream, then 200", execute = true, steps = { "rst=7", "answer" } },
  { name = "HTTP/2: execute: a stream that is reset", execute = true, steps = { "rst=2" } },
  { name = "HTTP/2: execute: GOAWAY, unanswered", execute = true, steps = { "goaway=this+close" } },
  { name = "HTTP/2: execute: silence", execute = true, steps = { "hold" } },

  { name = "execute: closed without an answer", execute = true, replies = { "" } },
  { name = "execute: silence", execute = true, replies = { "" }, ["then"] = "hold" },
  { name = "execute: 429, then 200", execute = true,
    replies = { answer("429 Too Many Requests", ""), answer("200 OK", '{"execution_id":"e"}') } },
  { name = "execute: 503", execute = true, replies = { answer("503 Service Unavailable", "") } },
  { name = "execute: nobody listens", execute = true, closed = true },
}

for _, fault in ipairs(faults) do
  if fault.steps then fault.differs = { ["nginx-resty"] = "lua-resty-http knows no HTTP/2" } end
end

return faults

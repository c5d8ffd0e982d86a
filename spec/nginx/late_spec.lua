--- An attempt that takes too long says what it waited for, in the same words in every loop
--- and over every transport.

local attempt = require "aom.http.attempt"
local cjson = require "cjson"
local client = require "aom.client.state"
local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local uvloop = require "spec.support.uvloop"

-- { what the server does, how it is started, the scheme, what is awaited, whether the request may have been seen }
local ROWS = {
  { "says nothing", { replies = { "" } }, "http", "the first byte of the response", true },
  { "says nothing over TLS", { replies = { "" }, tls = true }, "https", "the first byte of the response", true },
  { "stops within the head", { replies = { "HTTP/1.1 200 OK\r\nX: " } }, "http", "the rest of the response", true },
  { "stops within the body", { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf" } }, "http",
    "the rest of the response", true },
  { "stops within a chunk", { replies = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf" } }, "http",
    "the rest of the response", true },
  { "does not answer to a handshake", { replies = { "" }, hello = true }, "https", "the TLS handshake", false },
}

--- Long enough to connect, and for a handshake.
local function limit() return patience.of(0.3) end

local function options(url, more)
  local all = { endpoint = url, project_id = ("0"):rep(32), ak = "A", sk = "S", insecure = true, proxy = "" }
  for name, value in pairs(more) do all[name] = value end
  return all
end

local function fetch(state)
  local endpoint = state.settings.endpoint
  local _, trouble = state.loop.fetch(attempt.new { method = "GET", base = endpoint.base, host = endpoint.host,
    path = "/", query = {}, headers = {}, body = "", date = "", connect_timeout = 5, fresh = false },
    state.loop.now() + limit())
  return trouble
end

local function fetch_by(loop)
  return function(url)
    local state = assert(client.open(options(url, { loop = loop })))
    local trouble
    if loop == "uv" then
      coroutine.wrap(function() trouble = fetch(state) end)()
      uvloop.run()
    else
      trouble = fetch(state)
    end
    state.loop.close()
    return trouble
  end
end

local SERVER = [[
  location = /late {
    content_by_lua_block {
      local state = assert(require("aom.client.state").open {
        endpoint = ngx.var.arg_endpoint, project_id = ("0"):rep(32), ak = "A", sk = "S", insecure = true,
        proxy = "", transport = ngx.var.arg_transport,
      })
      local endpoint = state.settings.endpoint
      local _, trouble = state.loop.fetch(require("aom.http.attempt").new { method = "GET", base = endpoint.base,
        host = endpoint.host, path = "/", query = {}, headers = {}, body = "", date = "", connect_timeout = 5,
        fresh = false }, state.loop.now() + tonumber(ngx.var.arg_seconds))
      ngx.print(require("cjson").encode(trouble))
    }
  }
]]

describe("an attempt that takes too long", function()
  local server
  setup(function() server = nginx.start { path = nginx.resty_path(), server = SERVER } end)
  teardown(function() server:stop() end)

  local function fetch_over(transport)
    return function(url)
      local text = server:get(("/late?endpoint=%s&transport=%s&seconds=%s"):format(url, transport, limit()))
      return cjson.decode(text)
    end
  end

  local ways = { blocking = fetch_by "blocking", uv = fetch_by "uv", ["nginx, curl"] = fetch_over "curl" }
  ways["nginx, resty"] = fetch_over "resty"

  for _, row in ipairs(ROWS) do
    for name, fetch_from in pairs(ways) do
      it(("at a server that %s says so (%s)"):format(row[1], name), function()
        row[2]["then"] = "hold"
        local raw = process.rawserver(row[2])
        local trouble = fetch_from(row[3] .. raw.url:match "://.*$")
        raw.stop()
        assert.are.same({ "timeout", "timed out after N s, waiting for " .. row[4], row[5] },
          { trouble.kind, (trouble.message:gsub("%d+%.%d", "N")), trouble.sent })
      end)
    end
  end
end)

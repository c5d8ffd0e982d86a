--- Proves what a call in nginx makes of responses, byte by byte, and that the worker's next call gets its own
--- response. Over libcurl and over lua-resty-http.

local answers = require "spec.support.answers"
local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local SERVER = [[
  location = /two {
    content_by_lua_block {
      local cjson = require "cjson"
      local state = assert(require("aom.client.state").open {
        endpoint = ngx.var.arg_endpoint, project_id = ("0"):rep(32), ak = "A", sk = "S", insecure = true,
        max_response_bytes = tonumber(ngx.var.arg_limit), transport = "%s",
      })
      local function fetch(seconds)
        local answer, trouble = state.loop.fetch(require("aom.http.attempt").new { method = "GET",
          base = state.settings.endpoint.base, host = state.settings.endpoint.host, path = "/", query = {},
          headers = {}, body = "", date = "", connect_timeout = 5, fresh = false }, state.loop.now() + seconds)
        return answer and { status = answer.status, body = answer.body } or trouble
      end
      local first = fetch(tonumber(ngx.var.arg_seconds))
      ngx.sleep(0.01)
      ngx.print(cjson.encode { first, fetch(5) })
    }
  }
]]

for _, transport in ipairs { "curl", "resty" } do
  describe("an answer in nginx over " .. transport, function()
    local server

    setup(function()
      server = nginx.start { path = nginx.resty_path(), server = SERVER:format(transport) }
    end)
    teardown(function() server:stop() end)

    for _, row in ipairs(answers.rows) do
      local what, bytes, wanted, body, more = row[1], row[2], row[3], row[4], row[5] or {}
      local differs = transport == "curl" and more.differs

      it(what .. (more.after and " (then " .. more.after .. ")" or ""), function()
        local raw = process.rawserver { replies = { bytes, answers.NEXT }, by_request = true,
          ["then"] = more.after or "hold", after = more.after and 0.05 or nil }
        local seconds = (wanted == "timeout" or differs) and 0.4 or 5
        local text = server:get(("/two?endpoint=%s&limit=%d&seconds=%s"):format(raw.url, answers.LIMIT, seconds))
        local requests = raw.requests()
        raw.stop()
        local pair = cjson.decode(text)
        local got = pair[1].kind or pair[1].status
        if not differs then assert.are.same({ wanted, body }, { got, pair[1].body }, pair[1].message) end
        assert.are.same({ 200, "next" }, { pair[2].kind or pair[2].status, pair[2].body }, pair[2].message)
        -- It is kept only if it may be; nothing is sent twice.
        assert.are.equal(2, #requests)
        if transport == "resty" then
          assert.are.equal(more.keeps == true, requests[1].connection == requests[2].connection)
        end
      end)
    end

    -- Bytes that TLS holds back if a response ends at the end of the reader's buffer.
    for _, size in ipairs { 100, 1024, 4096, 8192, 12288, 16384 - #answers.NEXT } do
      it(("of %d bytes over TLS, with another one behind it in the same record"):format(size), function()
        local head = "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 5\r\n\r\nhello"
        local bytes = head:format(("x"):rep(size - #head + 2))
        assert.are.equal(size, #bytes)
        local raw = process.rawserver { replies = { bytes .. (answers.NEXT:gsub("next", "past")), answers.NEXT },
          by_request = true, tls = true, ["then"] = "hold" }
        local text = server:get(("/two?endpoint=%s&limit=%d&seconds=5"):format(raw.url, answers.LIMIT))
        raw.stop()
        local pair = cjson.decode(text)
        assert.are.same({ "hello", "next" }, { pair[1].body, pair[2].body }, text)
      end)
    end
  end)
end

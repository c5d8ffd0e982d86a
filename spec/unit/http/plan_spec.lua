--- Proves that an attempt with a plan is the same as one without, and that no plan outlives
--- what it was made from.

local attempt = require "aom.http.attempt"
local core = require "aom.core"
local process = require "spec.support.process"

local plan_for = attempt.plan

local operation = { name = "x", method = "PUT", idempotent = true }
local here = { base = "http://127.0.0.1:1", host = "127.0.0.1:1", path = "", scheme = "http", loopback = true }
local there = { base = "https://aom.example.com", host = "aom.example.com", path = "" }
local settings = { connect_timeout = 5 }
local account = { ["X-Project-Id"] = "p", ["X-Auth-Token"] = "t" }

local function signer() return core.signer { ak = "PLANAK", sk = "plan-sk", algorithm = "SDK-HMAC-SHA256" } end

describe("a plan", function()
  -- What follows a first request: how the second one differs, and whether the plan is the same.
  for name, row in pairs {
    ["serves the next request"] = { {}, true },
    ["serves a request with another path and body"] = { { path = "/y", body = "b" }, true },
    ["is void at another endpoint"] = { { endpoint = there } },
    ["is void for renewed credentials"] = { { given = { ["X-Project-Id"] = "p", ["X-Auth-Token"] = "u" } } },
    ["is void for a request with headers of its own"] = { { headers = { A = "b" } } },
    ["is void for other settings"] = { { settings = { connect_timeout = 6 } } },
    ["is void for a request that avoids proxies"] = { { no_proxy = true } },
    ["is void for another operation"] = { { operation = { name = "y", method = "GET", idempotent = true } } },
  } do
    it(name, function()
      local channel = { settings = settings, plans = {} }
      local first = plan_for(channel, { operation = operation, path = "/x" }, account, here)
      channel.settings = row[1].settings or settings
      local request = { operation = row[1].operation or operation, path = row[1].path or "/x",
        headers = row[1].headers, no_proxy = row[1].no_proxy }
      local second = plan_for(channel, request, row[1].given or account, row[1].endpoint or here)
      assert.are.equal(row[2] or false, first == second)
    end)
  end

  it("is made for each request where none is kept", function()
    local channel, request = { settings = settings }, { operation = operation, path = "/x" }
    assert.are_not.equal(plan_for(channel, request, account, here), plan_for(channel, request, account, here))
  end)
end)

describe("an attempt with a plan", function()
  local cases = {
    ["without headers"] = { given = {} },
    ["with a token"] = { given = account },
    ["with headers of its own"] = { given = account, headers = { ["X-Trace"] = "7", ["x-project-id"] = "q" } },
    ["that is signed"] = { given = account, signer = signer() },
    ["of another method"] = { given = account, method = "DELETE", signer = signer() },
    ["with a query and a body"] = { given = account, signer = signer(), query = { { "b", "2" }, { "a", "1" } },
      body = '{"a":1}' },
  }

  --- The attempt with its plan, and one that has all fields itself.
  local function both(case, endpoint)
    local request = { operation = { method = case.method or "PUT", idempotent = true }, headers = case.headers }
    local plan = plan_for({ settings = settings }, request, case.given, endpoint)
    local function own()
      return { path = "/v1/\195\164 b", query = case.query or {}, body = case.body or "", signer = case.signer,
        date = "20260102T030405Z", offset = 0 }
    end
    local whole = own()
    for field, value in pairs(plan.__index) do whole[field] = value end
    return attempt.new(own(), plan), attempt.new(whole)
  end

  for name, case in pairs(cases) do
    it(name .. " is signed as one without", function()
      local planned, plain = both(case, here)
      assert.are.same({ plain:signed() }, { planned:signed() })
      assert.are.same({ plain:url(), plain:canonical_request() }, { planned:url(), planned:canonical_request() })
    end)

    it(name .. " is sent as one without", function()
      local server = process.rawserver { replies = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
        by_request = true, ["then"] = "hold" }
      local engine, bytes = core.engine(), {}
      local planned, plain = both(case, { base = server.url, host = server.url:match "//(.*)$", loopback = true })
      for _, sent in ipairs { planned, plain } do
        assert.are.equal(200, (engine:fetch(sent, 5, { max_body = 1000, max_head = 1000, proxy = "" }, 5)))
      end
      for i, request in ipairs(server.requests()) do
        bytes[i] = { request.line, request.headers, request.body_bytes }
      end
      server.stop()
      assert.are.equal(2, #bytes)
      assert.are.same(bytes[2], bytes[1])
    end)
  end

  it("keeps the plan's texts when the tables they came from are gone", function()
    local planned = both({ given = { ["X-A"] = ("v"):rep(50) .. tostring({}) } }, here)
    local value = planned.headers["X-A"]
    for field in pairs(getmetatable(planned).__index) do getmetatable(planned).__index[field] = nil end
    collectgarbage()
    collectgarbage()
    planned.signer = signer()
    assert.truthy(core.sign(planned, planned.signer).canonical_request:find("x-a:" .. value, 1, true))
  end)

  it("refuses a plan that is none", function()
    assert.has.error(function() core.sign({ path = "/", plan = core.engine() }, signer()) end)
    assert.has.error(function() core.plan { method = "", host = "h", base = "http://h", connect_timeout = 1 } end)
    assert.has.error(function() core.plan { method = "GET", host = "h", connect_timeout = 1 } end)
  end)
end)

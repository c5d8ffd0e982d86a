--- Proves what a prepared call writes for a transport other than libcurl, and which answers it takes for good.

local attempt = require "aom.http.attempt"
local core = require "aom.core"
local heap = require "spec.support.heap"

local BASE = "http://127.0.0.1:1"
local TRANSPORT = { user_agent = "spec", max_body = 1000, max_head = 1000 }
local DATE = "20260102T030405Z"

--- An attempt like those that a plan makes, and a prepared call of it.
local function prepare(key, headers, more)
  local signer = core.signer(key)
  local fields = { method = "PUT", base = BASE, host = "127.0.0.1:1", headers = headers, connect_timeout = 5,
    fresh = false }
  local plan = core.plan(fields)
  local result = { key = "head-spec", seconds = 5, patience = 0, before = "/v1/w/", after = "/go?action=", longest = 64,
    choices = { "enable", "disable" }, status = 200, type = "application/json", body = "{}",
    result = { workflow_id = "", action = "" }, first = "workflow_id", second = "action" }
  for name, value in pairs(more or {}) do result[name] = value end
  if more and more.untyped then result.type = nil end
  core.lockout.accept(result.key, core.now())
  local prepared = core.engine():prepare({ plan = plan, signer = signer }, TRANSPORT, result)
  local function general(id, action)
    return attempt.new({ path = "/v1/w/" .. id .. "/go", query = { { "action", action } }, body = "", date = DATE,
      offset = 0, signer = signer }, { core = plan, __index = setmetatable(fields, { __index = {} }) })
  end
  return prepared, general, signer
end

local KEY = { ak = "AK", sk = "sk" }

describe("the head of a prepared call", function()
  for name, row in pairs {
    ["with a key pair"] = { KEY, {} },
    ["with headers"] = { KEY, { ["Content-Type"] = "application/json", ["X-Trace"] = "7", ["X-Empty"] = "" } },
    ["with a token"] = { { ak = "AK", sk = "sk", security_token = ("t"):rep(9000) }, {} },
    ["of V11"] = { { ak = "AK", sk = "sk", algorithm = "V11-HMAC-SHA256", region = "r", service = "s" }, {} },
    ["of SM3"] = { { ak = "AK", sk = "sk", algorithm = "SDK-HMAC-SM3" }, {} },
  } do
    it(name .. " is that of the general way", function()
      local prepared, general = prepare(row[1], row[2])
      for _, id in ipairs { "one", "t.w-o_3~", ("x"):rep(64), "one" } do
        for _, action in ipairs { "enable", "disable" } do
          local wanted = assert(core.head(general(id, action)))
          assert.are.equal(wanted, prepared:head(DATE, id, action))
        end
      end
    end)
  end

  for _, row in ipairs {
    { "a/b", "enable" }, { "", "enable" }, { "..", "enable" }, { ("x"):rep(65), "enable" }, { 5, "enable" },
    { "one", "stop" }, { "one" }, {},
  } do
    it(("is none for %s, %s"):format(tostring(row[1]):sub(1, 8), tostring(row[2])), function()
      assert.is_nil((prepare(KEY, {}):head(DATE, row[1], row[2])))
    end)
  end

  it("is none for a date that is invalid, and once the signer is closed", function()
    local prepared, _, signer = prepare(KEY, {})
    assert.is_nil((prepared:head("today", "one", "enable")))
    assert.is_string((prepared:head(DATE, "one", "enable")))
    signer:close()
    assert.is_nil((prepared:head(DATE, "one", "enable")))
  end)
end)

describe("a token", function()
  for _, method in ipairs { "head", "begin" } do
    it(("is no longer in what `%s` has signed once the signer is closed"):format(method), function()
      local readable, why = heap.read()
      if not readable then return pending(why) end
      local token = ("t"):rep(20) .. os.time() .. method
      local prepared, _, signer = prepare({ ak = "AK", sk = "sk", security_token = token }, {})
      assert(prepared[method](prepared, DATE, "one", "enable"))
      signer:close()
      -- The line as it is signed; what is sent has a blank.
      assert.is_false(heap.has_joined(heap.read(), "x-security-token:", token))
    end)
  end
end)

describe("an answer to a prepared call", function()
  local TYPE = "application/json"
  for name, row in pairs {
    ["as before"] = { { 200, TYPE, "{}" }, true },
    ["of another status"] = { { 201, TYPE, "{}" }, false },
    ["of another type"] = { { 200, "text/html", "{}" }, false },
    ["without a type"] = { { 200, nil, "{}" }, false },
    ["of another body"] = { { 200, TYPE, "[]" }, false },
    ["of a longer body"] = { { 200, TYPE, "{}\n" }, false },
    ["without a type, as before"] = { { 200, nil, "{}" }, true, { untyped = true } },
    ["with a type, where there was none"] = { { 200, "", "{}" }, false, { untyped = true } },
    ["without a body, as before"] = { { 204, nil, "" }, true, { untyped = true, status = 204, body = "" } },
  } do
    it(name .. (row[2] and " is good" or " is not"), function()
      local prepared = prepare(KEY, {}, row[3])
      assert.are.equal(row[2], prepared:is_good(row[1][1], row[1][2], row[1][3]))
    end)
  end

  it("is not good once its key was refused", function()
    local prepared = prepare(KEY, {}, { key = "head-spec-refused" })
    assert.is_true(prepared:is_good(200, TYPE, "{}"))
    core.lockout.refuse("head-spec-refused", core.now(), nil, "certain", "\n\n\n\nrefused")
    assert.is_false(prepared:is_good(200, TYPE, "{}"))
    assert.is_nil((prepared:head(DATE, "one", "enable")))
  end)
end)
